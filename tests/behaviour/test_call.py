"""`gen-client call`: arguments, results, exit codes and messages; `tests/server/test_command_calls.py` has all types."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clarigen import Image
from clarigen.examples import IMAGE
from clarigen.testing import OpenAITransports, serve
from command import FOREGROUND, RunResult, run_command
from gen_client.call.readers import format_json
from gen_client.call.results import to_json
from support import CORPUS, ROOT, SOURCES

DETECTOR = CORPUS / "docs" / "detector.json"
STUDIO = ROOT / "generated" / "speech_studio"
Call = Callable[..., RunResult]


class Model:
    """A model to call."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def greet(self, name: str, times: int = 1, loud: bool = False) -> str:
        return (name.upper() if loud else name) * times

    def look(self, image: Image, tags: list[str] = []) -> dict[str, Any]:  # noqa: B006
        return {"url": image.url, "size": len(image.bytes), "tags": tags}

    def hostile(self) -> str:
        return "\x1b[31m\u202e::warning::x\n::error::y ##[error]z\x07 ünï"

    def wait(self, first: str) -> Iterator[str]:
        yield first
        assert self.go.wait(60)
        yield "second"

    def add(self, items: Iterator[int], start: int = 0) -> Iterator[int]:
        for item in items:
            start += item
            yield start


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Call:
    """Return a function that runs `gen-client call` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    Path("p.png").write_bytes(IMAGE.bytes)

    return partial(run_command, capsys, "call", stdin="")


@pytest.fixture
def url() -> Iterator[str]:
    """Serve the model and yield its URL."""
    with serve(Model()) as server:
        yield server.url


# Arguments


@pytest.mark.parametrize(
    ("words", "result"),
    [
        (["Ada"], "Ada"),
        (["name=Ada", "times=2"], "AdaAda"),
        (["Ada", "loud=true"], "ADA"),
        (["name=a=b"], "a=b"),
        (["2+2=4"], "2+2=4"),
        (['name:="@x"'], "@x"),
        (["name=@name.txt"], "from a file\n"),
        (["-"], "from stdin"),
        (["name="], ""),
        (["--", "-x"], "-x"),
    ],
)
def test_an_argument_is_read_by_its_type(
    call: Call, url: str, words: list[str], result: str
) -> None:
    Path("name.txt").write_text("from a file\n")
    code, out, err = call(url, "greet", *words, stdin="from stdin")
    assert (code, json.loads(out), err) == (0, result, "")


def test_options_may_stand_anywhere(call: Call, url: str) -> None:
    assert call("--text", url, "greet", "--timeout", "5", "Ada", "times=2")[1] == "AdaAda\n"


def test_media_are_files_urls_or_json(call: Call, url: str) -> None:
    size = len(IMAGE.bytes)
    assert json.loads(call(url, "look", "image=@p.png")[1])["size"] == size
    assert json.loads(call(url, "look", "@p.png", "tags=a", "tags=b")[1])["tags"] == ["a", "b"]
    link = "https://x.example/p.png"
    assert json.loads(call(url, "look", f"image={link}")[1])["url"] == link
    assert json.loads(call(url, "look", f'image:={{"url":"{link}"}}')[1])["url"] == link
    content = format_json(to_json(IMAGE))
    assert json.loads(call(url, "look", f"image:={content}")[1])["size"] == size


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "`name` is required\n  it takes name, [times], [loud]"),
        (["Ada", "times=many"], "`times` must be an int, not 'many'"),
        (["Ada", "times=1.5"], "`times` must be an int"),
        (["Ada", "loud=yes"], "`loud` must be true or false"),
        (["Ada", "tims=2"], "no parameter 'tims'\n  did you mean 'times'?"),
        (["Ada", "name=Bob"], "`name` is given twice"),
        (["name:={"], "`name` must be JSON"),
        (["name:=5"], "`name` must be a str, not int 5"),
        (["@nothing"], "cannot be read"),
        (["Ada", "--x=2"], "NAME=VALUE"),
        (["Ada", "--bach", "x"], "did you mean '--batch'?"),
        (["Ada", "--timeout", "0"], "--timeout"),
        (["--batch", "nothing"], "cannot be read"),
        (["--out", "p.png/x", "Ada"], "cannot be written"),
        (["a\x1b[31m=b", "times=\x1b"], "`times` must be an int, not '\\x1b'"),
    ],
)
def test_misuse_gets_a_remedy(call: Call, url: str, words: list[str], message: str) -> None:
    code, out, err = call(url, "greet", *words)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no model is named"),
        ([DETECTOR], "no method is named\n  it has predict, generate"),
        ([DETECTOR, "predikt"], "did you mean 'predict'?"),
        ([DETECTOR, "chat", "Hello"], "no method 'chat'"),
        ([DETECTOR, "predict", "image=p.png"], "did you mean '@p.png'?"),
        ([DETECTOR, "predict", "image=cat"], "must be @FILE, - for standard input, or a URL"),
        ([DETECTOR, "predict", "image=@p.png"], "CLARIFAI_PAT"),
        ([DETECTOR, "predict", "image=@p.png", "--model", "grpc://x:1"], "--api-base"),
        ([STUDIO, "compare", "first=x", "second=[1]"], "`first` must be JSON"),
        ([STUDIO, "speak", "hi", "watermark=x"], "`watermark` must be @FILE"),
        ([STUDIO, "transcribe", "@p.png", 'tuning={"beam":1}'], "did you mean 'beams'?"),
        ([STUDIO, "transcribe", "@p.png", 'tuning={"beams":1}'], "has no 'temperatures'"),
        ([STUDIO, "transcribe", "@p.png", "interval=[1]"], "an array of 2"),
        ([STUDIO, "transcribe", "@p.png", "language=xx"], "must be one of 'auto', 'en'"),
    ],
)
def test_a_model_that_cannot_be_called(call: Call, words: list[object], message: str) -> None:
    code, out, err = call(*words, *(["--samples"] if words[:1] == [STUDIO] else []))
    assert (code, out) == (2, "")
    assert message in err


def test_a_file_without_a_model_needs_one(call: Call, url: str) -> None:
    content = json.loads(DETECTOR.read_text())
    Path("x.json").write_text(json.dumps(content["method_signatures"]))
    code, _, err = call("x.json", "predict", "@p.png")
    assert (code, "--model" in err) == (2, True)
    assert call("x.json", "predict", "@p.png", "--samples")[0] == 0


def test_a_server_that_is_not_there(call: Call) -> None:
    code, out, err = call(DETECTOR, "predict", "@p.png", "--api-base", "grpc://127.0.0.1:1", "--timeout", "0.5")  # fmt: skip
    assert (code, out) == (3, "")
    assert "127.0.0.1:1" in err or "second" in err


def test_standard_input_is_used_once(call: Call) -> None:
    code, _, err = call("-", "predict", "-", stdin=DETECTOR.read_text())
    assert (code, "used twice" in err) == (2, True)


def test_settings_of_a_file_decide_nothing(call: Call) -> None:
    content = json.loads(DETECTOR.read_text())
    Path("x.json").write_text(json.dumps({**content, "client": {"deployment_id": "evil"}}))
    assert "is ignored" in call("x.json", "predict", "@p.png", "--samples")[2]


# Results


def test_a_text_of_a_model_is_text(call: Call, url: str) -> None:
    for words in ([], ["--text"]):
        code, out, _ = call(url, "hostile", *words)
        assert code == 0
        assert "ünï" in out
        assert not any(line.lstrip().startswith("::") for line in out.split("\n"))
        assert "##[" not in out
    text = json.loads(call(url, "hostile")[1])
    assert text == Model().hostile()


def test_sample_values_need_no_model(call: Call) -> None:
    code, out, err = call(DETECTOR, "predict", "@p.png", "--samples")
    assert (code, err) == (0, "")
    assert json.loads(out)[0]["box"]


def test_files_in_a_folder_are_not_replaced(call: Call) -> None:
    Path("out").mkdir()
    for number in (1, 2):
        out = call(STUDIO, "narrate", "hi", "--samples", "--out", "out")[1]
        files = [json.loads(line)["file"] for line in out.splitlines()]
        assert len(files) == 3
        assert len(list(Path("out").iterdir())) == 3 * number
    out = call(STUDIO, "narrate", "hi", "--samples", "--out", "a.bin")[1]
    assert [json.loads(line)["file"] for line in out.splitlines()] == [
        "a.bin",
        "a-2.bin",
        "a-3.bin",
    ]


def test_what_values_become() -> None:
    assert format_json(to_json([float("nan"), float("-inf"), 1.0])) == '["NaN", "-Infinity", 1.0]'
    assert to_json(b"\x00\xff") == "AP8="
    assert to_json(Image(url="u", bytes=b"x")) == {"url": "u", "bytes": "eA=="}
    assert format_json("\u202e\x7f\U000e0001ü") == '"\\u202e\\u007f\\udb40\\udc01ü"'


# Streams


def test_a_line_is_printed_before_the_next_result_is_made() -> None:
    model = Model()
    with serve(model) as server:
        command = [sys.executable, "-m", "gen_client", "call", server.url, "wait", "hello"]
        env = {**os.environ, "PYTHONPATH": SOURCES}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == '"hello"\n'
            model.go.set()
            assert process.stdout.read() == '"second"\n'
        assert process.returncode == 0


def test_an_item_is_sent_before_the_next_is_read() -> None:
    with serve(Model()) as server:
        command = [sys.executable, "-c", FOREGROUND, "call", server.url, "add", "start=10"]
        env = {**os.environ, "PYTHONPATH": SOURCES}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=env) as process:  # fmt: skip
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            for item, total in ((1, 11), (5, 16)):
                process.stdin.write(f"{item}\n")
                process.stdin.flush()
                assert process.stdout.readline() == f"{total}\n"
            # An interrupt ends it while it waits for the next line.
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
            assert process.stderr.read() == ""


def test_a_line_that_does_not_fit_ends_a_stream(call: Call, url: str) -> None:
    code, out, err = call(url, "add", stdin='1\n"x"\n2\n')
    assert code == 2
    assert out in ("", "1\n")  # the call is canceled, perhaps before its first result
    assert "`items`" in err


def test_pieces_of_text_follow_each_other(call: Call) -> None:
    class Pieces:
        def tell(self) -> Iterator[str]:
            yield from ("Once ", "upon\n", "a time")

    with serve(Pieces()) as server:
        assert call(server.url, "tell", "--text")[1] == "Once upon\na time\n"
        assert call(server.url, "tell")[1] == '"Once "\n"upon\\n"\n"a time"\n'


# Chats


class Chat(OpenAITransports):
    def predict(self, prompt: str) -> str:
        return prompt


def answer(body: dict[str, Any]) -> str:
    if body.get("seed") == 13:
        raise ValueError("unlucky")
    return f"{body['messages'][-1]['content']} at {body.get('temperature')}"


def test_a_chat(call: Call) -> None:
    with serve(Chat(answer)) as server:
        code, out, _ = call(server.url, "chat", "Hello", "temperature=0.5")
        assert code == 0
        assert json.loads(out)["choices"][0]["message"]["content"] == "Hello at 0.5"
        assert call(server.url, "chat", "Hello", "--text")[1] == "Hello at None\n"
        messages = json.dumps([{"role": "user", "content": "Hi"}])
        assert call(server.url, "chat", f"messages={messages}", "--text")[1] == "Hi at None\n"
        assert call(server.url, "chat", "-", "--text", stdin="Hi")[1] == "Hi at None\n"
        code, out, _ = call(server.url, "chat", "Hello", "stream=true", "--text")
        assert (code, out) == (0, "Hello at None\n")
        lines = call(server.url, "chat", "Hello", "stream=true")[1].splitlines()
        assert all(json.loads(line)["object"] == "chat.completion.chunk" for line in lines)
        code, _, err = call(server.url, "chat")
        assert (code, "`messages` is required" in err) == (2, True)
        code, out, err = call(server.url, "chat", "Hello", "seed=13")
        assert (code, out, "unlucky" in err) == (1, "", True)
        lines = call(server.url, "chat", "--batch", "-", stdin='"a"\n{"messages": "b"}')[1].splitlines()  # fmt: skip
        assert len(lines) == 2
