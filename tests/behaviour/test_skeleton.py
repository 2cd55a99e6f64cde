"""`gen-client skeleton`: the folder of a model with an interface, as its author gets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from clarigen import ModelRef
from command import RunResult
from gen_client.commands.diff_run import compare
from gen_client.commands.resolve_model import Interface
from gen_client.diagnostics import Refusal, Report
from gen_client.diff.changes import Change, Rule
from gen_client.escape import Code
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.naming.packages import package_name_from_id
from gen_client.plan.named import name_methods
from gen_client.skeleton import build_skeleton
from gen_client.source.document import Document
from gen_client.source.file import SignatureFile
from gen_client.source.model_file.read import read_model_file
from support import CORPUS, ROOT

DETECTOR: Final = ROOT / "generated" / "detector"
STATS: Final = ROOT / "generated" / "text_stats"
FILES: Final = ("config.yaml", "requirements.txt", "1/model.py")
LOCKS: Final = [
    *(path for path in sorted(CORPUS.rglob("*.json")) if path.name != "clarifai_v2_fields.json"),
    *sorted((ROOT / "generated").rglob("signatures.json")),
]

GenClient = Callable[..., RunResult]


# The circle: the contract of what is written


def name(model: Model) -> Interface:
    package = package_name_from_id("model")
    return Interface(model, package, package, name_methods(model, package, Report()), [])


def compare_again(model: Model, source: str) -> list[Change]:
    """Return what `contract` says of a source against the model that it was written from."""
    reading = read_model_file(source.encode())
    assert reading.signatures is not None, reading.findings
    again = read_model(Document(model.reference, "", tuple(reading.signatures)), Report())
    return compare(name(model), name(again))


def read_lock(path: Path) -> Model | None:
    """Return the interface of a lock; None if nothing can be generated from it."""
    try:
        return read_model(SignatureFile(str(path), Report()).fetch(), Report())
    except Refusal:
        return None


def write_source(model: Model, report: Report, *, lossy: bool) -> str | None:
    """Return the source of a model; None if it is refused with exit 4, the place and the reason."""
    try:
        files = build_skeleton(model, Code("model"), report, lossy=lossy, formatter=str)
    except Refusal as refusal:
        check_refusal(refusal)
        return None
    return files["1/model.py"]


def check_refusal(refusal: Refusal) -> None:
    assert refusal.diagnostic.exit_code == 4
    assert refusal.diagnostic.location
    assert "says the same" not in str(refusal) or "256 KB" in str(refusal), refusal


@pytest.mark.parametrize("lossy", [False, True], ids=["exact", "lossy"])
def test_the_contract_of_what_is_written_is_empty(lossy: bool) -> None:
    written: dict[str, int] = {}
    for path in LOCKS:
        model = read_lock(path)
        if model is None:
            continue
        report = Report()
        source = write_source(model, report, lossy=lossy)
        if source is None:
            continue
        changes = compare_again(model, source)
        if not lossy:
            assert {change.rule for change in changes} <= {Rule.HINT_CHANGED}, path
        named = {warning.location for warning in report.warnings}
        for change in changes:
            assert change.impact.value == "documentation", (path, change)
            assert any(place.startswith(change.method) for place in named), (path, change)
        folder = path.relative_to(CORPUS).parts[0] if CORPUS in path.parents else "generated"
        written[folder] = written.get(folder, 0) + 1
    assert written["real"] >= 105
    assert written["docs"] == 15
    assert written["kitchen_sink"] >= 12
    assert written["hostile"] >= (75 if lossy else 45)


def test_the_command_says_so_too(gen_client: GenClient) -> None:
    code, out, err = gen_client("skeleton", DETECTOR, "--out", "mine/eye")
    assert code == 0
    assert out.splitlines() == [str(Path("mine/eye") / file) for file in FILES]
    assert f"gen-client diff {DETECTOR} mine/eye" in err
    code, out, _ = gen_client("contract", "mine/eye", "--lock", DETECTOR / "signatures.json")
    assert (code, out.splitlines()[-1]) == (0, "no difference for callers")
    assert gen_client("diff", DETECTOR, "mine/eye")[0] == 0
    assert gen_client("show", "mine/eye", "predict")[0] == 0
    code, _, err = gen_client("skeleton", "mine/eye", "--out", "mine/again")
    assert code == 0
    assert Path("mine/again/1/model.py").read_bytes() == Path("mine/eye/1/model.py").read_bytes()


# MCP models


def write_tools(path: Path, **changes: Any) -> None:
    """Write a lock of an MCP model whose tools FastMCP can make of functions, changed."""
    content = json.loads((CORPUS / "mcp" / "lab-tools.json").read_text())
    offer = content["mcp"]
    tools = [tool for tool in offer["tools"] if tool["name"] != "raw_forms"]
    kept = {key: offer[key] for key in ("instructions", "prompts")}
    path.write_text(json.dumps({**content, "mcp": {**kept, "tools": tools, **changes}}))


def test_the_tools_of_an_mcp_model_are_typed_functions(gen_client: GenClient) -> None:
    write_tools(Path("lock.json"))
    assert gen_client("skeleton", "lock.json", "--out", "lab")[0] == 0
    source = Path("lab/1/model.py").read_text()
    assert """\
    unit: Literal["m2", "ft2"] = "m2",
    precision: Annotated[int, Field(description="Digits.", ge=0, le=10)] = 2,
) -> AreaResult:
""" in source
    assert '@server.tool(name="get-weather.v2")\ndef get_weather_v2(' in source
    assert "class LabTools(MCPModelClass):" in source
    code, out, _ = gen_client("contract", "lab", "--lock", "lock.json")
    assert (code, out.splitlines()[-1]) == (0, "no difference for callers")
    assert Path("lab/requirements.txt").read_text() == "clarifai>=12.5.0\nfastmcp<3\nmcp<2\n"


def tool(**schema: Any) -> dict[str, Any]:
    """Return a tool with one parameter `x`."""
    properties = {"x": schema}
    return {"name": "t", "inputSchema": {"type": "object", "properties": properties}}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tools": [tool(type="string")]}, "t.x: it may be left out and has no default"),
        (
            {"tools": [tool(type="integer", default=2, multipleOf=2)]},
            "t.x: the keyword 'multipleOf'",
        ),
        (
            {
                "tools": [
                    tool(type="array", prefixItems=[{"type": "string"}], maxItems=1, default=[])
                ]
            },
            "t.x: ",
        ),
        (
            {"resources": [{"uri": "a://b", "name": "r", "mimeType": "text/plain"}]},
            "'a://b': resources are not written",
        ),
    ],
)
def test_what_no_function_makes_is_refused(
    gen_client: GenClient, changes: dict[str, Any], said: str
) -> None:
    write_tools(Path("lock.json"), **changes)
    code, _, err = gen_client("skeleton", "lock.json", "--out", "lab")
    assert code == 4
    assert said in err
    assert not Path("lab").exists()


def test_tools_need_a_class_whose_method_comes_first(gen_client: GenClient) -> None:
    lock = ROOT / "generated" / "lab_assistant"
    code, _, err = gen_client("skeleton", lock, "--out", "lab")
    assert code == 4
    assert "mcp_transport: only MCPModelClass has tools" in err


# What is written


def test_the_source_reads_as_an_author_writes_it(gen_client: GenClient) -> None:
    assert gen_client("skeleton", DETECTOR, "--out", "eye")[0] == 0
    source = Path("eye/1/model.py").read_text()
    assert '''\
class Detector(ModelClass):
    """The methods that callers see."""
''' in source
    assert '''\
    @ModelClass.method
    def predict(
        self,
        image: Image,
        threshold: float = Param(
            default=0.5, description="Minimum score.", min_value=0.0, max_value=1.0
        ),
    ) -> list[Region]:
        """Detect objects."""
        raise NotImplementedError(
            "Detector.predict is not written yet: it must return list[Region]"
        )
''' in source
    assert Path("eye/requirements.txt").read_text() == "clarifai>=12.5.0\n"
    assert '  id: "detector"\n  user_id: "example-user"\n' in Path("eye/config.yaml").read_text()


def test_the_sources_satisfy_black_ruff_and_mypy(gen_client: GenClient, tmp_path: Path) -> None:
    sources = [
        *(
            CORPUS / "kitchen_sink" / f"{stem}.json"
            for stem in ("named-fields", "params", "tuples")
        ),
        *(CORPUS / "kitchen_sink" / f"{stem}.json" for stem in ("keyword-only", "bidirectional")),
        CORPUS / "hostile" / "method-names-imported-types.json",
        ROOT / "generated" / "gpt_5_1",
    ]
    for number, source in enumerate(path for path in sources if path.exists()):
        gen_client("skeleton", source, "--out", f"m{number}", "--lossy")
    found = sorted(tmp_path.rglob("1/model.py"))
    assert len(found) >= 4
    flat = tmp_path / "flat"
    flat.mkdir()
    for number, path in enumerate(found):
        (flat / f"m{number}.py").write_bytes(path.read_bytes())
    for words in (
        ["black", "--check", "--quiet", "--no-cache"],
        ["ruff", "check", "--quiet", "--isolated", "--no-cache"],
        ["mypy", "--config-file=", "--follow-imports=skip", "--ignore-missing-imports"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *words, "."],
            cwd=flat,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def signature(**changes: Any) -> dict[str, Any]:
    """Return a signature with a parameter `x`, changed."""
    field = {"name": "x", "type": "STR", "required": True, **changes.pop("field", {})}
    output = {"name": "return", "type": "STR", **changes.pop("output", {})}
    method = {"name": "predict", "method_type": "UNARY_UNARY", "input_fields": [field]}
    return {**method, "output_fields": [output], **changes}


def optional(**changes: Any) -> dict[str, Any]:
    return signature(field={"required": False, **changes})


RECORD: Final = {"type": "NAMED_FIELDS", "type_args": [{"name": "items", "type": "STR"}]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (signature(field={"name": "class"}), "predict.class: it is a keyword of Python"),
        (signature(field={"name": "self"}), "predict.self: it has another meaning"),
        (signature(field={"name": "with_proto"}), "predict.with_proto: it has another meaning"),
        (signature(field={"name": "\ufb01ne"}), "as another name"),
        (signature(field={"name": "__x"}), "predict.__x: it starts with two underscores"),
        (signature(field=RECORD), "predict.x.items: it has another meaning"),
        (signature(name="import"), "import: it is a keyword of Python"),
        (signature(name="load_model"), "load_model: ModelClass has an attribute of this name"),
        (signature(name="_thread_local"), "_thread_local: ModelClass has an attribute"),
        (signature(output={"name": "text"}), "predict.return: it has several outputs"),
        (
            signature(field={"model_type_enum_options": [{"id": "a"}]}),
            "predict.x: it is required, and the SDK publishes choices or a range only with a default",
        ),
        (
            optional(type="IMAGE", default="<Image object>"),
            "predict.x: its default is known to the model's own code alone: '<Image object>'",
        ),
        (optional(default='"null"'), "predict.x: only an older SDK could write its default"),
    ],
)
def test_what_no_source_can_have_is_refused(
    gen_client: GenClient, content: dict[str, Any], said: str
) -> None:
    Path("lock.json").write_text(json.dumps({"method_signatures": [content]}))
    for options in ([], ["--lossy"]):
        code, out, err = gen_client("skeleton", "lock.json", "--out", "eye", *options)
        assert (code, out) == (4, "")
        assert said in err
        assert "nothing was written" in err
        assert list(Path().iterdir()) == [Path("lock.json")]


@pytest.mark.parametrize(
    ("content", "said", "warning"),
    [
        (
            signature(field={"description": "A text."}),
            "predict.x: it is required, and the SDK publishes a description only with a default",
            "predict.x: its description is left out",
        ),
        (
            signature(output={"description": "A text."}),
            "predict.return: the SDK publishes no description of a result",
            "predict.return: its description is left out",
        ),
        (
            optional(model_type_enum_options=[{"id": "a", "description": "One."}], default="a"),
            "predict.x: the SDK publishes no description of a choice",
            "predict.x: the description of its choices is left out",
        ),
        (
            optional(type="INT", default="1", model_type_range_info={"max": 9, "step": 2}),
            "predict.x: the SDK publishes no step of a range",
            "predict.x: the step of its range is left out",
        ),
        (
            optional(internal_only=True, default="a"),
            "predict.x: the SDK publishes no mark of an internal parameter",
            "predict.x: the mark of an internal parameter is left out",
        ),
        (
            signature(description="Look:\n\n>>> evil()"),
            "predict: its description cannot be a docstring: a doctest is in it",
            "predict: its description is written with escapes",
        ),
        (
            signature(description="red \x1b[31m"),
            "predict: its description cannot be a docstring",
            "predict: its description is written with escapes",
        ),
    ],
)
def test_what_only_describes_can_be_left_out(
    gen_client: GenClient, content: dict[str, Any], said: str, warning: str
) -> None:
    Path("lock.json").write_text(json.dumps({"method_signatures": [content]}))
    code, _, err = gen_client("skeleton", "lock.json", "--out", "eye")
    assert code == 4
    assert said in err
    assert "--lossy leaves out what only describes the interface" in err
    assert not Path("eye").exists()
    code, _, err = gen_client("skeleton", "lock.json", "--out", "eye", "--lossy")
    assert code == 0
    assert f"warning: {warning}" in err
    code, _, _ = gen_client("contract", "eye", "--lock", "lock.json", "--fail-on", "breaking")
    assert code == 0


def test_what_an_upload_refuses_is_said(gen_client: GenClient) -> None:
    Path("lock.json").write_text(
        json.dumps({"method_signatures": [signature(field={"type": "NDARRAY"})]})
    )
    code, _, err = gen_client("skeleton", "lock.json", "--out", "eye")
    assert code == 0
    assert "predict.x: the upload refuses the type" in err
    assert "fill in the ids in config.yaml" in err
    assert Path("eye/requirements.txt").read_text() == "clarifai>=12.5.0\nnumpy\n"


def test_a_model_without_signatures_is_refused(gen_client: GenClient) -> None:
    code, _, err = gen_client("skeleton", ROOT / "generated" / "flowers", "--out", "eye")
    assert code == 4
    assert "the model has no signatures" in err


# Nothing is replaced


def test_nothing_is_replaced(gen_client: GenClient) -> None:
    assert gen_client("skeleton", STATS, "--out", "stats", "--lossy")[0] == 0
    code, out, err = gen_client("skeleton", STATS, "--out", "stats", "--lossy")
    assert (code, out) == (0, "")
    assert "is up to date" in err
    Path("stats/1/model.py").write_text("mine")
    Path("stats/config.yaml").unlink()
    code, out, err = gen_client("skeleton", STATS, "--out", "stats", "--lossy")
    assert (code, out) == (2, "")
    assert "'stats/1/model.py': is there already, and is not replaced" in err
    assert Path("stats/1/model.py").read_text() == "mine"
    assert not Path("stats/config.yaml").exists()


def test_missing_files_are_added(gen_client: GenClient) -> None:
    Path("eye").mkdir()
    Path("eye/README.md").write_text("mine")
    code, out, _ = gen_client("skeleton", DETECTOR, "--out", "eye")
    assert (code, len(out.splitlines())) == (0, 3)
    Path("eye/requirements.txt").unlink()
    _, out, _ = gen_client("skeleton", DETECTOR, "--out", "eye")
    assert out.splitlines() == ["eye/requirements.txt"]
    assert Path("eye/README.md").read_text() == "mine"


def make_link(path: str) -> None:
    Path("other").mkdir()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).symlink_to(Path("other").absolute())


def make_file(path: str) -> None:
    Path(path).parent.mkdir(parents=True)
    Path(path).touch()


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda: make_link("eye"), "'eye': is a symbolic link"),
        (lambda: make_link("eye/1"), "'eye/1': is a symbolic link"),
        (lambda: make_link("eye/1/model.py"), "'eye/1/model.py': is there already"),
        (lambda: Path("eye").write_text(""), "'eye': is a file"),
        (lambda: make_file("eye/model.py"), "'eye/model.py': would be read in place"),
        (lambda: Path("eye/config.yaml").mkdir(parents=True), "'eye/config.yaml': is there"),
    ],
)
def test_what_is_in_the_way_is_refused(
    gen_client: GenClient, prepare: Callable[[], object], said: str
) -> None:
    prepare()
    before = sorted(Path().rglob("*"))
    code, out, err = gen_client("skeleton", DETECTOR, "--out", "eye")
    assert (code, out) == (2, "")
    assert said in err
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([str(DETECTOR)], "name one with --out DIR"),
        (["--out", "eye"], "no model is named"),
        (["nowhere.json", "--out", "eye"], "there is no such file"),
        ([str(DETECTOR), "--ot", "eye"], "did you mean '--out'?"),
    ],
)
def test_a_wrong_command_line_gets_a_remedy(
    gen_client: GenClient, words: list[str], said: str
) -> None:
    code, _, err = gen_client("skeleton", *words)
    assert code == 2
    assert said in err
    assert list(Path().iterdir()) == []


def test_the_class_has_the_name_of_the_model() -> None:
    method = signature()
    for id_, class_name in (
        ("SmolLM2-135M", "SmolLm2_135m"),
        ("4o", "Model4o"),
        ("image", "ImageModel"),
    ):
        model = read_model(Document(ModelRef("a", "b", id_), "", (method,)), Report())
        files = build_skeleton(model, package_name_from_id(id_), Report(), formatter=str)
        assert f"class {class_name}(ModelClass):" in files["1/model.py"]
