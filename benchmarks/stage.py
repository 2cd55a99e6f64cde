"""The stage of the benchmarks: the model's server in its own process, and the clients for it.

The package `bench` is generated from the running server by the command, and the messages of the hand-written
client are compiled to `hand_pb2`. Both are deleted at the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

from gen_client import cli

HERE = Path(__file__).parent


@contextmanager
def run_server(module: str, *arguments: str) -> Iterator[list[str]]:
    """Run a module of the benchmarks as a server in its own process for the block; yield the addresses that it prints."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    with subprocess.Popen(
        command, cwd=HERE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield server.stdout.readline().split()
        finally:
            server.stdin.close()


@dataclass(frozen=True)
class Stage:
    """A running server, and the folder with its clients.

    Attributes:
        address: The server's host and port.
        folder: The folder with `bench`, `hand_pb2` and compiled bytecode.
    """

    address: str
    folder: Path

    @property
    def url(self) -> str:
        """The base URL."""
        return f"grpc://{self.address}"

    def run_in_child(self, code: str) -> list[float]:
        """Run code in a fresh interpreter and return the numbers that it prints."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CLARIFAI_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        path = os.pathsep.join([str(self.folder), str(HERE.parent), *sys.path[1:]])
        environment |= {"PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode")}
        completed = subprocess.run(
            [sys.executable, "-c", code, self.address],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if completed.returncode:
            raise RuntimeError(completed.stderr)
        return [float(number) for number in completed.stdout.split()]


@contextmanager
def set_up_stage() -> Iterator[Stage]:
    """Start the server and create the clients; remove both at the end of the block."""
    command = [sys.executable, "-m", "benchmarks.model"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            command, cwd=HERE.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as server,
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            _create_clients(url, folder)
            sys.path.insert(0, folder)
            yield Stage(url.removeprefix("grpc://"), Path(folder))
        finally:
            server.stdin.close()


def _create_clients(url: str, folder: str) -> None:
    peers, well_known = str(HERE / "peers"), str(files("grpc_tools") / "_proto")
    includes = [f"-I{peers}", f"-I{well_known}"]
    if protoc.main(["protoc", *includes, f"--python_out={folder}", f"{peers}/hand.proto"]):
        raise RuntimeError("protoc failed")
    if cli.main(["--url", url, "--out", folder, "--name", "bench", "--quiet"]):
        raise RuntimeError("gen-client failed")
