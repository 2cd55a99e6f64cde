"""`gen-client call` on both servers: every method from the command line, with the result of the same call in Python."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clarigen.examples import IMAGE
from command import RunResult, run_command
from gen_client import cli
from gen_client.call.readers import format_json
from gen_client.call.results import to_json
from server.conftest import Served
from server.test_calls import ECHOES

Call = Callable[..., RunResult]
INNER = {"x": 1.5, "kinds": ["a", "b"]}
OUTER = {"name": "n", "inner": INNER, "pictures": []}

PLAIN: list[tuple[str, list[str], dict[str, Any]]] = [
    ("defaults", [], {}),
    ("defaults", ["b=@a", "d=7", "f=false", "k=", "g=z", "m:=[1]"], {"b": "text of a", "d": 7, "f": False, "k": "", "g": ["z"], "m": [1]}),
    ("defaults", ["a", 'h:={"q":1.5}', "i=[2,\"w\"]", "c:=null", "g=x", "g=y=z"], {"a": "a", "h": {"q": 1.5}, "i": (2, "w"), "c": None, "g": ["x", "y=z"]}),
    ("first_float", ["-0.5"], {"x": -0.5}),
    ("first_float", ["NaN", "y=NaN"], {"x": float("nan"), "y": "NaN"}),
    ("first_list", ["x=b", "x=c"], {"x": ["b", "c"]}),
    ("first_empty_list", ["x=1", "x=[2,3]"], {"x": [1, 2, 3]}),
    ("first_tuple", ['x:=[2,"b"]'], {"x": (2, "b")}),
    ("first_tuple_none", ["y=e"], {"y": "e"}),
    ("first_record_none", [], {}),
    ("first_image_none", [], {}),
    ("zero_str", [], {}),
    ("zero_bytes", [], {}),
    ("zero_int", [], {}),
    ("zero_float", [], {}),
    ("zero_bool", [], {}),
    ("zero_list", [], {}),
    ("nothing", [], {}),
    ("list", ["type=t", "input=2"], {"type": "t", "input": 2}),
    ("chosen", ["exact", "level=9"], {"mode": "exact", "level": 9}),
    ("late", ["second=2+2=4"], {"second": "2+2=4"}),
    ("pair", ['[3,"c"]'], {"x": (3, "c")}),
    ("echo_image", ["x=@image"], {"x": IMAGE}),
    ("echo_bytes", ["x=@image"], {"x": IMAGE.bytes}),
    ("echo_text", ["@a"], {"x": "text of a"}),
    ("images", ["x=@image", "x=@image"], {"x": [IMAGE, IMAGE]}),
    ("echo_ndarray", ["x=[[1,2],[3,4]]"], {"x": [[1, 2], [3, 4]]}),
    ("echo_ndarray", ["x=@array.npy"], {"x": np.array([[0.5, 1.5]], "float32")}),
]  # fmt: skip
"""Calls with one result: the method, the words, and the arguments in Python."""
STREAMS: list[tuple[str, list[str], str, dict[str, Any]]] = [
    ("count", ["n=3"], "", {"n": 3}),
    ("count", ["0"], "", {"n": 0}),
    ("pictures", ["@image", "times=3"], "", {"x": IMAGE, "times": 3}),
    ("double", ["factor=3"], "1\n2\n\n3\n", {"items": [1, 2, 3], "factor": 3}),
    ("double", ["items=4", "items:=[5,6]"], "", {"items": [4, 5, 6]}),
    ("prefixed", ["p-"], '"a"\n"b"', {"prefix": "p-", "items": ["a", "b"]}),
    ("sizes", ["images=@image"], "", {"images": [IMAGE]}),
]
"""Calls with several results: also what is on standard input."""
COVERED = {name for name, _ in ECHOES} | {row[0] for row in (*PLAIN, *STREAMS)}


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:
    """Return a function that runs `gen-client call` in this process, in a folder with a few files."""
    monkeypatch.chdir(tmp_path)
    Path("a").write_text("text of a")
    Path("image").write_bytes(IMAGE.bytes)
    np.save("array.npy", np.array([[0.5, 1.5]], "float32"))

    def run(served: Served, *words: str, stdin: str = "") -> RunResult:
        options = ("--api-base", served.url)
        return run_command(capsys, "call", served.folder, *words, *options, stdin=stdin)

    return run


def expect(value: Any) -> Any:
    """Return the JSON of a result."""
    return json.loads(format_json(to_json(value)))


def test_every_method_is_called(own: Served) -> None:
    lock = json.loads((own.folder / "signatures.json").read_text())
    names = {method["name"] for method in lock["method_signatures"]}
    tested_apart = {"record", "records", "readings", "fail", "fail_midway"}
    assert names - COVERED == tested_apart


@pytest.mark.parametrize(
    ("method", "value"),
    [
        pytest.param(name, value, id=f"{name}-{i}")
        for name, values in ECHOES
        for i, value in enumerate(values)
    ],
)
def test_a_value_survives_as_json(official: Served, call: Call, method: str, value: Any) -> None:
    code, out, err = call(official, method, f"x:={format_json(to_json(value))}")
    assert (code, err) == (0, "")
    with official.client() as model:
        assert json.loads(out) == expect(getattr(model, method)(value))


@pytest.mark.parametrize(("method", "words", "arguments"), PLAIN)
def test_the_result_is_that_of_python(
    served: Served, call: Call, method: str, words: list[str], arguments: dict[str, Any]
) -> None:
    code, out, err = call(served, method, *words)
    assert (code, err) == (0, "")
    with served.client() as model:
        assert json.loads(out) == expect(getattr(model, method)(**arguments))


@pytest.mark.parametrize(("method", "words", "stdin", "arguments"), STREAMS)
def test_the_results_of_a_stream_are_lines(
    served: Served,
    call: Call,
    method: str,
    words: list[str],
    stdin: str,
    arguments: dict[str, Any],
) -> None:
    code, out, err = call(served, method, *words, stdin=stdin)
    assert (code, err) == (0, "")
    with served.client() as model:
        results = [expect(result) for result in getattr(model, method)(**arguments)]
    assert list(map(json.loads, out.splitlines())) == results


def test_records_are_objects(served: Served, call: Call) -> None:
    assert json.loads(call(served, "record", f"x={json.dumps(OUTER)}")[1]) == OUTER
    assert json.loads(call(served, "records", f"x:={json.dumps([INNER])}")[1]) == [INNER]
    lines = call(served, "readings", stdin=f"{json.dumps(INNER)}\n{json.dumps(INNER)}\n")[1]
    assert lines == '["a", "b", "1.5"]\n' * 2


def test_a_failed_call(served: Served, call: Call) -> None:
    code, out, err = call(served, "fail", "no such luck")
    assert (code, out) == (1, "")
    assert err.startswith("gen-client: error: ")
    assert "no such luck" in err
    code, out, err = call(served, "fail_midway", "2")
    assert (code, out) == (1, "0\n1\n")
    assert "midway" in err


def test_media_go_to_files_and_back(served: Served, call: Call) -> None:
    code, out, _ = call(served, "echo_image", "@image", "--out", "copy.png")
    assert (code, json.loads(out)) == (0, {"file": "copy.png"})
    assert Path("copy.png").read_bytes() == IMAGE.bytes
    out = call(served, "pictures", "x=@copy.png", "times=2", "--out", "new/folder/")[1]
    files = [json.loads(line)["file"] for line in out.splitlines()]
    assert files == ["new/folder/pictures-1.png", "new/folder/pictures-2.png"]
    assert {Path(file).read_bytes() for file in files} == {IMAGE.bytes}
    out = call(served, "echo_ndarray", "@array.npy", "--out", "b.npy")[1]
    assert json.loads(out) == {"file": "b.npy"}
    assert np.load("b.npy").dtype == np.float32
    assert np.load("b.npy").tolist() == [[0.5, 1.5]]


def test_a_batch_has_a_line_for_each_line(served: Served, call: Call) -> None:
    rows = [json.dumps({"x": number}) for number in range(1000)]
    bad = {7: "[", 100: '{"x": "no"}', 250: '{"y": 1}', 500: "{}", 501: '"text"', 502: "\\", 700: '{"x": 1.5}', 800: '{"x": null, "z": 0}', 998: "nope", 999: '{"x": [1]}'}  # fmt: skip
    for number, row in bad.items():
        rows[number] = row
    code, out, err = call(served, "echo_int", "--batch", "-", stdin="\n".join(rows))
    lines = [json.loads(line) for line in out.splitlines()]
    assert len(lines) == 1000
    for number, line in enumerate(lines):
        if number in bad:
            assert line["error"]["type"] == "InputError"
        else:
            assert line == number
    assert code == 1
    assert "10 of 1000 calls failed" in err


def test_a_batch_says_which_lines_the_model_fails(served: Served, call: Call) -> None:
    Path("in.jsonl").write_text('{"message": "one"}\n\n{"message": "two"}\n')
    code, out, _ = call(served, "fail", "--batch", "in.jsonl")
    errors = [json.loads(line)["error"] for line in out.splitlines()]
    assert (code, len(errors)) == (1, 2)
    assert "one" in errors[0]["message"]
    assert "two" in errors[1]["message"]
    code, out, _ = call(
        served, "list", "type=t", "--batch", "-", stdin='{"input": 5}\n{"type": "u"}'
    )
    assert (code, list(map(json.loads, out.splitlines()))) == (0, ["('t', 5)", "('u', 1)"])
    out = call(served, "count", "--batch", "-", stdin='{"n": 2}\n1')[1]
    assert out == '["0", "1"]\n["0"]\n'


def test_a_tool_is_called(
    mcp_url: Callable[[str], str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = mcp_url("lab")
    shape = '{"points": [{"x": 1.0}, {"x": 2.0, "y": 3.0}]}'
    assert cli.main(["call", url, "area", f"shape={shape}", "unit=ft2"]) == 0
    assert json.loads(capsys.readouterr().out)["unit"] == "ft2"
    assert cli.main(["call", url, "add", "a=2", "b=3"]) == 0
    assert capsys.readouterr().out == "5\n"
    assert cli.main(["call", url, "fails"]) == 1
    assert cli.main(["call", url, "add", "a=two"]) == 2
    capsys.readouterr()
    lines = b'{"a": 1}\n{"a": "x"}\n{"a": 3, "b": 3}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
    assert cli.main(["call", url, "add", "--batch", "-"]) == 1
    first, bad, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first, bad["error"]["type"], last) == (2, "InputError", 6)
