"""`gen-client show`: in a pipe, on a terminal and as JSON; no model makes its output unsafe."""

from __future__ import annotations

import ast
import json
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jsonschema
import pytest

from clarigen.testing import OpenAITransports, serve
from command import RunResult, run_command
from gen_client import cli
from support import CORPUS, ROOT, SOURCES, run

Show = Callable[..., RunResult]
DETECTOR = CORPUS / "docs" / "detector.json"
HOSTILE = sorted((CORPUS / "hostile").glob("*.json"))


@pytest.fixture
def show(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Show:
    """Return a function that runs `gen-client show` in this process, and checks that its output is printable."""
    monkeypatch.chdir(tmp_path)

    return partial(run_command, capsys, "show", colors="[0-9;]*")


def test_all_methods_are_listed(show: Show) -> None:
    code, out, _ = show(DETECTOR)
    assert code == 0
    assert out.split("\n")[0].endswith("/models/detector: 2 methods")
    assert (
        "\ndef predict(image: Image, *, threshold: float = 0.5) -> list[Region]\n"
        "    Detect objects.\n"
    ) in out
    assert "from detector import" not in out


def test_one_method_is_shown_in_full(show: Show) -> None:
    code, out, err = show(DETECTOR, "predict")
    assert (code, err) == (0, "")
    assert "\ndef predict(inputs: Sequence[PredictInput], /) -> list[list[Region]]\n" in out
    assert "\n        threshold: Minimum score. 0.0 to 1.0.\n" in out
    assert "\ndef predict_batch(\n    inputs: Iterable[PredictInput], *, progress" in out
    assert "from detector import Detector, Image\n" in out
    assert "asyncio.run(main())\n" in out
    assert "def generate" not in out


def test_a_package_has_the_name_of_its_folder(show: Show) -> None:
    assert cli.main(["--signatures", str(DETECTOR), "--name", "eyes"]) == 0
    for path in ("eyes", "eyes/signatures.json"):
        assert "from eyes import Eyes, Image\n" in show(path, "predict")[1]


def test_a_method_is_found_by_both_of_its_names(show: Show, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    method = {
        "name": "class",
        "method_type": "UNARY_UNARY",
        "input_fields": [{"name": "from", "type": "INT", "required": True}],
        "output_fields": [{"name": "return", "type": "STR"}],
    }
    file.write_text(json.dumps([method]))
    for name in ("class", "class_"):
        code, out, _ = show(file, name)
        assert code == 0
        assert "\ndef class_(from_: int) -> str\n" in out
        assert "model.class_(1)" in out


PACKAGES = sorted(path.parent for path in (ROOT / "generated").glob("*/client.py"))
STUDIO = ROOT / "generated" / "speech_studio"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_signatures_are_those_of_the_package(show: Show, package: Path) -> None:
    """Each is in `client.py`, but for `self`; of a method that takes a list, too, the first overload."""
    tree = ast.parse((package / "client.py").read_text("utf-8"))
    client = next(node for node in tree.body if isinstance(node, ast.ClassDef))
    generated: dict[str, str] = {}
    for node in client.body:
        if isinstance(node, ast.FunctionDef) and not node.name.endswith("_batch"):
            del (node.args.posonlyargs or node.args.args)[0]  # `self`
            generated.setdefault(node.name, _format_signature(node))
    content = json.loads(show(package, "--json")[1])
    shown = {
        method["name"]: _format_signature(ast.parse(f"{method['signature']}: ...").body[0])
        for method in (*content["methods"], *content["tools"])
    }
    assert shown == generated


def _format_signature(node: ast.stmt) -> str:
    assert isinstance(node, ast.FunctionDef)
    assert node.returns is not None
    return f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"


def test_classes_are_those_of_the_package(show: Show) -> None:
    out = show(STUDIO, "transcribe")[1]
    shown = re.findall(r"^class (\w+):\n((?:    .*\n)+)", out, re.MULTILINE)
    assert len(shown) == 5
    tree = ast.parse((STUDIO / "client.py").read_text("utf-8"))
    generated = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    for name, body in shown:
        fields = [node for node in generated[name].body if isinstance(node, ast.AnnAssign)]
        lines = [line.strip() for line in body.splitlines() if not line.strip().startswith("#")]
        assert lines == [ast.unparse(field) for field in fields]


@pytest.mark.parametrize("name", ["speech_studio", "lab_tools", "plain_chat", "flowers"])
def test_lines_fit_80_columns_and_none_is_cut(show: Show, name: str) -> None:
    """On a terminal, too: only code to copy may be longer, and is not broken."""
    out = show(ROOT / "generated" / name)[1]
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out


def test_raw_is_the_signature_of_the_sdk(show: Show) -> None:
    out = show(DETECTOR, "--raw")[1]
    assert out.startswith(
        "def predict(image: data_types.Image, threshold: float = 0.5) -> List[data_types.Region]:\n"
    )
    assert len(out.splitlines()) == 2


def test_a_package_in_a_package_is_imported_from_the_outermost(
    show: Show, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "src" / "app" / "models"
    models.mkdir(parents=True)
    for folder in (models, models.parent):
        (folder / "__init__.py").touch()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli.main(["--signatures", str(DETECTOR), "--out", str(models)]) == 0
    err = capsys.readouterr().err
    assert "  from app.models.detector import Detector\n" in err
    assert f"  python -m app.models.detector.examples    (in {tmp_path / 'src'})\n" in err
    out = show(models / "detector", "predict")[1]
    assert "\nfrom app.models.detector import Detector, Image\n" in out
    assert json.loads(show(models / "detector", "--json")[1])["module"] == "app.models.detector"


def test_a_served_model_is_shown(show: Show) -> None:
    class Fake:
        def predict(self, prompt: str = "hi") -> str:
            return prompt

    with serve(Fake()) as server:
        code, out, _ = show("--url", server.url, "predict")
        assert code == 0
        assert out.startswith("a model: 1 method\n")
        assert f'with Model(base_url="{server.url}") as model:\n' in out


@pytest.mark.parametrize("form", ["sync", "async", "batch"])
def test_a_snippet_is_a_program(show: Show, form: str) -> None:
    code, out, err = show(DETECTOR, "predict", f"--snippet={form}")
    assert (code, err) == (0, "")
    ast.parse(out)
    assert ("await" in out) is (form == "async")
    assert ("for result in" in out) is (form == "batch")


def test_all_snippets_are_one_program(show: Show) -> None:
    out = show(DETECTOR, "--snippet")[1]
    ast.parse(out)
    assert out.count("as model:") == 5  # a stream has no batch


def test_json_describes_the_model(show: Show) -> None:
    code, out, _ = show(DETECTOR, "--json")
    content = json.loads(out)
    assert code == 0
    assert (content["kind"], content["client"]) == ("show", "Detector")
    predict = content["methods"][0]
    assert predict["batch"] == "predict_batch"
    assert predict["parameters"][1] == {
        "name": "threshold",
        "wire_name": "threshold",
        "type": "float",
        "stream": False,
        "required": False,
        "default": "0.5",
        "choices": [],
        "minimum": 0.0,
        "maximum": 1.0,
        "description": "Minimum score.",
    }
    assert len(json.loads(show(DETECTOR, "generate", "--json")[1])["methods"]) == 1


def test_json_schema_describes_tools(show: Show) -> None:
    tools = json.loads(show(DETECTOR, "--json-schema")[1])
    assert [tool["name"] for tool in tools] == ["predict", "generate"]
    tool = json.loads(show(DETECTOR, "predict", "--json-schema")[1])
    assert tool == tools[0]
    image = {"url": "https://samples.clarifai.com/dog.png"}
    jsonschema.validate({"image": image, "threshold": 0.3}, tool["input_schema"])


def test_colors_on_a_terminal(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = show(DETECTOR, "predict")[1]
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    colored = show(DETECTOR, "predict")[1]
    assert "\x1b[" in colored
    bare = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert re.sub(" +\n", "\n", bare) == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert show(DETECTOR, "predict")[1] == plain


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no model is named"),
        (["nothing.json"], "cannot be read"),
        ([DETECTOR, "detect"], "it has predict, generate"),
        ([DETECTOR, "a\x1b[31m"], "no method"),
        ([DETECTOR, "predict", "generate"], "one method at a time"),
        ([DETECTOR, "--json", "--snippet"], "not allowed with"),
        ([DETECTOR, "--snippet=other"], "invalid choice"),
        ([DETECTOR, "generate", "--snippet=batch"], "batch"),
    ],
)
def test_usage_errors(show: Show, words: list[object], message: str) -> None:
    code, out, err = show(*words)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize("form", [[], ["--snippet"], ["--json"], ["--json-schema"]], ids=str)
def test_hostile_models_are_shown_safely(
    show: Show, form: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown_count = 0
    for path in HOSTILE:
        code, out, _ = show(path, *form)
        assert code in (0, 4), path
        shown_count += code == 0
        if code == 0 and form == ["--snippet"]:
            ast.parse(out)
        elif code == 0 and form:
            json.loads(out)
    assert shown_count > 50


CHAT = ROOT / "generated" / "gpt_5_1"


def test_an_openai_compatible_model_has_a_chat(show: Show) -> None:
    code, out, _ = show(CHAT)
    assert code == 0
    assert out.split("\n")[0].endswith("/models/gpt-5_1: 2 methods, openai()")
    assert "\ndef openai() -> openai.OpenAI\n" in out
    assert "create(" not in out
    code, out, _ = show(CHAT, "openai")
    assert code == 0
    assert "def predict" not in out
    assert "answer = await model.openai().chat.completions.create(" in out


def test_the_code_of_a_chat_runs(show: Show) -> None:
    code, out, _ = show(CHAT, "--snippet=all")
    assert code == 0
    assert out.count("model.openai()") == 2
    code, program, _ = show(CHAT, "openai", "--snippet")
    assert code == 0
    with serve(OpenAITransports(lambda body: "the answer")) as server:
        paths = os.pathsep.join([SOURCES, str(CHAT.parent)])
        env = {"PYTHONPATH": paths, "CLARIFAI_API_BASE": server.url}
        done = run(sys.executable, "-c", program, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "the answer\n" * 2


def test_a_chat_has_no_batch(show: Show) -> None:
    assert show(CHAT, "openai", "--snippet=batch")[0] == 2
