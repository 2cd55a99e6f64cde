"""What an answer itself tells of the model's version: flows driven by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clarigen import ClarigenError, DecodeError, ModelRef, PredictionError, wire
from clarigen._calls.actions import Deliver, Open, Receive, Send
from clarigen._calls.address import Address, Routing
from clarigen._calls.call import CallContext, call_chunk, call_stream, call_unary, encode_input
from clarigen._calls.retry import Policy
from clarigen._drift.check import Drift
from clarigen._drift.lock import read_lock
from clarigen._proto import MultiOutputResponse, Status

PAIR = wire.unary("pair", returns=wire.tuple_of(wire.INT, wire.INT))
PAIRS = wire.server_stream("pairs", returns=wire.tuple_of(wire.INT, wire.INT))
LOCK = """{"method_signatures": [], "model": {
    "user_id": "acme", "app_id": "vision", "model_id": "echo", "version_id": "v1"}}"""
HINT = "generated from version v1, and called v2"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CallContext:
    """The context of a client that was generated from version v1."""
    package = tmp_path / "locked_pair"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "signatures.json").write_text(LOCK)
    monkeypatch.syspath_prepend(str(tmp_path))
    address = Address(ModelRef("acme", "vision", "echo"), "", Routing())
    return CallContext(address, Policy(5.0), drift=Drift("locked_pair", verify=False))


def answer(*parts: int, version: str, count: int = 1, failed: int = 10000) -> bytes:
    response = MultiOutputResponse(status=Status(code=10000 if failed == 10000 else 10010))
    for _ in range(count):
        output = response.outputs.add(status=Status(code=failed))
        output.model.model_version.id = version
        for part in parts:
            output.data.parts.add().data.int_value = part
    return response.SerializeToString()


def called(flow: Any, reply: bytes) -> Any:
    """Drive a unary flow that may send once, and no more."""
    action = next(flow)
    assert isinstance(action, Send)
    assert action.rpc == "PostModelOutputs"
    try:
        flow.send(reply)
    except StopIteration as end:
        return end.value
    raise AssertionError("it asked for more")


def test_a_forked_child_waits_for_nobody(context: CallContext) -> None:
    """A thread of the parent may have been comparing: it is not there to finish."""
    drift = context.drift
    assert isinstance(drift, Drift)
    drift.unverified, drift._lock = True, read_lock("locked_pair")
    assert drift._comparing.acquire(blocking=False)
    drift._process -= 1
    first = next(call_unary(PAIR, [], context))
    assert isinstance(first, Send)
    assert first.rpc == "GetModel"


def test_a_result_that_does_not_fit_hints_at_the_version_that_gave_it(context: CallContext) -> None:
    with pytest.raises(DecodeError, match=HINT):
        called(call_unary(PAIR, [], context), answer(1, version="v2"))
    with pytest.raises(DecodeError) as caught:
        called(call_unary(PAIR, [], context), answer(1, version="v1"))
    assert "generated" not in str(caught.value)
    assert called(call_unary(PAIR, [], context), answer(1, 2, version="v2")) == (1, 2)


def test_the_outcomes_of_a_batch_do_as_well(context: CallContext) -> None:
    inputs = [encode_input(PAIR, [])] * 2
    outcomes, _ = called(call_chunk(PAIR, inputs, context), answer(1, version="v2", count=2))
    assert [type(outcome) for outcome in outcomes] == [DecodeError] * 2
    assert all(HINT in str(outcome) for outcome in outcomes)
    outcomes, _ = called(
        call_chunk(PAIR, inputs, context), answer(1, version="v2", count=2, failed=21202)
    )
    assert [type(outcome) for outcome in outcomes] == [PredictionError] * 2
    assert all(HINT in str(outcome) for outcome in outcomes)


def test_a_stream_does_as_well(context: CallContext) -> None:
    flow = call_stream(PAIRS, [], context)
    assert isinstance(next(flow), Open)
    assert isinstance(flow.send(None), Receive)
    assert isinstance(flow.send(answer(1, 2, version="v2")), Deliver)
    assert isinstance(flow.send(None), Receive)
    with pytest.raises(ClarigenError, match=HINT):
        flow.send(answer(1, version="v2"))
