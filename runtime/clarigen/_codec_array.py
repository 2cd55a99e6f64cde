"""The codec of arrays: numpy's bytes, shape and dtype.

What lives here: numpy arrays to and from the platform's NDArray message, in C order. numpy is
imported by the first array, never before; without it the error says what to install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ._codec import Codec, Misfit, described
from ._data import numpy_module

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._proto import Data


def _encode(value: Any, data: Data) -> None:
    numpy = numpy_module()
    try:
        array = numpy.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise Misfit(f"must be an array: {error}") from None
    if not numpy.issubdtype(array.dtype, numpy.number):
        raise Misfit(f"must be an array of numbers, not {_found(value, array)}")
    message = data.ndarray
    message.buffer = array.tobytes()
    message.shape.extend(array.shape)
    message.dtype = str(array.dtype)


def _found(value: Any, array: Any) -> str:
    if array.dtype.kind == "b":
        return "of bool; servers refuse those: use array.astype('uint8')"
    return f"of {array.dtype}" if array.shape else described(value)


def _decode(data: Data) -> npt.NDArray[Any]:
    message = data.ndarray
    if not message.buffer and not message.dtype:
        raise Misfit("is missing; an array was expected")
    numpy = numpy_module()
    try:
        dtype = numpy.dtype(message.dtype)
        if not numpy.issubdtype(dtype, numpy.number) and dtype.kind != "b":
            raise TypeError(f"{dtype} is no type of numbers")
        array: npt.NDArray[Any] = numpy.frombuffer(message.buffer, dtype).reshape(message.shape)
    except (ValueError, TypeError) as error:
        raise Misfit(f"is not an array that numpy can read: {error}") from None
    return array


NDARRAY: Final[Codec[npt.NDArray[Any]]] = Codec("an array", _encode, _decode)
