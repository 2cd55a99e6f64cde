"""The codec of arrays: numpy's bytes, shape and dtype.

What lives here: numpy arrays to and from the platform's NDArray message, in C order. numpy is
imported by the first array, never before; without it the error says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._data import import_numpy
from .codec import Codec, CodecError, describe
from .large_payloads import LargePayloads, resolve_payload
from .protobuf_writer import Buffers, append_len_field, len_field, len_tag, message, varint

if TYPE_CHECKING:
    import numpy.typing as npt

    from .._proto import Data


_LONGEST: Final = 32
"""Characters in the name of a dtype; numpy's have up to 11."""

_BUFFER, _SHAPE, _DTYPE = len_tag(1), len_tag(2), len_tag(3)


def _write(value: Any, out: Buffers) -> int:
    numpy = import_numpy()
    try:
        array = numpy.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise CodecError(f"must be an array: {error}") from None
    if not numpy.issubdtype(array.dtype, numpy.number):
        raise CodecError(f"must be an array of numbers, not {_found(value, array)}")
    shape = b"".join(varint(length) for length in array.shape)
    head = len_field(_SHAPE, shape) + len_field(_DTYPE, str(array.dtype).encode())
    out.append(head)
    if not array.size:
        return len(head)
    # The array's own memory, where it is in order: the join of the request is the one copy.
    buffer = numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data
    return len(head) + append_len_field(_BUFFER, buffer, out)


def _found(value: Any, array: Any) -> str:
    if array.dtype.kind == "b":
        return "of bool; servers refuse those: use array.astype('uint8')"
    return f"of {array.dtype}" if array.shape else describe(value)


def _decode(data: Data, payloads: LargePayloads) -> npt.NDArray[Any]:
    message = data.ndarray
    buffer = resolve_payload(message.buffer, payloads)
    if not buffer and not message.dtype:
        raise CodecError("is missing; an array was expected")
    numpy = import_numpy()
    try:
        dtype = numpy.dtype(_name(message.dtype))
        if not numpy.issubdtype(dtype, numpy.number) and dtype.kind != "b":
            raise TypeError(f"{dtype} is no type of numbers")
        array: npt.NDArray[Any] = numpy.frombuffer(buffer, dtype).reshape(message.shape)
    except (ValueError, TypeError) as error:
        raise CodecError(f"is not an array that numpy can read: {error}") from None
    return array


def _name(text: str) -> str:
    """The name of a dtype. numpy takes more, of which it evaluates parts: a server's text has no business there."""
    if len(text) > _LONGEST or not text.lstrip("<>=|").isalnum():
        raise TypeError(f"{text[:_LONGEST]!r} is no name of a dtype")
    return text


NDARRAY: Final[Codec[npt.NDArray[Any]]] = Codec("an array", message(20, _write), _decode)
