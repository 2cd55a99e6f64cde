"""`clarigen.json_schema`: the schemas of `gen-client show --json-schema`, at run time and without the generator."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import clarigen
from clarigen import ConfigError
from clarigen.testing import fake
from gen_client import cli, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.output import lock_file
from gen_client.plan.named import name_interface
from gen_client.show import json_schema, tools
from gen_client.source import Document
from golden.packages import GENERATED
from support import CORPUS, run_python

NAMES = sorted(path.name for path in GENERATED.iterdir() if path.is_dir())
FILES = [
    path
    for folder, step in (("docs", 1), ("real", 1), ("kitchen_sink", 1), ("hostile", 8))
    for path in sorted((CORPUS / folder).glob("*.json"))[::step]
]


def described(document: Document, package: str) -> Iterator[dict[str, Any]]:
    """Yield what `gen-client show --json-schema` prints of a model, by method."""
    model = read_model(document, Report())
    interface = name_interface(model, Code(package), Report())
    yield from map(json_schema.describe_tool, interface.methods)
    for tool in interface.tools:
        assert model.tools is not None
        yield tools.describe_tool(tool, model.tools)


def without_texts(schema: Any) -> Any:
    """Return a schema without descriptions, except those of definitions."""
    if isinstance(schema, dict):
        return {
            key: value if key == "$defs" else without_texts(value)
            for key, value in schema.items()
            if key != "description" or not isinstance(value, str)
        }
    return list(map(without_texts, schema)) if isinstance(schema, list) else schema


def assert_same(module: Any, document: Document, package: str) -> int:
    """Check the schemas of each method of a package's clients, and return their number."""
    clients = [
        value
        for value in vars(module.client).values()
        if isinstance(value, type)
        and issubclass(value, clarigen.Client | clarigen.AsyncClient)
        and value.__module__ == f"{package}.client"
    ]
    assert len(clients) == 2
    count = 0
    for tool in described(document, package):
        for client in clients:
            method = getattr(client, tool["name"])
            arguments = clarigen.json_schema(method)
            assert without_texts(arguments) == without_texts(tool["input_schema"])
            result = clarigen.json_schema(method, result=True)
            assert without_texts(result) == without_texts(tool["output_schema"])
            for schema in (arguments, result):
                json.dumps(schema, allow_nan=False)
                if not document.mcp:  # a tool's server may use an older draft
                    jsonschema.Draft202012Validator.check_schema(schema)
            count += 1
    return count


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_of_packages_are_those_of_show(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    lock = lock_file.read_lock(GENERATED / name / "signatures.json")
    assert lock is not None
    assert assert_same(importlib.import_module(name), lock.document, name) or name == "plain_chat"


@pytest.mark.parametrize("part", range(4))
def test_the_schemas_of_all_models_are_those_of_show(
    part: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    count = 0
    for number, path in list(enumerate(FILES))[part::4]:
        package = f"schemas_{number}"
        try:
            document = Document(None, "", tuple(json.loads(path.read_text())["method_signatures"]))
            files = pipeline.build_package(document, package, Report()).files
        except (Refusal, KeyError, TypeError):
            continue
        (tmp_path / package).mkdir()
        for name, text in files.items():
            (tmp_path / package / name).write_text(text, "utf-8")
        count += assert_same(importlib.import_module(package), document, package)
        for loaded in [name for name in sys.modules if name.startswith(package)]:
            del sys.modules[loaded]
    assert count > 50


def test_texts_are_those_of_the_docstring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    studio: Any = importlib.import_module("speech_studio").SpeechStudio
    properties = clarigen.json_schema(studio.transcribe)["properties"]
    assert properties["audio"]["description"] == "The recording, at most two hours of it."
    assert properties["language"]["description"] == (
        "The language that is spoken.\n* `auto`: Find out from the first 30 seconds.\n* `en`: English."
        "\n* `de`: German.\n* `fr`: French."
    )
    assert "description" not in clarigen.json_schema(studio.tag)["properties"]["audio"]
    result = clarigen.json_schema(studio.compare, result=True)
    assert result["description"] == "From 0.0 (different) to 1.0 (the same)."


def test_bound_methods_subclasses_and_fakes_have_the_same_schema(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    detector: Any = importlib.import_module("detector")
    expected = clarigen.json_schema(detector.Detector.predict)
    assert expected["required"] == ["image"]
    assert expected["properties"]["threshold"]["maximum"] == 1.0
    own: Any = type("Own", (detector.Detector,), {})
    for model in (own(pat="x"), fake(detector.Detector), detector.AsyncDetector(pat="x")):
        assert clarigen.json_schema(model.predict) == expected


def test_what_is_no_method_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    detector: Any = importlib.import_module("detector").Detector
    with pytest.raises(ConfigError, match="it takes many inputs; pass `predict`"):
        clarigen.json_schema(detector.predict_batch)
    wrong: list[Any] = [detector.close, detector, len, print, 3, None, lambda: 1]
    for value in wrong:
        with pytest.raises(ConfigError, match="expected a method of a generated client"):
            clarigen.json_schema(value)


def test_a_tool_without_its_lock_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = str(GENERATED / "lab_tools" / "signatures.json")
    assert cli.main(["--signatures", lock, "--out", str(tmp_path), "--name", "lockless"]) == 0
    (tmp_path / "lockless" / "signatures.json").unlink()
    monkeypatch.syspath_prepend(tmp_path)
    tool = importlib.import_module("lockless").Lockless.add
    with pytest.raises(ConfigError, match=r"lockless has no signatures\.json"):
        clarigen.json_schema(tool)


def test_importing_a_package_loads_no_schemas_and_they_need_no_generator() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(GENERATED)!r})
import clarigen, detector
assert not [name for name in sys.modules if "schema" in name], sys.modules.keys()
print(clarigen.json_schema(detector.Detector.predict)["type"])
assert not {{"gen_client", "grpc", "google.protobuf", "numpy", "pydantic"}} & sys.modules.keys()
"""
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "object"
