"""Python names for what a model declares.

The names in generated code are decided here: of classes, methods, parameters, fields, types and constants, and what
happens if two are equal. The rules must stay as they are, because users type these names. They do not depend
on annotations, text or files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.identifiers import is_identifier, normalize, uppercase
from gen_client.interface.model import DataType, Method, MethodKind, Model
from gen_client.naming.namespace import Namespace
from gen_client.naming.reserved import (
    BUILTIN_TYPES,
    CLASS_ATTRIBUTES,
    CLIENT_ATTRIBUTES,
    EXAMPLE_NAMES,
    KEYWORDS,
    MODULE_NAMES,
)
from gen_client.text import quote

_R = TypeVar("_R")

MAX_LENGTH: Final = 128
"""Maximum length of a name, in characters."""

MODEL_CONSTANT: Final = Code("_MODEL")
"""The constant in `client.py` that holds the model's reference."""


# Classes


def class_name(package: str) -> Code:
    """Return the name of the client's class: the package's name in PascalCase."""
    name = pascal_case(package) or "Client"
    is_reserved = name in MODULE_NAMES or name in KEYWORDS or not is_identifier(name)
    return Code(f"{name}Model" if is_reserved else name)


def pascal_case(name: str) -> str:
    """Convert `o4_mini` to `O4Mini`. An underscore between two digits stays: `gpt_4_1` becomes `Gpt4_1`."""
    joined = re.sub(r"(?<=[0-9])_+(?=[0-9])", "\0", name)
    parts = (uppercase(part[:1]) + part[1:] for part in joined.split("_"))
    return normalize("".join(parts).replace("\0", "_"))


def async_class_name(client: str) -> Code:
    """Return the name of the asyncio twin of a client's class."""
    return Code(f"Async{client}")


# Methods and parameters


@dataclass(frozen=True, slots=True)
class MethodNames:
    """The names that one method gets.

    Attributes:
        method: The method of the client.
        constant: The constant with the method's wire description.
        example: The example function.
        async_example: The async example function.
        parameters: The parameters, in the signature's order.
        batch: The batch method.
    """

    method: Code
    constant: Code
    example: Code
    async_example: Code
    parameters: tuple[Code, ...]
    batch: Code


def keep_nameable_methods(model: Model, report: Report) -> list[Method]:
    """Return the methods of the client whose names can be Python names, and warn about the others.

    Raises:
        Refusal: Exit 4: no method is left, and the model is of no kind that has transports.
    """
    methods: list[Method] = []
    for method in model.client_methods:
        invalid = next((name for name in _wire_names(method) if not is_valid_name(name)), None)
        if invalid is None:
            methods.append(method)
        else:
            report.warn(
                f"left out: {quote(invalid)} cannot be a name in Python",
                location=quote(method.name),
                remedy="its author would have to rename it",
            )
    if not methods and model.openai is None and not model.has_offer:
        raise Refusal("the model has no method that a client can have", exit_code=UNUSABLE)
    return methods


def _wire_names(method: Method) -> Iterator[str]:
    """Yield the wire names of a method, its parameters and all fields in their types."""
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


def is_valid_name(name: str) -> bool:
    """Return whether a name is an identifier that is not too long."""
    folded = normalize(name)
    return is_identifier(folded) and len(folded) <= MAX_LENGTH


def python_name(name: str, reserved: frozenset[str] = frozenset()) -> str:
    """Return a wire name in the form that Python compares (NFKC), without leading underscores.

    A name that is reserved, or had leading underscores, gets one underscore at the end.
    """
    folded = normalize(name)
    bare = folded.strip("_") if folded.startswith("_") else folded
    if not is_identifier(bare):  # `_1`, `_`
        bare = f"n{bare}"
    is_reserved = bare in KEYWORDS or bare in MODULE_NAMES or bare in reserved
    return f"{bare}_" if is_reserved or bare != folded else bare


def field_names(type_: DataType) -> tuple[Code, ...]:
    """Return the names of a record's fields, in the order of its members."""
    return Namespace().claim_all(
        (member.name, python_name(member.name, CLASS_ATTRIBUTES)) for member in type_.members
    )


def method_names(
    methods: Iterable[Method], client: str, reserved: frozenset[str] = frozenset()
) -> list[MethodNames]:
    """Return the names of a client's methods. The order of declaration does not matter.

    Args:
        methods: The methods of the client.
        client: The name of the client's class.
        reserved: Further attributes of the client.
    """
    return map_by_name(list(methods), lambda methods: _name_methods(methods, client, reserved))


def map_by_name(
    methods: Sequence[Method], function: Callable[[list[Method]], list[_R]]
) -> list[_R]:
    """Call a function with methods sorted by name, so that the order of declaration does not matter.

    Args:
        methods: The methods.
        function: Returns one result per method, in the order of its argument.

    Returns:
        The results, in the order of `methods`.
    """
    order = sorted(range(len(methods)), key=lambda index: methods[index].name)
    results = dict(zip(order, function([methods[index] for index in order]), strict=True))
    return [results[index] for index in range(len(methods))]


def _name_methods(
    methods: list[Method], client: str, reserved: frozenset[str]
) -> list[MethodNames]:
    """Return the names of methods that are sorted by name; see `method_names`."""
    wire_names = [method.name for method in methods]
    preferred = [python_name(name, CLIENT_ATTRIBUTES | reserved) for name in wire_names]
    batches = Namespace().claim_all(zip(wire_names, map(batch_name, preferred), strict=True))
    # Batch names are claimed first, so that a method `predict_batch` does not take the batch name of `predict`.
    attributes = Namespace(
        batch
        for batch, method in zip(batches, methods, strict=True)
        if method.kind is MethodKind.UNARY
    )
    names = attributes.claim_all(zip(wire_names, preferred, strict=True))
    constants = Namespace({MODEL_CONSTANT})
    examples = Namespace({*MODULE_NAMES, *EXAMPLE_NAMES, client, async_class_name(client)})
    example_names = [examples.claim(name) for name in names]
    return [
        MethodNames(
            method=name,
            constant=constants.claim(constant_name(name)),
            example=example,
            async_example=examples.claim(f"{name.rstrip('_')}_async"),
            parameters=Namespace().claim_all(
                (parameter.name, python_name(parameter.name)) for parameter in method.parameters
            ),
            # A method that did not get its preferred name does not get the batch name for it either.
            batch=(
                batches[index] if name == preferred[index] else attributes.claim(batch_name(name))
            ),
        )
        for index, (method, name, example) in enumerate(
            zip(methods, names, example_names, strict=True)
        )
    ]


def example_names(
    names: Iterable[str], client: Code, taken: Iterable[Code]
) -> list[tuple[Code, Code]]:
    """Return the names of examples that show no method: each with the name of its asyncio twin.

    Args:
        names: The preferred names.
        client: The name of the client.
        taken: The names of the other examples.
    """
    examples = Namespace({*MODULE_NAMES, *EXAMPLE_NAMES, client, async_class_name(client), *taken})
    return [(examples.claim(name), examples.claim(f"{name}_async")) for name in names]


def batch_name(method: str) -> str:
    """Return the name of a method's batch method: `import_batch` for `import_`."""
    return f"{method.rstrip('_')}_batch"


def constant_name(name: str) -> str:
    """Convert `fooBar` to `_FOO_BAR`."""
    separated = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name.rstrip("_"))
    upper = normalize(f"_{uppercase(separated)}")
    return upper if is_identifier(upper) else f"_{name}"


# Types


class TypeNames:
    """The names of a package's records and choices: method and field in PascalCase.

    No method, parameter or field has the name of a type: it would hide the type from the annotations around it.
    """

    def __init__(
        self,
        client: str,
        methods: Iterable[Method],
        names: Iterable[MethodNames],
        reserved: Iterable[str] = (),
    ) -> None:
        """Reserve the other names of the package, and name the inputs of batches.

        Args:
            client: The name of the client's class.
            methods: The methods of the client.
            names: The names of these methods, in the same order.
            reserved: Further names that no type may have.
        """
        self._namespace = Namespace(
            {*MODULE_NAMES, *EXAMPLE_NAMES, client, async_class_name(client), *reserved}
        )
        pairs = list(zip(methods, names, strict=True))
        for method, own in pairs:
            self._namespace.names.update(
                (own.method, own.batch, own.example, own.async_example, *own.parameters)
            )
            self._namespace.names.update(map(python_name, _wire_names(method)))
        self._inputs = {
            own.method: self._namespace.claim(f"{pascal_case(own.method)}Input")
            for method, own in sorted(pairs, key=lambda pair: pair[0].name)
            if method.kind is MethodKind.UNARY
        }

    def input_type(self, method: Code) -> Code:
        """Return the name of the `TypedDict` for one input of a unary method."""
        return self._inputs[method]

    def claim_input(self, tool: Code) -> Code:
        """Name the `TypedDict` for one input of a tool."""
        return self._namespace.claim(f"{pascal_case(tool)}Input")

    def reserve(self, classes: Iterable[tuple[str, str]]) -> None:
        """Reserve the names of the user's classes, which cannot be changed.

        Args:
            classes: The classes, each by module and name.

        Raises:
            Refusal: Exit 2: the package uses the name of a class already.
        """
        for module, name in classes:
            if name in self._namespace.names or name in BUILTIN_TYPES or name == "object":
                raise Refusal(
                    f"{module}:{name} has a name that the generated code needs itself, or that another"
                    " type has",
                    exit_code=USAGE,
                    location="types",
                    remedy=f"give it another name in its module: `Other = {name}` is enough",
                )
            self._namespace.names.add(name)

    def claim(self, *parts: str) -> Code:
        """Name a type after a method, a parameter and the fields inside it; the first type gets the plain name."""
        return self._namespace.claim(type_name(*parts))


def type_name(*parts: str) -> str:
    """Return the name of a type from its parts: a method, a parameter, the fields inside it."""
    name = "".join(pascal_case(part.rstrip("_")) for part in parts)
    return f"{name}_" if name in KEYWORDS else name


def identifier_code(name: str) -> Code:
    """Return an identifier that this package has made as code."""
    assert name.isidentifier()
    return Code(name)


def user_identifier(text: str) -> Code:
    """Return the name of a class or module of the user's as code; the parser of types admits only plain identifiers."""
    assert all(part.isascii() and part.isidentifier() for part in text.split("."))
    return Code(text)


def builtin_type(shadowed: frozenset[str], name: str) -> Code:
    """Return a builtin type as code: `builtins.list` if a name around it hides `list`."""
    return Code(f"builtins.{name}" if name in shadowed else name)


def shadowed_builtins(names: Iterable[str]) -> frozenset[str]:
    """Return the builtin types that a class with attributes of these names hides from its annotations."""
    return BUILTIN_TYPES & set(names)
