"""Histories of concurrent calls over a network that loses connections, each replayed by a seed.

A proxy resets connections or lets them die in silence, so calls lose their answers, wait for connections, and go over
fresh channels. Meanwhile a client compares its package with the model, which has changed. Whatever happens: a request runs
at most as often as it was sent, it is sent at most as often as the client may send it, and there is one comparison. `python -m faults.histories 2000` runs as many seeds; `make soak` does.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import logging
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any, Final

import grpc
import pytest

from clarigen import ClarigenError, Response
from clarigen._proto import MultiOutputResponse, PostModelOutputsRequest, Status
from clarigen._transport import in_flight
from faults.callers import TWINS, with_test_policy
from faults.proxy import Fault, Link, Proxy
from faults.scripted import SUCCESS, UNARY, Answer, Platform, Refuse, Scripted, Step
from gen_client import cli

STEPS: Final[tuple[Step, ...]] = (
    *[Answer()] * 6,
    *[Answer(seconds=0.02, gap=0.02)] * 3,
    *(Refuse("UNAVAILABLE"), Refuse("UNAVAILABLE", after=1), Refuse("INTERNAL", after=1)),
    *(Platform(11005), Platform(10020, after=1)),
)
CALLERS: Final = 6
CALLS: Final = 4
MAX_RETRIES: Final = 2
KINDS: Final = ("unary", "stream", "bidi", "batch")


SIGNATURES: Final = [
    {
        "name": name,
        "method_type": kind,
        "input_fields": [
            {"name": parameter, "type": "INT", "required": True, "iterator": is_stream}
        ],
        "output_fields": [{"name": "return", "type": "INT", "iterator": kind != "UNARY_UNARY"}],
    }
    for name, kind, parameter, is_stream in (
        ("double", "UNARY_UNARY", "n", False),
        ("count", "UNARY_STREAMING", "n", False),
        ("add", "STREAMING_STREAMING", "items", True),
    )
]
"""The methods of the server, as the package has them. The server says that it has the first one only."""


@cache
def load_package() -> Any:
    """Generate the package of the server, and import it."""
    folder = Path(tempfile.mkdtemp())
    source = folder / "calls_of_histories.json"
    source.write_text(json.dumps({"method_signatures": SIGNATURES}))
    options = ["--name", source.stem, "--out", str(folder), "--quiet"]
    assert cli.main(["--signatures", str(source), *options]) == 0
    sys.path.insert(0, str(folder))
    return importlib.import_module(source.stem)


class ChangedModel(Scripted):
    """A scripted server that tells its signatures, unless the script lets the request fail.

    Attributes:
        comparisons: How often it was asked.
    """

    comparisons = 0

    def _answers(
        self,
        rpc: str,
        step: Step,
        requests: Iterator[bytes],
        context: grpc.ServicerContext,
        call_ended: threading.Event,
    ) -> Iterator[bytes]:
        if rpc == UNARY:
            request = next(requests)
            message = PostModelOutputsRequest.FromString(request)
            if message.inputs[0].data.metadata.fields["_method_name"].string_value[0] == "_":
                self.comparisons += 1
                rpc, requests = "", iter([])
                if isinstance(step, Answer):
                    yield _signatures()
                    return
            else:
                requests = iter([request])
        yield from super()._answers(rpc, step, requests, context, call_ended)


def _signatures() -> bytes:
    """Return the answer of a model that has lost methods."""
    response = MultiOutputResponse(status=Status(code=SUCCESS))
    text = json.dumps({"double": {**SIGNATURES[0], "method_type": 1}})
    response.outputs.add(status=Status(code=SUCCESS)).data.text.raw = text
    return response.SerializeToString()


class Weather(Fault):
    """Resets some connections when they answer, and lets others die when they ask."""

    def __init__(self, chances: Random) -> None:
        self._chances = chances
        self._lock = threading.Lock()
        self._dead: set[Link] = set()

    def _happens(self, share: float) -> bool:
        with self._lock:
            return self._chances.random() < share

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == 1 and self._happens(0.03):
            self._dead.add(link)
        if link not in self._dead:
            super().up(link, frame, kind)

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == 1 and self._happens(0.04):
            link.reset()
        elif link not in self._dead:
            super().down(link, frame, kind)


@dataclass
class Record:
    """What the caller knows of one call.

    Attributes:
        number: The number of the call.
        responses: The responses that its observer got.
        results: Its results.
        error: Its error, if it failed.
    """

    number: int
    responses: list[Response] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    error: ClarigenError | None = None

    @property
    def kind(self) -> str:
        """The kind of the call."""
        return KINDS[self.number % len(KINDS)]

    @property
    def argument(self) -> int:
        """The argument that the server notes for each execution, different for each call."""
        return 1000 * (self.number + 1) + 3

    @property
    def attempts(self) -> int:
        """How often the call says that it was sent."""
        if self.error is None:
            return self.responses[-1].attempts
        return int(getattr(self.error, "attempts", MAX_RETRIES + 1))

    @property
    def expected(self) -> list[int]:
        """The results, if it succeeds."""
        return [0, 1, 2] if self.kind == "stream" else [2 * self.argument]


def _start(model: Any, record: Record) -> Any:
    if record.kind == "stream":
        return model.count(record.argument)
    if record.kind == "bidi":
        return model.add(iter([record.argument]))
    return model.double_batch([{"n": record.argument}])


def _call(client: Any, record: Record) -> None:
    model = with_test_policy(client).with_options(on_response=record.responses.append)
    try:
        if record.kind == "unary":
            record.results.append(model.double(record.argument))
        else:
            record.results.extend(_start(model, record))
    except ClarigenError as error:
        record.error = error


def _run_lane(client: Any, lane: list[Record]) -> None:
    for record in lane:
        _call(client, record)


async def _call_async(client: Any, record: Record) -> None:
    model = with_test_policy(client).with_options(on_response=record.responses.append)
    try:
        if record.kind == "unary":
            record.results.append(await model.double(record.argument))
        else:
            async for item in _start(model, record):
                record.results.append(item)
    except ClarigenError as error:
        record.error = error


def run_history(twin: str, seed: int) -> list[str]:
    """Run a history, and return what broke a rule."""
    chances = Random(seed)
    records = [Record(number) for number in range(CALLERS * CALLS)]
    lanes = [records[lane::CALLERS] for lane in range(CALLERS)]
    is_idempotent = chances.random() < 0.5
    options: Any = {
        "timeout": chances.choice([0.4, 1.0]),
        "max_retries": MAX_RETRIES,
        "idempotent": is_idempotent,
    }

    def choose_step(_: int) -> Step:
        return chances.choice(STEPS)

    package = load_package()
    with ChangedModel(choose_step) as server, Proxy(server.port, Weather(Random(seed))) as proxy:
        if twin == "sync":
            with (
                package.CallsOfHistories(base_url=proxy.url, **options) as client,
                ThreadPoolExecutor(CALLERS) as pool,
            ):
                list(pool.map(partial(_run_lane, client), lanes))
        else:
            asyncio.run(_run_lanes(proxy.url, options, lanes))
        executions = Counter(server.executed)
    problems = [f"{twin}, seed {seed}: compared {server.comparisons} times"]
    return problems[: server.comparisons > 1] + [
        f"{twin}, seed {seed}, {record.kind} {record.number}: {problem}"
        for record in records
        for problem in _judge(record, executions[record.argument], is_idempotent=is_idempotent)
    ]


async def _run_lanes(url: str, options: Any, lanes: list[list[Record]]) -> None:
    async with load_package().AsyncCallsOfHistories(base_url=url, **options) as client:

        async def run(lane: list[Record]) -> None:
            for record in lane:
                await _call_async(client, record)

        await asyncio.gather(*map(run, lanes))


def _judge(record: Record, executions: int, *, is_idempotent: bool) -> list[str]:
    problems = []
    limit = 1 if not is_idempotent else MAX_RETRIES + 1
    if executions > limit:
        problems.append(f"ran {executions} times, and may run {limit} times")
    if executions > record.attempts:
        problems.append(f"ran {executions} times, and was sent {record.attempts} times")
    if record.attempts > MAX_RETRIES + 1:
        problems.append(f"was sent {record.attempts} times")
    if record.results != record.expected[: len(record.results)]:
        problems.append(f"{record.results} in place of {record.expected}")
    if record.error is None and (record.results != record.expected or not executions):
        problems.append(f"succeeded with {record.results}, after {executions} executions")
    if record.error is not None and executions and not getattr(record.error, "may_have_run", True):
        problems.append(f"ran, but says that it has not: {record.error}")
    return problems


def main() -> str:
    """Run histories, several at a time, and describe what broke a rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="?", default=2000)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    with ThreadPoolExecutor(4) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(in_flight, "JOB_DELAY", 0.0)  # so that comparisons meet calls
        logging.getLogger("clarigen").addHandler(
            logging.NullHandler()
        )  # each history has a warning
        problems = [
            problem
            for twin in TWINS
            for found in pool.map(lambda seed, twin=twin: run_history(twin, seed), seeds)
            for problem in found
        ]
    print(f"{2 * len(seeds)} histories, {2 * len(seeds) * CALLERS * CALLS} calls")
    return "\n".join(problems)


if __name__ == "__main__":
    sys.exit(main() or None)
