"""The command: its output, its exit codes, and that no input ends in a traceback."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gen_client import cli
from gen_client.terminal import progress
from support import CORPUS, SOURCES, file_stamps, run, run_python

SIGNATURES = CORPUS / "docs" / "detector.json"
FILES = ["client.py", "__init__.py", "examples.py", "py.typed", "signatures.json"]


@dataclass(frozen=True)
class RunResult:
    """The exit code and the output of a run."""

    code: int
    out: str
    err: str


class Command:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> RunResult:
        """Run the command, and check for every test that its output is printable and no traceback."""
        self._capsys.readouterr()
        code = cli.main([str(argument) for argument in arguments])
        captured = self._capsys.readouterr()
        result = RunResult(code, captured.out, captured.err)
        for line in (result.out + result.err).split("\n"):
            assert line.isprintable(), result
        assert "Traceback" not in result.err
        assert "a bug" not in result.err, result
        messages = ("gen-client: error: ", "gen-client: warning: ", "  ")
        if code:
            assert not result.out
            assert result.err.startswith(messages)
            assert sum(line.startswith(messages[0]) for line in result.err.split("\n")) == 1
        return result

    def expect_refusal(self, code: int, *arguments: object) -> str:
        """Run the command, expect an error of one or two lines, and return it."""
        result = self(*arguments)
        assert result.code == code, result
        assert 1 <= result.err.count("\n") <= 2, result
        return result.err


@pytest.fixture
def gen_client(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Return the command, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Command(capsys)


# Output


def test_a_new_package_lists_its_files(gen_client: Command, tmp_path: Path) -> None:
    result = gen_client("--signatures", SIGNATURES, "--out", "src/models")
    assert result == RunResult(0, "".join(f"src/models/detector/{file}\n" for file in FILES), "")
    assert sorted(FILES) == sorted(
        file.name for file in (tmp_path / "src/models/detector").iterdir()
    )


def test_a_second_run_has_nothing_to_do(gen_client: Command, tmp_path: Path) -> None:
    gen_client("--signatures", SIGNATURES)
    before = file_stamps(tmp_path.rglob("*"))
    assert gen_client("--signatures", SIGNATURES) == RunResult(
        0, "", "gen-client: detector is up to date\n"
    )
    assert file_stamps(before) == before


def test_only_changed_files_are_listed(gen_client: Command, tmp_path: Path) -> None:
    gen_client("--signatures", SIGNATURES)
    (tmp_path / "detector" / "py.typed").unlink()
    assert gen_client("--signatures", SIGNATURES) == RunResult(0, "detector/py.typed\n", "")


def test_on_a_terminal_a_new_package_comes_with_its_usage(
    gen_client: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    result = gen_client("--signatures", SIGNATURES, "--name", "eyes")
    assert result.out.count("\n") == len(FILES)
    assert "from eyes import Eyes\n" in result.err
    assert "python -m eyes.examples" in result.err
    assert "import" not in gen_client("--signatures", SIGNATURES, "--name", "eyes").err


def test_the_lock_makes_the_same_package(gen_client: Command, tmp_path: Path) -> None:
    gen_client("--signatures", SIGNATURES)
    lock = tmp_path / "detector" / "signatures.json"
    assert gen_client("--signatures", lock).err == "gen-client: detector is up to date\n"
    gen_client("--signatures", lock, "--out", "other")
    for file in FILES:
        assert (tmp_path / "other/detector" / file).read_bytes() == (
            tmp_path / "detector" / file
        ).read_bytes()


def test_help_and_version(gen_client: Command) -> None:
    result = gen_client("--help")
    assert result.code == 0
    assert "examples:" in result.out
    assert "exit codes:" in result.out
    assert gen_client("--version").out.startswith("gen-client ")


def test_help_and_version_import_no_library() -> None:
    done = run_python(
        "import sys\n"
        "from gen_client import cli\n"
        "for option in ('--help', '--version'):\n"
        "    assert cli.main([option]) == 0\n"
        "heavy = {'black', 'libcst', 'jinja2', 'grpc', 'google.protobuf', 'rich', 'yaml', 'asyncio'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    assert (done.returncode, done.stderr) == (0, "")


HEAVY = (
    "{'black', 'libcst', 'jinja2', 'grpc', 'google.protobuf', 'rich', 'yaml', 'asyncio', 'shtab'}"
)


@pytest.mark.parametrize(
    "words", [["--nonsense"], ["--signatures", "nothing.json"], ["--url", "no address"]]
)
def test_a_usage_error_imports_no_library(words: list[str]) -> None:
    done = run_python(
        "import sys\n"
        "from gen_client import cli\n"
        f"assert cli.main({words!r}) == 2\n"
        f"sys.exit(','.join({HEAVY} & set(sys.modules)) or 0)"
    )
    assert done.returncode == 0, done.stderr


def test_quiet_prints_only_errors(gen_client: Command) -> None:
    assert gen_client("--signatures", SIGNATURES, "--quiet") == RunResult(0, "", "")
    assert gen_client("--signatures", SIGNATURES, "-q") == RunResult(0, "", "")
    assert "cannot be read" in gen_client.expect_refusal(2, "--signatures", "nothing", "-q")


def test_verbose_prints_each_step(gen_client: Command) -> None:
    result = gen_client("--signatures", SIGNATURES, "--verbose")
    assert result.code == 0
    assert "gen-client: generating\ngen-client: writing\n" in result.err
    assert "not allowed with" in gen_client.expect_refusal(
        2, "--signatures", SIGNATURES, "-q", "-v"
    )


@pytest.mark.parametrize(
    ("variables", "has_color"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False), ({"NO_COLOR": ""}, True)],
)
def test_colors_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], has_color: bool
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["--signatures", "nothing.json"]) == 2
    assert ("\x1b[31m" in terminal.getvalue()) is has_color


@pytest.mark.parametrize(("no_color", "has_color"), [("", True), ("1", False)])
def test_colors_can_be_forced(
    monkeypatch: pytest.MonkeyPatch, no_color: str, has_color: bool
) -> None:
    """As in the logs of CI, which are no terminal."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", no_color)
    assert cli.main(["--signatures", "nothing.json"]) == 2
    assert output.getvalue().startswith("\x1b[31m") is has_color


def test_no_colors_without_a_terminal(gen_client: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b" not in gen_client.expect_refusal(2, "--signatures", "nothing.json")


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    done = run(
        sys.executable,
        "-m",
        "gen_client",
        "--signatures",
        SIGNATURES,
        cwd=tmp_path,
        env={"PYTHONPATH": SOURCES},
    )
    assert done.returncode == 0
    assert done.stdout.split() == [f"detector/{file}" for file in FILES]
    assert done.stderr == ""


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    done = run(
        "sh",
        "-c",
        f'("{sys.executable}" -m gen_client --signatures "{SIGNATURES}"; echo $? >&2) | true',
        cwd=tmp_path,
        env={"PYTHONPATH": SOURCES},
    )
    assert done.stderr == "0\n"


def test_a_locale_that_lacks_characters(tmp_path: Path) -> None:
    done = run(
        sys.executable,
        *("-m", "gen_client", "--signatures", SIGNATURES, "--out", tmp_path / "é"),
        env={"PYTHONPATH": SOURCES, "PYTHONIOENCODING": "ascii"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\\xe9/detector/client.py\n" in done.stdout


def test_an_interrupt_is_quiet(
    gen_client: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gen_client.pipeline.run_jobs", interrupt)
    assert cli.main(["--signatures", str(SIGNATURES)]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_bug_is_reported_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("\x1b[31m")

    monkeypatch.setattr("gen_client.pipeline.run_jobs", fail)
    assert cli.main(["--signatures", str(SIGNATURES)]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("gen-client: error: a bug in gen-client")
    assert "ZeroDivisionError at test_cli.py:" in err
    assert err.count("\n") == 2
    assert "\x1b" not in err


def test_progress_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress.ProgressDisplay() as display:
        display.wait()
        display.start_stage("asking [::1]:8000")
    assert "asking [::1]:8000" in terminal.getvalue()


def test_no_progress_is_shown_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "DELAY_SECONDS", 0.0)
    with progress.ProgressDisplay() as display:
        display.start_stage("asking")
    assert capsys.readouterr() == ("", "")


# Input


def test_standard_input(gen_client: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SIGNATURES.read_bytes())))
    assert gen_client("--signatures", "-").out.startswith("detector/client.py\n")


YAML = """
model: {user_id: acme, app_id: vision, model_id: eye}
method_signatures:
  - name: see
    method_type: UNARY_UNARY
    input_fields:
      - {name: image, type: IMAGE, required: true}
    output_fields:
      - {name: return, type: STR}
"""
CAMEL = {
    "model": {"user_id": "acme", "app_id": "vision", "model_id": "eye"},
    "methodSignatures": [
        {
            "name": "see",
            "methodType": "UNARY_UNARY",
            "inputFields": [{"name": "image", "type": "IMAGE", "required": True}],
            "outputFields": [{"name": "return", "type": "STR"}],
        }
    ],
}


def test_yaml_and_camel_case_make_the_same_package(gen_client: Command, tmp_path: Path) -> None:
    (tmp_path / "eye.yaml").write_text(YAML)
    (tmp_path / "eye.json").write_text(json.dumps(CAMEL))
    for kind in ("yaml", "json"):
        assert gen_client("--signatures", f"eye.{kind}", "--out", kind, "--name", "eye").code == 0
    for file in FILES:
        if file != "signatures.json":
            texts = {(tmp_path / kind / "eye" / file).read_text() for kind in ("yaml", "json")}
            assert len(texts) == 1


def test_model_sets_the_model_of_the_client(gen_client: Command, tmp_path: Path) -> None:
    assert gen_client("--signatures", SIGNATURES, "--model", "me/mine/models/better-eye").code == 0
    text = (tmp_path / "better_eye" / "client.py").read_text()
    assert 'ModelRef("me", "mine", "better-eye")' in text
    lock = json.loads((tmp_path / "better_eye" / "signatures.json").read_text())
    assert lock["model"] == {"user_id": "me", "app_id": "mine", "model_id": "better-eye"}


# Usage and configuration: exit code 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "gen-client SOURCE"),
        (["a/b/models/c", "--url", "a/b/models/c"], "both name a model"),
        (["--url", "a", "--signatures", "b"], "not allowed with"),
        (["--signatures"], "expected one argument"),
        (["--sig", "x"], "--sig"),
        (["--signature", "x"], "did you mean '--signatures'?"),
        (["--signatures", SIGNATURES, "--wat\x1b[31m"], "--wat"),
        (["--signatures", SIGNATURES, "more"], "both name a model"),
        ([SIGNATURES, "more"], "more"),
        (["--signatures", SIGNATURES, "--model", "grpc://127.0.0.1:8000"], "--model"),
        (["--signatures", SIGNATURES, "--model", "a/b/models/c/versions/d"], "--model"),
        (["--signatures", SIGNATURES, "--model", "a/b/workflows/c"], "workflow"),
        (["--signatures", SIGNATURES, "--model", ""], "address"),
    ],
)
def test_usage_errors(gen_client: Command, arguments: list[object], message: str) -> None:
    assert message in gen_client.expect_refusal(2, *arguments)


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "model",
        "a/b/c",
        "a/b/models",
        "a/b/models/",
        "a//models/c",
        "https://clarifai.com",
        "https://clarifai.com/a/b",
        "https://clarifai.com/a/b/models/c/versions",
        "https://clarifai.com/a/b/models/c/more/d",
        "https://user:secret@clarifai.com/a/b/models/c",
        "grpc://user:secret@127.0.0.1:8000",
        "grpc://",
        "grpc://127.0.0.1:port",
        "grpc://127.0.0.1:99999",
        "grpc://[::1",
        "ftp://clarifai.com/a/b/models/c",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://clarifai.com/a/b/models/..%2f..%2fc",
        "https://clarifai.com/a/b/models/c\x1b[31m",
        "https://clarifai.com/a/b/models/c\nd",
        "a/../models/c",
        "x" * 10_000,
    ],
)
def test_malformed_urls_are_refused(gen_client: Command, url: str) -> None:
    error = gen_client.expect_refusal(2, "--url", url, "--name", "pkg")
    assert "secret" not in error
    assert len(error) < 1000


@pytest.mark.parametrize("url", ["a/b/workflows/c", "https://clarifai.com/a/b/workflows/c"])
def test_a_workflow_is_refused_by_name(gen_client: Command, url: str) -> None:
    assert "workflow" in gen_client.expect_refusal(2, "--url", url)


def test_the_platform_needs_a_credential(gen_client: Command) -> None:
    assert "CLARIFAI_PAT" in gen_client.expect_refusal(2, "--url", "a/b/models/c")


@pytest.mark.parametrize(
    "name",
    [
        "a-b",
        "1a",
        "a.b",
        "../a",
        "a/b",
        "/a",
        "class",
        "clarigen",
        "__init__",
        "con",
        " a",
        "a\n",
        "ﬁ",
        "a" * 300,
    ],
)
def test_invalid_package_names_are_refused(gen_client: Command, tmp_path: Path, name: str) -> None:
    assert "--name" in gen_client.expect_refusal(2, "--signatures", SIGNATURES, "--name", name)
    assert list(tmp_path.iterdir()) == []


def test_without_a_model_a_name_is_needed(gen_client: Command, tmp_path: Path) -> None:
    signatures = json.loads(SIGNATURES.read_text())["method_signatures"]
    (tmp_path / "file.json").write_text(json.dumps({"method_signatures": signatures}))
    assert "--name" in gen_client.expect_refusal(2, "--signatures", "file.json")
    assert gen_client("--signatures", "file.json", "--name", "eye").code == 0


@pytest.mark.parametrize("out", ["file", "file/below", "/proc/nothing", "/dev/null", "x" * 300])
def test_folders_that_cannot_be_written_are_refused(
    gen_client: Command, tmp_path: Path, out: str
) -> None:
    (tmp_path / "file").write_text("mine")
    assert "cannot be written" in gen_client.expect_refusal(
        2, "--signatures", SIGNATURES, "--out", out
    )
    assert (tmp_path / "file").read_text() == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_foreign_files_are_refused_and_kept(gen_client: Command, tmp_path: Path) -> None:
    (tmp_path / "detector").mkdir()
    mine = tmp_path / "detector" / "client.py"
    notes = tmp_path / "detector" / "notes.txt"
    mine.write_text("mine = 1\n")
    notes.write_text("mine")
    error = gen_client.expect_refusal(2, "--signatures", SIGNATURES)
    assert "detector/client.py" in error
    assert "--force" in error
    assert mine.read_text() == "mine = 1\n"
    assert gen_client("--signatures", SIGNATURES, "--force").out.count("\n") == len(FILES)
    assert notes.read_text() == "mine"
    assert "notes.txt" in gen_client.expect_refusal(2, "--signatures", SIGNATURES)


def test_files_that_cannot_be_read_are_refused(gen_client: Command, tmp_path: Path) -> None:
    for path in ("nothing.json", ".", "/proc/nothing", "nothing\x1b[31m"):
        gen_client.expect_refusal(2, "--signatures", path)


# The model cannot be reached: exit code 3


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Yield a local port without a listener."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_model_that_cannot_be_reached(gen_client: Command, closed_port: int) -> None:
    address = f"127.0.0.1:{closed_port}"
    assert address in gen_client.expect_refusal(3, "--url", f"grpc://{address}", "--name", "pkg")
    base = f"grpc://{address}"
    assert address in gen_client.expect_refusal(3, "--url", "a/b/models/c", "--api-base", base)


# Signatures that cannot become a client: exit code 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        "{",
        "[1, 2]",
        "{}",
        "[]",
        '{"method_signatures": 1}',
        '{"method_signatures": [{}]}',
        '{"a": "\\ud800"}',
        "[" * 100_000,
        "{'a': " * 10_000,
        "a: &a [*a, *a]",
        "!!python/object/apply:os.system ['touch PWNED']",
        "\x00",
        "\x1b[31m",
        "NaN",
    ],
)
@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_malformed_files_are_refused(
    gen_client: Command, tmp_path: Path, text: str, suffix: str
) -> None:
    (tmp_path / f"file.{suffix}").write_text(text)
    gen_client.expect_refusal(4, "--signatures", f"file.{suffix}", "--name", "pkg")
    assert [file.name for file in tmp_path.iterdir()] == [f"file.{suffix}"]


def test_a_binary_file_is_refused(gen_client: Command, tmp_path: Path) -> None:
    (tmp_path / "file.json").write_bytes(b"\xff\xfe{}")
    gen_client.expect_refusal(4, "--signatures", "file.json", "--name", "pkg")


@pytest.mark.parametrize(
    "file",
    ["kitchen_sink/empty", "real/dummy-runner-proto-model", "real/sdk-visual-detector-class"],
)
def test_models_without_methods_are_refused(gen_client: Command, tmp_path: Path, file: str) -> None:
    assert "no method" in gen_client.expect_refusal(4, "--signatures", CORPUS / f"{file}.json")
    assert list(tmp_path.iterdir()) == []


def _hostile_models() -> list[Path]:
    return sorted((CORPUS / "hostile").glob("*.json"))


@pytest.mark.parametrize("file", _hostile_models(), ids=lambda file: file.stem)
def test_hostile_models_are_refused_or_harmless(
    gen_client: Command, tmp_path: Path, file: Path
) -> None:
    expected = json.loads(file.read_text())["expect"]
    result = gen_client("--signatures", file, "--out", "out")
    assert result.code in {"ok": [0], "reject": [2, 4], "ok-or-reject": [0, 2, 4]}[expected], result
    if result.code:
        assert list(tmp_path.iterdir()) == []
    else:
        (package,) = (tmp_path / "out").iterdir()
        assert result.out == "".join(f"{Path('out') / package.name / name}\n" for name in FILES)
        _import(package)
        assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def _import(package: Path) -> None:
    """Import a package under a name of its own, and its examples."""
    name = f"hostile_{package.name}"
    spec = importlib.util.spec_from_file_location(name, package / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        importlib.import_module(f"{name}.examples")
        assert module.__all__ == sorted(module.__all__)
    finally:
        for loaded in [key for key in sys.modules if key.split(".")[0] == name]:
            del sys.modules[loaded]


def test_hostile_models_in_a_fresh_process(tmp_path: Path) -> None:
    for title in (
        "default-code-in-every-type",
        "nesting-two-hundred-lists",
        "document-lone-surrogate",
    ):
        done = run(
            *(
                sys.executable,
                "-m",
                "gen_client",
                "--signatures",
                CORPUS / "hostile" / f"{title}.json",
            ),
            cwd=tmp_path,
            env={"PYTHONPATH": SOURCES},
        )
        assert done.returncode in (0, 4)
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "PWNED").exists()
    assert not os.environ.get("PWNED")


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("shwo", "did you mean 'show'?"),
        (
            "frobnicate",
            "expected one of generate, init, diff, contract, migrate, skeleton, show, call, run, serve, doctor, completion, help",
        ),
        ("ini", "did you mean 'init'?"),
    ],
)
def test_an_unknown_command_gets_a_remedy(gen_client: Command, word: str, remedy: str) -> None:
    result = gen_client(word)
    assert result.code == 2
    assert "there is no command" in result.err
    assert remedy in result.err
    assert "\x1b" not in result.err
