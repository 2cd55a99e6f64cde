"""The values that models take and return: images, audio, videos, texts, regions.

These are small immutable classes with the usual conversions. They know nothing of protobuf or gRPC:
`_wire.media` and `_wire.regions` encode and decode them. numpy and Pillow are imported by the conversions
that need them, so that everything else works without them.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    import os
    from typing import Self

    import numpy.typing as npt
    import PIL.Image

from .errors import ConfigError

_T_co = TypeVar("_T_co", covariant=True)


class Default(Enum):
    """The type of `SERVER_DEFAULT`."""

    SERVER_DEFAULT = "SERVER_DEFAULT"

    def __repr__(self) -> str:
        return self.name


SERVER_DEFAULT: Final = Default.SERVER_DEFAULT
"""Pass this to omit an argument: the model's own default applies."""


class SequenceNotStr(Protocol[_T_co]):
    """A sequence that is not a string: type checkers reject a lone `str` here."""

    @overload
    def __getitem__(self, index: int, /) -> _T_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[_T_co]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T_co]: ...


if TYPE_CHECKING:
    JSON: TypeAlias = Mapping[str, "JSONValue"] | SequenceNotStr["JSONValue"]
    """The argument of a JSON parameter: an object or an array."""

    JSONValue: TypeAlias = "JSON | str | int | float | bool | None"
    """A value inside a JSON object or array. Numbers are sent as 64-bit floats."""
else:
    # Without references to themselves, which Python would look up in the module that uses them.
    JSON = Mapping[str, Any] | SequenceNotStr[Any]
    JSONValue = JSON | str | int | float | bool | None


class ReadOnly:
    """The run-time form of `typing_extensions.ReadOnly`, which the runtime does not depend on: no mark at all."""

    def __class_getitem__(cls, item: Any) -> Any:
        """Return the type of the key itself."""
        return item


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or the URL of one. A plain `str` is accepted wherever a `Text` is.

    Attributes:
        text: The text; empty if only `url` is known.
        url: URL from which the platform fetches the text.
    """

    text: str = ""
    url: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Media:
    """The base of images, audio and videos: an encoded file, or the URL of one."""

    bytes: builtins.bytes = b""
    url: str = ""

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read an encoded file (PNG, JPEG, WAV, MP4 …) without decoding it.

        Raises:
            OSError: The file cannot be read.
        """
        from pathlib import Path

        return cls(bytes=Path(path).read_bytes())

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Refer to a file by URL. The platform fetches it; nothing is downloaded here."""
        return cls(url=url)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the encoded bytes to a file.

        Raises:
            ValueError: There are no bytes, only a URL.
            OSError: The file cannot be written.
        """
        from pathlib import Path

        encoded = self._require_bytes()
        Path(path).write_bytes(encoded)

    def _require_bytes(self) -> builtins.bytes:
        if not self.bytes:
            raise ValueError(f"this {type(self).__name__} has no bytes, only a URL: {self.url!r}")
        return self.bytes

    def __repr__(self) -> str:
        parts = [f"bytes=<{len(self.bytes):,} bytes>"] if self.bytes else []
        parts += [f"url={self.url!r}"] if self.url else []
        return f"{type(self).__name__}({', '.join(parts)})"


class Image(_Media):
    """An image, as encoded bytes (PNG, JPEG, WebP …) or a URL.

    Attributes:
        bytes: The encoded image; empty if only `url` is known.
        url: URL from which the platform fetches the image. The client does not fetch it.
    """

    __slots__ = ()

    @classmethod
    def from_pil(cls, image: PIL.Image.Image, *, format: str = "PNG") -> Self:
        """Encode a Pillow image.

        Args:
            image: The image.
            format: A format that Pillow writes. PNG is lossless.
        """
        import io

        buffer = io.BytesIO()
        image.save(buffer, format=format)
        return cls(bytes=buffer.getvalue())

    @classmethod
    def from_numpy(cls, array: npt.NDArray[Any], *, format: str = "PNG") -> Self:
        """Encode an array of pixels.

        Args:
            array: uint8 pixels of shape (height, width), (height, width, 3) or (height, width, 4).
            format: A format that Pillow writes. PNG is lossless.

        Raises:
            ConfigError: Pillow is not installed.
        """
        return cls.from_pil(_import_pillow().fromarray(array), format=format)

    def to_pil(self) -> PIL.Image.Image:
        """Decode with Pillow.

        Raises:
            ValueError: There are no bytes, only a URL.
            ConfigError: Pillow is not installed.
        """
        import io

        image: PIL.Image.Image = _import_pillow().open(io.BytesIO(self._require_bytes()))
        return image

    def to_numpy(self) -> npt.NDArray[Any]:
        """Decode to an array of pixels, usually uint8.

        Returns:
            An array of shape (height, width) or (height, width, channels).

        Raises:
            ValueError: There are no bytes, only a URL.
            ConfigError: numpy or Pillow is not installed.
        """
        numpy = import_numpy()
        pixels: npt.NDArray[Any] = numpy.asarray(self.to_pil())
        return pixels

    def with_regions(self, regions: Sequence[Region]) -> Frame:
        """Return a frame of this image and regions, which notebooks draw on the image."""
        return Frame(image=self, regions=regions)

    def _repr_png_(self) -> builtins.bytes | None:
        from . import _notebook

        return _notebook.as_png(self.bytes)

    def _repr_jpeg_(self) -> builtins.bytes | None:
        from . import _notebook

        return _notebook.as_jpeg(self.bytes)


class Audio(_Media):
    """Audio, as encoded bytes (WAV, MP3 …) or a URL.

    Attributes:
        bytes: The encoded audio; empty if only `url` is known.
        url: URL from which the platform fetches the audio. The client does not fetch it.
    """

    __slots__ = ()


class Video(_Media):
    """A video, as encoded bytes (MP4 …) or a URL.

    Attributes:
        bytes: The encoded video; empty if only `url` is known.
        url: URL from which the platform fetches the video. The client does not fetch it.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that a model recognizes, with a confidence.

    Attributes:
        name: The human-readable name.
        value: The confidence, 0.0 to 1.0. It is sent as a 32-bit float: 0.9 is returned as
            0.8999999761581421.
        id: The platform's id. By default it is derived from the name, as on the platform.
    """

    name: str = ""
    value: float = field(default=1.0, kw_only=True)
    id: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not self.id:
            allowed = (c for c in self.name if c.isspace() or (c.isascii() and c.isalnum()))
            object.__setattr__(self, "id", "".join(allowed).replace(" ", "-"))


class Box(NamedTuple):
    """A rectangle: its edges as fractions, 0.0 to 1.0, of the width and height of the image."""

    left: float
    top: float
    right: float
    bottom: float


class Point(NamedTuple):
    """A point in an image: x to the right and y down, as fractions, 0.0 to 1.0; z is depth."""

    x: float
    y: float
    z: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of an image and its content.

    Attributes:
        box: The bounding box.
        point: The position, if the region is a key point.
        mask: The exact shape, as an image.
        concepts: What the region shows, with confidences.
        text: The text that is written there.
        value: The confidence, 0.0 to 1.0, of the region as a whole.
        id: The id of the region.
        track_id: The id that an object keeps from frame to frame.
    """

    box: Box | None = None
    point: Point | None = None
    mask: Image | None = None
    concepts: Sequence[Concept] = ()
    text: str = ""
    value: float = 0.0
    id: str = ""
    track_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "concepts", tuple(self.concepts))

    def __rich_repr__(self) -> Iterator[tuple[str, object, object]]:
        yield from _rich_attributes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame of a video and its regions.

    Attributes:
        image: The image.
        regions: The regions of the image.
        time: Timestamp in the video, in seconds, with millisecond resolution.
        index: Number of the frame in the video, from 0.
    """

    image: Image | None = None
    regions: Sequence[Region] = ()
    time: float = 0.0
    index: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(self.regions))

    def __rich_repr__(self) -> Iterator[tuple[str, object, object]]:
        yield from _rich_attributes(self)

    def _repr_html_(self) -> str | None:
        from . import _notebook

        if self.image is None:
            return None
        return _notebook.figure_html(
            self.image.bytes, [_make_mark(region) for region in self.regions]
        )


def _make_mark(region: Region) -> tuple[Box | None, str]:
    """Return a region as a mark for a notebook: its box, or its point as a box of size 0, and a label."""
    point_box = region.point and Box(*region.point[:2], *region.point[:2])
    names = [f"{concept.name or concept.id} {concept.value:.2f}" for concept in region.concepts]
    return region.box or point_box, ", ".join(names) or region.text or region.track_id


def _rich_attributes(value: Any) -> Iterator[tuple[str, object, object]]:
    """Yield the name, value and default of each attribute; rich omits a value that is the default."""
    for attribute in fields(value):
        yield attribute.name, getattr(value, attribute.name), attribute.default


def _import_pillow() -> Any:
    """Import `PIL.Image`, or raise `ConfigError`."""
    try:
        import PIL.Image
    except ImportError:
        raise ConfigError("this needs Pillow: pip install 'clarigen[pillow]'") from None
    return PIL.Image


def import_numpy() -> Any:
    """Import numpy, or raise `ConfigError`."""
    try:
        import numpy
    except ImportError:
        raise ConfigError("arrays need numpy: pip install 'clarigen[numpy]'") from None
    return numpy
