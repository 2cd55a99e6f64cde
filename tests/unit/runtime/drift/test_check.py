"""Hints at drift from the version in a response; tests drive the generators by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clarigen import ClarigenError, DecodeError, ModelRef, PredictionError, wire
from clarigen._calls.actions import Deliver, Open, Receive, Send, Sleep
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_chunk, call_stream, call_unary, encode_input
from clarigen._calls.retry import Policy
from clarigen._drift.check import DriftChecker
from clarigen._proto import MultiOutputResponse, Status

PAIR = wire.unary("pair", returns=wire.tuple_of(wire.INT, wire.INT))
PAIRS = wire.server_stream("pairs", returns=wire.tuple_of(wire.INT, wire.INT))
LOCK = """{"method_signatures": [], "model": {
    "user_id": "acme", "app_id": "vision", "model_id": "echo", "version_id": "v1"}}"""
HINT = "generated from version v1, but version v2 answered"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CallContext:
    """The call context of a client that was generated from version v1."""
    package = tmp_path / "locked_pair"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "signatures.json").write_text(LOCK)
    monkeypatch.syspath_prepend(str(tmp_path))
    address = Address(ModelRef("acme", "vision", "echo"), "", Routing())
    return CallContext(address, Policy(5.0), drift=DriftChecker("locked_pair", verify=False))


def answer(*parts: int, version: str, count: int = 1, failed: int = 10000) -> bytes:
    response = MultiOutputResponse(status=Status(code=10000 if failed == 10000 else 10010))
    for _ in range(count):
        output = response.outputs.add(status=Status(code=failed))
        output.model.model_version.id = version
        for part in parts:
            output.data.parts.add().data.int_value = part
    return response.SerializeToString()


def drive_call(flow: Any, reply: bytes) -> Any:
    """Drive a unary call that may send one request and no more."""
    action = next(flow)
    assert isinstance(action, Send)
    assert action.rpc == "PostModelOutputs"
    try:
        flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("it asked for more")


def test_forked_child_does_not_wait_for_threads_of_the_parent(context: CallContext) -> None:
    """The thread of the parent that was comparing does not exist in the child."""
    drift = DriftChecker("locked_pair", verify=True)
    verifying = context._replace(drift=drift)
    comparing = call_unary(PAIR, [], verifying)
    assert isinstance(next(comparing), Send)
    assert isinstance(next(call_unary(PAIR, [], verifying)), Sleep)
    drift.reset_after_fork()
    first = next(call_unary(PAIR, [], verifying))
    assert isinstance(first, Send)
    assert first.rpc == "GetModel"


def test_result_of_another_version_raises_with_a_hint(context: CallContext) -> None:
    with pytest.raises(DecodeError, match=HINT):
        drive_call(call_unary(PAIR, [], context), answer(1, version="v2"))
    with pytest.raises(DecodeError) as caught:
        drive_call(call_unary(PAIR, [], context), answer(1, version="v1"))
    assert "generated" not in str(caught.value)
    assert drive_call(call_unary(PAIR, [], context), answer(1, 2, version="v2")) == (1, 2)


def test_batch_outcomes_carry_the_hint(context: CallContext) -> None:
    inputs = [encode_input(PAIR, [])] * 2
    outcomes, _ = drive_call(call_chunk(PAIR, inputs, 2, context), answer(1, version="v2", count=2))
    assert [type(outcome) for outcome in outcomes] == [DecodeError] * 2
    assert all(HINT in str(outcome) for outcome in outcomes)
    outcomes, _ = drive_call(
        call_chunk(PAIR, inputs, 2, context), answer(1, version="v2", count=2, failed=21202)
    )
    assert [type(outcome) for outcome in outcomes] == [PredictionError] * 2
    assert all(HINT in str(outcome) for outcome in outcomes)


def test_stream_errors_carry_the_hint(context: CallContext) -> None:
    flow = call_stream(PAIRS, [], context)
    assert isinstance(next(flow), Open)
    assert isinstance(flow.send(None), Receive)
    assert isinstance(flow.send(answer(1, 2, version="v2")), Deliver)
    assert isinstance(flow.send(None), Receive)
    with pytest.raises(ClarigenError, match=HINT):
        flow.send(answer(1, version="v2"))
