"""Codecs: how values of each type are encoded into the platform's `Data` message and decoded from it.

A codec is a pair of functions. `encode` appends the fields of a `Data` as bytes; `decode` reads a
`Data` that protobuf has parsed, after `large_payloads` has extracted the large payloads of the
response. The codecs of containers are composed from those of their items, once per method. A value
that cannot be converted raises `CodecError`; each container adds a step to the path in the error.
This module does not import protobuf, because generated packages load it with their first client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, TypeVar, cast

from .._data import Text
from .._types import Default
from ..errors import ClarigenError, suggest
from .large_payloads import LargePayloads
from .protobuf_writer import Buffers, Encoder, encode_len_field, encode_varint, len_tag

if TYPE_CHECKING:
    from .._proto import Data
else:
    Data = Any

_MAX_SHOWN_CHOICES: Final = 12

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)


class CodecError(ValueError):
    """A value that cannot be encoded or decoded. Callers turn it into a public error.

    Attributes:
        problem: What was expected and what was found: `must be a str, not int 3`.
        path: The position of the value inside the argument or the result: `[3].name`.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = ""

    def prepend_step(self, step: str) -> CodecError:
        """Prepend a step, such as `[3]` or `.name`, to the path; return this error."""
        self.path = step + self.path
        return self


def call_at(step: str, function: Callable[..., _R], *arguments: Any) -> _R:
    """Call a function; prepend a step to the path of a `CodecError` that it raises.

    Loops that `benchmarks/values.py` measures catch the error themselves, to save a call per item.
    """
    try:
        return function(*arguments)
    except Exception as error:  # noqa: BLE001 - see `to_codec_error`
        raise to_codec_error(error).prepend_step(step) from None


def to_codec_error(error: Exception) -> CodecError:
    """Return the `CodecError` for what reading a value raised.

    Values may be objects of any class, whose methods raise anything. Errors of clarigen are raised again.
    """
    if isinstance(error, CodecError):
        return error
    if isinstance(error, (ClarigenError, MemoryError)):
        raise error
    if isinstance(error, RecursionError):
        return CodecError("is nested too deeply, or contains itself")
    try:
        reason = f": {error}" if str(error) else ""
    except Exception:  # noqa: BLE001 - its text may be hostile as well
        reason = ""
    return CodecError(f"cannot be read: {type(error).__name__}{reason}")


class Codec(NamedTuple, Generic[_R_co]):
    """How values of one type are encoded and decoded.

    Attributes:
        label: The type as messages name it: `a str`, `a list`.
        encode: Append the fields of a `Data` that holds the value and return their size in bytes.
            Raises `CodecError` if the value has another type.
        decode: Return the value of a `Data`, given the large payloads of its response. Raises
            `CodecError` if the value is missing or has another type.
        item_variant: The codec to use inside lists, tuples and records, if it differs.
        repeated_field: The field for lists of such values, if `Data` has one. Lists of other types
            have a part per item.
        kind: The platform's name of the data type; empty if it has none.
        parts: What the type is made of: the codec of the items of a list, those of a tuple, the pairs of
            attribute and codec of a record, or the type expression of JSON with a type of the user's.
        misread_when_absent: Whether servers read the parts of the other arguments as the value of
            the first parameter, if that has this type and no part.
        cls: The class of a record.
    """

    label: str
    encode: Encoder
    decode: Callable[[Data, LargePayloads], _R_co]
    item_variant: Codec[_R_co] | None = None
    repeated_field: RepeatedField | None = None
    misread_when_absent: bool = False
    kind: str = ""
    parts: tuple[Any, ...] = ()
    cls: type[Any] | None = None

    @property
    def for_items(self) -> Codec[_R_co]:
        """The codec to use for items of lists, tuples and records."""
        return self.item_variant or self


class RepeatedField(NamedTuple):
    """A repeated field of `Data` that holds all items of a list.

    Attributes:
        encode: Append the field with one item and return its size in bytes.
        decode: Return the values of all items of a `Data`.
    """

    encode: Encoder
    decode: Callable[[Data, LargePayloads], list[Any]]


def type_mismatch(label: str, value: object) -> CodecError:
    """Return the error for a value that is not of the type that `label` names."""
    return CodecError(f"must be {label}, not {describe(value)}")


def is_instance(value: object, *types: type) -> bool:
    """Return whether a value is of one of the types, without narrowing it for type checkers."""
    return isinstance(value, types)


def is_bool(value: Any) -> bool:
    """Return whether a value is a bool of Python or of numpy, whose comparisons yield its own."""
    return isinstance(value, bool) or (
        getattr(getattr(value, "dtype", None), "kind", "") == "b" and value.shape == ()
    )


_MAX_SHOWN_BITS: Final = 128


def describe(value: object) -> str:
    """Describe a value for a message: its type, and the value itself if that is short."""
    if value is None:
        return "None"
    from .._text import show

    kind = type(value)  # exactly: a subclass may have any `repr`
    if kind is int and cast("int", value).bit_length() > _MAX_SHOWN_BITS:
        return "int of many digits"
    if kind in (str, bytes, int, bool, float, complex) and len(text := show(value)) <= 40:
        return f"{kind.__name__} {text}"
    return kind.__name__


def explain_choices(value: Any, choices: tuple[Any, ...]) -> str:
    """Return the problem to report for a value that is not a choice, with the nearest choice."""
    text = ", ".join(repr(choice) for choice in choices[:_MAX_SHOWN_CHOICES])
    if len(choices) > _MAX_SHOWN_CHOICES:
        text += f" and {len(choices) - _MAX_SHOWN_CHOICES} more"
    hint = ""
    if isinstance(value, str):
        hint = suggest(value, (choice for choice in choices if isinstance(choice, str)))
    return f"must be one of {text}, not {describe(value)}{hint}"


def is_default(value: Any, default: Any) -> bool:
    """Return whether an argument equals its default in the signature; NaN equals NaN."""
    if type(value) is Default or type(value) is not type(default):
        return type(value) is Default
    try:
        return repr(value) == repr(default)
    except ValueError:  # a number of more than 4,300 digits has no repr
        return type(value) is int and bool(value == default)
    except Exception:  # noqa: BLE001 - whatever the classes in the argument raise
        return False


def is_list_of_mappings(value: Any) -> bool:
    """Return whether a value is a list or tuple that begins with a mapping; never raise."""
    try:
        return is_instance(value, list, tuple) and bool(value) and is_instance(value[0], Mapping)
    except Exception:  # noqa: BLE001 - whatever the class of the value raises
        return False


def is_array(value: Any) -> bool:
    """Return whether a value is an array of numpy or another library, with at least one dimension."""
    return getattr(value, "shape", ()) != () and hasattr(value, "__array__")


def with_article(name: str) -> str:
    """Put the indefinite article before the name of a class: `an Image`, `a User`."""
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


# Containers: a `Data` with a repeated field `parts`. A part is a message with an id and a `Data`.

PART_TAG: Final = len_tag(19)
_PART_DATA, _PART_ID = len_tag(1), len_tag(2)

_MAX_CACHED_SIZE: Final = 127
"""The largest part whose head is cached, in bytes."""


def encode_part_id(name: str) -> bytes:
    """Encode the id of a part; an empty id is omitted."""
    return encode_len_field(_PART_ID, name.encode()) if name else b""


def part_encoder(encode: Encoder, name: str = "") -> Encoder:
    """Return the encoder of a part that holds what `encode` encodes and has `name` as its id."""
    prefix = encode_part_id(name) + _PART_DATA
    heads: dict[int, bytes] = {}  # of small parts, by size: benchmark "small call, 1 at once"

    def encode_head(size: int) -> bytes:
        data_head = prefix + encode_varint(size)
        head = PART_TAG + encode_varint(len(data_head) + size) + data_head
        if size <= _MAX_CACHED_SIZE:
            heads[size] = head
        return head

    def encode_part(value: Any, out: Buffers) -> int:
        position = len(out)
        out.append(b"")  # placeholder for the head
        size = encode(value, out)
        head = out[position] = heads.get(size) or encode_head(size)
        return len(head) + size

    return encode_part


def list_of(item: Codec[_R]) -> Codec[list[_R]]:
    """Return the codec of lists: a part per item, or one repeated field if the type has one."""
    parts = (item,)
    if item.repeated_field is not None:
        return _repeated_list(item.repeated_field)._replace(parts=parts)
    item = item.for_items
    decode_item = item.decode

    def decode(data: Data, payloads: LargePayloads) -> list[_R]:
        result: list[Any] = []
        append = result.append
        try:  # one `try` per list, not per item: benchmark "1,000 strings, decoded"
            for part in data.parts:
                append(decode_item(part.data, payloads))
        except CodecError as error:
            raise error.prepend_step(f"[{len(result)}]") from None
        return result

    encode = _items_encoder(part_encoder(item.encode))
    return Codec("a list", encode, decode, misread_when_absent=True, kind="LIST", parts=parts)


def _repeated_list(field: RepeatedField) -> Codec[list[Any]]:
    encode = _items_encoder(field.encode)
    return Codec("a list", encode, field.decode, misread_when_absent=True, kind="LIST")


def _items_encoder(encode_item: Encoder) -> Encoder:
    """Return the encoder of a list, given the encoder of its items."""

    def encode(value: Any, out: Buffers) -> int:
        _check_list(value)
        return encode_items(encode_item, value, out)

    return encode


def encode_items(encode_item: Encoder, items: Iterable[Any], out: Buffers, step: str = "") -> int:
    """Append the fields of items, and return their size; `step` leads to the items, in messages."""
    size = index = 0
    try:  # one `try` per list, not per item: benchmark "1,000 strings, encoded"
        for index, item in enumerate(items):  # noqa: B007
            size += encode_item(item, out)
    except Exception as error:  # noqa: BLE001 - see `to_codec_error`
        raise to_codec_error(error).prepend_step(f"{step}[{index}]") from None
    return size


def _check_list(value: Any) -> None:
    """Raise `CodecError` if a value is neither a sequence nor an array, or is a string."""
    if isinstance(value, (str, bytes, bytearray, Text)):
        raise CodecError(f"must be a list, not a lone {describe(value)}; put it in a list")
    if not is_list(value):
        raise type_mismatch("a list", value)


def is_list(value: Any) -> bool:
    """Return whether a value is a sequence or an array, and not a string."""
    if is_instance(value, str, bytes, bytearray):
        return False
    return is_instance(value, Sequence) or hasattr(value, "__array__")


def tuple_of(*items: Codec[Any]) -> Codec[tuple[Any, ...]]:
    """Return the codec of tuples: a part per position, in order."""
    parts = items
    items = tuple(item.for_items for item in items)
    decoders = tuple(item.decode for item in items)
    encoders = tuple(part_encoder(item.encode, str(index)) for index, item in enumerate(items))
    label = f"a tuple of {len(items)}"

    def encode(value: Any, out: Buffers) -> int:
        if not is_instance(value, tuple, list):
            raise type_mismatch(label, value)
        if len(value) != len(encoders):
            raise CodecError(f"must be {label}, not of {len(value)}")
        size = index = 0
        try:  # one `try` per tuple, not per item
            for encode_item, item in zip(encoders, value, strict=True):
                size += encode_item(item, out)
                index += 1
        except Exception as error:  # noqa: BLE001 - see `to_codec_error`
            raise to_codec_error(error).prepend_step(f"[{index}]") from None
        return size

    def decode(data: Data, payloads: LargePayloads) -> tuple[Any, ...]:
        if len(data.parts) != len(decoders):
            raise CodecError(f"has {len(data.parts)} parts; {label} was expected")
        result: list[Any] = []
        try:  # one `try` per tuple, not per item
            for decode_item, part in zip(decoders, data.parts, strict=True):
                result.append(decode_item(part.data, payloads))
        except CodecError as error:
            raise error.prepend_step(f"[{len(result)}]") from None
        return tuple(result)

    return Codec(label, encode, decode, misread_when_absent=True, kind="TUPLE", parts=parts)


def record_of(cls: type[_R], members: Sequence[tuple[str, str, Codec[Any]]]) -> Codec[_R]:
    """Return the codec of records: a part per member.

    Args:
        cls: The generated dataclass.
        members: The name on the wire, the attribute and the codec of each member, in order.
    """
    items = [(name, attribute, codec.for_items) for name, attribute, codec in members]
    decoders = tuple((name, attribute, codec.decode) for name, attribute, codec in items)
    encoders = tuple(
        (attribute, part_encoder(codec.encode, name)) for name, attribute, codec in items
    )
    label = with_article(cls.__name__)

    def encode(value: Any, out: Buffers) -> int:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        size = 0
        for attribute, encode_member in encoders:
            try:  # faster than `call_at`: benchmark "1,000 records, encoded"
                size += encode_member(getattr(value, attribute), out)
            except AttributeError:
                raise CodecError(f"has no `{attribute}`") from None
            except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                raise to_codec_error(error).prepend_step(f".{attribute}") from None
        return size

    def decode(data: Data, payloads: LargePayloads) -> _R:
        parts = {part.id: part.data for part in data.parts}
        values = {}
        for name, attribute, decode_member in decoders:
            part_data = parts.get(name)
            if part_data is None:
                raise CodecError(f"has no part {name!r}")
            try:  # faster than `call_at`: benchmark "1,000 records, decoded"
                values[attribute] = decode_member(part_data, payloads)
            except CodecError as error:
                raise error.prepend_step(f".{attribute}") from None
        return cls(**values)

    parts = tuple((attribute, codec) for _, attribute, codec in members)
    kind = "NAMED_FIELDS"
    return Codec(label, encode, decode, misread_when_absent=True, kind=kind, parts=parts, cls=cls)
