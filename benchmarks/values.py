"""Many small values: lists of 1,000 strings, concepts, regions and records, JSON of 1,000 keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import HAND, OURS, SDK, Row, alternate, cpu_cost
from benchmarks.stage import Stage
from clarigen import Box, Concept, Image, Region

_COUNT = 1000


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure encoding and decoding of each type."""
    rounds = 3 if quick else 15
    for method, name, value in _sample_values():
        converters = build_converters(stage, method, value, quick=quick)
        encode = {peer: cpu_cost(converter.encode) for peer, converter in converters.items()}
        yield Row(f"{name}, encoded", "ms", alternate(encode, rounds))
        decode = {peer: cpu_cost(converter.decode) for peer, converter in converters.items()}
        yield Row(f"{name}, decoded", "ms", alternate(decode, rounds))


def _sample_values() -> Iterator[tuple[str, str, Any]]:
    from bench import RecordsValue

    numbers = range(_COUNT)
    yield "strings", "1,000 strings", [f"string {n}, not long" for n in numbers]
    concepts = [Concept(f"concept {n}", value=n / _COUNT, id=f"c{n}") for n in numbers]
    yield "concepts", "1,000 concepts", concepts
    box = Box(0.25, 0.25, 0.5, 0.75)
    regions = [Region(box=box, concepts=[concept], value=0.5) for concept in concepts]
    yield "regions", "1,000 regions", regions
    records = [RecordsValue(name=f"reading {n}", count=n, value=n / 3, good=True) for n in numbers]
    yield "records", "1,000 records", records
    members: list[Any] = [1.5, "text", True, None, [1.0, 2.0], {"inner": "value"}]
    yield "json", "JSON of 1,000 keys", {f"key {n}": members[n % len(members)] for n in numbers}


@dataclass(frozen=True)
class Converter:
    """A peer's conversion of one value.

    Attributes:
        encode: Encodes the value to the bytes of a request.
        decode: Decodes the bytes of a response that holds the value.
    """

    encode: Callable[[], bytes]
    decode: Callable[[], object]


_SMALL: dict[str, Any] = {"image": Image(bytes=b"1"), "array": [1], "json": {}}


def build_converters(stage: Stage, method: str, value: Any, *, quick: bool) -> dict[str, Converter]:
    """Return each peer's conversion of a value. All decode the same response."""
    from benchmarks.peers import hand_values, ours

    reply, small = hand_values.build_reply(method, value), _SMALL.get(method, [])
    converters = {
        HAND: Converter(
            lambda: hand_values.encode(method, value), lambda: hand_values.decode(method, reply)
        ),
        OURS: Converter(
            lambda: ours.encode(method, value), lambda: ours.decode(method, reply, small)
        ),
    }
    return converters if quick else converters | {SDK: _build_sdk(stage, method, value, reply)}


def _build_sdk(stage: Stage, method: str, value: Any, reply: bytes) -> Converter:
    from benchmarks.peers import official

    signature = official.fetch_signatures(stage.address)[method]
    converted = official.TO_SDK.get(method, lambda unchanged: unchanged)(value)
    return Converter(
        lambda: official.encode(signature, converted), lambda: official.decode(signature, reply)
    )
