"""The configuration: what it may say, where it is found, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from clarigen import ModelRef
from gen_client import config
from gen_client.config import ModelEntry
from gen_client.config.lines import find_line
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.source.address import ModelAddress, RunnerAddress

MODEL = ModelRef("acme", "vision", "small-detector")
URL = "acme/vision/models/small-detector"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository, which is the working folder."""
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


def load(repository: Path, text: str) -> config.Settings:
    """The configuration with this text."""
    (repository / "pyproject.toml").write_text(text, encoding="utf-8")
    return config.load_settings(repository)


def refused(repository: Path, text: str) -> str:
    """What a wrong configuration is told: a line and its remedy."""
    with pytest.raises(Refusal) as caught:
        load(repository, text)
    assert caught.value.diagnostic.exit_code == USAGE
    return str(caught.value.diagnostic)


def models(*lines: str) -> str:
    """A configuration of one model."""
    return "\n".join(["[[tool.gen-client.models]]", *lines])


def test_a_whole_configuration(repository: Path) -> None:
    settings = load(
        repository,
        """
[project]
name = "app"

[tool.gen-client]
out = "src/app/models"
api-base = "https://api.clarifai.com"

[tool.gen-client.defaults]
compute-cluster-id = "cluster"
nodepool-id = "pool"
deployment-user-id = "acme"

[[tool.gen-client.models]]
url = "https://clarifai.com/acme/vision/models/small-detector"
version = "v1"
methods = ["detect"]

[[tool.gen-client.models]]
url = "grpc://127.0.0.1:8000"
name = "local"
out = "tools"
exclude = ["debug"]
deployment-id = "mine"
""",
    )
    assert settings.api_base == "https://api.clarifai.com"
    assert settings.path == repository / "pyproject.toml"
    usual = (
        ("compute_cluster_id", "cluster"),
        ("deployment_user_id", "acme"),
        ("nodepool_id", "pool"),
        ("version_id", "v1"),
    )
    assert settings.entries == (
        ModelEntry(
            ModelAddress(MODEL, "v1"),
            "small_detector",
            Path("src/app/models"),
            methods=("detect",),
            client_options=usual,
        ),
        ModelEntry(
            RunnerAddress("grpc://127.0.0.1:8000"),
            "local",
            Path("tools"),
            exclude=("debug",),
            client_options=(("deployment_id", "mine"), ("deployment_user_id", "acme")),
        ),
    )


def test_the_version_of_a_url_is_pinned(repository: Path) -> None:
    (entry,) = load(repository, models(f'url = "{URL}/versions/v7"')).entries
    assert entry.address == ModelAddress(MODEL, "v7")
    assert entry.client_options == (("version_id", "v7"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[tool.gen-client]\nouts = 'a'", "outs is not known\n  did you mean 'out'?"),
        ("[tool.gen-client]\nout = 1", "out is not text"),
        ("[tool.gen-client]\nout = ''", "out is empty"),
        ("[tool.gen-client]\nmodels = 1", "models is not an array of tables"),
        ("[tool.gen-client]\nmodels = [1]", "models[0] is not a table"),
        ("[tool.gen-client]\ndefaults = 1", "defaults is not a table"),
        ("[tool.gen-client]", "models is empty"),
        ("[tool]\ngen-client = 1", "[tool.gen-client] is not a table"),
        (
            "[tool.gen-client.defaults]\ndeploymnt = 'a'",
            "defaults.deploymnt is not known\n  did you mean 'deployment-id'?",
        ),
        (models("name = 'a'"), "models[0].url is missing"),
        (models("url = 'nothing'"), "models[0].url is wrong: 'nothing' does not name a model"),
        (models("url = 'https://me:secret@clarifai.com/a/b/models/c'"), "user:password@"),
        (models(f"url = '{URL}'", "api_base = 'a'"), "models[0].api_base is not known"),
        (models(f"url = '{URL}'", "name = 'a b'"), "models[0].name is wrong: 'a b' is not a name"),
        (models(f"url = '{URL}'", "name = '../a'"), "is not a name"),
        (models("url = 'grpc://127.0.0.1:1'"), "models[0].name is missing"),
        (models("url = 'grpc://127.0.0.1:1'", "name = 'a'", "version = 'v'"), "a runner has none"),
        (models("url = 'a/b/models/--'"), "models[0].name is wrong"),
        (models(f"url = '{URL}/versions/1'", "version = '2'"), "is not the one in the url"),
        (models(f"url = '{URL}'", "version = 'a/b'"), "version is not an id"),
        (models(f"url = '{URL}'", "methods = 'detect'"), "methods is not an array of texts"),
        (models(f"url = '{URL}'", "methods = []"), "methods is empty"),
        (models(f"url = '{URL}'", "methods = ['a', 'a']"), "methods names the same twice"),
        (
            models(f"url = '{URL}'", "methods = ['a']", "exclude = ['b']"),
            "cannot be combined with methods",
        ),
        (
            models(f"url = '{URL}'", "deployment-id = 'a'", "nodepool-id = 'b'"),
            "combined with a nodepool",
        ),
        (models(f"url = '{URL}'", "nodepool-id = 'b'"), "nodepool-id stands alone"),
        (models(f"url = '{URL}'", "deployment-user-id = 'b'"), "stands alone"),
        ("[tool.gen-client]\napi-base = 'https://me:secret@x'", "user:password@"),
        ("[tool.gen-client]\napi-base = 'ftp://x'", "api-base is wrong"),
    ],
)
def test_what_is_wrong_is_named(repository: Path, text: str, said: str) -> None:
    if "models" not in text and "[tool]" not in text and text != "[tool.gen-client]":
        text += "\n" + models(f"url = '{URL}'")
    message = refused(repository, text)
    assert said in message
    assert "pyproject.toml', line " in message
    assert "secret" not in message


def test_the_line_is_that_of_the_key(repository: Path) -> None:
    text = "\n".join(
        [
            "[project]",
            'description = """',
            "[[tool.gen-client.models]]",
            'wrong = 1"""',
            "",
            "[[tool.gen-client.models]]",
            "# wrong = 1",
            f"url = '{URL}'",
            "methods = [",
            "    'wrong',",
            "]",
            "[[tool.gen-client.models]]",
            f"url = '{URL}2'",
            "# once more",
            "wrong = [",
            "   1 ]",
        ]
    )
    assert "line 15: models[1].wrong is not known" in refused(repository, text)


@pytest.mark.parametrize("size", [1, 2, 3, 200])
def test_lines_are_found_in_any_text(size: int) -> None:
    lines: list[str] = []
    expected = {}
    for index in range(size):
        lines += ["", "[[a]]"]
        expected[index] = len(lines)
        lines += ["b = '''", "[[a]]", "'''", f"k = {index}", "# end"]
    text = "\n".join(lines)
    for index in {0, size // 2, size - 1}:
        assert find_line(text, ("a", index)) == expected[index]
        assert find_line(text, ("a", index, "b")) == expected[index] + 1
        assert find_line(text, ("a", index, "k")) == expected[index] + 4
    assert find_line(text, ("a", size)) == 0
    assert find_line(text, ("c",)) == 0


# Paths


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/etc", "is not relative"),
        ("~/x", "is not relative"),
        ("../x", "leaves the repository"),
        ("a/../../x", "leaves the repository"),
        ("link/x", "leaves the repository"),
        ("git/hooks", "hidden folder"),
        (".git/hooks", "hidden folder"),
        ("a/.github", "hidden folder"),
        ("a\\\\b", "a character that is not allowed in a path"),
        ("a\\u0000b", "a character that is not allowed in a path"),
        ("a\\u202eb", "a character that is not allowed in a path"),
    ],
)
def test_a_path_stays_inside(repository: Path, path: str, said: str) -> None:
    (repository / "link").symlink_to(repository.parent)
    (repository / "git").symlink_to(".git")
    for text in (
        f'[tool.gen-client]\nout = "{path}"\n{models(f"url = {URL!r}")}',
        models(f"url = '{URL}'", f'out = "{path}"'),
    ):
        message = refused(repository, text)
        assert said in message
        assert message.isprintable() or "\n" in message


def test_paths_are_those_of_the_file(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From wherever the command runs."""
    below = repository / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    (repository / "pyproject.toml").write_text(models(f"url = '{URL}'", "out = 'a/b/c'"))
    assert config.load_settings(below).entries[0].out == Path("c")
    (repository / "pyproject.toml").write_text(models(f"url = '{URL}'", "out = 'x'"))
    assert config.load_settings(below).entries[0].out == repository / "x"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("name = 'a'", "name = 'a'"),
        ("name = 'a'", "name = 'A'"),
        ("name = 'a'", "name = 'b'\nout = 'a'"),
        ("name = 'b'\nout = 'a'", "name = 'a'"),
        ("name = 'a'\nout = 'link'", "name = 'a'\nout = 'real'"),
    ],
)
def test_packages_do_not_overlap(repository: Path, first: str, second: str) -> None:
    (repository / "real").mkdir()
    (repository / "link").symlink_to("real")
    url = f"url = '{URL}'"
    text = f"{models(url, first)}\n{models(url, 'name = ' + repr('other'))}\n{models(url, second)}"
    message = refused(repository, text)
    assert "models[2] writes over the package of models[0]" in message


# Where it is found


def test_the_nearest_file_with_a_section_holds(repository: Path) -> None:
    below = repository / "packages" / "one"
    below.mkdir(parents=True)
    (repository / "pyproject.toml").write_text(models(f"url = '{URL}'", "name = 'outer'"))
    (below / "pyproject.toml").write_text("[project]\nname = 'one'")
    assert config.load_settings(below).entries[0].name == "outer"
    (below / "pyproject.toml").write_text(models(f"url = '{URL}'", "name = 'inner'"))
    assert config.load_settings(below).entries[0].name == "inner"


def test_nobody_looks_above_the_repository(repository: Path) -> None:
    (repository.parent / "pyproject.toml").write_text(models(f"url = '{URL}'"))
    with pytest.raises(Refusal, match=r"no \[tool\.gen-client\] was found"):
        config.load_settings(repository)


def test_outside_of_a_repository_only_the_folder_itself_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    monkeypatch.chdir(below)
    (tmp_path / "pyproject.toml").write_text(models(f"url = '{URL}'"))
    with pytest.raises(Refusal, match="there is nothing to do"):
        config.load_settings(below)
    (below / "pyproject.toml").write_text(models(f"url = '{URL}'"))
    assert config.load_settings(below).entries


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[tool", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"a = " + b"[" * 100_000, "is not TOML"),
        (b"#" * (5 << 20), "is larger than"),
    ],
)
def test_a_file_that_cannot_be_read(repository: Path, content: bytes, said: str) -> None:
    (repository / "pyproject.toml").write_bytes(content)
    with pytest.raises(Refusal, match=said):
        config.load_settings(repository)
