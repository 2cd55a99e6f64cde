"""Annotations that programs read: they resolve at run time, and signatures show what a caller may write."""

from __future__ import annotations

import importlib
import inspect
import sys
import types
import typing
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, cast

import pydantic
import pytest

import clarigen
import clarigen.testing
from annotations import unresolved
from clarigen import ModelRef, wire
from clarigen._types import JSON, JSONValue
from gen_client import pipeline
from gen_client.diagnostics import Report
from gen_client.source import Document
from support import ROOT, run_python

GENERATED = ROOT / "generated"
NAMES = sorted(path.name for path in GENERATED.iterdir() if path.is_dir())


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)


@pytest.mark.parametrize("module", [clarigen, clarigen.testing, wire], ids=lambda m: m.__name__)
def test_the_annotations_of_the_runtime_resolve(module: ModuleType) -> None:
    assert unresolved(module) == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_annotations_of_generated_packages_resolve(name: str) -> None:
    assert unresolved(importlib.import_module(name)) == {}


def client_methods(name: str) -> Iterator[Callable[..., Any]]:
    """Yield the methods of the clients of a generated package, sync and async."""
    module = importlib.import_module(f"{name}.client")
    for value in vars(module).values():
        is_own = inspect.isclass(value) and value.__module__ == module.__name__
        if is_own and issubclass(value, clarigen.Client | clarigen.AsyncClient):
            yield from (
                function
                for attribute, function in vars(value).items()
                if inspect.isfunction(function) and not attribute.startswith("_")
            )


@pytest.mark.parametrize("name", NAMES)
def test_signatures_show_one_call_and_no_markers(name: str) -> None:
    for function in client_methods(name):
        signature = inspect.signature(function)
        defaults = [parameter.default for parameter in signature.parameters.values()]
        assert wire.REQUIRED not in [value for value in defaults if value is wire.REQUIRED]
        if not function.__name__.endswith("_batch"):
            assert "Input]" not in str(signature)
        names = [name for name in function.__annotations__ if name != "return"]
        assert names == [name for name in signature.parameters if name != "self"]


def test_a_required_keyword_is_required() -> None:
    package: Any = importlib.import_module("speech_studio")
    for cls in (package.SpeechStudio, package.AsyncSpeechStudio):
        parameters = inspect.signature(cls.compare).parameters
        assert parameters["second"].default is inspect.Parameter.empty
        assert parameters["metric"].default == "cosine"
    assert inspect.iscoroutinefunction(package.AsyncSpeechStudio.compare)
    assert not inspect.iscoroutinefunction(package.SpeechStudio.compare)


@pytest.mark.parametrize("name", NAMES)
def test_pydantic_wraps_every_unary_method(name: str) -> None:
    for function in client_methods(name):
        pydantic.validate_call(validate_return=True)(function)


@pytest.mark.parametrize("name", NAMES)
def test_pydantic_has_a_schema_of_every_type_and_parameter(name: str) -> None:
    module, adapter = importlib.import_module(name), cast("Any", pydantic.TypeAdapter)
    for attribute in module.__all__:
        value = getattr(module, attribute)
        if inspect.isclass(value) and not issubclass(value, clarigen.Client | clarigen.AsyncClient):
            schema = adapter(value).json_schema()
            if typing.is_typeddict(value) and "properties" in schema:  # not of a recursive type
                hints = typing.get_type_hints(value, include_extras=True)
                assert schema["properties"].keys() == hints.keys()
                assert schema.get("required", []) == [
                    key
                    for key, hint in hints.items()
                    if typing.get_origin(hint) is not typing.NotRequired
                ]
    for function in client_methods(name):
        schema, parameters = adapter(function).json_schema(), inspect.signature(function).parameters
        assert list(schema["properties"]) == list(parameters)
        assert schema["required"] == [
            parameter.name
            for parameter in parameters.values()
            if parameter.default is inspect.Parameter.empty
        ]


def test_pydantic_reads_inputs_and_the_types_of_tools() -> None:
    """Before Python 3.12, it refuses the TypedDict of typing, which generated code uses."""
    detector: Any = importlib.import_module("detector")
    adapter: Any = pydantic.TypeAdapter
    inputs = adapter(types.GenericAlias(list, detector.PredictInput))
    picture = clarigen.Image(url="https://example.com/a.png")
    assert inputs.validate_python([{"image": picture}]) == [{"image": picture}]
    with pytest.raises(pydantic.ValidationError, match="image"):
        inputs.validate_python([{"threshold": 0.5}])
    model = pydantic.create_model("Body", body=(detector.PredictInput, ...))
    assert model(body={"image": picture}).model_dump()["body"]["image"]["url"] == picture.url
    assert typing.is_typeddict(detector.PredictInput)

    class Own(detector.PredictInput):  # type: ignore[misc]
        name: str

    assert typing.get_type_hints(Own).keys() == {"image", "threshold", "name"}


def test_pydantic_validates_what_a_method_takes() -> None:
    detector: Any = importlib.import_module("detector")
    with clarigen.testing.fake(detector.Detector, predict=lambda image, threshold: []) as model:
        call = pydantic.validate_call(model.predict)
        assert call(clarigen.Image(bytes=b"x"), threshold="0.25") == []
        with pytest.raises(pydantic.ValidationError, match="threshold"):
            call(clarigen.Image(bytes=b"x"), threshold="high")


@pytest.mark.parametrize("value", [{"a": [1, None, {"b": "c"}]}, [1, "x", {}], {}, []])
def test_pydantic_takes_json(value: Any) -> None:
    model = pydantic.create_model("Body", body=(JSON, ...), inner=(JSONValue, None))
    assert model(body=value, inner=value).model_dump()["body"] == value


@pytest.mark.parametrize("value", ["text", 3, None])
def test_pydantic_refuses_what_is_no_json_object_or_array(value: Any) -> None:
    with pytest.raises(pydantic.ValidationError):
        pydantic.TypeAdapter(JSON).validate_python(value)


def test_sequences_that_are_no_strings_refuse_strings() -> None:
    adapter = pydantic.TypeAdapter(clarigen.SequenceNotStr[str])
    assert adapter.validate_python(["a"]) == ["a"]
    with pytest.raises(pydantic.ValidationError):
        adapter.validate_python("a")


@pytest.mark.parametrize(
    "kind",
    ["Image", "Audio", "Video", "Text", "Concept", "Box", "Point", "Keypoint", "Region", "Frame"],
)
def test_pydantic_knows_every_value(kind: str) -> None:
    cls = getattr(clarigen, kind)
    adapter = pydantic.TypeAdapter(cls)
    assert adapter.json_schema()
    values = {"Box": (0.0, 0.0, 1.0, 1.0), "Point": (0.5, 0.5), "Keypoint": (0.5, 0.5)}
    value = cls(*values.get(kind, ()))
    assert adapter.validate_python(value) == value


def test_a_subclass_of_a_user_keeps_its_own_signatures() -> None:
    detector: Any = importlib.import_module("detector")

    def describe(self: object, word: str) -> str:
        return word

    own: Any = type("Own", (detector.Detector,), {"describe": describe})
    assert str(inspect.signature(own.describe)) == "(self: 'object', word: 'str') -> 'str'"
    assert not hasattr(own.describe, "__wrapped__")


def test_signatures_of_a_package_that_was_loaded_again_are_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`typing` remembers the overloads of earlier versions, which a notebook or a server reloads."""
    image: dict[str, Any] = {"name": "image", "type": "IMAGE", "required": True}
    limit: dict[str, Any] = {"name": "limit", "type": "INT", "default": "5"}
    result = {"name": "return", "type": "STR"}

    def unary(name: str, *fields: dict[str, Any]) -> dict[str, Any]:
        return {
            "name": name,
            "method_type": "UNARY_UNARY",
            "input_fields": list(fields),
            "output_fields": [result],
        }

    stream = unary("predict", image)
    stream["method_type"] = "UNARY_STREAMING"
    stream["output_fields"] = [{**result, "iterator": True}]
    versions: dict[str, list[dict[str, Any]]] = {
        "(self, image: 'Image') -> 'str'": [unary("predict", image)],
        "(self, image: 'Image', *, limit: 'int' = 5) -> 'str'": [unary("predict", image, limit)],
        "(self, image: 'Image', *, limit: 'int' = 7) -> 'str'": [
            unary("predict", image, {**limit, "default": "7"})
        ],
        "(self, image: 'Image', limit: 'int') -> 'str'": [
            unary("predict", image, {**limit, "required": True, "default": ""})
        ],
        "(self, image: 'Image') -> 'Stream[str]'": [unary("caption", image), stream],
        "(self, image: 'Image | None' = None) -> 'str'": [
            unary("predict", {**image, "required": False, "default": "null"})
        ],
    }
    module = ModuleType("reloaded")
    monkeypatch.setitem(sys.modules, "reloaded", module)
    for signature, methods in [*versions.items(), *reversed(versions.items())]:
        document = Document(ModelRef("acme", "vision", "eye"), "", tuple(methods))
        files = pipeline.build_package(document, "reloaded", Report()).files
        exec(compile(files["client.py"], "client.py", "exec", dont_inherit=True), vars(module))
        assert str(inspect.signature(module.Reloaded.predict)) == signature


def test_reading_annotations_imports_no_numpy() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(GENERATED)!r})
import typing, speech_studio
print(typing.get_type_hints(speech_studio.SpeechStudio.compare)["first"])
assert "numpy" not in sys.modules
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == str(Any)
