"""Conversions of images with numpy and Pillow, loaded when one is used.

Errors of these libraries name their own objects; here they say what is wrong with the image, and what to do.
"""

from __future__ import annotations

import functools
import importlib.util
import io
from typing import TYPE_CHECKING, Any, Final

from .errors import ConfigError

if TYPE_CHECKING:
    import numpy.typing as npt
    import PIL.Image

_PILLOW_DTYPES: Final = (
    "uint8 pixels of shape (height, width), (height, width, 3) or (height, width, 4)"
)


_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000")

MAX_SHOWN_PIXELS: Final = 24_000_000
"""The pixels of the largest image that is converted to be shown: about 100 MB while it is."""


def import_numpy() -> Any:
    """Import numpy, or raise `ConfigError`."""
    try:
        import numpy
    except ImportError:
        raise ConfigError("arrays need numpy: pip install 'clarigen[numpy]'") from None
    return numpy


def _import_pillow() -> Any:
    """Import `PIL.Image`, or raise `ConfigError`."""
    try:
        import PIL.Image
    except ImportError:
        raise ConfigError("this needs Pillow: pip install 'clarigen[pillow]'") from None
    return PIL.Image


def decode_picture(encoded: bytes) -> PIL.Image.Image:
    """Open an image of a raster format; its pixels are decoded when they are used.

    Pillow would choose a decoder by the bytes, which a server sends: some decoders run other programs.

    Raises:
        ValueError: Pillow cannot read the image, or it has too many pixels.
    """
    pillow = _import_pillow()
    try:
        image: PIL.Image.Image = pillow.open(io.BytesIO(encoded), formats=_raster_formats())
    except pillow.UnidentifiedImageError:
        raise ValueError(
            f"this Image is not one that Pillow can read: {_describe(encoded)}"
        ) from None
    except pillow.DecompressionBombError as error:
        raise ValueError(f"this Image has too many pixels: {error}") from None
    return image


@functools.cache
def _raster_formats() -> tuple[str, ...]:
    """Return the formats that are decoded. AVIF came with Pillow 11.3."""
    has_avif = importlib.util.find_spec("PIL.AvifImagePlugin") is not None
    return (*_FORMATS, "AVIF") if has_avif else _FORMATS


def convert_to_png(encoded: bytes) -> bytes | None:
    """Return an image as PNG, to show it; None if it cannot be decoded or has more than `MAX_SHOWN_PIXELS`."""
    try:
        image = decode_picture(encoded)
        if image.width * image.height > MAX_SHOWN_PIXELS:
            return None
        buffer = io.BytesIO()
        image.convert("RGBA").save(buffer, format="PNG")
    except Exception:  # noqa: BLE001 - decoders raise anything; the image is then not shown
        return None
    return buffer.getvalue()


def _describe(encoded: bytes) -> str:
    """Say what bytes look like that are not an image, and what to do."""
    start = encoded[:64].lstrip()
    size = f"{len(encoded):,} bytes"
    if start[:1] == b"<":
        return f"its {size} look like HTML or XML; was an error page downloaded in its place?"
    if start.startswith(b"data:"):
        return f"its {size} are a data: URL; decode what follows the comma with base64.b64decode"
    if start.startswith((b"http://", b"https://")):
        return f"its {size} are a URL; use Image.from_url(…)"
    if _is_base64(encoded):
        return f"its {size} look like base64; decode them with base64.b64decode first"
    if encoded.isascii() and start.decode("ascii").isprintable():
        return f"its {size} are text: {start[:32].decode('ascii')!r}…"
    return f"its {size} begin with {encoded[:8]!r}; is it a format that needs a plugin of Pillow?"


def _is_base64(encoded: bytes) -> bool:
    import base64

    try:
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    return len(content) > 8


def encode_picture(image: Any, format: str) -> bytes:
    """Encode a Pillow image; raise ValueError if Pillow cannot write it in this format."""
    if not hasattr(image, "save"):
        raise ValueError(
            f"must be an image of Pillow, not {type(image).__name__};"
            " for an array use Image.from_numpy(…), for encoded bytes Image(bytes=…)"
        )
    buffer = io.BytesIO()
    try:
        image.save(buffer, format=format)
    except KeyError:
        raise ValueError(
            f"Pillow knows no format {format!r}; use 'PNG', 'JPEG' or 'WEBP'"
        ) from None
    except (OSError, ValueError, TypeError) as error:
        mode = getattr(image, "mode", "?")
        remedy = f"use format='PNG', or convert it first: image.convert('RGB') (its mode is {mode})"
        raise ValueError(f"Pillow cannot write this image as {format}: {error}; {remedy}") from None
    return buffer.getvalue()


def picture_of(array: Any) -> PIL.Image.Image:
    """Return an array of pixels as an image of Pillow; raise ValueError if its shape or dtype is another."""
    pillow = _import_pillow()
    if not hasattr(array, "__array_interface__"):
        raise ValueError(f"must be {_PILLOW_DTYPES}, not {type(array).__name__}")
    try:
        image: PIL.Image.Image = pillow.fromarray(array)
    except (TypeError, ValueError, KeyError):
        raise ValueError(
            f"must be {_PILLOW_DTYPES}, not {array.dtype} of shape {tuple(array.shape)};"
            f" {_suggest_conversion(array)}"
        ) from None
    return image


def _suggest_conversion(array: Any) -> str:
    if array.dtype.kind == "f":
        return "for pixels from 0.0 to 1.0 use (array * 255).astype('uint8')"
    if array.ndim == 3 and array.shape[0] in (1, 3, 4):
        return "to move the channels last use array.transpose(1, 2, 0)"
    if array.dtype.name != "uint8":
        return "use array.astype('uint8')"
    return "reshape it"


def pixels_of(image: PIL.Image.Image) -> npt.NDArray[Any]:
    """Return an image of Pillow as an array of pixels; raise ValueError if the image is damaged."""
    numpy = import_numpy()
    try:
        pixels: npt.NDArray[Any] = numpy.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise ValueError(f"this Image cannot be decoded: {error}") from None
    return pixels
