"""The values that models take and return: images, sounds, texts, regions.

What lives here: small immutable classes and the conversions people use. They know nothing of
protobuf or gRPC (`_codec` puts them on the wire); numpy and Pillow are imported when a conversion
needs them, never before.
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
"""Leave an argument out: the model's own default applies."""


class SequenceNotStr(Protocol[_T_co]):
    """A sequence of strings that is not itself a string: type checkers refuse a lone `str` here."""

    @overload
    def __getitem__(self, index: int, /) -> _T_co: ...
    @overload
    def __getitem__(self, index: slice, /) -> Sequence[_T_co]: ...
    def __contains__(self, value: object, /) -> bool: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T_co]: ...


JSON: TypeAlias = Mapping[str, "JSONValue"] | SequenceNotStr["JSONValue"]
"""What a JSON parameter takes: an object or an array."""

JSONValue: TypeAlias = "JSON | str | int | float | bool | None"
"""What may stand inside a JSON object or array. Numbers travel as 64-bit floats."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text, or the address of one. Wherever a `Text` is wanted, a plain `str` will do.

    Attributes:
        text: The text itself.
        url: Where the platform finds the text, if it is not given itself.
    """

    text: str = ""
    url: str = field(default="", kw_only=True)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Media:
    """What images, sounds and videos have in common: encoded bytes, or the address of a file."""

    bytes: builtins.bytes = b""
    url: str = ""

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read an encoded file (PNG, JPEG, WAV, MP4 …) as it is; OSError if it cannot be read."""
        from pathlib import Path

        return cls(bytes=Path(path).read_bytes())

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Name a file that the platform fetches by itself; nothing is downloaded here."""
        return cls(url=url)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the encoded bytes to a file.

        Raises:
            ValueError: There are no bytes, only an address.
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
    """A picture, as encoded bytes (PNG, JPEG, WebP …) or the address of a file.

    Attributes:
        bytes: The encoded picture; empty if only `url` is known.
        url: Where the platform finds it; fetched by the platform, not by this client.
    """

    __slots__ = ()

    @classmethod
    def from_pil(cls, image: PIL.Image.Image, *, format: str = "PNG") -> Self:
        """Encode a Pillow image in `format` (any that Pillow writes). PNG loses nothing."""
        import io

        buffer = io.BytesIO()
        image.save(buffer, format=format)
        return cls(bytes=buffer.getvalue())

    @classmethod
    def from_numpy(cls, array: npt.NDArray[Any], *, format: str = "PNG") -> Self:
        """Encode uint8 pixels of shape (height, width) or (height, width, 3 or 4)."""
        return cls.from_pil(_import_pillow().fromarray(array), format=format)

    def to_pil(self) -> PIL.Image.Image:
        """Decode with Pillow.

        Raises:
            ValueError: There are no bytes, only an address.
            ConfigError: Pillow is not installed.
        """
        import io

        image: PIL.Image.Image = _import_pillow().open(io.BytesIO(self._require_bytes()))
        return image

    def to_numpy(self) -> npt.NDArray[Any]:
        """The pixels as an array of shape (height, width[, channels]), usually uint8."""
        numpy = import_numpy()
        pixels: npt.NDArray[Any] = numpy.asarray(self.to_pil())
        return pixels

    def with_regions(self, regions: Sequence[Region]) -> Frame:
        """This picture and regions in it, which a notebook draws on it."""
        return Frame(image=self, regions=regions)

    def _repr_png_(self) -> builtins.bytes | None:
        from . import _notebook

        return _notebook.as_png(self.bytes)

    def _repr_jpeg_(self) -> builtins.bytes | None:
        from . import _notebook

        return _notebook.as_jpeg(self.bytes)


class Audio(_Media):
    """A sound, as encoded bytes (WAV, MP3 …) or the address of a file.

    Attributes:
        bytes: The encoded sound; empty if only `url` is known.
        url: Where the platform finds it; fetched by the platform, not by this client.
    """

    __slots__ = ()


class Video(_Media):
    """A video, as encoded bytes (MP4 …) or the address of a file.

    Attributes:
        bytes: The encoded video; empty if only `url` is known.
        url: Where the platform finds it; fetched by the platform, not by this client.
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing that a model recognises, with its confidence.

    Attributes:
        name: The name people read.
        value: The confidence, 0.0 to 1.0. It travels as a 32-bit float: 0.9 comes back as
            0.8999999761581421.
        id: The platform's id; made from the name if not given, as the platform does.
    """

    name: str = ""
    value: float = field(default=1.0, kw_only=True)
    id: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        if not self.id:
            kept = (c for c in self.name if c.isspace() or (c.isascii() and c.isalnum()))
            object.__setattr__(self, "id", "".join(kept).replace(" ", "-"))


class Box(NamedTuple):
    """A rectangle, its edges as fractions 0.0 to 1.0 of the image's width and height."""

    left: float
    top: float
    right: float
    bottom: float


class Point(NamedTuple):
    """A place in an image: x rightwards, y downwards, as fractions 0.0 to 1.0; z is depth."""

    x: float
    y: float
    z: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of an image, and what is there.

    Attributes:
        box: The rectangle around it.
        point: A single place, for a key point.
        mask: Its exact shape, as an image.
        concepts: What it is, with confidences.
        text: What is written there.
        value: The confidence, 0.0 to 1.0, of the region as a whole.
        id: The region's id.
        track_id: The id that a thing keeps from frame to frame.
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
    """A picture of a video, and the regions in it.

    Attributes:
        image: The picture.
        regions: What is in it.
        time: When it stands in the video, in seconds; it travels as whole milliseconds.
        index: Its number in the video, from 0.
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
        return _notebook.figure_html(self.image.bytes, [_mark(region) for region in self.regions])


def _mark(region: Region) -> tuple[Box | None, str]:
    """Where a region is drawn, and what is written there."""
    point = region.point and Box(*region.point[:2], *region.point[:2])
    names = [f"{concept.name or concept.id} {concept.value:.2f}" for concept in region.concepts]
    return region.box or point, ", ".join(names) or region.text or region.track_id


def _rich_attributes(value: Any) -> Iterator[tuple[str, object, object]]:
    """What rich shows of a value: the attributes that are not as they are by default."""
    for its in fields(value):
        yield its.name, getattr(value, its.name), its.default


def _import_pillow() -> Any:
    try:
        import PIL.Image
    except ImportError:
        raise ConfigError("this needs Pillow: pip install 'clarigen[pillow]'") from None
    return PIL.Image


def import_numpy() -> Any:
    """numpy, imported by the first array."""
    try:
        import numpy
    except ImportError:
        raise ConfigError("arrays need numpy: pip install 'clarigen[numpy]'") from None
    return numpy
