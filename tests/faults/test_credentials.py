"""Credentials are absent from everything that an error references, including the frames of its traceback."""

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
from faults.callers import KINDS_AND_TWINS, AsyncCalls, Calls, start_call
from faults.scripted import Garble, Hang, Platform, Refuse, Scripted, Step

SECRET = "c4n4ry-in-the-mine"


def frames(error: BaseException | None) -> Iterator[FrameType]:
    """Return all frames that an error's traceback references, through causes and contexts, hidden ones included."""
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
            async for _ in start_call(model, kind, [1, 2]):
                pass

    def call() -> None:
        with Calls(base_url=url, **options) as model:
            if kind == "unary":
                model.double(1)
            list(start_call(model, kind, [1, 2]))

    with pytest.raises(ClarigenError) as caught:
        asyncio.run(run()) if twin == "async" else call()
    return caught.value


@pytest.mark.item(54)
@pytest.mark.parametrize(("kind", "twin"), KINDS_AND_TWINS)
@pytest.mark.parametrize(
    "step",
    [Refuse("INTERNAL"), Refuse("UNAUTHENTICATED"), Platform(10020), Garble(), Hang()],
    ids=["grpc", "refused", "platform", "garbled", "deadline"],
)
def test_no_error_references_the_credential(
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


def test_repr_of_a_client_hides_the_credential() -> None:
    with Calls(base_url="grpc://127.0.0.1:1", pat=SECRET) as model:
        formatted = [model, *vars(model).values()]
        assert SECRET not in repr(formatted) + str(vars(model)) + repr(vars(clarigen))
