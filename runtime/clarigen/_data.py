"""The values that models take and return: images, audio, videos, texts, regions.

These are small immutable classes with the usual conversions. They know nothing of protobuf or gRPC:
`_wire.media` and `_wire.regions` encode and decode them. Each keeps what the platform's message contains
in addition to its attributes (`extra`), so that nothing is lost on the way to another model. Conversions that need
numpy or Pillow are in `_pictures`, which is loaded when one is used.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass, field

    import numpy.typing as npt
    import PIL.Image
else:
    from ._dataclass import dataclass, field
    from ._types import PIL, npt

# In place of `Self`, which jedi takes for the base class.
_ValueT = TypeVar("_ValueT", bound="Value")
_MediaT = TypeVar("_MediaT", bound="_Media")


class Value:
    """The base of values that have a message of the platform."""

    __slots__ = ()
    _load_messages: ClassVar[Any]
    """Returns the module that converts values to messages and back. Set by `_wire`, which is above this module."""

    @property
    def raw(self) -> Any:
        """The platform's message of this value, with all its fields; a new object at each access.

        It has the official client's names: `region.raw.region_info.span.raw_text`.
        """
        return type(self)._load_messages().to_message(self)

    @classmethod
    def from_raw(cls: type[_ValueT], message: Any) -> _ValueT:
        """Return the value of a message, such as `raw` or a message of the official client.

        Raises:
            DecodeError: The message is not of this kind.
        """
        value: _ValueT = cls._load_messages().from_message(cls, message)
        return value

    # Not generated per class by `dataclass`, which takes longer: benchmark "import of a generated package".
    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return _values_of(self) == _values_of(other)

    def __hash__(self) -> int:
        return hash(tuple(value for value in _values_of(self) if not isinstance(value, Mapping)))

    def __repr__(self) -> str:
        from ._show import changed_attributes

        attributes = ", ".join(f"{name}={value!r}" for name, value in changed_attributes(self))
        return f"{type(self).__name__}({attributes})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        from ._show import changed_attributes

        yield from changed_attributes(self)


def _values_of(value: Any) -> tuple[Any, ...]:
    """Return the values of all attributes, in order."""
    return tuple(getattr(value, name) for name in value.__dataclass_fields__)


def _set_tuple(value: object, name: str) -> None:
    """Replace an attribute by a tuple of its items; encoding refuses what has no items."""
    content: Any = getattr(value, name)
    if type(content) is not tuple:
        with suppress(Exception):  # whatever somebody else's class raises
            if not isinstance(content, (str, bytes)):
                object.__setattr__(value, name, tuple(content))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Text(Value):
    """A text, or the URL of one. A plain `str` is accepted wherever a `Text` is.

    Attributes:
        text: The text; empty if only `url` is known.
        url: URL from which the platform fetches the text.
        extra: The other fields of the platform's message, serialized; `raw` has them by name.
    """

    text: str = ""
    url: str = field(default="", kw_only=True)
    extra: bytes = field(default=b"", kw_only=True)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class _Media(Value):
    """The base of images, audio and videos: an encoded file, or the URL of one."""

    bytes: builtins.bytes = field(default=b"", kw_only=False)
    """The encoded file; empty if only `url` is known."""
    url: str = ""
    """URL from which the platform fetches the file. The client does not fetch it."""
    extra: builtins.bytes = b""
    """The other fields of the platform's message, serialized; `raw` has them by name."""

    @classmethod
    def from_file(cls: type[_MediaT], path: str | os.PathLike[str]) -> _MediaT:
        """Read an encoded file (PNG, JPEG, WAV, MP4 …) without decoding it.

        Raises:
            OSError: The file cannot be read.
        """
        from pathlib import Path

        return cls(bytes=Path(path).read_bytes())

    @classmethod
    def from_url(cls: type[_MediaT], url: str) -> _MediaT:
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


class Image(_Media):
    """An image, as encoded bytes (PNG, JPEG, WebP …) or a URL."""

    __slots__ = ()

    @classmethod
    def from_pil(cls, image: PIL.Image.Image, *, format: str = "PNG") -> Self:
        """Encode a Pillow image.

        Args:
            image: The image.
            format: A format that Pillow writes. PNG is lossless.

        Raises:
            ValueError: Pillow cannot write this image in this format; the message names a remedy.
        """
        from . import _pictures

        return cls(bytes=_pictures.encode_picture(image, format))

    @classmethod
    def from_numpy(cls, array: npt.NDArray[Any], *, format: str = "PNG") -> Self:
        """Encode an array of pixels.

        Args:
            array: uint8 pixels of shape (height, width), (height, width, 3) or (height, width, 4).
            format: A format that Pillow writes. PNG is lossless.

        Raises:
            ValueError: The array has another shape or dtype; the message names a remedy.
            ConfigError: Pillow is not installed.
        """
        from . import _pictures

        return cls.from_pil(_pictures.picture_of(array), format=format)

    def to_pil(self) -> PIL.Image.Image:
        """Decode with Pillow.

        Raises:
            ValueError: There are no bytes, only a URL, or they are not an image that Pillow can read.
            ConfigError: Pillow is not installed.
        """
        from . import _pictures

        return _pictures.decode_picture(self._require_bytes())

    def to_numpy(self) -> npt.NDArray[Any]:
        """Decode to an array of pixels, usually uint8.

        Returns:
            An array of shape (height, width) or (height, width, channels).

        Raises:
            ValueError: There are no bytes, only a URL, or they are not an image that Pillow can read.
            ConfigError: numpy or Pillow is not installed.
        """
        from . import _pictures

        return _pictures.pixels_of(self.to_pil())

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
    """Audio, as encoded bytes (WAV, MP3 …) or a URL."""

    __slots__ = ()


class Video(_Media):
    """A video, as encoded bytes (MP4 …) or a URL."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Concept(Value):
    """Something that a model recognizes, with a confidence.

    Attributes:
        name: The human-readable name.
        value: The confidence, 0.0 to 1.0. It is sent as a 32-bit float: 0.9 is returned as
            0.8999999761581421.
        id: The platform's id. By default it is derived from the name, as on the platform.
        extra: The other fields of the platform's message, serialized; `raw` has them by name.
    """

    name: str = ""
    value: float = field(default=1.0, kw_only=True)
    id: str = field(default="", kw_only=True)
    extra: bytes = field(default=b"", kw_only=True)

    def __post_init__(self) -> None:
        name: Any = self.name
        if type(self.id) is str and not self.id and issubclass(type(name), str):
            allowed = (c for c in name if c.isspace() or (c.isascii() and c.isalnum()))
            object.__setattr__(self, "id", "".join(allowed).replace(" ", "-"))


class Box(NamedTuple):
    """A rectangle: its edges as fractions, 0.0 to 1.0, of the width and height of the image."""

    left: float
    top: float
    right: float
    bottom: float

    def __repr__(self) -> str:
        from ._show import format_named_tuple

        return format_named_tuple(self)


class Point(NamedTuple):
    """A point in an image: x to the right and y down, as fractions, 0.0 to 1.0; z is depth."""

    x: float
    y: float
    z: float = 0.0

    def __repr__(self) -> str:
        from ._show import format_named_tuple

        return format_named_tuple(self)


class Keypoint(NamedTuple):
    """A point of a skeleton. Its `visibility` is 1 if it is visible, 2 if hidden, 3 if absent, 0 if unknown."""

    x: float
    y: float
    z: float = 0.0
    visibility: int = 0

    def __repr__(self) -> str:
        from ._show import format_named_tuple

        return format_named_tuple(self)


class Embedding(NamedTuple):
    """A vector that represents something, and its length (None if `vector` tells). 32-bit floats are sent."""

    vector: Sequence[float]
    num_dimensions: int | None = None

    def __repr__(self) -> str:
        from ._show import format_named_tuple

        return format_named_tuple(self)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Region(Value):
    """A part of an image and its content.

    Attributes:
        box: The bounding box.
        point: The position, if the region is a single point.
        mask: The exact shape, as an image.
        polygon: The exact shape, as the points of its outline; those with a visibility are keypoints.
        keypoints: The points of a skeleton.
        concepts: What the region shows, with confidences.
        text: The text that is written there.
        value: The confidence, 0.0 to 1.0, of the region as a whole.
        id: The id of the region.
        track_id: The id that an object keeps from frame to frame.
        metadata: What else the model says, as JSON.
        embeddings: Vectors that represent the content, for example for a tracker.
        extra: The other fields of the platform's message, serialized; `raw` has them by name.
    """

    box: Box | None = None
    point: Point | None = None
    mask: Image | None = None
    concepts: Sequence[Concept] = ()
    text: str = ""
    value: float = 0.0
    id: str = ""
    track_id: str = ""
    polygon: Sequence[Point | Keypoint] = ()
    keypoints: Sequence[Keypoint] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)
    embeddings: Sequence[Embedding] = ()
    extra: bytes = b""

    def __post_init__(self) -> None:
        for name in ("concepts", "polygon", "keypoints", "embeddings"):
            _set_tuple(self, name)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Frame(Value):
    """A frame of a video and its content.

    Attributes:
        image: The image.
        regions: The regions of the image.
        time: Timestamp in the video, in seconds, with millisecond resolution.
        index: Number of the frame in the video, from 0.
        concepts: What the frame as a whole shows, with confidences.
        text: The text of the frame, such as a caption.
        metadata: What else the model says of the frame, as JSON.
        embeddings: Vectors that represent the frame.
        id: The id of the frame.
        extra: The other fields of the platform's message, serialized; `raw` has them by name.
    """

    image: Image | None = None
    regions: Sequence[Region] = ()
    time: float = 0.0
    index: int = 0
    concepts: Sequence[Concept] = ()
    text: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)
    embeddings: Sequence[Embedding] = ()
    id: str = ""
    extra: bytes = b""

    def __post_init__(self) -> None:
        for name in ("regions", "concepts", "embeddings"):
            _set_tuple(self, name)

    def _repr_html_(self) -> str | None:
        from . import _notebook

        if self.image is None:
            return None
        marks = [_notebook.make_mark(region) for region in self.regions]
        return _notebook.figure_html(self.image.bytes, marks)
