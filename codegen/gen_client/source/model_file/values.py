"""The values that expressions of a model's source stand for, as far as they are known without running it.

`Unknown` is the value of everything else, with the reason. Values are compared by identity: two names may stand for one
list, and whatever changes it changes both.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gen_client.source.model_file.findings import Finding


class Value:
    """A value of the source."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class Unknown(Value):
    """A value that is not known.

    Attributes:
        reason: Why, as the end of a sentence: "comes from `limits`".
        line: The line that says so.
        library: The module that it comes from, by the first word of its name; empty for none.
        is_mocked: Whether the upload has a mock in its place.
        may_be_model: Whether it could be a method of a model, or a base class of one.
        may_be_class: Whether it could be a model class that the file itself makes.
    """

    reason: str
    line: int
    library: str = ""
    is_mocked: bool = False
    may_be_model: bool = False
    may_be_class: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Constant(Value):
    """None, a number, text, bytes or `...`."""

    value: object


@dataclass(frozen=True, slots=True, eq=False)
class Items(Value):
    """A tuple, list or set that the source writes out."""

    kind: type[tuple[object, ...]] | type[list[object]] | type[set[object]]
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pairs(Value):
    """A dict that the source writes out."""

    items: tuple[tuple[Value, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Known(Value):
    """An object of a library that the reader knows.

    Attributes:
        key: `builtins.int`, `typing.List`, `collections.abc.Iterator`, `numpy.ndarray`, or `sdk.` and a name.
    """

    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Module(Value):
    """An imported module, by its full name."""

    path: str


@dataclass(frozen=True, slots=True, eq=False)
class Generic(Value):
    """A type with arguments: `List[int]`.

    Attributes:
        key: The key of the type without arguments.
        items: The arguments.
    """

    key: str
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fields(Value):
    """`NamedFields(x=int)`, or the annotations of a class that inherits from NamedFields."""

    items: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Param(Value):
    """A call of the SDK's `Param`, with its arguments by name."""

    items: Mapping[str, Value]


@dataclass(slots=True, eq=False)
class Function(Value):
    """A function that the source defines.

    Attributes:
        node: Its definition.
        signature: Its signature, if it was marked as a method of the model.
        problem: Why it has no signature although it was marked.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef
    signature: Mapping[str, object] | None = None
    problem: Finding | None = None


@dataclass(slots=True, eq=False)
class Class(Value):
    """A class that the source defines.

    Attributes:
        node: Its definition.
        bases: Its bases.
        names: What its body binds, in order.
        fields: The fields that its annotations declare, if it is a type with named fields.
        problem: Why its attributes are not known; None if they are.
    """

    node: ast.ClassDef
    bases: tuple[Value, ...] = ()
    names: dict[str, Value] = field(default_factory=dict[str, Value])
    fields: Fields | None = None
    problem: Unknown | None = None


def iterate_parts(value: Value) -> Iterator[Value]:
    """Yield the values inside a value."""
    match value:
        case Items(items=items) | Generic(items=items):
            yield from items
        case Pairs(items=pairs):
            for key, item in pairs:
                yield key
                yield item
        case Fields(items=fields) | Class(fields=Fields(items=fields)):
            yield from (item for _, item in fields)
        case Param(items=arguments):
            yield from arguments.values()
        case _:
            return


def find_unknown(value: Value) -> Unknown | None:
    """Return the first unknown value in a value; None if all of it is known."""
    if isinstance(value, Unknown):
        return value
    return next((u for part in iterate_parts(value) if (u := find_unknown(part))), None)
