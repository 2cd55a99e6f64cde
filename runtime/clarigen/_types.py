"""Types in signatures: JSON, sequences that are not strings, and the default that only the model knows.

Type checkers and programs (pydantic, agent frameworks, `typing.get_type_hints`) read the same names. A
program gets a type that it can evaluate in any module: it has no forward references, and no protocol.
`prepare_module` gives such forms to generated modules, for names that they import from elsewhere.
"""

from __future__ import annotations

import collections.abc
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import cache, partial
from itertools import permutations
from types import FunctionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Protocol,
    TypeAlias,
    TypeVar,
    get_overloads,
    overload,
)


class Default(Enum):
    """The type of `SERVER_DEFAULT` and `KNOWN_DEFAULT`."""

    SERVER_DEFAULT = "SERVER_DEFAULT"
    KNOWN_DEFAULT = "KNOWN_DEFAULT"

    def __repr__(self) -> str:
        return self.name


SERVER_DEFAULT: Final = Default.SERVER_DEFAULT
"""Pass this to omit an argument: the model's own default applies."""

KNOWN_DEFAULT: Final = Default.KNOWN_DEFAULT
"""The default that the docstring of a method states, where a signature cannot show it. It is sent."""

if TYPE_CHECKING:
    npt: Any

    _T_co = TypeVar("_T_co", covariant=True)

    class SequenceNotStr(Protocol[_T_co]):
        """A sequence that is not a string: type checkers reject a lone `str` here."""

        @overload
        def __getitem__(self, index: int, /) -> _T_co: ...
        @overload
        def __getitem__(self, index: slice, /) -> Sequence[_T_co]: ...
        def __contains__(self, value: object, /) -> bool: ...
        def __len__(self) -> int: ...
        def __iter__(self) -> Iterator[_T_co]: ...

    JSON: TypeAlias = Mapping[str, "JSONValue"] | SequenceNotStr["JSONValue"]
    """The argument of a JSON parameter: an object or an array."""

    JSONValue: TypeAlias = "JSON | str | int | float | bool | None"
    """A value inside a JSON object or array. Numbers are sent as 64-bit floats."""
else:

    class npt:  # noqa: N801 - the usual name of `numpy.typing`
        """Stands for `numpy.typing` in annotations: numpy is not imported to read one."""

        ArrayLike = Any

        class NDArray:
            """Any array."""

            def __class_getitem__(cls, item: Any) -> Any:
                return Any

    class PIL:
        """Stands for the package `PIL` in annotations."""

        class Image:
            """Its module of images."""

            Image = Any

    SequenceNotStr = Sequence
    JSON = Mapping[str, Any] | Sequence[object]  # pydantic takes a str for a Sequence[Any]
    JSONValue = JSON | str | int | float | bool | None


class ReadOnly:
    """The run-time form of `typing_extensions.ReadOnly`, which the runtime does not depend on: no mark at all."""

    def __class_getitem__(cls, item: Any) -> Any:
        """Return the type of the key itself."""
        return item


class InstanceSchema:
    """Base of classes that pydantic checks by `isinstance`: it has no schema for their parameters."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: object, handler: object) -> dict[str, Any]:
        return {"type": "array"}


class _AsyncIterableSchema(InstanceSchema):
    """Tells pydantic how to check an asynchronous iterable."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> Any:
        from pydantic_core import core_schema

        return core_schema.is_instance_schema(collections.abc.AsyncIterable)


class _AsyncIterable:
    """The run-time form of `collections.abc.AsyncIterable` in annotations."""

    def __class_getitem__(cls, item: Any) -> Any:
        """Return the type, with the mark that pydantic reads."""
        return Annotated[collections.abc.AsyncIterable[item], _AsyncIterableSchema]


class _TypedDictMeta(type):
    """The class of the run-time form of `typing.TypedDict` before Python 3.12, where pydantic refuses it.

    What is derived from the form is a class of `typing.TypedDict`, which tells pydantic how to read it.
    """

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        """Create a TypedDict, unless there are no bases: that is the form itself."""
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        result = _get_typed_dict_metaclass()(name, (), namespace)
        result.__get_pydantic_core_schema__ = partial(_make_typed_dict_schema, result)
        return result

    def __call__(cls, name: str, fields: dict[str, Any]) -> Any:
        """Create a TypedDict whose keys are not identifiers."""
        return _TypedDictMeta(
            name, (cls,), {"__annotations__": fields, "__module__": cls.__module__}
        )


@cache
def _get_typed_dict_metaclass() -> Any:
    """Return the class of the TypedDicts of `typing`, which has no public name."""
    make: Any = typing.TypedDict
    metaclass: Any = make("_", {}).__class__
    return metaclass


def _make_typed_dict_schema(cls: Any, source: object, handler: Any) -> Any:
    """Return pydantic's schema of a TypedDict."""
    return handler.generate_schema(_make_typed_dict_twin(cls))


@cache
def _make_typed_dict_twin(cls: Any) -> Any:
    """Return an equal TypedDict of `typing_extensions`, which pydantic reads and depends on."""
    from typing_extensions import TypedDict

    make: Any = TypedDict
    twin = make(cls.__name__, typing.get_type_hints(cls, include_extras=True))
    twin.__module__, twin.__doc__ = cls.__module__, cls.__doc__
    return twin


def prepare_module(namespace: dict[str, Any]) -> None:
    """Give a generated module the run-time forms of the names in its annotations.

    Args:
        namespace: The names of the module, when it has made its imports and not yet its types.
    """
    namespace.setdefault("npt", npt)
    if "AsyncIterable" in namespace:
        namespace["AsyncIterable"] = _AsyncIterable
    if sys.version_info < (3, 12) and "TypedDict" in namespace:
        body = {"__module__": namespace["__name__"]}
        namespace["TypedDict"] = _TypedDictMeta("TypedDict", (), body)


def show_single_calls(cls: type[Any]) -> None:
    """Let programs that read the signatures of a generated class see what one call takes and returns.

    A unary method is declared by two overloads, one call and a list of inputs. Its implementation has the
    annotations of both together, and a marker as the default of required keywords. Also give the module the
    run-time forms of its annotations.
    """
    module = sys.modules.get(cls.__module__)  # a class that a script makes may name any module
    namespace = vars(module) if module is not None else {}
    wire = namespace.get("wire")
    if wire is None or wire is not sys.modules.get("clarigen.wire"):
        return  # not a generated module
    prepare_module(namespace)
    for function in vars(cls).values():
        if isinstance(function, FunctionType) and (single := _find_single_call(function)):
            function.__annotations__ = single.__annotations__
            function.__dict__["__wrapped__"] = single  # where `inspect.signature` looks


def _find_single_call(function: FunctionType) -> Callable[..., Any] | None:
    """Return the overload for one call, if the implementation takes either that or a list.

    `typing` also remembers the overloads of earlier versions of a module that was loaded again.
    """
    either = list(function.__annotations__.values())
    for single, inputs in permutations(get_overloads(function), 2):
        one, many = list(single.__annotations__.values()), list(inputs.__annotations__.values())
        if (
            len(one) > 1 and len(many) == 2
        ):  # the arguments and the result; the list and the results
            first, result = f"{one[0]} | {many[0]}", f"{one[-1]} | {many[-1]}"
            if either == [first, *one[1:-1], result]:
                return single
    return None
