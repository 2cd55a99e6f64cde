"""Values to and from the wire: one codec a type, composed once a method.

What lives here: the only rules by which a Python value becomes slots of the platform's `Data`
message and comes back. A codec is a pair of closures: `encode` appends the fields of a `Data` as bytes,
`decode` reads one that protobuf has parsed, without the large payloads, which `_reader` has cut out.
The codecs of containers are built from those of their items. Nothing here creates a message, so nothing
here imports protobuf. What does not fit raises `Misfit`, which collects its path on the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from .._data import Text
from .large_payloads import Views, held
from .protobuf_writer import Pieces, Write, append, double, float64, long, sized, varint, whole

if TYPE_CHECKING:
    from .._proto import Data

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
        encode: Append the fields of a `Data` that holds the value, and tell how many bytes they are;
            `Misfit` if it does not fit.
        decode: Read the value, of which the views are the large payloads; `Misfit` if it is not there or not what
            the type says.
        nested: The codec inside lists, tuples and records, where it differs.
        spread: For types whose lists share one repeated slot: the slot, and the codec of one
            element.
        trapped: A server mistakes other arguments for a first argument of this type that is left
            out.
    """

    label: str
    encode: Write
    decode: Callable[[Data, Views], _R_co]
    nested: Codec[_R_co] | None = None
    spread: Spread | None = None
    trapped: bool = False

    @property
    def inner(self) -> Codec[_R_co]:
        """This codec as it works inside a container."""
        return self.nested or self


class Spread(NamedTuple):
    """A repeated slot of `Data`: its name, how one element of it is appended, and how one is read."""

    slot: str
    add: Write
    read: Callable[[Any, Views], Any]


def wanted(label: str, value: object) -> Misfit:
    """The misfit of a value of another type."""
    return Misfit(f"must be {label}, not {described(value)}")


def is_a(value: object, *kinds: type) -> bool:
    """Whether a value is of a type; unlike `isinstance`, without a guess at the types inside it."""
    return isinstance(value, kinds)


def is_bool(value: Any) -> bool:
    """Whether a value is true or false: a bool, or one of numpy's, as comparisons of its numbers are."""
    return isinstance(value, bool) or (
        getattr(getattr(value, "dtype", None), "kind", "") == "b" and value.shape == ()
    )


def described(value: object) -> str:
    """A value for a message: its type, and the value itself where that is short."""
    if value is None:
        return "None"
    if isinstance(value, (str, bytes, int, float)) and len(text := repr(value)) <= 40:
        return f"{type(value).__name__} {text}"
    return type(value).__name__


# Containers. A part is a `Data` with a name.

PART: Final = long(19)
_PART_DATA, _PART_ID = long(1), long(2)


def named(name: str) -> bytes:
    """The id of a part; nothing for an empty one."""
    return sized(_PART_ID, name.encode()) if name else b""


def part_of(encode: Write, name: str = "") -> Write:
    """What appends a part with a value."""
    first = named(name) + _PART_DATA

    def put(value: Any, out: Pieces) -> int:
        place = len(out)
        out.append(b"")
        size = encode(value, out)
        head = first + varint(size)
        head = out[place] = PART + varint(len(head) + size) + head
        return len(head) + size

    return put


def list_of(item: Codec[_R]) -> Codec[list[_R]]:
    """Lists: one part an item, or one repeated slot for all where the type has one."""
    if item.spread is not None:
        return _spread_list(item.spread)
    inner = item.inner
    read = inner.decode

    def decode(data: Data, views: Views) -> list[_R]:
        result: list[Any] = []
        add = result.append
        try:
            for part in data.parts:
                add(read(part.data, views))
        except Misfit as misfit:
            raise misfit.under(f"[{len(result)}]") from None
        return result

    return Codec("a list", _each(part_of(inner.encode)), decode, trapped=True)


def _spread_list(spread: Spread) -> Codec[list[Any]]:
    def decode(data: Data, views: Views) -> list[Any]:
        return [spread.read(message, views) for message in getattr(data, spread.slot)]

    return Codec("a list", _each(spread.add), decode, trapped=True)


def _each(add: Write) -> Write:
    """What appends the items of a list."""

    def encode(value: Any, out: Pieces) -> int:
        items = _iterable(value)
        size = index = 0
        try:
            for index, element in enumerate(items):  # noqa: B007
                size += add(element, out)
        except Misfit as misfit:
            raise misfit.under(f"[{index}]") from None
        return size

    return encode


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
    puts = tuple(part_of(codec.encode, str(index)) for index, codec in enumerate(inner))
    label = f"a tuple of {len(items)}"

    def encode(value: Any, out: Pieces) -> int:
        if not is_a(value, tuple, list):
            raise wanted(label, value)
        if len(value) != len(inner):
            raise Misfit(f"must be {label}, not of {len(value)}")
        size = 0
        for index, (put, element) in enumerate(zip(puts, value, strict=True)):
            try:
                size += put(element, out)
            except Misfit as misfit:
                raise misfit.under(f"[{index}]") from None
        return size

    def decode(data: Data, views: Views) -> tuple[Any, ...]:
        if len(data.parts) != len(inner):
            raise Misfit(f"has {len(data.parts)} parts; {label} was expected")
        result: list[Any] = []
        for index, (codec, part) in enumerate(zip(inner, data.parts, strict=True)):
            try:
                result.append(codec.decode(part.data, views))
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
    puts = tuple(
        (attribute, part_of(codec.encode, wire_name)) for wire_name, attribute, codec in inner
    )
    label = f"a {cls.__name__}"

    def encode(value: Any, out: Pieces) -> int:
        if not isinstance(value, cls):
            raise wanted(label, value)
        size = 0
        for attribute, put in puts:
            try:
                size += put(getattr(value, attribute), out)
            except Misfit as misfit:
                raise misfit.under(f".{attribute}") from None
            except AttributeError:
                raise Misfit(f"has no `{attribute}`") from None
        return size

    def decode(data: Data, views: Views) -> _R:
        parts = {part.id: part.data for part in data.parts}
        values = {}
        for wire_name, attribute, codec in inner:
            part_data = parts.get(wire_name)
            if part_data is None:
                raise Misfit(f"has no part {wire_name!r}")
            try:
                values[attribute] = codec.decode(part_data, views)
            except Misfit as misfit:
                raise misfit.under(f".{attribute}") from None
        return cls(**values)

    return Codec(label, encode, decode, trapped=True)


# Scalars. A zero leaves the slot empty; the part around it shows that it was sent.

_INT64: Final = range(-(2**63), 2**63)
_MASK: Final = 2**64 - 1
_ZERO: Final = float64(0.0)

_INT, _FLOAT, _BYTES = whole(21), double(22), long(23)
_TRUE: Final = whole(24) + b"\x01"
STRING: Final = long(25)
"""The tag of `string_value`."""


def _encode_str(value: Any, out: Pieces) -> int:
    text = utf8(value)
    return append(STRING, text, out) if text else 0


def utf8(value: Any) -> bytes:
    """A string as it travels: no other type, and no half of a surrogate pair."""
    if not isinstance(value, str):
        raise wanted("a str", value)
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise Misfit("must be text that UTF-8 can hold; it has a lone surrogate") from None


def _decode_str(data: Data, _: Views) -> str:
    return data.string_value or data.text.raw


def _encode_bytes(value: Any, out: Pieces) -> int:
    if not is_a(value, bytes, bytearray, memoryview):
        raise wanted("bytes", value)
    content = value if isinstance(value, bytes) else bytes(value)
    return append(_BYTES, content, out) if content else 0


def _decode_bytes(data: Data, views: Views) -> bytes:
    return bytes(held(data.bytes_value, views))


def _encode_int(value: Any, out: Pieces) -> int:
    number = value if type(value) is int else _index(value)
    if number not in _INT64:
        raise Misfit("must fit into 64 bits: -2**63 to 2**63 - 1")
    if not number:
        return 0
    piece = _INT + varint(number & _MASK)
    out.append(piece)
    return len(piece)


def _index(value: Any) -> int:
    """A whole number of another class; a bool is no number."""
    if is_bool(value) or not hasattr(value, "__index__"):
        raise wanted("an int", value)
    index: int = value.__index__()
    return index


def _decode_int(data: Data, _: Views) -> int:
    return data.int_value


def _encode_float(value: Any, out: Pieces) -> int:
    packed = float64(number64(value))
    if packed == _ZERO:
        return 0
    out.append(_FLOAT + packed)
    return len(_FLOAT) + 8


def number64(value: Any) -> float:
    """A number that a 64-bit float can hold; a bool is no number."""
    if type(value) is float:
        return value
    if isinstance(value, (str, bytes)) or is_bool(value) or not hasattr(value, "__float__"):
        raise wanted("a float", value)
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        raise Misfit(f"must fit into a 64-bit float; {described(value)} does not") from None


def _decode_float(data: Data, _: Views) -> float:
    return data.float_value


def _encode_bool(value: Any, out: Pieces) -> int:
    if not is_bool(value):
        raise wanted("a bool", value)
    if not value:
        return 0
    out.append(_TRUE)
    return len(_TRUE)


def _decode_bool(data: Data, _: Views) -> bool:
    return data.bool_value


STR: Final[Codec[str]] = Codec("a str", _encode_str, _decode_str)
BYTES: Final[Codec[bytes]] = Codec("bytes", _encode_bytes, _decode_bytes)
INT: Final[Codec[int]] = Codec("an int", _encode_int, _decode_int)
FLOAT: Final[Codec[float]] = Codec("a float", _encode_float, _decode_float)
BOOL: Final[Codec[bool]] = Codec("a bool", _encode_bool, _decode_bool)
