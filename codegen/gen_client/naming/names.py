"""Wire names to Python names. The one place that decides them.

What lives here: the names of packages, classes, methods, parameters, record fields, types and
constants, and what happens where two meet. How they are made is a promise: users type them. Knows
the interface's nouns; knows nothing of annotations, text or files.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from clarigen import ModelRef
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.interface.model import DataType, Method, MethodKind, Model
from gen_client.naming.reserved import (
    BUILTIN_TYPES,
    CLASS_ATTRIBUTES,
    CLIENT_ATTRIBUTES,
    EXAMPLE_NAMES,
    KEYWORDS,
    MODULE_NAMES,
    MODULES,
    WINDOWS_DEVICES,
)
from gen_client.text import quote

R = TypeVar("R")

MAX_LENGTH: Final = 128
"""How long a name may be, in characters."""

MODEL_CONSTANT: Final = Code("_MODEL")
"""The constant in `client.py` that holds the model's reference."""

_USE_NAME_OPTION: Final = "give the package a name with --name"


# Packages


def package_name(model_id: str) -> Code:
    """The package's name for a model's id: snake_case.

    Raises:
        Refusal: There is no safe name in it (exit 2).
    """
    plain = re.fullmatch(r"(?!\.)[A-Za-z0-9_.-]+(?<!\.)", model_id)
    words = re.sub(r"([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", model_id)
    name = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
    if not plain or model_id.startswith("-") or not name or len(name) > MAX_LENGTH:
        raise Refusal(
            f"no name for a package can be made of the model's id {quote(model_id)}",
            exit_code=USAGE,
            remedy=_USE_NAME_OPTION,
        )
    if name[0].isdigit():
        name = f"model_{name}"
    if name in MODULES or name in WINDOWS_DEVICES:
        return Code(f"{name}_model")
    return Code(f"{name}_" if name in KEYWORDS else name)


def package_name_for(reference: ModelRef | None, name: str) -> Code:
    """Return the name of a model's package: the one that the user chose, else one made from the model's id.

    Args:
        reference: The model; None if it is not known.
        name: The name that the user chose, or empty.

    Raises:
        Refusal: Neither gives a valid name (exit 2).
    """
    if name:
        return check_package_name(name)
    if reference is None:
        raise Refusal(
            "the package needs a name: its model has none",
            exit_code=USAGE,
            remedy="give it one with --name",
        )
    return package_name(reference.model_id)


def check_package_name(name: str) -> Code:
    """The package's name as the user gave it.

    Raises:
        Refusal: It is no name that Python can import (exit 2).
    """
    folded = unicodedata.normalize("NFKC", name)
    usable = name == folded and name.isidentifier() and len(name) <= MAX_LENGTH and name.strip("_")
    if not usable or name.startswith("__") or name in KEYWORDS or name.lower() in WINDOWS_DEVICES:
        problem = "is no name for a package"
    elif name == "clarigen":
        problem = "would hide the runtime"
    else:
        return Code(name)
    raise Refusal(
        f"{quote(name)} {problem}",
        exit_code=USAGE,
        location="--name",
        remedy="a name is an identifier of Python, such as my_model",
    )


def class_name(package: str) -> Code:
    """The client's name: the package's in PascalCase."""
    name = _pascal_case(package) or "Client"
    taken = name in MODULE_NAMES or name in KEYWORDS or not name.isidentifier()
    return Code(f"{name}Model" if taken else name)


def _pascal_case(name: str) -> str:
    """`o4_mini` to `O4Mini`; what stands between two digits stays (`gpt_4_1` to `Gpt4_1`)."""
    joined = re.sub(r"(?<=[0-9])_+(?=[0-9])", "\0", name)
    words = (word[:1].upper() + word[1:] for word in joined.split("_"))
    return unicodedata.normalize("NFKC", "".join(words).replace("\0", "_"))


def async_class_name(client: str) -> Code:
    """The name of a client's asyncio twin."""
    return Code(f"Async{client}")


# What stands in a package


@dataclass(frozen=True, slots=True)
class MethodNames:
    """The names of one method.

    Attributes:
        method: In the client.
        const: Of its description.
        example: Of the function that shows it.
        async_example: Of the one that shows its asyncio twin.
        parameters: Of its parameters, in the signature's order.
        batch: Of the method that takes many inputs.
    """

    method: Code
    constant: Code
    example: Code
    async_example: Code
    parameters: tuple[Code, ...]
    batch: Code


def keep_nameable_methods(model: Model, report: Report) -> list[Method]:
    """The methods of a model all of whose names can be said in Python; a warning for each other.

    Raises:
        Refusal: There is none (exit 4).
    """
    methods: list[Method] = []
    for method in model.methods:
        bad = next((name for name in _wire_names(method) if not _is_valid_name(name)), None)
        if bad is None:
            methods.append(method)
        else:
            report.warn(
                f"left out: {quote(bad)} cannot be a name in Python",
                location=quote(method.name),
                remedy="its author would have to rename it",
            )
    if not methods:
        raise Refusal("the model has no method that a client can have", exit_code=UNUSABLE)
    return methods


def _wire_names(method: Method) -> Iterator[str]:
    yield method.name
    for parameter in method.parameters:
        yield parameter.name
        yield from _wire_member_names(parameter.type)
    yield from _wire_member_names(method.result.type)


def _wire_member_names(type_: DataType) -> Iterator[str]:
    for member in type_.members:
        yield member.name
        yield from _wire_member_names(member.type)
    for item in type_.items:
        yield from _wire_member_names(item)


def _is_valid_name(name: str) -> bool:
    folded = unicodedata.normalize("NFKC", name)
    return folded.isidentifier() and bool(folded.strip("_")) and len(folded) <= MAX_LENGTH


def _python_name(name: str, reserved: frozenset[str] = frozenset()) -> str:
    """A wire name as Python sees it, with an underscore where it means something else there."""
    folded = unicodedata.normalize("NFKC", name)
    bare = folded.strip("_") if folded.startswith("_") else folded
    if not bare.isidentifier():  # `_1`
        bare = f"n{bare}"
    taken = bare != folded or bare in KEYWORDS or bare in MODULE_NAMES or bare in reserved
    return f"{bare}_" if taken else bare


class Namespace:
    """The names given away in one place. Whoever comes second gets a mark."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = set(names)

    def claim(self, wanted: str) -> Code:
        """The name wanted, or the nearest one that is free."""
        while wanted in self.names:
            wanted += "_"
        self.names.add(wanted)
        return Code(wanted)

    def claim_all(self, wanted: Iterable[tuple[str, str]]) -> tuple[Code, ...]:
        """Names for pairs of wire name and wanted name.

        A name that stays as it is on the wire has precedence; the others get theirs in the order of
        the wire names, so that the order of declaration does not matter.
        """
        pairs = list(wanted)
        order = sorted(range(len(pairs)), key=lambda i: (pairs[i][0] != pairs[i][1], pairs[i][0]))
        given = {index: self.claim(pairs[index][1]) for index in order}
        return tuple(given[index] for index in range(len(pairs)))


def field_names(type_: DataType) -> tuple[Code, ...]:
    """The names of a record's fields."""
    return Namespace().claim_all(
        (member.name, _python_name(member.name, CLASS_ATTRIBUTES)) for member in type_.members
    )


def method_names(methods: Iterable[Method], client: str) -> list[MethodNames]:
    """The names of a client's methods, in their order, which decides nothing.

    Args:
        methods: What the client offers.
        client: The name of its class.
    """
    return map_by_name(list(methods), lambda methods: _name_methods(methods, client))


def map_by_name(methods: Sequence[Method], give: Callable[[list[Method]], list[R]]) -> list[R]:
    """What is given to methods one after the other, by their names: the order of declaration decides nothing.

    Args:
        methods: The methods.
        give: Takes them in the order of their names, and gives something to each.
    """
    order = sorted(range(len(methods)), key=lambda index: methods[index].name)
    given = dict(zip(order, give([methods[index] for index in order]), strict=True))
    return [given[index] for index in range(len(methods))]


def _name_methods(methods: list[Method], client: str) -> list[MethodNames]:
    single = [_python_name(method.name, CLIENT_ATTRIBUTES) for method in methods]
    wire_names = [method.name for method in methods]
    batches = Namespace().claim_all(zip(wire_names, map(batch_name, single), strict=True))
    taken = Namespace(
        batch
        for batch, method in zip(batches, methods, strict=True)
        if method.kind is MethodKind.UNARY
    )
    attributes = taken.claim_all(zip(wire_names, single, strict=True))
    constants, examples = Namespace({MODEL_CONSTANT}), Namespace(
        {*MODULE_NAMES, *EXAMPLE_NAMES, client, async_class_name(client)}
    )
    shown = [examples.claim(attribute) for attribute in attributes]
    return [
        MethodNames(
            method=attribute,
            constant=constants.claim(_constant_name(attribute)),
            example=example,
            async_example=examples.claim(f"{attribute}_async"),
            parameters=Namespace().claim_all(
                (p.name, _python_name(p.name)) for p in method.parameters
            ),
            # What the plain name asks for is kept for it; a name with a mark takes what is free.
            batch=batch if attribute == wanted else taken.claim(batch_name(attribute)),
        )
        for attribute, wanted, batch, example, method in zip(
            attributes, single, batches, shown, methods, strict=True
        )
    ]


def batch_name(method: str) -> str:
    """Return the name of a method's batch method: `import_batch` for `import_`."""
    return f"{method.rstrip('_')}_batch"


def _constant_name(name: str) -> str:
    """`fooBar` to `_FOO_BAR`."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.rstrip("_"))
    upper = unicodedata.normalize("NFKC", f"_{words.upper()}")
    return upper if upper.isidentifier() else f"_{name}"


class TypeNames:
    """Gives the records and choices of a package their names: method and field in PascalCase.

    Nothing else in the package has such a name, neither a method nor a field: it would hide the type
    from the annotations around it.
    """

    def __init__(
        self, client: str, methods: Iterable[Method], names: Iterable[MethodNames]
    ) -> None:
        self._taken = Namespace({*MODULE_NAMES, *EXAMPLE_NAMES, client, async_class_name(client)})
        pairs = list(zip(methods, names, strict=True))
        for method, its in pairs:
            self._taken.names.update((its.method, its.example, its.async_example, *its.parameters))
            self._taken.names.add(its.batch)
            self._taken.names.update(map(_python_name, _wire_names(method)))
        self._inputs = {
            its.method: self._taken.claim(f"{_pascal_case(its.method)}Input")
            for method, its in sorted(pairs, key=lambda pair: pair[0].name)
            if method.kind is MethodKind.UNARY
        }

    def input_type(self, method: Code) -> Code:
        """The name of one input of a batch for a unary method."""
        return self._inputs[method]

    def reserve(self, classes: Iterable[tuple[str, str]]) -> None:
        """Take the names of the user's classes, by module and name, which are what they are.

        Raises:
            Refusal: One is taken (exit 2).
        """
        for module, name in classes:
            if name in self._taken.names or name in BUILTIN_TYPES or name == "object":
                raise Refusal(
                    f"{module}:{name} has a name that the generated code needs itself, or that another type has",
                    exit_code=USAGE,
                    location="types",
                    remedy="give it another name in its module: `Other = " + name + "` is enough",
                )
            self._taken.names.add(name)

    def claim(self, *words: str) -> Code:
        """A name made of these words, first come, first served."""
        return self._taken.claim(type_name(*words))


def type_name(*words: str) -> str:
    """Return the name of a type made of words: a method, a parameter, the fields inside it."""
    name = "".join(_pascal_case(word.rstrip("_")) for word in words)
    return f"{name}_" if name in KEYWORDS else name


def user_name(text: str) -> Code:
    """The name of a class or a module of the user's, which the text of a type has as plain words."""
    assert all(part.isascii() and part.isidentifier() for part in text.split("."))
    return Code(text)


def builtin_type(shadowed: frozenset[str], name: str) -> Code:
    """A builtin type, as it is called where names of its own kind stand around it."""
    return Code(f"builtins.{name}" if name in shadowed else name)


def shadowed_builtins(names: Iterable[str]) -> frozenset[str]:
    """The builtin types that a class with these names hides from its annotations."""
    return BUILTIN_TYPES & set(names)
