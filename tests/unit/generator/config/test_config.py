"""The configuration: its keys, the search for its file, and the refusal of wrong ones."""

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
    """Create a repository, and make it the working folder."""
    root = tmp_path / "repository"
    (root / ".git").mkdir(parents=True)
    monkeypatch.chdir(root)
    return root


def load(repository: Path, text: str) -> config.Settings:
    """Load a configuration with this text."""
    (repository / "pyproject.toml").write_text(text, encoding="utf-8")
    return config.load_settings(repository)


def refuse(repository: Path, text: str) -> str:
    """Return the message of the refusal of a configuration."""
    with pytest.raises(Refusal) as caught:
        load(repository, text)
    assert caught.value.diagnostic.exit_code == USAGE
    return str(caught.value.diagnostic)


def models(*lines: str) -> str:
    """Return the text of a configuration with one model."""
    return "\n".join(["[[tool.gen-client.models]]", *lines])


def test_all_keys_are_read(repository: Path) -> None:
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
    options = (
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
            client_options=options,
        ),
        ModelEntry(
            RunnerAddress("grpc://127.0.0.1:8000"),
            "local",
            Path("tools"),
            exclude=("debug",),
            client_options=(("deployment_id", "mine"), ("deployment_user_id", "acme")),
        ),
    )


def test_a_version_in_the_url_is_pinned(repository: Path) -> None:
    (entry,) = load(repository, models(f'url = "{URL}/versions/v7"')).entries
    assert entry.address == ModelAddress(MODEL, "v7")
    assert entry.client_options == (("version_id", "v7"),)


@pytest.mark.parametrize(
    ("text", "message"),
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
        (models(f"url = '{URL}'", "methods = 'detect'"), "methods is not an array of strings"),
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
def test_a_wrong_key_is_refused_with_its_line(repository: Path, text: str, message: str) -> None:
    if "models" not in text and "[tool]" not in text and text != "[tool.gen-client]":
        text += "\n" + models(f"url = '{URL}'")
    refusal = refuse(repository, text)
    assert message in refusal
    assert "pyproject.toml', line " in refusal
    assert "secret" not in refusal


def test_the_line_of_a_wrong_key_is_named(repository: Path) -> None:
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
    assert "line 15: models[1].wrong is not known" in refuse(repository, text)


@pytest.mark.parametrize("size", [1, 2, 3, 200])
def test_lines_are_found_in_long_texts(size: int) -> None:
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
    ("path", "message"),
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
def test_a_path_must_stay_inside_the_repository(repository: Path, path: str, message: str) -> None:
    (repository / "link").symlink_to(repository.parent)
    (repository / "git").symlink_to(".git")
    for text in (
        f'[tool.gen-client]\nout = "{path}"\n{models(f"url = {URL!r}")}',
        models(f"url = '{URL}'", f'out = "{path}"'),
    ):
        refusal = refuse(repository, text)
        assert message in refusal
        assert refusal.isprintable() or "\n" in refusal


def test_paths_are_relative_to_the_file(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_packages_must_not_overlap(repository: Path, first: str, second: str) -> None:
    (repository / "real").mkdir()
    (repository / "link").symlink_to("real")
    url = f"url = '{URL}'"
    text = f"{models(url, first)}\n{models(url, 'name = ' + repr('other'))}\n{models(url, second)}"
    message = refuse(repository, text)
    assert "models[2] writes over the package of models[0]" in message


# The search for the file


def test_the_nearest_file_with_a_section_is_used(repository: Path) -> None:
    below = repository / "packages" / "one"
    below.mkdir(parents=True)
    (repository / "pyproject.toml").write_text(models(f"url = '{URL}'", "name = 'outer'"))
    (below / "pyproject.toml").write_text("[project]\nname = 'one'")
    assert config.load_settings(below).entries[0].name == "outer"
    (below / "pyproject.toml").write_text(models(f"url = '{URL}'", "name = 'inner'"))
    assert config.load_settings(below).entries[0].name == "inner"


def test_folders_above_the_repository_are_not_searched(repository: Path) -> None:
    (repository.parent / "pyproject.toml").write_text(models(f"url = '{URL}'"))
    with pytest.raises(Refusal, match=r"no \[tool\.gen-client\] was found"):
        config.load_settings(repository)


def test_outside_of_a_repository_only_the_folder_itself_is_searched(
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
    ("content", "message"),
    [
        (b"[tool", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"a = " + b"[" * 100_000, "is not TOML"),
        (b"#" * (5 << 20), "is larger than"),
    ],
)
def test_an_unreadable_file_is_refused(repository: Path, content: bytes, message: str) -> None:
    (repository / "pyproject.toml").write_bytes(content)
    with pytest.raises(Refusal, match=message):
        config.load_settings(repository)
