"""A credential stands in nothing that an error carries: what tools show of tracebacks included."""

from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest

import clarigen
from clarigen import ClarigenError
from faults.callers import EVERY, AsyncCalls, Calls, _many
from faults.scripted import Garble, Hang, Platform, Refuse, Scripted, Step

SECRET = "c4n4ry-in-the-mine"


def frames(error: BaseException | None) -> Iterator[FrameType]:
    """Every frame that a traceback reaches, over causes and contexts, those that are not shown too."""
    while error is not None:
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename != __file__:
                yield traceback.tb_frame
            traceback = traceback.tb_next
        error = error.__cause__ or error.__context__


def failed(kind: str, twin: str, url: str) -> ClarigenError:
    options: Any = {"pat": SECRET, "timeout": 0.5, "max_retries": 1}

    async def run() -> None:
        async with AsyncCalls(base_url=url, **options) as model:
            if kind == "unary":
                await model.double(1)
            async for _ in _many(model, kind, [1, 2]):
                pass

    def call() -> None:
        with Calls(base_url=url, **options) as model:
            if kind == "unary":
                model.double(1)
            list(_many(model, kind, [1, 2]))

    with pytest.raises(ClarigenError) as caught:
        asyncio.run(run()) if twin == "async" else call()
    return caught.value


@pytest.mark.item(54)
@pytest.mark.parametrize(("kind", "twin"), EVERY)
@pytest.mark.parametrize(
    "step",
    [Refuse("INTERNAL"), Refuse("UNAUTHENTICATED"), Platform(10020), Garble(), Hang()],
    ids=["grpc", "refused", "platform", "garbled", "deadline"],
)
def test_no_error_holds_it(
    step: Step, kind: str, twin: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Scripted(lambda _: step) as server:
        error = failed(kind, twin, server.url)
    assert SECRET not in f"{error!r} {error} {vars(error)}"
    assert SECRET.encode() not in pickle.dumps(error)
    for frame in frames(error):
        for name, value in frame.f_locals.items():
            assert SECRET not in repr(value), f"{frame.f_code.co_qualname}: {name}"
    assert SECRET not in caplog.text


def test_a_client_does_not_show_it() -> None:
    with Calls(base_url="grpc://127.0.0.1:1", pat=SECRET) as model:
        shown = [model, model._endpoint, model._connection, model._endpoint.credentials]
        assert SECRET not in repr(shown) + str(vars(model)) + repr(vars(clarigen))
