"""Rendered files of a package that uses the whole grammar, written by hand.

The tests of `tidy` and `gate` use them, so that they need no model, no plan and no template.
"""

from __future__ import annotations

CLIENT = '''"""Typed client for the model `detector` of acme/vision."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, NotRequired, TypeAlias, TypedDict, overload

from clarigen import (
    JSON,
    SERVER_DEFAULT,
    AsyncBatch,
    AsyncClient,
    AsyncStream,
    Audio,
    Batch,
    Client,
    Default,
    Image,
    ModelRef,
    Region,
    SequenceNotStr,
    Stream,
    Text,
    Video,
    wire,
)
from clarigen.wire import dataclass

if TYPE_CHECKING:
    import numpy.typing as npt


_MODEL: Final = ModelRef("acme", "vision", "detector")


class Detector(
    Client,
    model=_MODEL,
    version_id="v7",
    deployment_id="here",
):
    """Finds things in images."""

    def detect(
        self,
        image: Image,
        *,
        threshold: float = 0.5,
        backend: Literal["fast", "exact"] = "fast",
        limit: int | None = None,
        lowest: float = float("-inf"),
        offsets: Sequence[int] = (-1, 2),
        extra: JSON | Default = SERVER_DEFAULT,
    ) -> DetectResult:
        """Find objects.

        Args:
            image: The picture to search.
        """
        return self._unary(_DETECT, image, threshold, backend, limit, lowest, offsets, extra)

    def list(self, tags: SequenceNotStr[str], *, start: Start = Start(1, label="a")) -> builtins.list[str]:
        """List."""
        return self._unary(_LIST, tags, start)

    def embed(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        return self._unary(_EMBED, values)

    def embed_batch(
        self, inputs: Iterable[EmbedInput], *, progress: bool = False, total: int | None = None
    ) -> Batch[npt.NDArray[Any]]:
        """Embed many."""
        return self._batch(_EMBED, inputs, progress, total)

    @overload
    def compare(
        self, image: Image, other: Image, *, lowest: float | None = None, label: str
    ) -> Region: ...
    @overload
    def compare(self, inputs: Sequence[CompareInput], /) -> builtins.list[Region]: ...
    def compare(
        self,
        image: Image | Sequence[CompareInput],
        other: Image = wire.REQUIRED,
        *,
        lowest: float | None = None,
        label: str = wire.REQUIRED,
    ) -> Region | builtins.list[Region]:
        """Compare two."""
        return self._unary_or_batch(_COMPARE, image, other, lowest, label)

    def track(self, frames: Iterable[Image], Text: str) -> Stream[tuple[Region, bool]]:
        """Follow objects."""
        return self._stream(_TRACK, frames, Text)


class AsyncDetector(AsyncClient, model=_MODEL):
    """The asyncio version of `Detector`."""

    async def embed(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """Embed."""
        return await self._unary(_EMBED, values)

    @overload
    async def compare(
        self, image: Image, other: Image, *, lowest: float | None = None, label: str
    ) -> Region: ...
    @overload
    async def compare(self, inputs: Sequence[CompareInput], /) -> list[Region]: ...
    async def compare(
        self,
        image: Image | Sequence[CompareInput],
        other: Image = wire.REQUIRED,
        *,
        lowest: float | None = None,
        label: str = wire.REQUIRED,
    ) -> Region | list[Region]:
        """Compare two."""
        return await self._unary_or_batch(_COMPARE, image, other, lowest, label)

    def embed_batch(
        self, inputs: Iterable[EmbedInput] | AsyncIterable[EmbedInput], *, progress: bool = False, total: int | None = None
    ) -> AsyncBatch[npt.NDArray[Any]]:
        """Embed many."""
        return self._batch(_EMBED, inputs, progress, total)

    def track(
        self, frames: Iterable[Image] | AsyncIterable[Image], Text: str
    ) -> AsyncStream[tuple[Region, bool]]:
        """Follow objects."""
        return self._stream(_TRACK, frames, Text)


@dataclass(frozen=True, slots=True)
class DetectResult:
    """Result of `detect`."""

    regions: builtins.list[Region]
    """Where each object is."""

    caption: str


@dataclass(frozen=True, slots=True)
class Start:
    """Where to start."""

    number: int
    label: str


class EmbedInput(TypedDict):
    """One input for `embed_batch`."""

    values: npt.ArrayLike
    limit: NotRequired[int | None]


class CompareInput(TypedDict):
    """One input for `compare`."""

    image: Image
    other: Image
    lowest: NotRequired[float | None]
    """At least 0.0. Default: `None`."""

    label: str


DetectBackend: TypeAlias = Literal["fast", "exact"]
"""Values of the parameter `backend` of `detect`."""

# Wire descriptions of the methods: names, order, types and defaults as the model declares them.

_DETECT: Final = wire.unary(
    "detect",
    wire.field("image", wire.IMAGE),
    wire.field("threshold", wire.FLOAT, default=0.5, ge=0.0, le=1.0),
    wire.field("backend", wire.STR, default="fast", choices=("fast", "exact")),
    wire.field("limit", wire.INT, default=None),
    wire.field("lowest", wire.FLOAT, default=float("-inf")),
    wire.field("offsets", wire.list_of(wire.INT), default=[-1, 2]),
    wire.field("extra", wire.JSON, default=SERVER_DEFAULT),
    returns=wire.record(
        DetectResult,
        wire.field("regions", wire.list_of(wire.REGION)),
        wire.field("caption", wire.STR),
    ),
)
_LIST: Final = wire.unary(
    "list",
    wire.field("tags", wire.list_of(wire.STR)),
    wire.field(
        "from",
        wire.record(Start, wire.field("number", wire.INT), wire.field("label", wire.STR)),
        name="start",
        default=Start(1, label="a"),
    ),
    returns=wire.list_of(wire.STR),
)
_EMBED: Final = wire.unary("embed", wire.field("values", wire.NDARRAY), returns=wire.NDARRAY)
_COMPARE: Final = wire.unary(
    "compare",
    wire.field("image", wire.IMAGE),
    wire.field("other", wire.IMAGE),
    wire.field("lowest", wire.FLOAT, default=None),
    wire.field("label", wire.STR),
    returns=wire.REGION,
)
_TRACK: Final = wire.bidi_stream(
    "with",
    wire.field("frames", wire.IMAGE, stream=True),
    wire.field("Text", wire.STR),
    name="track",
    returns=wire.tuple_of(wire.REGION, wire.BOOL),
)
'''

INIT = '''"""Typed client for the model `detector` of acme/vision.

Example::

    from detector import Detector
"""

from clarigen import wire

# Fails with a clear message if the installed runtime does not support this package.
wire.require_format(1, __name__)

from clarigen import Image, Region, Text

from .client import Detector, DetectResult, Start

__all__ = ["DetectResult", "Detector", "Image", "Start"]
'''

EXAMPLES = '''"""One runnable example per method: `python -m detector.examples detect`."""

from __future__ import annotations

from clarigen import Concept, Image
from clarigen.examples import AUDIO, IMAGE, VIDEO, main

from .client import AsyncDetector, Detector, DetectResult, Start


def detect() -> None:
    """Call `detect` and print the result."""
    with Detector() as model:
        print(model.detect(IMAGE, threshold=0.5, offsets=[-1], extra={"a": [None, True]}))


def track() -> None:
    with Detector() as model:
        for piece in model.track([IMAGE], Concept(name="cat"), start=Start(1, label="a")):
            print(piece)


def tell() -> None:
    with Detector() as model:
        for piece in model.tell("once"):
            print(piece.text, end="", flush=True)


async def detect_async() -> None:
    async with AsyncDetector() as model:
        print(await model.detect(IMAGE))


async def tell_async() -> None:
    """Call `tell` with asyncio and print each item."""
    async with AsyncDetector() as model:
        async for piece in model.tell("once"):
            print(piece.text, end="", flush=True)


if __name__ == "__main__":
    main(detect, track, tell, detect_async, tell_async)
'''
