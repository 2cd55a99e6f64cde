"""`gen-client call`: what a model answers is printed and written without harm, and a file decides nothing about the call."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from concurrent import futures
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen import _proto
from clarigen.examples import IMAGE, PrintableOutput
from clarigen.testing import serve
from command import RunResult, run_command
from gen_client.call.readers import format_json
from gen_client.call.results import Files
from gen_client.characters import HIDDEN_CHARACTER
from gen_client.terminal import progress
from support import CORPUS, ROOT

Call = Callable[..., RunResult]
DETECTOR = CORPUS / "docs" / "detector.json"
HIDDEN = "a\u3164\ufe0f\U000e0100\U00016fe4\U000e0041\u202e\x1b]52;c;x\x07\n::error::##[add-mask]x"


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Return a function that runs `gen-client call` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLARIFAI_PAT", "unused")
    return partial(run_command, capsys, "call", stdin="")


class Model:
    """A model with hostile answers."""

    def text(self) -> str:
        return HIDDEN

    def pieces(self) -> Iterator[str]:
        yield from ("#", "#", "[error]x\n", " :", ":error::y\n", "\U000e0100z")

    def files(self) -> Iterator[bytes]:
        for number in range(3):
            yield b"theirs %d" % number


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(Model()) as server:
        yield server.url


# What is printed


def test_a_line_of_json_has_no_hidden_character_and_the_same_value(call: Call, url: str) -> None:
    for text in (HIDDEN, [HIDDEN], {HIDDEN: HIDDEN}):
        line = format_json(text)
        assert json.loads(line) == text
        assert line.isprintable()
        assert HIDDEN_CHARACTER.search(line) is None, ascii(line)
    code, out, _ = call(url, "text")
    assert code == 0
    assert json.loads(out) == HIDDEN
    assert HIDDEN_CHARACTER.search(out.rstrip("\n")) is None


def test_a_command_in_pieces_of_text_is_none(call: Call, url: str) -> None:
    _, out, _ = call(url, "pieces", "--text")
    assert "##[" not in out
    assert not any(line.lstrip().startswith("::") for line in out.splitlines())
    assert "\U000e0100" not in out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_text_that_the_terminal_cannot_show_is_escaped(encoding: str) -> None:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding)
    PrintableOutput(stream).write("ü 日\n")
    stream.flush()
    assert buffer.getvalue().decode(encoding) in ("\\xfc \\u65e5\n", "ü \\u65e5\n")


def test_a_stage_is_shown_without_commands_for_the_terminal() -> None:
    """The name of a folder is part of a stage, and `gen-client contract */` takes any."""
    text = progress.to_plain_text("reading [b]\x1b]0;x\x07")  # pyright: ignore[reportPrivateUsage]
    assert text.plain == "reading [b]\\x1b]0;x\\x07"


def test_a_result_that_is_nested_deeply_is_an_error_of_the_call(call: Call) -> None:
    """The platform sends JSON as text, with as many levels as it likes."""
    reply = _proto.MultiOutputResponse()
    reply.status.code = 10000
    output = reply.outputs.add()
    output.status.code = 10000
    output.data.string_value = "[" * 900 + "]" * 900
    body = reply.SerializeToString()

    class Handler(grpc.GenericRpcHandler):
        def service(self, handler_call_details: Any) -> Any:
            return grpc.unary_unary_rpc_method_handler(lambda request, _: body)

    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Handler()])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    signature = {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "output_fields": [{"name": "return", "type": "JSON_DATA"}],
    }
    Path("x.json").write_text(json.dumps([signature]))
    words = ["x.json", "predict", "--api-base", f"grpc://127.0.0.1:{port}", "--timeout", "20"]
    try:
        code, out, err = call(*words)
        assert (code, out) == (1, "")
        assert (
            "nested too deeply" in err or "is not JSON" in err
        )  # the parser of Python 3.11 refuses it
        Path("in.jsonl").write_text("{}\n")
        code, out, _ = call(*words, "--batch", "in.jsonl")
        assert code == 1
        assert json.loads(out)["error"]["type"] == "DecodeError"
    finally:
        server.stop(None)


# What is written


@pytest.mark.parametrize("target", ["out", "out/a.bin"])
def test_no_file_is_written_through_a_link_that_could_be_foreseen(
    call: Call, url: str, target: str
) -> None:
    """Only the path that the user names may be a link."""
    Path("mine").write_text("mine")
    Path("out").mkdir()
    names = ("files-1.bin", "files-2.bin", "a-2.bin")
    for name, goal in zip(names, ("mine", "missing", "mine"), strict=True):
        Path("out", name).symlink_to(Path(goal).absolute())
    code, out, _ = call(url, "files", "--out", target)
    files = [Path(json.loads(line)["file"]) for line in out.splitlines()]
    assert (code, len(files)) == (0, 3)
    assert [file.read_bytes() for file in files] == [b"theirs 0", b"theirs 1", b"theirs 2"]
    assert not any(file.is_symlink() for file in files)
    assert Path("mine").read_text() == "mine"
    assert not Path("missing").exists()


def test_a_second_run_replaces_only_the_file_that_is_named(tmp_path: Path) -> None:
    for _ in range(2):
        files = Files(str(tmp_path / "a.png"), "m")
        files.write(b"1", ".png")
        files.write(b"2", ".png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-2.png", "a-3.png", "a.png"]


def test_no_answer_chooses_the_name_of_a_file(tmp_path: Path) -> None:
    files = Files(f"{tmp_path}/x/", "look")
    for content in (IMAGE.bytes, b"", b"/etc/passwd\0.sh", b"#!/bin/sh\n", b"MZ"):
        path = Path(files.write(content, ".png" if content == IMAGE.bytes else ".bin"))
        assert path.parent == tmp_path / "x"
        assert path.suffix in (".png", ".bin")


# Who is called


SETTINGS = {"client": {"deployment_id": "evil", "deployment_user_id": "mallory"}}


def test_a_file_with_the_name_of_a_lock_is_no_package(call: Call) -> None:
    content = {**json.loads(DETECTOR.read_text()), **SETTINGS}
    Path("downloads").mkdir()
    Path("downloads", "signatures.json").write_text(json.dumps(content))
    Path("p.png").write_bytes(IMAGE.bytes)
    for source in ("downloads", "downloads/signatures.json"):
        err = call(source, "predict", "@p.png", "--samples")[2]
        assert "'evil', is ignored" in err


def test_the_settings_of_a_package_count(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is ignored" not in call(ROOT / "generated" / "detector", "predict", "--samples")[2]


def test_no_method_hides_that_settings_are_ignored(call: Call) -> None:
    """Warnings about other methods are not printed, and a file can have a method of any name."""
    content = {**json.loads(DETECTOR.read_text()), **SETTINGS}
    method = content["method_signatures"][0]
    content["method_signatures"] += [{**method, "name": name} for name in ("client", "types")]
    Path("x.json").write_text(json.dumps(content))
    Path("p.png").write_bytes(IMAGE.bytes)
    assert "'evil', is ignored" in call("x.json", "predict", "@p.png", "--samples")[2]
