"""Values to and from the wire: one codec a type, composed once a method.

What lives here: the only rules by which a Python value becomes slots of the platform's `Data`
message and comes back. A codec is a pair of closures over a `Data`; the codecs of containers are
built from those of their items. Nothing here creates a message, so nothing here imports protobuf:
`encode` fills the `Data` it is given, `decode` reads one. What does not fit raises `Misfit`, which
collects its path on the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from ._data import Text

if TYPE_CHECKING:
    from ._proto import Data

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)


class Misfit(ValueError):
    """A value that does not fit: what was expected and found, and where inside the value."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""

    def under(self, step: str) -> Misfit:
        """The same misfit, seen from one level further out (`[3]`, `.name`)."""
        self.path = step + self.path
        return self


class Codec(NamedTuple, Generic[_R_co]):
    """How values of one type travel.

    Attributes:
        label: The type in a message's words: `a str`, `a list`.
        encode: Put a value into an empty `Data`; `Misfit` if it does not fit.
        decode: Read the value; `Misfit` if it is not there or not what the type says.
        nested: The codec inside lists, tuples and records, where it differs.
        spread: For types whose lists share one repeated slot: the slot, and the codec of one
            element.
        trapped: A server mistakes other arguments for a first argument of this type that is left
            out.
    """

    label: str
    encode: Callable[[Any, Data], None]
    decode: Callable[[Data], _R_co]
    nested: Codec[_R_co] | None = None
    spread: Spread | None = None
    trapped: bool = False

    @property
    def inner(self) -> Codec[_R_co]:
        """This codec as it works inside a container."""
        return self.nested or self


class Spread(NamedTuple):
    """A repeated slot of `Data`, and how one element of it is filled and read."""

    slot: str
    fill: Callable[[Any, Any], None]
    read: Callable[[Any], Any]


def wanted(label: str, value: object) -> Misfit:
    """The misfit of a value of another type."""
    return Misfit(f"must be {label}, not {described(value)}")


def is_a(value: object, *kinds: type) -> bool:
    """Whether a value is of a type; unlike `isinstance`, without a guess at the types inside it."""
    return isinstance(value, kinds)


def described(value: object) -> str:
    """A value for a message: its type, and the value itself where that is short."""
    if value is None:
        return "None"
    if isinstance(value, (str, bytes, int, float)) and len(text := repr(value)) <= 40:
        return f"{type(value).__name__} {text}"
    return type(value).__name__


# Containers.


def list_of(item: Codec[_R]) -> Codec[list[_R]]:
    """Lists: one part an item, or one repeated slot for all where the type has one."""
    if item.spread is not None:
        return _spread_list(item.spread)
    inner = item.inner

    def encode(value: Any, data: Data) -> None:
        add = data.parts.add
        for index, element in enumerate(_iterable(value)):
            try:
                inner.encode(element, add().data)
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None

    def decode(data: Data) -> list[_R]:
        result: list[Any] = []
        for index, part in enumerate(data.parts):
            try:
                result.append(inner.decode(part.data))
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None
        return result

    return Codec("a list", encode, decode, trapped=True)


def _spread_list(spread: Spread) -> Codec[list[Any]]:
    def encode(value: Any, data: Data) -> None:
        add = getattr(data, spread.slot).add
        for index, element in enumerate(_iterable(value)):
            try:
                spread.fill(element, add())
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None

    def decode(data: Data) -> list[Any]:
        return [spread.read(message) for message in getattr(data, spread.slot)]

    return Codec("a list", encode, decode, trapped=True)


def _iterable(value: Any) -> Iterable[Any]:
    """The items of a list argument. A lone string or mapping is a mistake, not a list."""
    if isinstance(value, (str, bytes, bytearray, Text)):
        raise Misfit(f"must be a list, not a lone {described(value)}; put it in a list")
    if not is_a(value, Sequence) and not hasattr(value, "__array__"):
        raise wanted("a list", value)
    items: Iterable[Any] = value
    return items


def tuple_of(*items: Codec[Any]) -> Codec[tuple[Any, ...]]:
    """Tuples: one part a position, by order."""
    inner = tuple(item.inner for item in items)
    label = f"a tuple of {len(items)}"

    def encode(value: Any, data: Data) -> None:
        if not is_a(value, tuple, list):
            raise wanted(label, value)
        if len(value) != len(inner):
            raise Misfit(f"must be {label}, not of {len(value)}")
        for index, (codec, element) in enumerate(zip(inner, value, strict=True)):
            part = data.parts.add(id=str(index))
            try:
                codec.encode(element, part.data)
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None

    def decode(data: Data) -> tuple[Any, ...]:
        if len(data.parts) != len(inner):
            raise Misfit(f"has {len(data.parts)} parts; {label} was expected")
        result: list[Any] = []
        for index, (codec, part) in enumerate(zip(inner, data.parts, strict=True)):
            try:
                result.append(codec.decode(part.data))
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None
        return tuple(result)

    return Codec(label, encode, decode, trapped=True)


def record_of(cls: type[_R], members: Sequence[tuple[str, str, Codec[Any]]]) -> Codec[_R]:
    """Records: one part a member.

    Args:
        cls: The generated dataclass.
        members: For each member the name on the wire, the attribute, the codec; in declared order.
    """
    inner = tuple((wire_name, attribute, codec.inner) for wire_name, attribute, codec in members)
    label = f"a {cls.__name__}"

    def encode(value: Any, data: Data) -> None:
        if not isinstance(value, cls):
            raise wanted(label, value)
        for wire_name, attribute, codec in inner:
            part = data.parts.add(id=wire_name)
            try:
                codec.encode(getattr(value, attribute), part.data)
            except Misfit as misfit:
                raise misfit.under(f".{attribute}") from None
            except AttributeError:
                raise Misfit(f"has no `{attribute}`") from None

    def decode(data: Data) -> _R:
        parts = {part.id: part.data for part in data.parts}
        values = {}
        for wire_name, attribute, codec in inner:
            part_data = parts.get(wire_name)
            if part_data is None:
                raise Misfit(f"has no part {wire_name!r}")
            try:
                values[attribute] = codec.decode(part_data)
            except Misfit as misfit:
                raise misfit.under(f".{attribute}") from None
        return cls(**values)

    return Codec(label, encode, decode, trapped=True)


# Scalars. A zero leaves the slot empty; the part around it shows that it was sent.

_INT64: Final = range(-(2**63), 2**63)


def _encode_str(value: Any, data: Data) -> None:
    data.string_value = utf8(value)


def utf8(value: Any) -> str:
    """A string that can travel: no other type, and no half of a surrogate pair."""
    if not isinstance(value, str):
        raise wanted("a str", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Misfit("must be text that UTF-8 can hold; it has a lone surrogate") from None
    return value


def _decode_str(data: Data) -> str:
    return data.string_value or data.text.raw


def _encode_bytes(value: Any, data: Data) -> None:
    if not is_a(value, bytes, bytearray, memoryview):
        raise wanted("bytes", value)
    data.bytes_value = bytes(value)


def _decode_bytes(data: Data) -> bytes:
    return data.bytes_value


def _encode_int(value: Any, data: Data) -> None:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise wanted("an int", value)
    number = value.__index__()
    if number not in _INT64:
        raise Misfit("must fit into 64 bits: -2**63 to 2**63 - 1")
    data.int_value = number


def _decode_int(data: Data) -> int:
    return data.int_value


def _encode_float(value: Any, data: Data) -> None:
    data.float_value = number64(value)


def number64(value: Any) -> float:
    """A number that a 64-bit float can hold; a bool is no number."""
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        raise wanted("a float", value)
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        raise Misfit(f"must fit into a 64-bit float; {described(value)} does not") from None


def _decode_float(data: Data) -> float:
    return data.float_value


def _encode_bool(value: Any, data: Data) -> None:
    if not isinstance(value, bool):
        raise wanted("a bool", value)
    data.bool_value = value


def _decode_bool(data: Data) -> bool:
    return data.bool_value


STR: Final[Codec[str]] = Codec("a str", _encode_str, _decode_str)
BYTES: Final[Codec[bytes]] = Codec("bytes", _encode_bytes, _decode_bytes)
INT: Final[Codec[int]] = Codec("an int", _encode_int, _decode_int)
FLOAT: Final[Codec[float]] = Codec("a float", _encode_float, _decode_float)
BOOL: Final[Codec[bool]] = Codec("a bool", _encode_bool, _decode_bool)
