"""Chats: the CPU time of the client's process per chunk of a stream that the library `openai` reads.

The peer is the same library over HTTP: what it costs to go through our connection instead.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmarks.measure import HAND, OURS, Cost, Row, alternate
from benchmarks.stage import Stage, run_server

if TYPE_CHECKING:
    from openai import OpenAI


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure a stream of a chat."""
    del stage
    count, rounds = (300, 3) if quick else (3_000, 7)
    with run_server("chat_server", str(count)) as (http_url, grpc_url):
        yield _measure(http_url, grpc_url, count, rounds)


def _measure(http_url: str, grpc_url: str, count: int, rounds: int) -> Row:
    from openai import OpenAI

    from generated.gpt_5_1 import Gpt5_1

    with (
        OpenAI(api_key="-", base_url=http_url) as over_http,
        Gpt5_1(base_url=grpc_url) as model,
        model.openai() as ours,
    ):
        costs = {HAND: _cost(over_http, count), OURS: _cost(ours, count)}
        name = f"openai: chat of {count:,}, CPU per chunk (hand: over HTTP)"
        return Row(name, "µs", alternate(costs, rounds))


def _cost(client: OpenAI, count: int) -> Cost:
    def cost() -> float:
        start = time.process_time()
        stream = client.chat.completions.create(
            model="-", messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        assert sum(1 for _ in stream) == count
        return (time.process_time() - start) / count

    return cost
