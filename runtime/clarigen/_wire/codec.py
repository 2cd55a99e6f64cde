"""Values to and from the wire: one codec a type, composed once a method.

What lives here: the only rules by which a Python value becomes slots of the platform's `Data`
message and comes back. A codec is a pair of closures: `encode` appends the fields of a `Data` as bytes,
`decode` reads one that protobuf has parsed, without the large payloads, which `_reader` has cut out.
The codecs of containers are built from those of their items. Nothing here creates a message, so nothing
here imports protobuf. What does not fit raises `CodecError`, which collects its path on the way out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar

from .._data import Text
from .large_payloads import LargePayloads, resolve_payload
from .protobuf_writer import (
    Buffers,
    Encoder,
    append_len_field,
    float64,
    i64_tag,
    len_field,
    len_tag,
    varint,
    varint_tag,
)

if TYPE_CHECKING:
    from .._proto import Data

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)


class CodecError(ValueError):
    """A value that does not fit: what was expected and found, and where inside the value."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""

    def at(self, step: str) -> CodecError:
        """The same misfit, seen from one level further out (`[3]`, `.name`)."""
        self.path = step + self.path
        return self


class Codec(NamedTuple, Generic[_R_co]):
    """How values of one type travel.

    Attributes:
        label: The type in a message's words: `a str`, `a list`.
        encode: Append the fields of a `Data` that holds the value, and tell how many bytes they are;
            `CodecError` if it does not fit.
        decode: Read the value, of which the payloads are the large payloads; `CodecError` if it is not there or not what
            the type says.
        nested: The codec inside lists, tuples and records, where it differs.
        spread: For types whose lists share one repeated slot: the slot, and the codec of one
            element.
        trapped: A server mistakes other arguments for a first argument of this type that is left
            out.
    """

    label: str
    encode: Encoder
    decode: Callable[[Data, LargePayloads], _R_co]
    nested: Codec[_R_co] | None = None
    repeated_slot: RepeatedSlot | None = None
    misread_when_absent: bool = False

    @property
    def inner(self) -> Codec[_R_co]:
        """This codec as it works inside a container."""
        return self.nested or self


class RepeatedSlot(NamedTuple):
    """A repeated slot of `Data`: its name, how one element of it is appended, and how one is read."""

    slot: str
    encode: Encoder
    decode: Callable[[Any, LargePayloads], Any]


def type_mismatch(label: str, value: object) -> CodecError:
    """The misfit of a value of another type."""
    return CodecError(f"must be {label}, not {describe(value)}")


def is_a(value: object, *kinds: type) -> bool:
    """Whether a value is of a type; unlike `isinstance`, without a guess at the types inside it."""
    return isinstance(value, kinds)


def is_bool(value: Any) -> bool:
    """Whether a value is true or false: a bool, or one of numpy's, as comparisons of its numbers are."""
    return isinstance(value, bool) or (
        getattr(getattr(value, "dtype", None), "kind", "") == "b" and value.shape == ()
    )


def describe(value: object) -> str:
    """A value for a message: its type, and the value itself where that is short."""
    if value is None:
        return "None"
    if isinstance(value, (str, bytes, int, float)) and len(text := repr(value)) <= 40:
        return f"{type(value).__name__} {text}"
    return type(value).__name__


# Containers. A part is a `Data` with a name.

PART_TAG: Final = len_tag(19)
_PART_DATA, _PART_ID = len_tag(1), len_tag(2)


def part_id(name: str) -> bytes:
    """The id of a part; nothing for an empty one."""
    return len_field(_PART_ID, name.encode()) if name else b""


def part_encoder(encode: Encoder, name: str = "") -> Encoder:
    """What appends a part with a value."""
    first = part_id(name) + _PART_DATA

    def put(value: Any, out: Buffers) -> int:
        place = len(out)
        out.append(b"")
        size = encode(value, out)
        head = first + varint(size)
        head = out[place] = PART_TAG + varint(len(head) + size) + head
        return len(head) + size

    return put


def list_of(item: Codec[_R]) -> Codec[list[_R]]:
    """Lists: one part an item, or one repeated slot for all where the type has one."""
    if item.repeated_slot is not None:
        return _spread_list(item.repeated_slot)
    inner = item.inner
    read = inner.decode

    def decode(data: Data, payloads: LargePayloads) -> list[_R]:
        result: list[Any] = []
        add = result.append
        try:
            for part in data.parts:
                add(read(part.data, payloads))
        except CodecError as misfit:
            raise misfit.at(f"[{len(result)}]") from None
        return result

    return Codec("a list", _each(part_encoder(inner.encode)), decode, misread_when_absent=True)


def _spread_list(spread: RepeatedSlot) -> Codec[list[Any]]:
    def decode(data: Data, payloads: LargePayloads) -> list[Any]:
        return [spread.decode(message, payloads) for message in getattr(data, spread.slot)]

    return Codec("a list", _each(spread.encode), decode, misread_when_absent=True)


def _each(add: Encoder) -> Encoder:
    """What appends the items of a list."""

    def encode(value: Any, out: Buffers) -> int:
        items = _iterable(value)
        size = index = 0
        try:
            for index, element in enumerate(items):  # noqa: B007
                size += add(element, out)
        except CodecError as misfit:
            raise misfit.at(f"[{index}]") from None
        return size

    return encode


def _iterable(value: Any) -> Iterable[Any]:
    """The items of a list argument. A lone string or mapping is a mistake, not a list."""
    if isinstance(value, (str, bytes, bytearray, Text)):
        raise CodecError(f"must be a list, not a lone {describe(value)}; put it in a list")
    if not is_a(value, Sequence) and not hasattr(value, "__array__"):
        raise type_mismatch("a list", value)
    items: Iterable[Any] = value
    return items


def tuple_of(*items: Codec[Any]) -> Codec[tuple[Any, ...]]:
    """Tuples: one part a position, by order."""
    inner = tuple(item.inner for item in items)
    puts = tuple(part_encoder(codec.encode, str(index)) for index, codec in enumerate(inner))
    label = f"a tuple of {len(items)}"

    def encode(value: Any, out: Buffers) -> int:
        if not is_a(value, tuple, list):
            raise type_mismatch(label, value)
        if len(value) != len(inner):
            raise CodecError(f"must be {label}, not of {len(value)}")
        size = 0
        for index, (put, element) in enumerate(zip(puts, value, strict=True)):
            try:
                size += put(element, out)
            except CodecError as misfit:
                raise misfit.at(f"[{index}]") from None
        return size

    def decode(data: Data, payloads: LargePayloads) -> tuple[Any, ...]:
        if len(data.parts) != len(inner):
            raise CodecError(f"has {len(data.parts)} parts; {label} was expected")
        result: list[Any] = []
        for index, (codec, part) in enumerate(zip(inner, data.parts, strict=True)):
            try:
                result.append(codec.decode(part.data, payloads))
            except CodecError as misfit:
                raise misfit.at(f"[{index}]") from None
        return tuple(result)

    return Codec(label, encode, decode, misread_when_absent=True)


def record_of(cls: type[_R], members: Sequence[tuple[str, str, Codec[Any]]]) -> Codec[_R]:
    """Records: one part a member.

    Args:
        cls: The generated dataclass.
        members: For each member the name on the wire, the attribute, the codec; in declared order.
    """
    inner = tuple((wire_name, attribute, codec.inner) for wire_name, attribute, codec in members)
    puts = tuple(
        (attribute, part_encoder(codec.encode, wire_name)) for wire_name, attribute, codec in inner
    )
    label = f"a {cls.__name__}"

    def encode(value: Any, out: Buffers) -> int:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        size = 0
        for attribute, put in puts:
            try:
                size += put(getattr(value, attribute), out)
            except CodecError as misfit:
                raise misfit.at(f".{attribute}") from None
            except AttributeError:
                raise CodecError(f"has no `{attribute}`") from None
        return size

    def decode(data: Data, payloads: LargePayloads) -> _R:
        parts = {part.id: part.data for part in data.parts}
        values = {}
        for wire_name, attribute, codec in inner:
            part_data = parts.get(wire_name)
            if part_data is None:
                raise CodecError(f"has no part {wire_name!r}")
            try:
                values[attribute] = codec.decode(part_data, payloads)
            except CodecError as misfit:
                raise misfit.at(f".{attribute}") from None
        return cls(**values)

    return Codec(label, encode, decode, misread_when_absent=True)


# Scalars. A zero leaves the slot empty; the part around it shows that it was sent.

_INT64: Final = range(-(2**63), 2**63)
_MASK: Final = 2**64 - 1
_ZERO: Final = float64(0.0)

_INT, _FLOAT, _BYTES = varint_tag(21), i64_tag(22), len_tag(23)
_TRUE: Final = varint_tag(24) + b"\x01"
STRING_TAG: Final = len_tag(25)
"""The tag of `string_value`."""


def _encode_str(value: Any, out: Buffers) -> int:
    text = encode_utf8(value)
    return append_len_field(STRING_TAG, text, out) if text else 0


def encode_utf8(value: Any) -> bytes:
    """A string as it travels: no other type, and no half of a surrogate pair."""
    if not isinstance(value, str):
        raise type_mismatch("a str", value)
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise CodecError("must be text that UTF-8 can hold; it has a lone surrogate") from None


def _decode_str(data: Data, _: LargePayloads) -> str:
    return data.string_value or data.text.raw


def _encode_bytes(value: Any, out: Buffers) -> int:
    if not is_a(value, bytes, bytearray, memoryview):
        raise type_mismatch("bytes", value)
    content = value if isinstance(value, bytes) else bytes(value)
    return append_len_field(_BYTES, content, out) if content else 0


def _decode_bytes(data: Data, payloads: LargePayloads) -> bytes:
    return bytes(resolve_payload(data.bytes_value, payloads))


def _encode_int(value: Any, out: Buffers) -> int:
    number = value if type(value) is int else _index(value)
    if number not in _INT64:
        raise CodecError("must fit into 64 bits: -2**63 to 2**63 - 1")
    if not number:
        return 0
    piece = _INT + varint(number & _MASK)
    out.append(piece)
    return len(piece)


def _index(value: Any) -> int:
    """A whole number of another class; a bool is no number."""
    if is_bool(value) or not hasattr(value, "__index__"):
        raise type_mismatch("an int", value)
    index: int = value.__index__()
    return index


def _decode_int(data: Data, _: LargePayloads) -> int:
    return data.int_value


def _encode_float(value: Any, out: Buffers) -> int:
    packed = float64(to_float64(value))
    if packed == _ZERO:
        return 0
    out.append(_FLOAT + packed)
    return len(_FLOAT) + 8


def to_float64(value: Any) -> float:
    """A number that a 64-bit float can hold; a bool is no number."""
    if type(value) is float:
        return value
    if isinstance(value, (str, bytes)) or is_bool(value) or not hasattr(value, "__float__"):
        raise type_mismatch("a float", value)
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        raise CodecError(f"must fit into a 64-bit float; {describe(value)} does not") from None


def _decode_float(data: Data, _: LargePayloads) -> float:
    return data.float_value


def _encode_bool(value: Any, out: Buffers) -> int:
    if not is_bool(value):
        raise type_mismatch("a bool", value)
    if not value:
        return 0
    out.append(_TRUE)
    return len(_TRUE)


def _decode_bool(data: Data, _: LargePayloads) -> bool:
    return data.bool_value


STR: Final[Codec[str]] = Codec("a str", _encode_str, _decode_str)
BYTES: Final[Codec[bytes]] = Codec("bytes", _encode_bytes, _decode_bytes)
INT: Final[Codec[int]] = Codec("an int", _encode_int, _decode_int)
FLOAT: Final[Codec[float]] = Codec("a float", _encode_float, _decode_float)
BOOL: Final[Codec[bool]] = Codec("a bool", _encode_bool, _decode_bool)
