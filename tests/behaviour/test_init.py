"""`gen-client init` and `completion`: entries that the command reads, in files that stay otherwise unchanged."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gen_client import cli, config
from gen_client.commands.registry import COMMANDS

URL = "openai/chat-completion/models/o4-mini"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command in a repository."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.main(list(words))
        out, err = capsys.readouterr()
        return code, out, err

    return command


def configured_names() -> list[str]:
    return [entry.name for entry in config.load_settings(Path.cwd()).entries]


def test_the_first_entry_makes_the_file(run: Run) -> None:
    assert run("init", f"https://clarifai.com/{URL}", "--out", "src/models") == (
        0,
        "pyproject.toml\n",
        "gen-client: run gen-client to generate it\n",
    )
    (entry,) = config.load_settings(Path.cwd()).entries
    assert (entry.name, entry.out) == ("o4_mini", Path("src/models"))


def test_the_rest_of_the_file_stays_unchanged(run: Run) -> None:
    old = (
        "# ours\n[project]   # the project\nname='app'\n\n[tool.gen-client] # models\n"
        "out = 'src'\n\n[[tool.gen-client.models]]\nurl = 'a/b/models/c' # first\n\n"
        "[tool.ruff]\nline-length=88\n"
    )
    Path("pyproject.toml").write_text(old)
    Path("pyproject.toml").chmod(0o640)
    assert run("init", URL, "--name", "mini")[0] == 0
    new = Path("pyproject.toml").read_text()
    added = f'[[tool.gen-client.models]]\nurl = "{URL}"\nname = "mini"\n\n'
    assert new == old.replace("[tool.ruff]", f"{added}[tool.ruff]")
    assert configured_names() == ["c", "mini"]
    assert Path("pyproject.toml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in Path().iterdir()) == [".git", "pyproject.toml"]


@pytest.mark.parametrize(
    "models", ['[{url="a/b/models/c"}]', "[]", '[\n  {url="a/b/models/c"},\n]']
)
def test_an_inline_array_gets_one_more_entry(run: Run, models: str) -> None:
    Path("pyproject.toml").write_text(f"[tool.gen-client]\nmodels = {models}\n")
    assert run("init", URL)[0] == 0
    assert configured_names() == ([] if models == "[]" else ["c"]) + ["o4_mini"]


def test_a_listed_model_is_not_added_again(run: Run) -> None:
    run("init", URL)
    before = Path("pyproject.toml").read_bytes()
    code, out, err = run("init", f"https://clarifai.com/{URL}")
    assert (code, out) == (0, "")
    assert "lists this model already" in err
    assert Path("pyproject.toml").read_bytes() == before
    assert run("init", f"{URL}/versions/v1", "--name", "pinned")[0] == 0
    assert configured_names() == ["o4_mini", "pinned"]


def test_init_in_a_subfolder_changes_the_file_above(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("init", URL, "--out", "models")
    Path("tools").mkdir()
    monkeypatch.chdir("tools")
    assert run("init", "a/b/models/c", "--out", "here")[1] == "../pyproject.toml\n"
    (models,) = [
        tomllib.loads(Path("../pyproject.toml").read_text())["tool"]["gen-client"]["models"]
    ]
    assert models[1] == {"url": "a/b/models/c", "out": "tools/here"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing"], "does not name a model"),
        (["https://me:secret@clarifai.com/a/b/models/c"], "user:password@"),
        (["grpc://127.0.0.1:1"], "name is missing"),
        ([URL, "--out", "../elsewhere"], "leaves the repository"),
        ([URL, "--name", "a b"], "is not a name"),
        (["\x1b[31m"], "is not an address"),
    ],
)
def test_an_invalid_entry_is_not_written(run: Run, words: list[str], message: str) -> None:
    code, out, err = run("init", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert "secret" not in err
    assert "\x1b" not in err
    assert not Path("pyproject.toml").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_all_commands(run: Run, shell: str) -> None:
    code, out, _ = run("completion", shell)
    assert code == 0
    assert "gen-client" in out
    assert all(command.name in out for command in COMMANDS)


def test_bash_completes_words(run: Run) -> None:
    script = run("completion", "bash")[1]
    ask = 'COMP_WORDS=({words}); COMP_CWORD={last}; _shtab_gen_client; echo "${{COMPREPLY[@]}}"'
    for words, expected in (
        (["gen-client", "--off"], "--offline"),
        (["gen-client", "ini"], "init"),
        (["gen-client", "init", "--na"], "--name"),
        (["gen-client", "completion", "zs"], "zsh"),
    ):
        line = ask.format(words=" ".join(words), last=len(words) - 1)
        done = subprocess.run(
            ["bash", "-c", f"{script}\n{line}"], capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == [expected], done.stderr


def test_the_table_may_have_the_name_of_the_distribution(run: Run) -> None:
    file = Path("pyproject.toml")
    file.write_text('[tool.clarigen]\nout = "src"\n')
    assert run("init", URL)[0] == 0
    assert "[[tool.clarigen.models]]" in file.read_text()
    assert "tool.gen-client" not in file.read_text()
    (entry,) = config.load_settings(Path.cwd()).entries
    assert (entry.name, entry.out) == ("o4_mini", Path("src"))
    assert run("init", URL)[2] == "gen-client: pyproject.toml lists this model already\n"


def test_messages_have_the_name_and_the_line_of_the_table(run: Run) -> None:
    file = Path("pyproject.toml")
    file.write_text('[tool.clarigen]\nout = "src"\n\n[[tool.clarigen.models]]\nulr = "x"\n')
    code, _, err = run("--offline")
    assert code == 2
    assert "line 5: models[0].ulr is not known\n  did you mean 'url'?" in err
    file.write_text("[tool.clarigen]\n")
    assert "[[tool.clarigen.models]]" in run("--offline")[2]
    file.write_text('[tool]\nclarigen = "x"\n')
    assert "[tool.clarigen] is not a table" in run("--offline")[2]


def test_both_names_at_once_are_refused(run: Run) -> None:
    Path("pyproject.toml").write_text("[tool.clarigen]\n[tool.gen-client]\n")
    for words in (["--offline"], ["init", URL]):
        code, _, err = run(*words)
        assert code == 2
        assert "has [tool.gen-client] and [tool.clarigen]\n  keep one of them" in err
