"""Types in signatures: JSON, sequences that are no strings, and the default that only the model knows.

Type checkers and programs (pydantic, agent frameworks, `typing.get_type_hints`) read the same names. A
program gets a type that it can evaluate in any module: it has no forward references, and no protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar, overload


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
