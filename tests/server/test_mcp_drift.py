"""Tools that change: what the lock keeps, and what `--check`, `--frozen`, `diff`, `verify` and calls say then."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clarigen import SignatureMismatchError, ToolError
from gen_client import cli
from server.mcp_servers import MODELS
from server.mcp_transport import Transport

pytestmark = pytest.mark.official_server

Url = Callable[[str], str]
FILES = ("client.py", "__init__.py", "examples.py", "signatures.json")


def read_files(package: Path) -> dict[str, bytes]:
    return {name: (package / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("name", ["lab", "hard", "mixed"])
def test_lock_has_everything(name: str, mcp_url: Url, tmp_path: Path) -> None:
    """The same bytes come of the model, of its lock, and of its lock as a signature file."""
    url = ["--url", mcp_url(name), "--name", name]
    out = ["--out", str(tmp_path / "a")]
    assert cli.main([*url, *out]) == 0
    written = read_files(tmp_path / "a" / name)
    assert cli.main([*url, *out, "--check", "--no-cache"]) == 0
    assert cli.main([*url, *out, "--frozen", "--no-cache"]) == 0
    (tmp_path / "a" / name / "client.py").unlink()
    assert cli.main([*url, *out, "--offline", "--no-cache"]) == 0
    assert read_files(tmp_path / "a" / name) == written
    lock = ["--signatures", str(tmp_path / "a" / name / "signatures.json"), "--name", name]
    assert cli.main([*lock, "--out", str(tmp_path / "b"), "--no-cache"]) == 0
    assert read_files(tmp_path / "b" / name) == written


def test_answer_to_tools_list_is_enough(mcp_url: Url, tmp_path: Path) -> None:
    """A client of the list alone has the same methods."""
    hard = MODELS / "hard" / "1" / "tools.json"
    for source in (["--signatures", str(hard)], ["--url", mcp_url("hard")]):
        out = tmp_path / source[0].strip("-")
        assert cli.main([*source, "--name", "hard", "--out", str(out)]) == 0
    clients = [
        (tmp_path / part / "hard" / "client.py").read_text() for part in ("signatures", "url")
    ]
    assert clients[0] == clients[1]


@pytest.fixture
def faulty(mcp_url: Url, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The package of the faulty model, and a client of its transport; the server lists its tools rightly at first."""
    url = mcp_url("faulty")
    with Transport(base_url=url, timeout=30) as client:
        client.call("fail_next", how="")
        assert cli.main(["--url", url, "--name", "faulty_tools", "--out", str(tmp_path)]) == 0
        monkeypatch.syspath_prepend(str(tmp_path))
        package = importlib.import_module("faulty_tools")
        yield package, client, url
    for name in [name for name in sys.modules if name.startswith("faulty_tools")]:
        del sys.modules[name]


def test_commands_say_that_the_tools_changed(
    faulty: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, client, url = faulty
    client.call("fail_next", how="other")
    options = ["--url", url, "--name", "faulty_tools", "--out", str(tmp_path)]
    assert cli.main([*options, "--check"]) == 1
    assert "the model's tools changed" in capsys.readouterr().out
    assert cli.main([*options, "--frozen"]) == 1
    error = capsys.readouterr().err
    assert "the model's tools are not those of the lock" in error
    assert "generate from the model's present tools" in error
    lock = str(tmp_path / "faulty_tools")
    assert cli.main(["diff", lock, "--url", url, "--format", "json"]) == 1
    assert '"type-changed"' in capsys.readouterr().out


def test_verify_compares_the_tools(faulty: Any) -> None:
    package, client, url = faulty
    with package.FaultyTools(base_url=url, timeout=30, verify=True) as model:
        assert model.fail_next("gone").text == "next: gone"
        assert model.fail_next("gone").text == "next: gone"
    with (
        package.FaultyTools(base_url=url, timeout=30, verify=True) as model,
        pytest.raises(SignatureMismatchError, match="fail_next: was removed"),
    ):
        model.fail_next("")
    client.call("fail_next", how="raise")
    with (
        package.FaultyTools(base_url=url, timeout=30, verify=True) as model,
        pytest.raises(Exception, match=r"tools/list: .*the catalogue is locked"),
    ):
        model.fail_next("")


def test_verify_compares_prompts_and_resources(
    mcp_url: Url, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of this package has a prompt, an argument of one, and a resource that the model has not."""
    url = mcp_url("lab")
    assert cli.main(["--url", url, "--name", "known_lab", "--out", str(tmp_path)]) == 0
    monkeypatch.syspath_prepend(str(tmp_path))
    package = importlib.import_module("known_lab")
    with package.KnownLab(base_url=url, timeout=30, verify=True) as model:
        assert model.add(1) == 2
    path = tmp_path / "known_lab" / "signatures.json"
    lock = json.loads(path.read_text("utf-8"))
    [review] = lock["mcp"]["prompts"]
    review["arguments"].append({"name": "style", "required": False})
    lock["mcp"]["prompts"].append({"name": "praise"})
    lock["mcp"]["resources"].append({"uri": "config://old"})
    path.write_text(json.dumps(lock), "utf-8")
    with package.KnownLab(base_url=url, timeout=30, verify=True) as model:
        assert model.add(1) == 2
        with pytest.raises(SignatureMismatchError) as prompts:
            model.prompt("praise")
        with pytest.raises(SignatureMismatchError) as resources:
            model.read_resource("config://old")
    assert prompts.value.differences == (
        "prompt: the prompt `praise` was removed",
        "prompt: the argument `style` of the prompt `review` was removed",
    )
    assert resources.value.differences == (
        "read_resource: the resource `config://old` was removed",
    )


def test_call_of_a_tool_that_is_gone(faulty: Any, mcp_url: Url) -> None:
    package, _, _ = faulty
    with (
        package.FaultyTools(base_url=mcp_url("mixed"), timeout=30) as model,
        pytest.raises(
            ToolError, match=r"fail_next: .* has no tool of this name; run gen-client again"
        ),
    ):
        model.fail_next("")


def test_failure_of_a_bridged_tool(mcp_url: Url, tmp_path: Path) -> None:
    options = ["--url", mcp_url("bridged"), "--name", "bridged_notes", "--out", str(tmp_path)]
    assert cli.main(options) == 0
    sys.path.insert(0, str(tmp_path))
    try:
        package = importlib.import_module("bridged_notes")
    finally:
        sys.path.remove(str(tmp_path))
    with package.BridgedNotes(base_url=mcp_url("bridged"), timeout=30) as model:
        assert json.loads(model.write_note("a", "b"))["notes"] >= 1
        assert model.read_note("a") == "b"
        with pytest.raises(
            ToolError, match="read_note: the tool failed: Error executing read_note"
        ):
            model.read_note("missing")
