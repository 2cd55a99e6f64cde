"""The life of a generated client on the official model server, from `init` to a breaking change.

The model is an SDK class behind the SDK's servicer; a new upload only changes which class is served. This module must
not postpone the evaluation of annotations, because the SDK reads them. The command's output and exit codes are those
that a CI job sees.
"""

import importlib
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from clarifai_grpc.grpc.api import service_pb2_grpc

from gen_client import cli
from gen_client.naming.names import class_name
from support import SOURCES, file_stamps
from support import run as run_command

pytestmark = pytest.mark.official_server
_REASON = "the official SDK is not installed"
ModelClass: Any = pytest.importorskip(
    "clarifai.runners.models.model_class", reason=_REASON
).ModelClass
ModelServicer: Any = pytest.importorskip(
    "clarifai.runners.models.model_servicer", reason=_REASON
).ModelServicer

CALLER = """\
from models.talker import Talker


def ask(model: Talker) -> str:
    return model.say("hello", tone="warm", limit=3)
"""


class First(ModelClass):  # type: ignore[misc]
    @ModelClass.method  # type: ignore[untyped-decorator]
    def say(self, prompt: str, tone: str = "plain", limit: int = 10) -> str:
        """Say something."""
        return f"{prompt} {tone} {limit}"


class WithOneMore(ModelClass):  # type: ignore[misc]
    @ModelClass.method  # type: ignore[untyped-decorator]
    def say(self, prompt: str, tone: str = "plain", limit: int = 10, language: str = "en") -> str:
        """Say something."""
        return f"{prompt} {tone} {limit} {language}"


class WithOneLess(ModelClass):  # type: ignore[misc]
    @ModelClass.method  # type: ignore[untyped-decorator]
    def say(self, prompt: str, limit: int = 10, language: str = "en") -> str:
        """Say something."""
        return f"{prompt} {limit} {language}"


class WithAnotherType(ModelClass):  # type: ignore[misc]
    @ModelClass.method  # type: ignore[untyped-decorator]
    def say(self, prompt: str, tone: str = "plain", limit: float = 10.0) -> str:
        """Say something."""
        return f"{prompt} {tone} {limit}"


class DeployedModel:
    """A server whose model can be replaced."""

    def __init__(self) -> None:
        self._servicer: Any = None
        self.upload(First)
        self._server = grpc.server(ThreadPoolExecutor(4))
        service_pb2_grpc.add_V2Servicer_to_server(self, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self.url = f"grpc://127.0.0.1:{port}"

    def upload(self, model: type[Any]) -> None:
        """Serve another model from now on."""
        handler = model()
        handler.load_model()
        self._servicer = ModelServicer(handler)

    def stop(self) -> None:
        self._server.stop(None).wait()

    def __getattr__(self, name: str) -> Any:
        """Return an RPC of the model that is served when the call arrives."""

        def call(request: Any, context: Any) -> Any:
            return getattr(self._servicer, name)(request, context)

        return call


@pytest.fixture
def deployed() -> Iterator[DeployedModel]:
    server = DeployedModel()
    yield server
    server.stop()


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application's repository, with code that uses the future client."""
    monkeypatch.chdir(tmp_path)
    Path("caller.py").write_text(CALLER)
    Path("pyproject.toml").write_text(
        "[project]  # ours\nname = 'app'\n[tool.black]\nline-length = 60\n"
    )
    Path(".gitignore").write_text("__pycache__\n.mypy_cache\n")
    git("init", "--quiet")
    return tmp_path


def git(*options: str) -> str:
    author = ("-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "commit.gpgsign=false")
    done = run_command("git", *author, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", "state")


def gen_client(*options: str) -> tuple[int, str, str]:
    """Run the command like a shell."""
    done = run_command(sys.executable, "-m", "gen_client", *options, env={"PYTHONPATH": SOURCES})
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def type_errors() -> str:
    """Return mypy's errors in the application."""
    done = run_command(
        *(sys.executable, "-m", "mypy", "--strict", "caller.py"),
        env={"MYPYPATH": f"{SOURCES.replace(':', ':')}", "PYTHONPATH": ""},
    )
    return "" if done.returncode == 0 else done.stdout


def test_life_of_a_client_up_to_a_breaking_change(
    repository: Path, deployed: DeployedModel
) -> None:
    # Generate the client for the first time.
    code, out, _ = gen_client("init", deployed.url, "--name", "talker", "--out", "models")
    assert (code, out) == (0, "pyproject.toml\n")
    assert "[project]  # ours\n" in Path("pyproject.toml").read_text()
    assert gen_client()[0] == 0
    commit()
    before = file_stamps(Path("models").rglob("*"))
    for options in (["--check"], ["--check", "--offline"], ["--frozen"], []):
        assert gen_client(*options) == (0, "", "gen-client: talker is up to date\n"), options
    assert file_stamps(before) == before
    assert git("status", "--porcelain") == ""
    assert type_errors() == ""

    # The model gets a parameter with a default: no caller breaks.
    deployed.upload(WithOneMore)
    code, out, err = gen_client("--check")
    assert code == 1
    assert "models/talker/client.py: the model changed\n" in out
    assert err == "gen-client: to fix: gen-client\n"
    code, _, err = gen_client("--frozen")
    assert code == 1
    assert "the model's signatures are not those of the lock" in err
    assert gen_client("--check", "--offline")[0] == 0, "what is committed is whole"
    code, out, _ = gen_client("diff")
    assert code == 1
    assert "language" in out
    assert "compatible" in out
    assert gen_client("diff", "--fail-on", "breaking")[0] == 0
    assert git("status", "--porcelain") == ""
    assert gen_client()[0] == 0
    assert "language" in git("diff", "models/talker/client.py")
    assert type_errors() == ""
    commit()

    # The model loses a parameter that the application passes: the type checker reports the line.
    deployed.upload(WithOneLess)
    assert gen_client("--frozen", "--check")[0] == 1
    code, out, _ = gen_client("diff", "--fail-on", "breaking")
    assert code == 1
    assert "breaking" in out
    assert "tone" in out
    assert gen_client()[0] == 0
    code, out, _ = gen_client("diff", "--base", "HEAD", "--fail-on", "breaking")
    assert (code, "tone" in out) == (1, True), "against what is committed, too"
    assert 'caller.py:5: error: Unexpected keyword argument "tone"' in type_errors()
    assert gen_client("--check") == (0, "", "gen-client: talker is up to date\n")


def test_regeneration_of_an_edited_package(repository: Path, deployed: DeployedModel) -> None:
    gen_client("init", deployed.url, "--name", "talker", "--out", "models")
    gen_client()
    commit()
    client = Path("models/talker/client.py")

    # Formatters leave the files alone with users' usual options; a file that one has changed is no failure.
    for tool in (
        ["black", "--quiet"],
        ["ruff", "format"],
        ["ruff", "check", "--fix", "--select=ALL"],
    ):
        run_command(sys.executable, "-m", *tool, ".")
    assert git("status", "--porcelain", "models") == ""
    lock = Path("models/talker/signatures.json")
    lock.write_text(lock.read_text().replace("  ", "\t"))
    client.write_bytes(client.read_bytes().replace(b"\n", b"\r\n"))
    code, out, err = gen_client("--check", "--offline")
    assert (code, out) == (0, "")
    assert err.count("only reformatted") == 2

    # A manual change is a failure, in an old package too.
    deployed.upload(WithOneMore)
    init = Path("models/talker/__init__.py")
    init.write_text(init.read_text() + "\n\nVERSION = 1\n")
    code, out, _ = gen_client("--check")
    assert code == 1
    assert "models/talker/__init__.py: edited by hand\n" in out
    assert "models/talker/client.py: the model changed\n" in out
    code, out, _ = gen_client("--check", "--offline", "--diff")
    assert code == 1
    assert "-VERSION = 1\n" in out

    # Generating again restores everything.
    assert gen_client()[0] == 0
    assert gen_client("--check") == (0, "", "gen-client: talker is up to date\n")
    assert b"\r" not in client.read_bytes()
    assert "VERSION" not in init.read_text()
    assert type_errors() == ""


@pytest.mark.parametrize(
    ("model", "answer", "changes"),
    [
        (First, "hello warm 3", []),
        (WithOneMore, "hello warm 3 en", []),
        (WithOneLess, "hello 3 en", ["say.tone: was removed"]),
        (
            WithAnotherType,
            "hello warm 0.0",
            [
                "say.limit: travels as `FLOAT` now, not `INT`, and is lost until the client is generated again"
            ],
        ),
    ],
)
def test_a_client_warns_of_what_the_server_ignores(
    model: type[Any],
    answer: str,
    changes: list[str],
    repository: Path,
    deployed: DeployedModel,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The official server tells no version, and drops in silence what it does not expect."""
    name = f"talker_{model.__name__.lower()}"
    assert cli.main(["--url", deployed.url, "--name", name, "--quiet"]) == 0
    monkeypatch.syspath_prepend(str(repository))
    package = importlib.import_module(name)
    client = vars(package)[class_name(name)]
    deployed.upload(model)
    with client(base_url=deployed.url, timeout=30) as caller:
        assert caller.say("hello", tone="warm", limit=3) == answer
        for job in [job for job in threading.enumerate() if job.name == "clarigen-job"]:
            job.join(30)
    assert [line for text in caplog.messages for line in text.split("\n  ")[1:]] == changes
