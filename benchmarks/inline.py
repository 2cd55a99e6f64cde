"""Models without signatures: the CPU time of the client's process per call.

The values travel inline in `Data`, and options in the model's `OutputInfo`. The peer writes both by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from benchmarks.measure import HAND, OURS, Row, alternate, repeat
from benchmarks.stage import Stage, run_server

_IMAGE = bytes(2_000)
_LIMIT = 20
"""The number of concepts that are asked for."""


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure a call with an image and an option, which returns concepts."""
    del stage
    with run_server("inline_server") as (url,):
        yield _measure(url, 3 if quick else 15)


def _measure(url: str, rounds: int) -> Row:
    from clarigen import Image
    from generated.flowers import Flowers

    call_by_hand = _prepare_hand(url.removeprefix("grpc://"))
    with Flowers(base_url=url) as model:

        def call() -> list[str]:
            concepts = model.predict(Image(bytes=_IMAGE), max_concepts=_LIMIT)
            return [concept.name for concept in concepts]

        assert call() == call_by_hand()
        costs = {HAND: repeat(call_by_hand), OURS: repeat(call)}
        return Row("call without signatures, CPU", "µs", alternate(costs, rounds))


def _prepare_hand(address: str) -> Callable[[], list[str]]:
    from benchmarks.peers import hand

    call, _ = hand.build_stubs(hand.Client(address).channel)

    def call_by_hand() -> list[str]:
        request = hand.build_request(hand.pb.Data(image=hand.pb.Image(base64=_IMAGE)))
        config = request.model.model_version.output_info.output_config
        config.max_concepts = _LIMIT
        response = call(request, **hand.OPTIONS)
        if response.status.code != hand.SUCCESS:
            raise RuntimeError(response.status.description)
        concepts = response.outputs[0].data.concepts
        return [(concept.id, concept.name, concept.value)[1] for concept in concepts]

    return call_by_hand
