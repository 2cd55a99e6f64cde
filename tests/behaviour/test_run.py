"""`gen-client run`: rows in, parts out, and the same command after any crash."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clarigen import Image
from clarigen.testing import Server, serve
from command import RunResult, run_command
from support import SOURCES

Run = Callable[..., RunResult]


class Model:
    """The model: it calls `on_row` with each row that it sees."""

    def __init__(self) -> None:
        self.on_row: Callable[[str], object] = lambda _: None

    def look(self, image: Image, times: int = 1) -> dict[str, Any]:
        text = image.bytes.decode() or image.url
        self.on_row(text)
        if text.startswith("bad"):
            raise ValueError("cannot \x1b[31m see")
        return {"seen": text * times}

    def count(self, n: int) -> Iterator[int]:
        yield n


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def server(model: Model) -> Iterator[Server]:
    with serve(model) as server:
        yield server


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: Server,
) -> Run:
    """Return a function that runs `gen-client run` with the model's method `look`, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return partial(run_command, capsys, "run", server.url, "look", "--timeout", "20", stdin="")


def write_parquet(name: str, images: list[bytes | None], **columns: Any) -> None:
    table = pa.table(
        {"id": [f"{name}:{n}" for n in range(len(images))], "image": images, **columns}
    )
    pq.write_table(table, name, row_group_size=7)


def write_lines(name: str, *rows: Any) -> None:
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    Path(name).write_text("\n".join(lines) + "\n\n", "utf-8")


def read_lines(folder: str) -> list[dict[str, Any]]:
    parts = sorted(Path(folder).glob("part-*.jsonl"))
    return [json.loads(line) for part in parts for line in part.read_text("utf-8").splitlines()]


# Parquet


def test_the_rows_of_parquet_files_get_their_results(run: Run, server: Server) -> None:
    write_parquet("a.parquet", [str(n).encode() for n in range(20)], content=["x"] * 20)
    write_parquet("b.parquet", [b"bad", None, b"good"], content=["y"] * 3)
    words = ("times=2", "--in", "a.parquet", "b.parquet", "--out", "out", "--part-rows", "10")
    code, out, err = run(*words)
    assert (code, out.split()) == (
        1,
        [
            "out/part-000000000000-000000000009.parquet",
            "out/part-000000000010-000000000019.parquet",
            "out/part-000000000020-000000000022.parquet",
        ],
    )
    assert "23 rows to send" in err
    assert "2 of 23 rows failed, the first is row 20" in err
    table = pq.read_table("out")  # the whole folder, as engines read it
    assert table["id"].to_pylist()[18:] == [
        *("a.parquet:18", "a.parquet:19"),
        *(f"b.parquet:{n}" for n in range(3)),
    ]
    assert table["content"].to_pylist() == ["x"] * 20 + ["y"] * 3
    results = [value and json.loads(value) for value in table["result"].to_pylist()]
    assert results == [{"seen": str(n) * 2} for n in range(20)] + [None, None, {"seen": "goodgood"}]
    assert [e and e["type"] for e in table["error"].to_pylist()[20:]] == [
        "PredictionError",
        "InputError",
        None,
    ]
    count = len(server.calls)
    assert run(*words)[0] == 1  # as long as a row has failed
    assert len(server.calls) == count  # and nothing is done twice


def test_columns_have_other_names(run: Run) -> None:
    table = pa.table({"content": [b"a"], "result": ["kept"]})
    pq.write_table(table, "a.parquet")
    words = ["--in", "a.parquet", "--out", "out", "--column", "image=content"]
    assert run(*words)[0] == 2
    code, _, err = run(*words, "--result", "seen", "--error", "why")
    assert (code, err.split("\n")[-2]) == (0, "gen-client: 1 rows are done")
    assert pq.read_table("out").column_names == ["content", "result", "seen", "why"]


# JSON lines


def test_the_lines_of_a_file_get_their_results(run: Run) -> None:
    write_lines(
        "in.jsonl",
        {"id": 10**25, "image": "https://x.example/é"},
        {"image": {"bytes": "YmFk"}, "note": "a bad one"},
        "no json",
        {"image": {"url": "https://x.example/2"}, "times": None},
        {},
        "[1]",
    )
    code, out, err = run("--in", "in.jsonl", "--out", "out")
    assert (code, out) == (1, "out/part-000000000000-000000000005.jsonl\n")
    assert "4 of 6 rows failed, the first is row 1" in err
    rows = read_lines("out")
    assert rows[0] == {
        "id": 10**25,
        "image": "https://x.example/é",
        "result": {"seen": "https://x.example/é"},
        "error": None,
    }
    assert (rows[1]["note"], rows[1]["error"]["type"]) == ("a bad one", "PredictionError")
    assert "\\x1b[31m see" in rows[1]["error"]["message"]
    assert (rows[2]["line"], rows[5]["line"]) == ("no json", "[1]")
    assert "must be JSON" in rows[2]["error"]["message"]
    assert rows[3]["result"] == {"seen": "https://x.example/2"}
    assert rows[4]["error"]["message"] == "look: `image` is required"


def test_a_terminal_shows_how_far_a_run_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lines("in.jsonl", *({"image": f"https://x.example/{n}"} for n in range(3)))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "200")
    err = run("--in", "in.jsonl", "--out", "out")[2]
    assert "calling look" in err
    assert "3/3" in err
    assert "/s, 0 failed" in err


# Going on


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_what_is_missing_is_done_and_nothing_else(run: Run, model: Model, suffix: str) -> None:
    images = [f"https://x.example/{n}" for n in range(40)]
    table = pa.table({"image": images})
    pq.write_table(table, "in.parquet", row_group_size=9)
    write_lines("in.jsonl", *({"image": image} for image in images))
    words = ("--in", f"in.{suffix}", "--out", "out", "--part-rows", "10")
    assert run(*words)[0] == 0
    Path(f"out/part-000000000010-000000000019.{suffix}").unlink()
    Path(f"out/part-000000000030-000000000039.{suffix}").unlink()
    seen: list[str] = []
    model.on_row = seen.append
    assert re.search(r"^done +20$", run(*words, "--check")[1], re.MULTILINE)
    assert seen == []
    code, out, _ = run(*words)
    assert (code, len(out.split())) == (0, 2)
    assert sorted(seen) == sorted(images[10:20] + images[30:])


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_rows_that_were_refused_are_repeated(run: Run, server: Server, suffix: str) -> None:
    images = [f"https://x.example/{n}" for n in range(12)] + ["file.png"]
    pq.write_table(pa.table({"image": images, "n": range(13)}), "in.parquet")
    write_lines("in.jsonl", *({"image": image, "n": n} for n, image in enumerate(images)))
    words = ("--in", f"in.{suffix}", "--out", "out", "--in-flight", "1")
    server.faults.add(status="CONN_EXCEED_MONTHLY_LIMIT", times=2)
    code, _, err = run(*words)
    assert code == 1
    assert "--again repeats" in err
    count = len(server.calls)
    code, out, err = run(*words, "--again")
    assert (code, out) == (1, f"out/part-000000000000-000000000012.{suffix}\n")
    assert "1 of 13 rows failed, the first is row 12\n  `error` has the reason beside each\n" in err
    assert len(server.calls) == 12 > count
    rows = pq.read_table("out").to_pylist() if suffix == "parquet" else read_lines("out")
    assert [row["n"] for row in rows] == list(range(13))
    assert [row["error"] is None for row in rows] == [True] * 12 + [False]


def test_a_model_that_takes_nothing_ends_the_run_with_what_was_paid(
    run: Run, server: Server
) -> None:
    write_lines("in.jsonl", *({"image": f"https://x.example/{n}"} for n in range(60)))
    words = ("--in", "in.jsonl", "--out", "out", "--part-rows", "10", "--in-flight", "1")
    fault = server.faults.add(status="MODEL_NOT_DEPLOYED")
    code, out, err = run(*words)
    assert (code, out) == (3, "")
    assert "MODEL_NOT_DEPLOYED" in err
    assert fault.met
    server.faults.clear()
    assert run(*words)[0] == 0
    assert [row["error"] for row in read_lines("out")] == [None] * 60


# What is refused


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "o"], "--in is required"),
        (["--in", "in.jsonl"], "--out is required"),
        (["--in", "in.jsonl", "in.parquet", "--out", "o"], "--in takes files of one format"),
        (["--in", "in.csv", "--out", "o"], "their names end with .parquet, .pq, .jsonl, .ndjson"),
        (["--in", "no.jsonl", "--out", "o"], "'no.jsonl' cannot be read: No such file"),
        (["--in", "no.parquet", "--out", "o"], "'no.parquet' cannot be read"),
        (["--in", "empty.jsonl", "--out", "o"], "the input files have no rows"),
        (["--in", "bad.parquet", "--out", "o"], "'bad.parquet' cannot be read"),
        (["--in", "in.parquet", "other.parquet", "--out", "o"], "has other columns than"),
        (["--in", "in.jsonl", "--out", "o", "--column", "image"], "it takes NAME=COLUMN"),
        (["--in", "in.jsonl", "--out", "o", "--column", "x=y"], "the names are image, times"),
        (["--in", "in.jsonl", "--out", "o", "--column", "image=i"], "have no key 'i'"),
        (["--in", "in.parquet", "--out", "o", "--column", "image=i"], "has no column 'i'"),
        (["--in", "x.jsonl", "--out", "o"], "have no key 'image'"),
        (["--in", "taken.jsonl", "--out", "o"], "a line has a key 'result' already"),
        (["--in", "in.jsonl", "--out", "o", "--part-rows", "0"], "--part-rows must be at least 1"),
        (["--in", "in.jsonl", "--out", "o", "times=0.5"], "`times` must be an int"),
        (["--in", "in.jsonl", "--out", "in.csv"], "'in.csv' cannot be written: File exists"),
        (["--in", "in.jsonl", "--out", "."], "'.' holds other files, and no run"),
        (["--in", "in.jsonl", "--out", "o", "--check", "--again"], "not allowed with argument"),
    ],
)
def test_misuse_gets_a_remedy_and_sends_nothing(
    run: Run, server: Server, words: list[str], message: str
) -> None:
    write_lines("in.jsonl", {"image": "https://x.example/1"})
    write_lines("x.jsonl", {"im\x1bage": 1})
    write_lines("taken.jsonl", {"image": "https://x.example/1", "result": 1})
    write_parquet("in.parquet", [b"a"])
    write_parquet("other.parquet", [b"a"], more=[1])
    for name in ("empty.jsonl", "bad.parquet", "in.csv"):
        Path(name).touch()
    code, _, err = run(*words)
    assert code == 2, err
    assert message in err
    assert server.calls == []


def test_a_method_that_returns_a_stream_has_no_rows(
    capsys: pytest.CaptureFixture[str], server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"n": 1}\n')
    words = ("run", server.url, "count", "--in", path, "--out", tmp_path / "out")
    code, _, err = run_command(capsys, *words, stdin="")
    assert code == 2
    assert "no single result" in err


def test_a_folder_of_another_run_is_refused_and_stays(run: Run, server: Server) -> None:
    write_lines("in.jsonl", {"image": "https://x.example/1"})
    write_lines("other.jsonl", {"image": "https://x.example/2"})
    assert run("--in", "in.jsonl", "--out", "out")[0] == 0
    files = {path: path.read_bytes() for path in Path("out").iterdir()}
    for words, key in (
        (["times=2", "--in", "in.jsonl"], "constants"),
        (["--in", "other.jsonl"], "files"),
        (["--in", "in.jsonl", "--result", "r"], "added"),
    ):
        code, _, err = run(*words, "--out", "out")
        assert code == 2
        assert f"'out' is the folder of another run: `{key}` in its _run.json is another" in err
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == files
    Path("in.jsonl").rename("moved.jsonl")
    assert run("--in", "moved.jsonl", "--out", "out")[0] == 0
    assert len(server.calls) == 1
    for content in (b"{", b"[]", b"[" * 100_000):
        Path("out/_run.json").write_bytes(content)
        assert "is not that of a run" in run("--in", "moved.jsonl", "--out", "out")[2]


def test_a_file_that_changes_while_it_is_read_ends_the_run(run: Run, model: Model) -> None:
    rows = [{"image": f"https://x.example/{n}"} for n in range(40)]
    write_lines("in.jsonl", *rows)
    words = ("--in", "in.jsonl", "--out", "out", "--part-rows", "5", "--in-flight", "1")
    before = Path("in.jsonl").read_bytes()

    def change(text: str) -> None:
        if text.endswith("/30"):
            write_lines("in.jsonl", *rows, {"image": "new"})

    model.on_row = change
    code, _, err = run(*words)
    assert code == 2
    assert "'in.jsonl' has changed while it was read" in err
    assert run(*words)[0] == 2  # a run of another file
    done = len(read_lines("out"))
    Path("in.jsonl").write_bytes(before)
    model.on_row = lambda _: None
    assert run(*words)[0] == 0
    assert [row["image"] for row in read_lines("out")] == [row["image"] for row in rows]
    assert done < 40


def test_two_runs_do_not_share_a_folder(run: Run, model: Model) -> None:
    write_lines("in.jsonl", {"image": "https://x.example/1"})
    words = ("--in", "in.jsonl", "--out", "out")
    results: list[RunResult] = []
    model.on_row = lambda _: results.append(run(*words))
    assert run(*words)[0] == 0
    assert results[0][0] == 2


# Crashes


PROGRAM = """
import os, sys
import clarigen._sync.connection, gen_client.run.json_lines, gen_client.commands.run_run
from gen_client import cli
for line in sys.stdin:
    child = os.fork()
    if not child:
        os._exit(cli.main(sys.argv[1:]))
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
KILLS = 20
ROWS = 300
PART = 10
IN_FLIGHT = 4 * 12
"""Rows of the requests that may be in flight or wait for earlier ones."""


def test_a_run_that_is_killed_at_any_moment_loses_nothing(
    tmp_path: Path, server: Server, model: Model
) -> None:
    path, out = tmp_path / "in.jsonl", tmp_path / "out"
    path.write_text("".join(f'{{"image": "https://x.example/{n}"}}\n' for n in range(ROWS)))
    words = ["run", server.url, "look", "--in", str(path), "--out", str(out), "--in-flight", "2"]
    seen: Counter[str] = Counter()
    lock, chance = threading.Lock(), random.Random(5)
    countdown, victim = 0, 0

    def count(text: str) -> None:
        nonlocal countdown
        time.sleep(0.004)  # so that a request has few rows
        with lock:
            seen[text] += 1
            countdown -= 1
            if countdown == 0:
                os.kill(victim, signal.SIGKILL)

    model.on_row = count
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words, "--part-rows", str(PART)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": SOURCES, "CLARIFAI_PAT": "none"},
    )
    kills = 0
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for attempt in range(2 * KILLS):
            with lock:
                countdown = 1 << 60
            print(file=process.stdin, flush=True)
            line = process.stdout.readline()
            with lock:
                victim = int(line)
                countdown = chance.randint(1, 60) if attempt < KILLS else 1 << 60
            while not (line := process.stdout.readline()).strip().isdigit():
                if attempt % 4 == 0 and countdown > 0:  # the path of a part
                    os.kill(victim, signal.SIGKILL)
            status = int(line)
            kills += status == signal.SIGKILL
            if status == 0:
                break
        process.stdin.close()
    assert kills >= KILLS / 2
    rows = read_lines(str(out))
    assert [row["image"] for row in rows] == [f"https://x.example/{n}" for n in range(ROWS)]
    assert all(row["result"] == {"seen": row["image"]} for row in rows)
    assert len(seen) == ROWS
    assert not list(out.glob(".*"))
    assert seen.total() - ROWS <= kills * (PART + IN_FLIGHT), seen.total()


FULL = """
mount -t tmpfs -o size=24k none "$1" || exit 99
shift
exec "$@"
"""


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, server: Server) -> None:
    path, disk = tmp_path / "in.jsonl", tmp_path / "disk"
    disk.mkdir()
    path.write_text("".join(f'{{"image": "https://x.example/{n}"}}\n' for n in range(400)))
    out = str(disk / "out")
    words = ["run", server.url, "look", "--in", str(path), "--out", out, "--part-rows", "20"]
    done = subprocess.run(
        [
            *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", FULL, "sh", str(disk)),
            *("sh", "-c", '"$@"; code=$?; ls -A "$0"; exit $code', out),
            *(sys.executable, "-m", "gen_client", *words),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": SOURCES, "CLARIFAI_PAT": "none", "PATH": os.environ["PATH"]},
    )
    assert done.returncode == 2, done
    assert "cannot be written: No space left on device\n" in done.stderr
    assert "the same command goes on" in done.stderr
    listed = [line for line in done.stdout.split("\n") if not line.startswith(str(disk))]
    parts = [line for line in listed if line.startswith("part-")]
    assert parts
    assert [line for line in listed if line and line not in parts] == ["_run.json"]
