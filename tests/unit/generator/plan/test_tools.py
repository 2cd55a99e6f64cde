"""Methods of tools: names, docstrings, samples; and the time that many of them take."""

from __future__ import annotations

import gc
import time
from typing import Any

import pytest

from clarigen import ModelRef
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.naming.tools import snake_case
from gen_client.pipeline import build_package
from gen_client.plan.build import build_page
from gen_client.plan.page import ClientMethod, Page
from gen_client.source import Document
from many_tools import make_document

TRANSPORT: dict[str, object] = {
    "name": "mcp_transport",
    "method_type": "UNARY_UNARY",
    "input_fields": [{"name": "msg", "type": "STR", "required": True}],
    "output_fields": [{"name": "return", "type": "STR"}],
}


def method(name: str, parameter: str = "x") -> dict[str, object]:
    return {
        **TRANSPORT,
        "name": name,
        "input_fields": [{"name": parameter, "type": "STR", "required": True}],
    }


def build(
    tools: list[dict[str, Any]],
    signatures: tuple[dict[str, object], ...] = (TRANSPORT,),
    report: Report | None = None,
    **more: object,
) -> Page:
    document = Document(
        ModelRef("acme", "tools", "lab"), "", signatures, mcp={"tools": tools, **more}
    )
    report = report or Report()
    return build_page(read_model(document, report), Code("lab"), report)


def tool(name: str = "t", **properties: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": {"type": "object", "properties": properties}}


def doc_of(own: dict[str, Any]) -> str:
    (built,) = build([own]).methods
    return built.doc


def by_name(page: Page) -> dict[str, ClientMethod]:
    return {str(built.name): built for built in page.methods}


# Names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plain", "plain"),
        ("already_snake_2", "already_snake_2"),
        ("getWeather", "get_weather"),
        ("HTTPServer", "http_server"),
        ("get-weather.v2", "get_weather_v2"),
        ("namespace/tool", "namespace_tool"),
        ("9lives", "n9lives"),
        ("", "x"),
        ("_", "x"),
        ("\u0301", "x"),
        ("x\u0301y", "x_y"),
        ("\uff43lass", "class"),
        ("a" * 200, "a" * 100),
    ],
)
def test_any_text_becomes_a_name(text: str, name: str) -> None:
    assert snake_case(text) == name


def test_a_model_keeps_the_names_of_its_own_methods() -> None:
    page = build(
        [
            tool("predict"),
            tool("search_batch"),
            tool("search", q={}),
            tool("close"),
            tool("prompt"),
        ],
        (TRANSPORT, method("predict"), method("resources")),
    )
    built = by_name(page)
    assert set(built) == {
        *("predict", "predict_", "search", "search_batch_", "close_", "prompt_", "resources_"),
    }
    assert built["search"].batch is not None
    assert built["search"].batch.name == "search_batch"
    assert built["predict"].constant == "_PREDICT"
    assert built["predict_"].constant == "_PREDICT_"
    assert page.kinds == ("MCPModel",)


def test_types_of_a_result_have_names_of_their_own() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}}}
    own = tool("area", corners=point)
    own["outputSchema"] = {"type": "object", "properties": {"corners": point, "best": point}}
    names = [str(type_.name) for type_ in build([own]).tool_types]
    assert names == ["AreaCorners", "AreaResult", "AreaResultCorners", "AreaBest"]


def test_the_order_of_tools_does_not_matter() -> None:
    tools = [tool("a-b", q={}), tool("a_b", q={}), tool("aB", q={})]
    assert build(tools) == build(tools[::-1])


def test_without_its_tools_a_model_keeps_its_transport_and_there_is_a_warning() -> None:
    document = Document(ModelRef("acme", "tools", "lab"), "", (TRANSPORT,))
    report = Report()
    page = build_page(read_model(document, report), Code("lab"), report)
    assert [str(built.name) for built in page.methods] == ["mcp_transport"]
    (warning,) = report.warnings
    assert "tools" in warning.message
    assert "address" in warning.remedy


def test_a_model_that_only_has_resources_is_a_client_without_methods() -> None:
    page = build([], resources=[{"uri": "a://b", "name": "b"}])
    assert (page.methods, page.kinds) == ((), ("MCPModel",))


def test_a_model_whose_tools_are_all_unusable_is_refused() -> None:
    report = Report()
    with pytest.raises(Refusal, match="no method that a client can have"):
        build([{"name": "t", "inputSchema": {"type": "array"}}], report=report)
    assert report.warnings[0].location == "tool 't'"


def test_a_transport_of_another_form_is_a_method() -> None:
    other = method("mcp_transport", "text")
    other["output_fields"] = [{"name": "return", "type": "INT"}]
    report = Report()
    model = read_model(Document(None, "", (other,)), report)
    assert model.tools is None
    assert report.warnings == []


# Docstrings


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"minimum": 0, "maximum": 10}, "0 to 10."),
        ({"minimum": 1.5}, "At least 1.5."),
        ({"exclusiveMinimum": 0}, "Above 0."),
        ({"exclusiveMaximum": 3}, "Below 3."),
        ({"multipleOf": 5}, "A multiple of 5."),
        ({"type": "string", "minLength": 1}, "At least 1 character."),
        ({"type": "string", "maxLength": 5}, "At most 5 characters."),
        ({"type": "string", "minLength": 2, "maxLength": 2}, "2 characters."),
        ({"type": "string", "pattern": "^a+$"}, "Pattern: `^a+$`."),
        ({"type": "string", "format": "date"}, "Format: `date`."),
        ({"type": "array", "minItems": 1, "maxItems": 3}, "1 to 3 items."),
        ({"type": "array", "uniqueItems": True}, "No item occurs twice."),
        ({"type": "array", "default": ["a"]}, 'Default: `["a"]`.'),
        ({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}]}, "At least 3."),
        ({"type": "integer", "default": "three"}, 'a default that does not fit: `"three"`.'),
        ({"description": "Some words"}, "x: Some words."),
        ({"description": "Some words.", "maximum": 3}, "x: Some words. At most 3."),
    ],
)
def test_what_no_type_says_is_said_in_words(schema: dict[str, Any], words: str) -> None:
    assert words in doc_of(tool(x=schema))


def test_entries_in_the_description_are_moved_to_their_parameters() -> None:
    own = tool(x={"type": "string"}) | {"description": "Do it.\n\nArgs:\n    x: A text.\n"}
    assert doc_of(own) == "Do it.\n\nArgs:\n    x: A text."


def test_hints_are_the_word_of_the_server() -> None:
    own = tool() | {"annotations": {"readOnlyHint": True, "destructiveHint": False, "title": "T"}}
    assert doc_of(own) == "T.\n\nThe server declares this tool read-only, not destructive."


def test_instructions_are_in_the_docstring_of_the_client() -> None:
    page = build([tool()], instructions='Say """please""".')
    assert 'Say """please""".' in page.client_doc
    assert "`ToolError`" in page.client_doc


# Samples


def test_examples_pass_values_that_fit() -> None:
    inner = {
        "type": "object",
        "properties": {"n": {"type": "integer", "minimum": 3}, "free": {}, "o": {}},
        "required": ["n", "free"],
    }
    own = tool(
        a={"type": "string", "format": "date"},
        b=inner,
        c={"enum": ["x"]},
        d={"type": "array", "items": {"type": "number"}},
        e={"type": "integer", "default": 7},
    )
    own["inputSchema"]["required"] = ["a", "b", "c", "d"]
    (built,) = build([own]).methods
    assert built.example.arguments == (
        '"2030-01-31"',
        '{"n": 3, "free": {"key": "value"}}',
        '"x"',
        "[1.0]",
        "e=7",
    )


def test_an_endless_value_has_a_placeholder() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/N"}}, "required": ["next"]}
    own = tool(a={"$ref": "#/$defs/N"})
    own["inputSchema"] |= {"$defs": {"N": node}, "required": ["a"]}
    (built,) = build([own]).methods
    assert "YOURS" in built.example.arguments[0]


# Size


def test_three_times_as_many_tools_take_three_times_as_long() -> None:
    def measure(count: int) -> float:
        document = make_document(count)
        gc.collect()
        gc.disable()  # otherwise the time grows with what earlier tests have left in memory
        try:
            start = time.thread_time()
            package = build_package(document, "many", Report(), formatter=str)
            seconds = time.thread_time() - start
        finally:
            gc.enable()
        assert package.files["client.py"].count("wire.tool(") == count
        return seconds

    measure(10)
    small = min(measure(50) for _ in range(2))
    large = min(measure(150) for _ in range(2))
    assert large < 5 * small, (small, large)


def test_a_model_beyond_its_weight_is_refused() -> None:
    own = [tool(f"t{n}", **{f"p{m}": {"type": "string"} for m in range(200)}) for n in range(40)]
    with pytest.raises(Refusal, match="too large"):
        build(own)
