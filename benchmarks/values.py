"""Many small values: lists of 1,000 strings, concepts, regions and records, JSON of 1,000 keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import HAND, OURS, SDK, Row, alternate, cpu
from benchmarks.stage import Stage
from clarigen import Box, Concept, Image, Region

_COUNT = 1000


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Each kind, encoded and decoded."""
    rounds = 3 if quick else 15
    for method, what, value in _values():
        way = ways(stage, method, value, quick=quick)
        encode = {peer: cpu(its.encode) for peer, its in way.items()}
        yield Row(f"{what}, encoded", "ms", alternate(encode, rounds))
        decode = {peer: cpu(its.decode) for peer, its in way.items()}
        yield Row(f"{what}, decoded", "ms", alternate(decode, rounds))


def _values() -> Iterator[tuple[str, str, Any]]:
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
    kinds: list[Any] = [1.5, "text", True, None, [1.0, 2.0], {"inner": "value"}]
    yield "json", "JSON of 1,000 keys", {f"key {n}": kinds[n % len(kinds)] for n in numbers}


@dataclass(frozen=True)
class Way:
    """A peer's way from one value to the bytes of a request, and from the bytes of an answer to a result."""

    encode: Callable[[], bytes]
    decode: Callable[[], object]


_SMALL: dict[str, Any] = {"image": Image(bytes=b"1"), "array": [1], "json": {}}


def ways(stage: Stage, method: str, value: Any, *, quick: bool) -> dict[str, Way]:
    """How each peer sends and receives a value. The answer is the same for all."""
    from benchmarks.peers import hand_values, ours

    reply, small = hand_values.reply(method, value), _SMALL.get(method, [])
    found = {
        HAND: Way(
            lambda: hand_values.encode(method, value), lambda: hand_values.decode(method, reply)
        ),
        OURS: Way(lambda: ours.encode(method, value), lambda: ours.decode(method, reply, small)),
    }
    return found if quick else found | {SDK: _sdk(stage, method, value, reply)}


def _sdk(stage: Stage, method: str, value: Any, reply: bytes) -> Way:
    from benchmarks.peers import official

    signature = official.signatures(stage.address)[method]
    theirs = official.VALUE.get(method, lambda same: same)(value)
    return Way(
        lambda: official.encode(signature, theirs), lambda: official.decode(signature, reply)
    )
