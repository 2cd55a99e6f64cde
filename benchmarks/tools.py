"""Tools: the CPU time of the client's process per call of a tool of an MCP model.

The peer is a hand-written call of JSON-RPC over the same transport, which checks neither arguments nor results.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.measure import HAND, OURS, Row, alternate, repeat
from benchmarks.stage import Stage, run_server

_SHAPE: dict[str, Any] = {"points": [{"x": 1.0}, {"x": 2.0, "label": "b"}]}


def rows(stage: Stage, *, quick: bool) -> Iterator[Row]:
    """Measure a call with an object as its argument and as its result."""
    del stage
    with run_server("tool_server") as (url,):
        yield _measure(url, 3 if quick else 15)


def _measure(url: str, rounds: int) -> Row:
    from generated.lab_tools import LabTools

    by_hand = _prepare_hand(url.removeprefix("grpc://"))
    with LabTools(base_url=url) as ours:
        costs = {
            HAND: repeat(by_hand),
            OURS: repeat(lambda: ours.area({"points": _SHAPE["points"]}, precision=1)),
        }
        return Row("call of a tool, CPU (hand: JSON-RPC)", "µs", alternate(costs, rounds))


def _prepare_hand(address: str) -> Callable[[], object]:
    from benchmarks.peers import hand

    call, _ = hand.build_stubs(hand.Client(address).channel)

    def call_by_hand() -> object:
        arguments = {"shape": _SHAPE, "precision": 1}
        params = {"name": "area", "arguments": arguments}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        data = hand.build_data("mcp_transport")
        data.parts.add(id="msg").data.string_value = json.dumps(request)
        response = call(hand.build_request(data), **hand.OPTIONS)
        return json.loads(hand.read_result(response).string_value)["structuredContent"]

    return call_by_hand
