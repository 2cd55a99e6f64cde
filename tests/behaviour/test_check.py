"""`--check`, `--diff`, `--offline`, `--frozen`: what is out of date, whose doing it is, and what mends it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clarigen import wire
from gen_client import cache, cli, pipeline
from gen_client.custom_templates import CustomTemplates
from gen_client.diagnostics import Report
from gen_client.jobs import Package
from gen_client.output.difference import Cause
from gen_client.source import Document
from support import CORPUS, file_stamps, run_python

SIGNATURES = CORPUS / "docs" / "detector.json"
CLIENT = "detector/client.py"
LOCK = "detector/signatures.json"


@dataclass(frozen=True)
class Ran:
    """What a run gave."""

    code: int
    out: list[str]
    err: list[str]


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in a folder of its own, on a file of signatures that is its model."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    Path("model.json").write_bytes(SIGNATURES.read_bytes())

    def command(*words: str, source: tuple[str, ...] = ("--signatures", "model.json")) -> Ran:
        capsys.readouterr()
        code = cli.main([*source, *words])
        out, err = capsys.readouterr()
        assert "a bug" not in err
        return Ran(code, out.splitlines(), err.splitlines())

    assert command().code == 0
    return command


def signatures(change: Callable[[Any], None], file: str = "model.json") -> None:
    """Change the file that stands for the model."""
    content = json.loads(Path(file).read_text())
    change(content)
    Path(file).write_text(json.dumps(content))


def a_parameter_less(content: Any) -> None:
    del content["method_signatures"][0]["input_fields"][-1]


def edit(file: str, old: str, new: str) -> None:
    """Change a text in a file by hand."""
    text = Path(file).read_text()
    assert old in text
    Path(file).write_text(text.replace(old, new))


def test_nothing_to_say(run: Run) -> None:
    before = file_stamps(Path("detector").rglob("*"))
    for words in (["--check"], ["--check", "--no-cache"], ["--diff"], ["--frozen"], []):
        assert run(*words) == Ran(0, [], ["gen-client: detector is up to date"])
    assert run("--check", "--quiet") == Ran(0, [], [])
    assert file_stamps(before) == before


def test_the_model_changed(run: Run) -> None:
    signatures(a_parameter_less)
    before = file_stamps(Path("detector").rglob("*"))
    ran = run("--check")
    assert ran.code == 1
    assert ran.out[0] == f"{CLIENT}: the model changed"
    assert f"{LOCK}: the model changed" in ran.out
    assert ran.err == ["gen-client: to fix: gen-client --signatures model.json"]
    assert file_stamps(before) == before


def test_it_was_edited_by_hand(run: Run) -> None:
    Path(CLIENT).write_text(Path(CLIENT).read_text() + "\nprint('hello')\n")
    ran = run("--check")
    assert (ran.code, ran.out) == (1, [f"{CLIENT}: edited by hand"])


def test_a_hand_and_the_model_are_told_apart(run: Run) -> None:
    Path("detector/__init__.py").write_text(Path("detector/__init__.py").read_text() + "\nX = 1\n")
    signatures(a_parameter_less)
    ran = run("--check")
    assert f"{CLIENT}: the model changed" in ran.out
    assert "detector/__init__.py: edited by hand" in ran.out


def test_what_the_lock_says_of_itself_is_not_believed(run: Run) -> None:
    """Whoever edits a client can edit its lock: the check fails whatever stands there."""
    Path(CLIENT).write_text(Path(CLIENT).read_text() + "\nprint('hello')\n")
    for number in (0, 1, 7, -1):
        edited = json.loads(Path(LOCK).read_text()) | {
            "format": number,
            "files": {"client.py": "ok"},
        }
        Path(LOCK).write_text(json.dumps(edited, indent=2, sort_keys=True) + "\n")
        assert run("--check").code == (4 if number > wire.FORMAT else 1)


def test_the_lock_was_edited(run: Run) -> None:
    signatures(a_parameter_less, LOCK)
    ran = run("--check")
    assert ran.code == 1
    assert f"{LOCK}: edited by hand" in ran.out
    Path(LOCK).write_text("nothing")
    assert f"{LOCK}: edited by hand" in run("--check").out
    Path(LOCK).unlink()
    assert run("--check").out == [f"{LOCK}: missing"]


@pytest.mark.parametrize("words", [("--check",), ("--frozen",), ()], ids=" ".join)
def test_a_newer_gen_client_wrote_it(run: Run, words: tuple[str, ...]) -> None:
    """Nobody's hand was there: this gen-client is too old to say more."""
    signatures(lambda lock: lock.update(format=wire.FORMAT + 1), LOCK)
    for source in (("--signatures", "model.json"), ("--signatures", LOCK)):
        ran = run(*words, source=(*source, "--name", "detector"))
        assert (ran.code, ran.out) == (4, [])
        assert "format: this lock was written by a newer gen-client" in ran.err[0]
        assert "pip install -U 'clarigen[codegen]'" in ran.err[1]
    assert json.loads(Path(LOCK).read_text())["format"] == wire.FORMAT + 1


def test_what_a_newer_gen_client_wrote_is_replaced_by_force_alone(run: Run) -> None:
    wanted = {path: path.read_bytes() for path in Path("detector").iterdir() if path.is_file()}
    signatures(lambda lock: lock.update(format=wire.FORMAT + 1), LOCK)
    Path(CLIENT).write_text(Path(CLIENT).read_text() + "# of a newer form\n")
    before = {path: path.read_bytes() for path in wanted}
    assert run().code == 4
    assert {path: path.read_bytes() for path in wanted} == before
    assert run("--check", "--force").code == run("--frozen", "--force").code == 4
    assert run("--force").code == 0
    assert {path: path.read_bytes() for path in wanted} == wanted


def test_gen_client_changed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "FORMAT", wire.FORMAT + 1)
    monkeypatch.setattr(cache, "hash_generator", lambda: "another")
    Path(CLIENT).write_text(Path(CLIENT).read_text().replace("Final = ", "Final[object] = "))
    ran = run("--check")
    assert (ran.code, ran.out) == (
        1,
        [
            f"{file}: gen-client changed"
            for file in (CLIENT, "detector/__init__.py", "detector/signatures.json")
        ],
    )


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (CLIENT, lambda text: text.replace("\n", "\r\n")),
        (CLIENT, lambda text: text.replace(" = ", "  =  ")),
        (LOCK, lambda text: json.dumps(json.loads(text), indent=4)),
    ],
)
def test_only_reformatted(run: Run, file: str, change: Callable[[str], str]) -> None:
    Path(file).write_bytes(change(Path(file).read_text()).encode())
    ran = run("--check")
    assert (ran.code, ran.out) == (0, [])
    assert ran.err[0] == f"gen-client: {file}: only reformatted"
    assert run().out == [file]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("# fmt: off\n", ""),
        lambda text: text + "# a comment\n",
        lambda text: text.replace('    """', '    """Not '),
        lambda text: text.replace("from clarigen import", "from evil import"),
    ],
)
def test_more_than_reformatted(run: Run, change: Callable[[str], str]) -> None:
    text = Path(CLIENT).read_text()
    assert change(text) != text
    Path(CLIENT).write_text(change(text))
    ran = run("--check")
    assert (ran.code, ran.out) == (1, [f"{CLIENT}: edited by hand"])


def test_what_is_missing_and_what_is_too_much(run: Run) -> None:
    Path("detector/examples.py").unlink()
    Path("detector/notes.txt").write_text("mine")
    ran = run("--check")
    assert ran.code == 1
    assert ran.out == [
        "detector/examples.py: missing",
        "detector/notes.txt: not written by gen-client",
    ]
    assert ran.err[-1].endswith(" --force")


def test_what_mends_it_does(run: Run) -> None:
    """Whatever was found: the command of the last line is run, and then there is nothing to find."""
    damages: list[Callable[[], object]] = [
        lambda: signatures(a_parameter_less),
        lambda: Path(CLIENT).write_text("print('no head')\n"),
        lambda: Path(CLIENT).unlink(),
        lambda: Path(LOCK).unlink(),
        lambda: signatures(a_parameter_less, LOCK),
    ]
    for damage in damages:
        damage()
        words = shlex.split(run("--check").err[-1].split("to fix: ")[1])
        assert words[0] == "gen-client"
        assert run(source=tuple(words[1:])).code == 0
        assert run("--check").code == 0


def test_a_diff(run: Run) -> None:
    edit(CLIENT, "# fmt: off", "# fmt: on\x1b[31m")
    ran = run("--check", "--diff")
    assert ran.code == 1
    assert ran.out[:3] == [
        f"{CLIENT}: edited by hand",
        f"--- {CLIENT}",
        f"+++ {CLIENT} (expected)",
    ]
    assert "-# fmt: on\\x1b[31m" in ran.out
    assert "+# fmt: off" in ran.out
    assert run("--diff").out == ran.out


def test_a_new_version_with_the_same_signatures_passes(run: Run) -> None:
    def version(content: Any) -> None:
        content["model"]["version_id"] = "v2"

    signatures(version)
    ran = run("--check")
    assert (ran.code, ran.out) == (0, [])
    assert Cause.VERSION.value in ran.err[0]
    assert run("--frozen").out == [LOCK]


def test_frozen(run: Run) -> None:
    signatures(a_parameter_less)
    before = file_stamps(Path("detector").rglob("*"))
    for words in (["--frozen"], ["--frozen", "--check"]):
        ran = run(*words)
        assert (ran.code, ran.out) == (1, [])
        assert "the model's signatures are not those of the lock" in ran.err[0]
    assert file_stamps(before) == before
    Path(LOCK).unlink()
    assert "there is no lock" in run("--frozen").err[0]
    assert "not allowed with" in run("--frozen", "--offline").err[0]


def test_offline(run: Run) -> None:
    """From the lock: the address is not asked, and no credential is looked for."""
    url = json.loads(Path(LOCK).read_text())["model"]
    reference = f"{url['user_id']}/{url['app_id']}/models/{url['model_id']}"
    source = ("--url", reference, "--offline", "--name", "detector")
    assert run("--check", source=source) == Ran(0, [], ["gen-client: detector is up to date"])
    Path(CLIENT).write_text("")
    ran = run("--check", source=source)
    assert (ran.code, ran.out) == (1, [f"{CLIENT}: edited by hand"])
    assert ran.err == [
        f"gen-client: to fix: gen-client --url {reference} --name detector --offline --force"
    ]
    assert run("--force", source=source).out == [CLIENT]
    other = run(source=("--url", "a/b/models/c", "--offline", "--name", "detector"))
    assert other.code == 1
    assert "the lock is of another model" in other.err[0]
    nothing = run(source=("--url", "a/b/models/c", "--offline"))
    assert nothing.code == 1
    assert "there is no lock" in nothing.err[0]


# The cache


def test_a_run_with_nothing_to_do_imports_nothing_heavy(run: Run) -> None:
    done = run_python(
        "import sys\n"
        "from gen_client import cli\n"
        "assert cli.main(['--signatures', 'model.json', '--check']) == 0\n"
        "heavy = {'black', 'libcst', 'jinja2', 'grpc', 'google.protobuf', 'rich', 'yaml', 'tomlkit'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or 0)"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nothing",
        "[]",
        "{}",
        '{"files": 1}',
        '{"client": 1, "files": {}, "warnings": []}',
        "[" * 100_000,
    ],
)
def test_a_corrupt_cache_is_ignored(run: Run, content: str) -> None:
    entries = list(Path("cache").rglob("*.json"))
    assert entries
    for entry in entries:
        entry.write_text(content)
    assert run("--check").code == 0
    Path(CLIENT).write_text("")
    assert run("--check").code == 1


def test_an_entry_says_nothing_of_other_bytes(run: Run) -> None:
    for file in ("client.py", "__init__.py", "examples.py", "signatures.json", "py.typed"):
        text = Path("detector", file).read_text()
        Path("detector", file).write_text(text + " ")
        assert run("--check").err != ["gen-client: detector is up to date"]
        Path("detector", file).write_text(text)
    assert run("--check").code == 0


def test_a_cache_that_others_can_write_is_not_used(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder,) = {entry.parent for entry in Path("cache").rglob("*.json")}
    assert folder.stat().st_mode & 0o077 == 0
    built: list[str] = []
    build = pipeline.build

    def noted(document: Document, name: str, report: Report, custom: CustomTemplates) -> Package:
        built.append(name)
        return build(document, name, report, custom)

    monkeypatch.setattr(pipeline, "build", noted)
    run("--check")
    assert not built
    folder.chmod(0o777)
    run("--check")
    assert built


def test_where_there_is_no_place_for_a_cache(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("taken").write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", "taken")
    assert run("--check").code == 0


def test_warnings_come_every_time(run: Run) -> None:
    def odd(content: Any) -> None:
        content["method_signatures"].append({"name": "odd", "method_type": 99})

    signatures(odd)
    first = run()
    assert any("odd" in line for line in first.err)
    assert run().err[0] == first.err[0]
