"""The codec of arrays: numpy arrays as the platform's NDArray message, in C order.

numpy is imported when the first array is encoded or decoded, because packages without arrays work
without numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .codec import Codec, CodecError, describe
from .large_payloads import LargePayloads, resolve_payload
from .protobuf_writer import (
    Buffers,
    append_len_field,
    encode_len_field,
    encode_varint,
    len_tag,
    message_encoder,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from .._proto import Data


_DTYPES: Final = frozenset("""
    bool bool_ b1 ? int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 float96 float128
    complex64 complex128 complex192 complex256 int uint float complex half single double longdouble csingle
    cdouble clongdouble byte ubyte short ushort intc uintc int_ uint_ long ulong longlong ulonglong intp uintp
    b B h H i I l L q Q e f d g F D G i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 f12 f16 c8 c16 c24 c32
    """.split())  # noqa: SIM905
"""The names of numeric dtypes, without byte order."""

_MAX_KEPT_FACTOR: Final = 8
"""An array keeps at most so many times its own size alive."""

_BYTE_ORDERS: Final = ("<", ">", "=", "|")
_MAX_SHOWN_DTYPE: Final = 32

_BUFFER, _SHAPE, _DTYPE = len_tag(1), len_tag(2), len_tag(3)


def _import_numpy() -> Any:
    from .._pictures import import_numpy  # not loaded before the first array

    return import_numpy()


def _encode_array(value: Any, out: Buffers) -> int:
    numpy = _import_numpy()
    try:
        array = numpy.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise CodecError(f"must be an array: {error}") from None
    if not numpy.issubdtype(array.dtype, numpy.number):
        raise CodecError(f"must be an array of numbers, not {_describe_dtype(value, array)}")
    shape = b"".join(encode_varint(length) for length in array.shape)
    head = encode_len_field(_SHAPE, shape) + encode_len_field(_DTYPE, str(array.dtype).encode())
    out.append(head)
    if not array.size:
        return len(head)
    # A view, not a copy, if the array is in C order: benchmark "array of 64 MiB, encoded".
    buffer = numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data
    return len(head) + append_len_field(_BUFFER, buffer, out)


def _describe_dtype(value: Any, array: Any) -> str:
    if array.dtype.kind == "b":
        return "of bool; servers refuse those: use array.astype('uint8')"
    return f"of {array.dtype}" if array.shape else describe(value)


def _decode_array(data: Data, payloads: LargePayloads) -> npt.NDArray[Any]:
    ndarray = data.ndarray
    buffer = resolve_payload(ndarray.buffer, payloads)
    if not buffer and not ndarray.dtype:
        raise CodecError("is missing; an array was expected")
    numpy = _import_numpy()
    try:
        dtype = numpy.dtype(_check_dtype_name(ndarray.dtype))
        if not numpy.issubdtype(dtype, numpy.number) and dtype.kind != "b":
            raise TypeError(f"{dtype} is not a numeric dtype")
        array: npt.NDArray[Any] = numpy.frombuffer(_release_response(buffer), dtype).reshape(
            ndarray.shape
        )
    except (ValueError, TypeError) as error:
        raise CodecError(f"is not an array that numpy can read: {error}") from None
    return array


def _release_response(buffer: bytes | memoryview) -> bytes | memoryview:
    """Return a copy of a view that is small in comparison to its response, which would live as long as the array."""
    if (
        isinstance(buffer, memoryview)
        and len(buffer) * _MAX_KEPT_FACTOR < memoryview(buffer.obj).nbytes
    ):
        return bytes(buffer)
    return buffer


def _check_dtype_name(name: str) -> str:
    """Return `name`; raise `TypeError` if it is not the name of a dtype.

    A server chooses `name`, and `numpy.dtype` would also accept an expression and evaluate parts of it.
    """
    word = name[1:] if name.startswith(_BYTE_ORDERS) else name
    if word not in _DTYPES:
        raise TypeError(f"{name[:_MAX_SHOWN_DTYPE]!r} is not the name of a numeric dtype")
    return name


NDARRAY: Final[Codec[npt.NDArray[Any]]] = Codec(
    "an array", message_encoder(20, _encode_array), _decode_array, kind="NDARRAY"
)
