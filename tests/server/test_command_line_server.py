"""The official server as people start it, in a process of its own: the whole way by commands alone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from server.conftest import OFFICIAL
from support import SOURCES, run


@pytest.fixture
def url() -> Iterator[str]:
    """The model served by `python -m clarifai.runners.server`, once it takes connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "clarifai.runners.server", "--grpc"]
    options = ["--port", str(port), "--model_path", str(OFFICIAL)]
    server = subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            grpc.channel_ready_future(channel).result(timeout=60)
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


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
    made = run(
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
    assert made.returncode == 0, made.stderr
    assert made.stdout.split() == [
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
    shown = run(*module, "echo_str", "count_async", "double", cwd=tmp_path, env=environment)
    assert shown.returncode == 0, shown.stderr
    failed = run(*module, "fail", cwd=tmp_path, env=environment)
    assert failed.returncode == 1
    assert failed.stderr.startswith("PredictionError: fail: 10020 FAILURE")
    assert "Traceback" not in failed.stderr
