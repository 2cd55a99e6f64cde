"""The codec of arrays: numpy's bytes, shape and dtype.

What lives here: numpy arrays to and from the platform's NDArray message, in C order. numpy is
imported by the first array, never before; without it the error says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from .._data import numpy_module
from .codec import Codec, Misfit, described
from .large_payloads import Views, held
from .protobuf_writer import Pieces, append, long, nested, sized, varint

if TYPE_CHECKING:
    import numpy.typing as npt

    from .._proto import Data


_LONGEST: Final = 32
"""Characters in the name of a dtype; numpy's have up to 11."""

_BUFFER, _SHAPE, _DTYPE = long(1), long(2), long(3)


def _write(value: Any, out: Pieces) -> int:
    numpy = numpy_module()
    try:
        array = numpy.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Misfit(f"must be an array: {error}") from None
    if not numpy.issubdtype(array.dtype, numpy.number):
        raise Misfit(f"must be an array of numbers, not {_found(value, array)}")
    shape = b"".join(varint(length) for length in array.shape)
    head = sized(_SHAPE, shape) + sized(_DTYPE, str(array.dtype).encode())
    out.append(head)
    if not array.size:
        return len(head)
    # The array's own memory, where it is in order: the join of the request is the one copy.
    buffer = numpy.ascontiguousarray(array).reshape(-1).view(numpy.uint8).data
    return len(head) + append(_BUFFER, buffer, out)


def _found(value: Any, array: Any) -> str:
    if array.dtype.kind == "b":
        return "of bool; servers refuse those: use array.astype('uint8')"
    return f"of {array.dtype}" if array.shape else described(value)


def _decode(data: Data, views: Views) -> npt.NDArray[Any]:
    message = data.ndarray
    buffer = held(message.buffer, views)
    if not buffer and not message.dtype:
        raise Misfit("is missing; an array was expected")
    numpy = numpy_module()
    try:
        dtype = numpy.dtype(_name(message.dtype))
        if not numpy.issubdtype(dtype, numpy.number) and dtype.kind != "b":
            raise TypeError(f"{dtype} is no type of numbers")
        array: npt.NDArray[Any] = numpy.frombuffer(buffer, dtype).reshape(message.shape)
    except (ValueError, TypeError) as error:
        raise Misfit(f"is not an array that numpy can read: {error}") from None
    return array


def _name(text: str) -> str:
    """The name of a dtype. numpy takes more, of which it evaluates parts: a server's text has no business there."""
    if len(text) > _LONGEST or not text.lstrip("<>=|").isalnum():
        raise TypeError(f"{text[:_LONGEST]!r} is no name of a dtype")
    return text


NDARRAY: Final[Codec[npt.NDArray[Any]]] = Codec("an array", nested(20, _write), _decode)
