"""What the benchmarks run on: the model's server in a process of its own, and the clients made for it.

What lives here: setting up and clearing away. The generated package is made from the running server by the
command, as `bench`; the hand-written client's messages are compiled, as `hand_pb2`.
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


@dataclass(frozen=True)
class Stage:
    """A running server, and the folder of what was made for it.

    Attributes:
        address: Host and port.
        folder: Holds `bench`, `hand_pb2` and compiled bytecode.
    """

    address: str
    folder: Path

    @property
    def url(self) -> str:
        """The base URL."""
        return f"grpc://{self.address}"

    def child(self, code: str) -> list[float]:
        """Run code in a fresh interpreter; the numbers that it prints."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CLARIFAI_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        found = os.pathsep.join([str(self.folder), str(HERE.parent), *sys.path[1:]])
        environment |= {"PYTHONPATH": found, "PYTHONPYCACHEPREFIX": str(self.folder / "bytecode")}
        done = subprocess.run(
            [sys.executable, "-c", code, self.address],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return [float(word) for word in done.stdout.split()]


@contextmanager
def stage() -> Iterator[Stage]:
    """Set up, and clear away at the end of the block."""
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
            _made(url, folder)
            sys.path.insert(0, folder)
            yield Stage(url.removeprefix("grpc://"), Path(folder))
        finally:
            server.stdin.close()


def _made(url: str, folder: str) -> None:
    """Make both clients."""
    peers, known = str(HERE / "peers"), str(files("grpc_tools") / "_proto")
    words = ["protoc", f"-I{peers}", f"-I{known}", f"--python_out={folder}", f"{peers}/hand.proto"]
    if protoc.main(words) or cli.main(
        ["--url", url, "--out", folder, "--name", "bench", "--quiet"]
    ):
        raise RuntimeError("the clients could not be made")
