"""Tools of MCP models: what is sent for their arguments, what is refused, and what their answers become."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict, Union

import pytest

from clarigen import (
    SERVER_DEFAULT,
    DecodeError,
    Image,
    InputError,
    JSONValue,
    ModelError,
    ReadOnly,
    SequenceNotStr,
    ToolError,
    ToolResult,
    wire,
)
from clarigen._proto import Data, PostModelOutputsRequest
from clarigen._wire.large_payloads import NO_PAYLOADS


class Node(TypedDict):
    """A tree."""

    name: ReadOnly[str]
    children: NotRequired[ReadOnly[Sequence[Node]]]


class Cat(TypedDict):
    """An alternative with a tag."""

    kind: Literal["cat"]
    lives: NotRequired[int]


class Dog(TypedDict):
    """The other alternative."""

    kind: Literal["dog"]
    tricks: NotRequired[list[str]]


Odd = TypedDict("Odd", {"x-y": int, "next": NotRequired[Union["Odd", None]]})


class Point(TypedDict):
    """A result with defaults."""

    x: float
    y: float
    tags: list[str]


def encode(tool: wire.Unary[Any], *values: object) -> dict[str, Any]:
    """Return the parameters that a call sends."""
    request = PostModelOutputsRequest.FromString(b"".join(tool.encode_request(values)))
    data = request.inputs[0].data
    assert data.metadata.fields["_method_name"].string_value == "mcp_transport"
    (part,) = data.parts
    message = json.loads(part.data.string_value)
    assert {**message, "params": 0} == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": 0,
    }
    assert part.id == "msg"
    params: dict[str, Any] = message["params"]
    return params


def sent(annotation: object, value: object) -> Any:
    """Return what is sent for an argument of a type."""
    tool = wire.tool("t", wire.argument("a", annotation), returns=ToolResult)
    return encode(tool, value)["arguments"]["a"]


def answer(**content: object) -> Data:
    return Data(string_value=json.dumps({"content": [], "isError": False, **content}))


def decode(returns: object, structured: object, **options: Any) -> Any:
    """Return the result that structured content becomes."""
    tool = wire.tool("t", returns=returns, **options)
    return tool.decode_result(answer(structuredContent=structured), NO_PAYLOADS)


# Arguments


def test_a_call_names_the_tool_and_its_arguments() -> None:
    tool = wire.tool(
        "get-weather.v2",
        wire.argument("city", str),
        wire.argument('x-"y"', int, name="x_y", default=1),
        name="get_weather_v2",
        returns=str,
    )
    assert encode(tool, "Köln\n", 2) == {
        "name": "get-weather.v2",
        "arguments": {"city": "Köln\n", 'x-"y"': 2},
    }


@pytest.mark.item(65)
@pytest.mark.parametrize(
    ("annotation", "default", "value", "expected"),
    [
        (int, 3, 3, {}),
        (int, 3, SERVER_DEFAULT, {}),
        (int, 3, 4, {"a": 4}),
        (bool, True, True, {}),
        (int, 1, True, None),
        (float, 1, 1, {}),
        (float, 1, 1.0, {"a": 1.0}),
        (int | None, 3, None, {"a": None}),
        (str | None, None, None, {}),
        (str | None, None, "", {"a": ""}),
        (str, None, None, {}),
        (str | None, SERVER_DEFAULT, None, {"a": None}),
        (str | None, SERVER_DEFAULT, SERVER_DEFAULT, {}),
        (str | None, wire.REQUIRED, None, {"a": None}),
    ],
)
def test_what_is_left_out_is_left_to_the_server(
    annotation: object, default: object, value: object, expected: object
) -> None:
    tool = wire.tool("t", wire.argument("a", annotation, default=default), returns=str)
    if expected is None:
        with pytest.raises(InputError):
            encode(tool, value)
    else:
        assert encode(tool, value)["arguments"] == expected


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, "é\u2028"),
        (int, 10**30),
        (float, 2),
        (float, 2.5),
        (bool, False),
        (type(None), None),
        (Literal["a", 1, True], True),
        (Literal["a", 1], 1),
        (Sequence[float], [1, 2.5]),
        (SequenceNotStr[str] | str, ["a"]),
        (SequenceNotStr[str] | str, "a"),
        (tuple[str, int], ["a", 1]),
        (Mapping[str, Sequence[int]], {"k": [1]}),
        (JSONValue, {"k": [None, True, 1.5, "x"]}),
        (Sequence[JSONValue], [{}, []]),
        (Node, {"name": "a", "children": [{"name": "b", "more": {"k": 1}}]}),
        (Odd, {"x-y": 1, "next": {"x-y": 2, "next": None}}),
        (Cat | Dog, {"kind": "dog", "tricks": ["sit"]}),
        (int | float, 2.0),
    ],
)
def test_values_are_sent_as_they_are(annotation: object, value: object) -> None:
    result = sent(annotation, value)
    assert (result, repr(result)) == (value, repr(value))


@pytest.mark.parametrize(
    ("annotation", "value", "path"),
    [
        (str, 1, ""),
        (str, "\ud800", ""),
        (int, True, ""),
        (int, 1.0, ""),
        (float, "1", ""),
        (float, True, ""),
        (float, float("nan"), ""),
        (bool, 1, ""),
        (Literal["a", 1], True, ""),
        (Sequence[str], "abc", ""),
        (Sequence[int], [1, "x"], "[1]"),
        (tuple[str, int], ("a",), ""),
        (tuple[str, int], ("a", "b"), "[1]"),
        (Mapping[str, int], {1: 1}, ""),
        (Mapping[str, int], {"k": "x"}, "['k']"),
        (JSONValue, object(), ""),
        (JSONValue, {"k": [b"x"]}, "['k'][0]"),
        (JSONValue, [float("inf")], "[0]"),
        (Node, {}, "['name']"),
        (Node, {"name": "a", "children": [{"name": 1}]}, "['children'][0]['name']"),
        (Node, {"name": "a", "more": object()}, "['more']"),
        (Cat | Dog, {"kind": "cat", "lives": "x"}, "['lives']"),
        (Cat | Dog, {"kind": "cow"}, ""),
        (Cat | None, {"kind": "cat", "lives": None}, "['lives']"),
        (Odd, {"x-y": 1, "next": {}}, "['next']['x-y']"),
    ],
)
def test_an_argument_that_does_not_fit_is_refused_with_its_path(
    annotation: object, value: object, path: str
) -> None:
    with pytest.raises(InputError) as caught:
        sent(annotation, value)
    assert caught.value.parameter == f"a{path}"
    assert str(caught.value).startswith(f"t: `a{path}` ")


def test_a_value_that_contains_itself_is_refused() -> None:
    node: dict[str, Any] = {"name": "a"}
    node["children"] = [node]
    values: list[Any] = []
    values.append(values)
    for annotation, value in ((Node, node), (JSONValue, values)):
        with pytest.raises(InputError, match="nested too deeply"):
            sent(annotation, value)


def test_a_required_argument_must_be_passed() -> None:
    tool = wire.tool("t", wire.argument("a", str), wire.argument("b", int, default=1), returns=str)
    with pytest.raises(InputError, match="t: `a` is required"):
        tool.bind({"b": 1})
    assert encode(tool, *tool.bind({"a": "x"}))["arguments"] == {"a": "x"}


# Results


def test_a_result_is_checked_and_gets_its_defaults() -> None:
    options = {"defaults": {Point: {"y": 0, "tags": ("a",)}}}
    first = decode(list[Point], {"result": [{"x": 1}]}, wrapped=True, **options)
    assert first == [{"x": 1.0, "y": 0.0, "tags": ["a"]}]
    assert all(isinstance(first[0][key], float) for key in ("x", "y"))
    again = decode(list[Point], {"result": [{"x": 1}]}, wrapped=True, **options)
    assert again[0]["tags"] is not first[0]["tags"]


def test_numbers_with_a_point_are_integers_where_the_schema_says_so() -> None:
    assert repr(decode(dict[str, int], {"n": 3.0})) == "{'n': 3}"


@pytest.mark.parametrize(
    ("returns", "structured", "place"),
    [
        (Point, {"y": 1, "tags": []}, r"`\['x'\]` of the result is missing"),
        (Point, {"x": 1, "y": 1, "tags": ["a", 1]}, r"`\['tags'\]\[1\]` of the result"),
        (dict[str, int], {"k": 1.5}, r"`\['k'\]` of the result"),
        (Node, None, "the result has no structured content"),
        (Node, {"name": "a", "children": 1}, r"`\['children'\]` of the result"),
    ],
)
def test_a_result_that_does_not_fit_is_refused_with_its_place(
    returns: object, structured: object, place: str
) -> None:
    with pytest.raises(DecodeError, match=f"t: {place}"):
        decode(returns, structured)


@pytest.mark.item(66)
def test_a_wrapped_result_must_be_there() -> None:
    with pytest.raises(DecodeError, match="no `result`"):
        decode(str, {}, wrapped=True)


def test_a_deep_answer_is_refused() -> None:
    tool = wire.tool("t", returns=JSONValue, wrapped=True)
    text = '{"content": [], "structuredContent": {"result": ' + "[" * 100_000 + "}}"
    with pytest.raises(DecodeError):
        tool.decode_result(Data(string_value=text), NO_PAYLOADS)


def test_content_blocks_are_a_tool_result() -> None:
    tool = wire.tool("t", returns=ToolResult)
    content: list[dict[str, Any]] = [
        {"type": "text", "text": "one"},
        {"type": "image", "data": "iVBORw0KGgoAAA==", "mimeType": "image/png"},
        {"type": "resource", "resource": {"uri": "a://b", "text": "two"}},
    ]
    result = tool.decode_result(answer(content=content), NO_PAYLOADS)
    assert result == ToolResult(content)
    assert (result.text, str(result)) == ("one\ntwo", "one\ntwo")
    assert result.images == [Image(bytes=b"\x89PNG\r\n\x1a\n\0\0")]


def test_an_image_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match=r"base64|characters|padding"):
        ToolResult([{"type": "image", "data": "~~~"}]).images  # noqa: B018


@pytest.mark.item(57)
def test_an_error_of_the_tool_is_raised() -> None:
    tool = wire.tool("t", name="method", returns=str, wrapped=True)
    content = [{"type": "text", "text": "the disk is full"}]
    with pytest.raises(ToolError, match="method: the tool failed: the disk is full") as caught:
        tool.decode_result(answer(isError=True, content=content), NO_PAYLOADS)
    assert caught.value.content == content
    assert caught.value.details == "the disk is full"


@pytest.mark.item(66)
def test_an_error_that_a_bridge_returns_as_text_is_raised() -> None:
    text = "Error executing t (ValueError): no\nTraceback"
    content = [{"type": "text", "text": text}]
    tool = wire.tool("t", returns=str, wrapped=True)
    with pytest.raises(ToolError, match="ValueError"):
        tool.decode_result(answer(structuredContent={"result": text}, content=content), NO_PAYLOADS)
    other: dict[str, Any] = {"structuredContent": {"result": text.replace("t (", "u (")}}
    assert tool.decode_result(answer(**other), NO_PAYLOADS).startswith("Error executing u")


def test_an_error_of_the_protocol_is_raised() -> None:
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "bad"}}
    with pytest.raises(ModelError, match="-32602") as caught:
        wire.tool("t", returns=str).decode_result(Data(string_value=json.dumps(error)), NO_PAYLOADS)
    assert not isinstance(caught.value, ToolError)
    assert caught.value.code == -32602
