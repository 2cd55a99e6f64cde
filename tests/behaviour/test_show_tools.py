"""`gen-client show` for MCP models: signatures, programs and schemas of their tools."""

from __future__ import annotations

import json
from collections.abc import Callable

import jsonschema
import pytest

from gen_client import cli
from support import CORPUS, ROOT

LAB = CORPUS / "mcp" / "lab-tools.json"
HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def call(*words: object, code: int = 0) -> str:
        assert cli.main(["show", *map(str, words)]) == code
        out, err = capsys.readouterr()
        assert all(line.isprintable() for line in (out + err).split("\n"))
        return err if code else out

    return call


def test_all_tools_are_listed(show: Callable[..., str]) -> None:
    out = show(LAB)
    assert out.startswith("example-user/example-app/models/lab-tools: 12 tools\n")
    assert (
        "\ndef area(\n"
        '    shape: AreaShape, *, unit: Literal["m2", "ft2"] = "m2", precision: int = 2\n'
        ") -> AreaResult\n    The area of a shape.\n"
    ) in out


@pytest.mark.parametrize("name", ["get_weather_v2", "get-weather.v2"])
def test_a_tool_is_shown_by_either_name_with_code_to_copy(
    show: Callable[..., str], name: str
) -> None:
    out = show(LAB, name)
    assert "    print(model.get_weather_v2(" in out
    assert "        print(await model.get_weather_v2(" in out
    assert "model.get_weather_v2_batch([{" in out
    assert "def add" not in out


def test_an_unknown_tool_is_refused(show: Callable[..., str]) -> None:
    assert "it has add, adopt, area" in show(LAB, "subtract", code=2)


def test_snippets_are_programs(show: Callable[..., str]) -> None:
    out = show(LAB, "--snippet", "batch")
    compile(out, "snippets", "exec")
    assert out.count("_batch(") == 10


def test_schemas_are_the_servers_with_the_names_of_parameters(show: Callable[..., str]) -> None:
    tools = {tool["name"]: tool for tool in json.loads(show(LAB, "--json-schema"))}
    assert len(tools) == 12
    schema = tools["raw_forms"]["input_schema"]
    assert {"class_", "x_y", "self_"} <= set(schema["properties"])
    assert schema["required"] == ["tree"]
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"tree": {"name": "a", "children": [{"name": "b"}]}, "class_": "c"})
    assert not validator.is_valid({"tree": {"name": 1}})
    assert tools["add"]["output_schema"]["type"] == "integer"
    assert tools["picture"]["output_schema"].keys() == {"$schema"}


def test_json_has_tools_beside_methods(show: Callable[..., str]) -> None:
    shown = json.loads(show(HARD, "--json"))
    assert shown["methods"] == []
    tools = {tool["name"]: tool for tool in shown["tools"]}
    assert len(tools) == 30
    assert tools["get_weather_v2_"]["wire_name"] == "get-weather.v2"
    assert tools["close_"]["batch"] == "close_batch"
