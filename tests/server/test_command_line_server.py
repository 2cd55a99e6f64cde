"""The official server, started by its command in its own process: generate, import and call."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clarigen import AsyncClient, Client, Response, wire
from server.conftest import OFFICIAL
from server.official_server import run_official_server
from support import SOURCES, run

pytestmark = pytest.mark.official_server


@pytest.fixture
def url() -> Iterator[str]:
    """The base URL of the model served by `python -m clarifai.runners.server`."""
    with run_official_server(OFFICIAL) as url:
        yield url


CALLER = """
from everything import AsyncEverything, Everything
import asyncio

with Everything() as model:
    print(model.first_float(y="z"))
    print(list(model.double([1, 2], factor=3)))

async def main() -> None:
    async with AsyncEverything() as model:
        print([item async for item in model.count(2)])

asyncio.run(main())
"""


def test_generate_import_call(url: str, tmp_path: Path) -> None:
    sources = {"PYTHONPATH": SOURCES}
    completed = run(
        sys.executable,
        "-m",
        "gen_client",
        "--url",
        url,
        "--name",
        "everything",
        cwd=tmp_path,
        env=sources,
    )
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout.split() == [
        f"everything/{name}"
        for name in ("client.py", "__init__.py", "examples.py", "py.typed", "signatures.json")
    ]
    environment = {
        "PYTHONPATH": os.pathsep.join([SOURCES, str(tmp_path)]),
        "CLARIFAI_API_BASE": url,
    }
    called = run(sys.executable, "-c", CALLER, cwd=tmp_path, env=environment)
    assert called.stdout.splitlines() == ["(0.7, 'z')", "[3, 6]", "['0', '1']"], called.stderr

    module = [sys.executable, "-m", "everything.examples"]
    listed = run(*module, cwd=tmp_path, env=environment)
    assert "echo_str_async" in listed.stdout
    printed = run(*module, "echo_str", "count_async", "double", cwd=tmp_path, env=environment)
    assert printed.returncode == 0, printed.stderr
    failed = run(*module, "fail", cwd=tmp_path, env=environment)
    assert failed.returncode == 1
    assert failed.stderr.startswith("PredictionError: fail: 10020 FAILURE")
    assert "Traceback" not in failed.stderr


CROWD = 500
"""So many calls at once; the server takes 42, and refuses the others."""

NOTHING = wire.unary("nothing", wire.field("x", wire.INT), returns=wire.INT)


class Calls(Client):
    def nothing(self, x: int) -> int:
        return self._unary(NOTHING, x)


class AsyncCalls(AsyncClient):
    async def nothing(self, x: int) -> int:
        return await self._unary(NOTHING, x)


@pytest.mark.item(51)
@pytest.mark.defect("concurrency refusal not retried")
def test_more_concurrent_calls_than_the_server_admits(url: str) -> None:
    """Each call waits for its turn and succeeds, sync and async."""
    responses: list[Response] = []

    async def run() -> list[int]:
        async with AsyncCalls(base_url=url, timeout=60, on_response=responses.append) as model:
            return await asyncio.gather(*map(model.nothing, range(CROWD)))

    with (
        Calls(base_url=url, timeout=60, on_response=responses.append) as model,
        ThreadPoolExecutor(CROWD) as pool,
    ):
        assert list(pool.map(model.nothing, range(CROWD))) == list(range(CROWD))
    assert asyncio.run(run()) == list(range(CROWD))
    assert len(responses) == 2 * CROWD
    assert max(response.attempts for response in responses) > 1
