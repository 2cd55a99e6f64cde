"""The official model server as its users start it: `python -m clarifai.runners.server`, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import grpc

START_LIMIT: Final = 120
"""Seconds that a server may take to start."""


@contextmanager
def run_official_server(
    model: Path, python: str | Path = sys.executable, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Serve a model for the block; yield the base URL once the server accepts connections.

    Args:
        model: The folder of the model, which is also the server's working directory.
        python: The interpreter; its environment has the official SDK and the libraries of the model.
        env: Variables to add to our environment.
    """
    with socket.socket() as reservation, tempfile.TemporaryFile() as log:
        # Bound, and not listening, as long as the server runs: nobody else gets the port, but gRPC can share it.
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind(("127.0.0.1", 0))
        port = reservation.getsockname()[1]
        command = [str(python), "-m", "clarifai.runners.server", "--grpc"]
        options = ["--port", str(port), "--health_check_port", "0", "--model_path", str(model)]
        server = subprocess.Popen(
            [*command, *options],
            cwd=model,
            env={**os.environ, **(env or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_up(server, port)
            yield f"grpc://127.0.0.1:{port}"
        except _DeadServer:
            log.seek(0)
            text = log.read().decode(errors="replace")
            raise AssertionError(f"the official server did not start:\n{text[-3000:]}") from None
        finally:
            _stop(server)


class _DeadServer(Exception):
    """A server that ended, or did not accept a connection in time."""


def _wait_until_up(server: subprocess.Popen[bytes], port: int) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        ready = grpc.channel_ready_future(channel)
        for _ in range(START_LIMIT):
            try:
                ready.result(timeout=1)
            except grpc.FutureTimeoutError:
                if server.poll() is not None:
                    break
            else:
                return
    raise _DeadServer


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
