"""`gen-client contract`: what an author hears of a change of `model.py` before it is deployed.

The models are read from their source: none of these tests has a credential, a network or the SDK.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from command import RunResult
from support import ROOT

SCHEMA: Final = ROOT / "codegen" / "gen_client" / "schemas" / "contract.schema.json"
CONFIG: Final = "model:\n  id: detector\n  user_id: acme\n  app_id: vision\n"
SOURCE: Final = '''\
from typing import Iterator, List

from clarifai.runners.models.model_class import ModelClass
from clarifai.runners.utils.data_types import Image, Region


class Detector(ModelClass):
    @ModelClass.method
    def detect(self, image: Image, threshold: float = 0.5) -> List[Region]:
        """Find objects."""
        return []

    @ModelClass.method
    def describe(self, prompt: str) -> Iterator[str]:
        yield prompt
'''
RENAMED: Final = SOURCE.replace("threshold", "cutoff")
EXTENDED: Final = SOURCE.replace("prompt: str)", "prompt: str, words: int = 20)")
DOCUMENTED: Final = SOURCE.replace("Find objects.", "Find objects of eighty kinds.")
UNSURE: Final = SOURCE.replace("0.5", "LIMIT").replace(
    "\n\nclass", "from limits import LIMIT\n\n\nclass"
)
OPTIONAL: Final = SOURCE.replace("prompt: str", "prompt: 'str'")

GenClient = Callable[..., RunResult]


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def write(folder: Path, source: str) -> None:
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "1" / "model.py").write_text(source)
    (folder / "config.yaml").write_text(CONFIG)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Commit a model on the main branch and check out another; return the model's folder."""
    folder = tmp_path / "detector"
    write(folder, SOURCE)
    git(tmp_path, "init", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "switch", "-c", "change")
    return folder


@pytest.mark.parametrize(
    ("source", "impact", "fails"),
    [
        (RENAMED, "breaking       detect.threshold: is called `cutoff` now", ("any", "breaking")),
        (EXTENDED, "compatible     describe.words: is new; left out, it is `20`", ("any",)),
        (DOCUMENTED, "documentation  detect: its description changed", ("any",)),
        (SOURCE, "no difference for callers", ()),
    ],
    ids=["renames", "adds", "documents", "nothing"],
)
def test_a_pull_request_is_compared_with_the_main_branch(
    gen_client: GenClient, model: Path, source: str, impact: str, fails: tuple[str, ...]
) -> None:
    write(model, source)
    git(model, "commit", "--allow-empty", "-am", "change")
    for fail_on in ("any", "breaking"):
        code, out, err = gen_client("contract", model, "--base", "main", "--fail-on", fail_on)
        assert (code, err) == (int(fail_on in fails), "")
        assert impact in out


def test_annotations_point_to_the_line_of_the_method(gen_client: GenClient, model: Path) -> None:
    write(model, RENAMED)
    code, out, _ = gen_client("contract", "detector", "--base", "main", "--format", "github")
    assert code == 1
    assert out.startswith(
        "::error file=detector/1/model.py,line=9,title=breaking%3A parameter-renam"
    )


@pytest.mark.parametrize("source", [RENAMED, EXTENDED, UNSURE, OPTIONAL, "class"])
def test_json_has_the_form_of_its_schema(gen_client: GenClient, model: Path, source: str) -> None:
    write(model, source)
    _, out, _ = gen_client("contract", model, "--base", "main", "--format", "json")
    jsonschema.validate(json.loads(out), json.loads(SCHEMA.read_text("utf-8")))


def test_markdown_has_no_text_of_the_source_outside_of_code(
    gen_client: GenClient, model: Path
) -> None:
    write(model, SOURCE.replace("prompt: str", "prompt: '<b>@all</b>'"))
    code, out, _ = gen_client("contract", model, "--base", "main", "--format", "markdown")
    assert code == 4
    assert "`the annotation is text: '<b>@all</b>'`" in out


@pytest.mark.parametrize("side", ["new", "base"])
def test_a_source_that_is_not_sure_is_never_a_clean_result(
    gen_client: GenClient, model: Path, side: str
) -> None:
    write(model, UNSURE)
    if side == "base":
        git(model, "commit", "-am", "unsure")
        write(model, SOURCE)
    base = "HEAD" if side == "base" else "main"
    code, out, err = gen_client("contract", "detector", "--base", base)
    assert code == 4
    assert "not compared" in out
    text = out if side == "new" else err
    assert "detector/1/model.py" in text
    assert "`limits.LIMIT`" in text


def test_a_type_that_the_upload_refuses_is_an_error_with_its_line(
    gen_client: GenClient, model: Path
) -> None:
    write(model, OPTIONAL)
    code, out, _ = gen_client("contract", "detector", "--lint")
    assert code == 4
    assert "detector/1/model.py:14: error: describe.prompt: the annotation is text: 'str'" in out


def test_findings_that_only_the_upload_has_do_not_hide_the_comparison(
    gen_client: GenClient, model: Path
) -> None:
    write(
        model,
        RENAMED.replace("from typing", "import numpy as np\nfrom typing").replace(
            "prompt: str", "prompt: np.ndarray"
        ),
    )
    code, out, _ = gen_client("contract", model, "--base", "main", "--fail-on", "breaking")
    assert code == 1
    assert "is called `cutoff` now" in out
    assert "error: describe.prompt: the upload refuses the type" in out


def test_a_new_model_has_nothing_to_compare_with(gen_client: GenClient, model: Path) -> None:
    write(model.parent / "second", SOURCE)
    code, out, _ = gen_client("contract", "second", "--base", "main")
    assert code == 0
    assert "new: there is nothing to compare with" in out


def test_a_missing_revision_is_a_usage_error(gen_client: GenClient, model: Path) -> None:
    code, _, err = gen_client("contract", model, "--base", "nowhere")
    assert code == 2
    assert "--base 'nowhere' is not a revision" in err


def test_a_lock_is_written_and_compared(gen_client: GenClient, model: Path) -> None:
    lock = model / "signatures.json"
    assert gen_client("contract", model, "--lock", lock, "--write")[0] == 0
    assert gen_client("contract", model, "--lock", lock)[0] == 0
    write(model, RENAMED)
    assert gen_client("contract", model, "--lock", lock)[0] == 1
    assert gen_client("contract", model, "--lock", lock, "--write")[0] == 1
    assert gen_client("contract", model, "--lock", lock)[0] == 0


def test_several_models_are_checked_at_once(gen_client: GenClient, model: Path) -> None:
    write(model.parent / "second", OPTIONAL)
    paths = ("detector/1/model.py", "second/1/model.py")
    code, out, _ = gen_client("contract", *paths, "--lint")
    assert code == 4
    assert "detector/1/model.py" in out
    assert "second/1/model.py:14" in out


def test_without_a_base_the_deployed_model_is_asked(gen_client: GenClient, model: Path) -> None:
    code, out, err = gen_client("contract", model)
    assert (code, "against the deployed model" in out) == (2, True)
    assert "no credential" in err


@pytest.mark.parametrize("path", ["detector", "detector/1/model.py"])
def test_a_models_folder_is_a_source(gen_client: GenClient, model: Path, path: str) -> None:
    code, out, _ = gen_client("show", path)
    assert code == 0
    assert out.startswith("acme/vision/models/detector: 2 methods")
    code, out, _ = gen_client("generate", path, "--out", "clients")
    assert code == 0
    assert (model.parent / "clients" / "detector" / "client.py").is_file()
    assert gen_client("diff", "clients/detector", path)[0] == 0
    write(model, RENAMED)
    code, out, _ = gen_client("diff", "clients/detector", path)
    assert (code, "is called `cutoff` now" in out) == (1, True)


def test_a_source_that_is_not_sure_makes_no_client(gen_client: GenClient, model: Path) -> None:
    write(model, UNSURE)
    code, _, err = gen_client("generate", "detector", "--out", "clients")
    assert code == 4
    assert "detector/1/model.py:10: detect.threshold: unsure" in err


def test_nothing_of_a_source_runs(gen_client: GenClient, model: Path) -> None:
    write(model, f"open({str(model / 'ran')!r}, 'w')\n" + SOURCE)
    assert gen_client("contract", model, "--base", "main")[0] == 0
    assert gen_client("show", model)[0] == 0
    assert not (model / "ran").exists()


@pytest.mark.official_server
def test_an_interpreter_reads_what_the_source_does_not_say(
    gen_client: GenClient, model: Path
) -> None:
    write(model, UNSURE)
    (model / "limits.py").write_text("print('noise')\nLIMIT = 0.25\n")
    arguments = ("contract", "detector", "--base", "main", "--python", sys.executable)
    code, out, err = gen_client(*arguments)
    assert code == 1, err
    assert "detect.threshold: its default is `0.25` now" in out or "`0.25`" in out
    assert "the upload publishes the text of a mock" in out


@pytest.mark.official_server
def test_an_interpreter_that_cannot_import_the_source_is_no_clean_result(
    gen_client: GenClient, model: Path
) -> None:
    write(model, UNSURE)
    code, _, err = gen_client("contract", model, "--lint", "--python", sys.executable)
    assert code == 4
    assert "ModuleNotFoundError: No module named 'limits'" in err


def test_an_interpreter_that_ends_without_a_word_is_no_clean_result(
    gen_client: GenClient, model: Path
) -> None:
    code, _, err = gen_client("contract", model, "--lint", "--python", "/bin/false")
    assert code == 4
    assert "the import fails: it ends with code 1" in err


def test_an_interpreter_that_does_not_exist_is_a_usage_error(
    gen_client: GenClient, model: Path
) -> None:
    code, _, err = gen_client("contract", model, "--lint", "--python", "no/such/python")
    assert code == 2
    assert "--python 'no/such/python' cannot be run" in err


def hostile(name: str) -> Any:
    return pytest.param(name, id=name.encode("unicode_escape").decode()[:20])


@pytest.mark.parametrize(
    "text",
    [hostile("\x1b]0;x\x07"), hostile("::error::x"), hostile("##[error]x"), hostile("\u202e")],
)
def test_text_of_the_source_is_no_command(gen_client: GenClient, model: Path, text: str) -> None:
    write(model, SOURCE.replace("prompt: str", f"prompt: {text!r}"))
    for form in ("text", "json", "markdown", "github"):
        code, out, _ = gen_client("contract", model, "--lint", "--format", form)
        assert code == 4
        assert not any(
            line.startswith("::error::") or "##[error" in line for line in out.split("\n")
        )


TOOLS: Final = '''\
from clarifai.runners.models.mcp_class import MCPModelClass
from fastmcp import FastMCP

server = FastMCP("lab")


@server.tool
def weigh(sample: str, precision: int = 2) -> float:
    """Weigh a sample."""
    return 1.0


class Lab(MCPModelClass):
    def get_server(self) -> FastMCP:
        return server
'''


@pytest.mark.parametrize(
    ("old", "new", "impact"),
    [
        ("sample: str", "probe: str", "breaking       weigh.sample: "),
        ("precision: int = 2", "precision: int = 2, unit: str = 'g'", "compatible     weigh.unit: "),
        ("Weigh a sample.", "Weigh anything.", "documentation  weigh: its description changed"),
    ],
    ids=["renames", "adds", "documents"],
)  # fmt: skip
def test_the_tools_of_an_mcp_model_are_compared(
    gen_client: GenClient, model: Path, old: str, new: str, impact: str
) -> None:
    write(model, TOOLS)
    git(model, "commit", "-am", "tools")
    write(model, TOOLS.replace(old, new))
    code, out, err = gen_client("contract", model, "--base", "HEAD")
    assert (code, err) == (1, "")
    assert impact in out
    annotations = gen_client("contract", "detector", "--base", "HEAD", "--format", "github")[1]
    assert " file=detector/1/model.py,line=8,title=" in annotations


def test_tools_that_are_not_sure_are_no_clean_result(gen_client: GenClient, model: Path) -> None:
    """An upload does not look at them, so a check of the upload alone says nothing of them."""
    write(model, TOOLS + "\n\nserver.add_tool(weigh)\n")
    code, out, _ = gen_client("contract", "detector", "--base", "main")
    assert code == 4
    assert "detector/1/model.py:18: unsure: `server` is used in a way that may change" in out
    assert gen_client("contract", "detector", "--lint")[0] == 0
    code, out, err = gen_client("show", "detector")
    assert (code, "mcp_transport" in out) == (0, True)
    assert "detector/1/model.py:18: `server` is used" in err


def test_the_tools_of_a_models_folder_become_a_client(gen_client: GenClient, model: Path) -> None:
    write(model, TOOLS)
    assert "def weigh(sample: str, *, precision: int = 2) -> float" in gen_client("show", model)[1]
    assert gen_client("contract", model, "--lock", "lock.json", "--write")[0] == 0
    assert gen_client("diff", "lock.json", model)[0] == 0
    code, out, _ = gen_client("call", model, "weigh", "salt", "--samples")
    assert code == 0
    assert isinstance(json.loads(out), float)


def test_a_lock_without_tools_is_compared_by_its_methods(
    gen_client: GenClient, model: Path
) -> None:
    write(model, TOOLS + "\n\nserver.add_tool(weigh)\n")
    assert gen_client("generate", model, "--out", ".", "--name", "lab")[0] == 0
    write(model, TOOLS)
    code, out, err = gen_client("contract", model, "--lock", "lab/signatures.json")
    assert (code, "no difference" in out) == (0, True)
    assert "lab/signatures.json does not list the tools of the model" in err


@pytest.mark.official_server
def test_an_interpreter_lists_the_tools_that_the_source_says(gen_client: GenClient) -> None:
    """The lock is what the library FastMCP makes of a source; reading the source must give the same."""
    forms = ROOT / "tests" / "server" / "mcp_models" / "forms"
    python = ROOT / ".venv" / "mcp" / "bin" / "python"
    if not python.exists():
        pytest.skip("`.venv/mcp` is missing, the environment of MCP models")
    arguments = ("contract", forms, "--lock", "lock.json")
    assert gen_client(*arguments, "--write", "--python", python)[0] == 0
    assert len(json.loads(Path("lock.json").read_text())["mcp"]["tools"]) == 10
    code, out, err = gen_client(*arguments)
    assert (code, err) == (0, ""), out
