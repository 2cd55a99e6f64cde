"""No command sends a credential of the environment to a server that a pull request names.

Every command is run with every place in a repository that can name a server or a file: the configuration, a lock, an
entry. A replacement of grpc's channels records the calls.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import grpc
import pytest

from clarigen._transport import channel_pool
from clarigen._transport.channel import OpenChannel
from clarigen._transport.connecting import READY
from clarigen._transport.endpoint import Target
from gen_client import cli
from gen_client.commands.registry import COMMANDS
from support import ROOT

CANARY: Final = "c4n4ry0c4n4ry"
EVIL: Final = "models.example"
OURS: Final = "api.clarifai.com:443"
LOCK: Final = "signatures.json"

WORDS: Final[dict[str, list[list[str]]]] = {
    "": [[], ["--check"], ["--diff"], ["--frozen"], ["--offline"], ["--force", "--no-cache"]],
    "init": [["a/b/models/c"], [f"grpcs://{EVIL}:443"]],
    "diff": [[], ["good"], ["good", "--format", "json"], ["good", "good"], ["--base", "HEAD"]],
    "show": [["good"], ["good", "predict", "--snippet"], ["good", "--json"]],
    "call": [
        ["good", "analyze", "text"],
        ["good", "analyze", "--batch", "pyproject.toml"],
    ],
    "run": [["good", "analyze", "--in", "rows.jsonl", "--out", "results"]],
    "serve": [["missing"]],
    "contract": [["good", "--lint"], ["good", "--lock", f"good/{LOCK}"]],
    "migrate": [["."], [".", "--diff"], [".", "--init"]],
    "skeleton": [["good", "--out", "mine"]],
    "doctor": [[], ["good"]],
    "generate": [[], ["good", "--out", "other"], ["--check"]],
    "completion": [["bash"]],
    "help": [[], ["show"]],
}
"""The arguments of each command in CI. Only `init` names a server, and it asks none."""

PLACES: Final = {
    "url": f'[[tool.gen-client.models]]\nurl = "grpcs://{EVIL}:443"\nname = "good"\n',
    "plain url": f'[[tool.gen-client.models]]\nurl = "grpc://{EVIL}:80"\nname = "good"\n',
    "api-base": f'[tool.gen-client]\napi-base = "https://{EVIL}"\n'
    '[[tool.gen-client.models]]\nurl = "a/b/models/good"\n',
    "like ours": '[tool.gen-client]\napi-base = "https://api.clarifai.com.models.example"\n'
    '[[tool.gen-client.models]]\nurl = "a/b/models/good"\n',
    "another port": '[tool.gen-client]\napi-base = "https://api.clarifai.com:8443"\n'
    '[[tool.gen-client.models]]\nurl = "a/b/models/good"\n',
    "lock": '[[tool.gen-client.models]]\nurl = "a/b/models/good"\n',
}


class _Refused(grpc.RpcError):
    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNAUTHENTICATED

    def details(self) -> str:
        return "not in a test"


class Channel:
    """A channel that records the metadata of each call and rejects the call."""

    sent: list[tuple[str, str]] = []  # noqa: RUF012

    def __init__(self, target: Target) -> None:
        self._address = target.address

    def unary_unary(self, _: str) -> Any:
        def call(request: bytes, timeout: float, metadata: Any) -> bytes:
            assert request is not None
            assert timeout > 0
            self.sent.append((self._address, str(metadata)))
            raise _Refused

        return call

    def close(self) -> None:
        """Do nothing: no connection is open."""


def open_recording_channel(target: Target, *_: object) -> OpenChannel:
    """Return a channel that records its calls, and is ready."""
    recorder = Channel(target)
    return OpenChannel(recorder, recorder, lambda connect: READY)


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The calls from a repository with a package; the environment has a credential and no server."""
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    Path("rows.jsonl").write_text('{"text": "a"}\n')
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("CLARIFAI_API_BASE", "CLARIGEN_TRUSTED_HOSTS", "CLARIFAI_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLARIFAI_PAT", CANARY)
    monkeypatch.setattr(channel_pool, "open_channel", open_recording_channel)
    words = ["--signatures", str(ROOT / "generated" / "text_stats" / LOCK), "--name", "good"]
    assert cli.main([*words, "--model", "a/b/models/good", "--quiet"]) == 0
    Channel.sent.clear()
    return Channel.sent


def test_every_command_is_listed() -> None:
    assert {"", *(command.name for command in COMMANDS)} == WORDS.keys()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("command", WORDS)
def test_credential_is_sent_to_the_platform_only(
    sent: list[tuple[str, str]], capsys: pytest.CaptureFixture[str], command: str, place: str
) -> None:
    if place == "lock":
        lock = Path("good", LOCK)
        content = json.loads(lock.read_text())
        names = ("base_url", "api_base", "api-base", "url", "target", "address")
        content |= dict.fromkeys(names, f"https://{EVIL}")
        content["model"] |= dict.fromkeys(names, f"https://{EVIL}")
        lock.write_text(json.dumps(content))
    for words in WORDS[command]:
        Path("pyproject.toml").write_text(PLACES[place])
        cli.main([*([command] if command else []), *words])
        out, err = capsys.readouterr()
        assert CANARY not in out + err
    for address, metadata in sent:
        assert (CANARY in metadata) == (address == OURS), address
        assert address == OURS or place == "plain url"
    for path in (path for path in Path().parent.rglob("*") if path.is_file()):
        assert CANARY not in path.read_text(), path


@pytest.mark.parametrize("command", ["", "diff", "doctor"])
def test_trusted_server_receives_the_credential(
    sent: list[tuple[str, str]], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Check that the test above would notice a credential."""
    Path("pyproject.toml").write_text(PLACES["lock"])
    assert cli.main([command] if command else []) != 0
    assert [CANARY in metadata for _, metadata in sent] == [True] * len(sent) != []
    sent.clear()
    monkeypatch.setenv("CLARIGEN_TRUSTED_HOSTS", EVIL)
    Path("pyproject.toml").write_text(PLACES["api-base"])
    assert cli.main([command] if command else []) != 0
    assert {address for address, _ in sent} == {f"{EVIL}:443"}
