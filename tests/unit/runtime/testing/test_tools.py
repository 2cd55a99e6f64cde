"""Tools of MCP models in tests: fakes call functions for them, and a served model answers sample values."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from clarigen import (
    Client,
    ConfigError,
    ModelError,
    Prompt,
    PromptArgument,
    PromptMessage,
    PromptResult,
    Resource,
    ResourceContent,
    ToolError,
    ToolResult,
    wire,
)
from clarigen.testing import Samples, calls, fake, serve
from gen_client import source
from gen_client.source.mcp_offer import transport_signatures
from generated.lab_tools import AsyncLabTools, LabTools
from server.mcp_transport import TRANSPORT, Transport
from support import ROOT, SOURCES, run, run_python

LOCK = json.loads((ROOT / "generated" / "lab_tools" / "signatures.json").read_text("utf-8"))
HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"


def area(shape: Any, unit: str, precision: int) -> Any:
    return {"area": round(len(shape["points"]) * 1.25, precision), "unit": unit}


def test_function_gets_arguments_and_defaults() -> None:
    model = fake(LabTools, area=area)
    result = model.area({"points": [{"x": 1}]}, precision=1)
    assert result == {"area": 1.2, "unit": "m2", "corners": []}
    shape = {"points": [{"x": 1.0}]}
    assert calls(model) == [("area", {"shape": shape, "unit": "m2", "precision": 1})]


def test_fixed_result_error_and_batch() -> None:
    model = fake(
        LabTools, add=3, picture=ToolResult([{"type": "text", "text": "-"}]), fails=ToolError("no")
    )
    assert model.add(1) == 3
    assert model.add_batch([{"a": 1}, {"a": 2, "b": 3}]).collect() == [3, 3]
    assert model.picture().text == "-"
    with pytest.raises(ToolError, match="no"):
        model.fails()


def test_async_fake() -> None:
    async def add(a: int, b: int) -> int:
        return a + b

    assert asyncio.run(fake(AsyncLabTools, add=add).add(1, b=4)) == 5


def test_mistakes_in_fakes() -> None:
    with pytest.raises(ConfigError, match="add: the fake's result must be an int, not str 'x'"):
        fake(LabTools, add="x")
    with pytest.raises(ConfigError, match="there is no method of this name; did you mean `area`"):
        fake(LabTools, aera=area)


def test_a_method_without_a_replacement_is_named() -> None:
    model = fake(LabTools, add=1)
    calls_by_name: dict[str, Any] = {
        "resources": model.resources,
        "read_resource": lambda: model.read_resource("config://app"),
        "prompts": model.prompts,
        "prompt": lambda: model.prompt("review", code="x"),
        "area": lambda: model.area({"points": []}),
    }
    for name, call in calls_by_name.items():
        expected = f"{name}: the fake has no replacement; pass fake(LabTools, {name}=…)"
        with pytest.raises(ConfigError, match=f"^{re.escape(expected)}$"):
            call()


RESOURCES = [
    Resource("config://app", "config", mime_type="application/json"),
    Resource("users://{id}", is_template=True),
]
PROMPTS = [Prompt("review", arguments=(PromptArgument("code", is_required=True),))]


def test_prompts_and_resources_of_a_fake() -> None:
    def read_resource(uri: str) -> Any:
        return b"\x00" if uri == "data://raw" else [ResourceContent(uri, text="{}")]

    model = fake(
        LabTools,
        resources=RESOURCES,
        read_resource=read_resource,
        prompts=lambda: PROMPTS,
        prompt=lambda name, code: f"{name} {code}",
    )
    expected = [RESOURCES[0], replace(RESOURCES[1], name="users://{id}")]
    assert model.resources() == expected
    assert model.prompts() == PROMPTS
    assert model.read_resource("config://app") == [ResourceContent("config://app", text="{}")]
    assert model.read_resource("data://raw")[0].bytes == b"\x00"
    with model.recording() as responses:
        assert model.prompt("review", code="x").text == "review x"
    assert [response.method for response in responses] == ["prompt"]
    assert calls(model) == [
        ("resources", {}),
        ("prompts", {}),
        ("read_resource", {"uri": "config://app"}),
        ("read_resource", {"uri": "data://raw"}),
        ("prompt", {"name": "review", "arguments": {"code": "x"}}),
    ]


def test_async_prompts_and_resources_of_a_fake() -> None:
    async def prompt(name: str, code: str) -> PromptResult:
        return PromptResult([PromptMessage("assistant", {"type": "text", "text": name + code})])

    async def run() -> None:
        model = fake(AsyncLabTools, prompt=prompt, read_resource="text", resources=[])
        assert (await model.prompt("a", code="b")).messages[0].role == "assistant"
        assert (await model.read_resource("x://y"))[0].text == "text"
        assert await model.resources() == []

    asyncio.run(run())


def test_an_error_in_place_of_a_prompt() -> None:
    model = fake(LabTools, prompt=ModelError("no such prompt"), prompts=KeyError)
    with pytest.raises(ModelError, match="no such prompt"):
        model.prompt("review")
    with pytest.raises(KeyError):
        model.prompts()


@pytest.mark.parametrize(
    ("replacement", "message"),
    [
        ({"prompts": ["review"]}, "prompts: the fake's result must be a list of Prompt, not str"),
        ({"prompts": "review"}, "prompts: the fake's result must be a list of Prompt, not str"),
        ({"resources": 1}, "resources: the fake's result must be a list of Resource, not int 1"),
        ({"read_resource": [1]}, "read_resource: the fake's result must be a list of ResourceC"),
        ({"prompt": 1}, "prompt: the fake's result must be a str or a PromptResult, not int 1"),
    ],
)
def test_a_wrong_result_for_prompts_or_resources(replacement: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        fake(LabTools, **replacement)
    [(name, value)] = replacement.items()
    model = fake(LabTools, **{name: lambda *_: value})
    arguments = {"read_resource": ("x://y",), "prompt": ("review",)}.get(name, ())
    with pytest.raises(ConfigError, match=message):
        getattr(model, name)(*arguments)


def test_an_async_function_in_a_synchronous_fake_is_refused() -> None:
    async def prompts() -> Any:
        return PROMPTS

    with pytest.raises(ConfigError, match=r"fake\(LabTools, prompts=…\): the function must not be"):
        fake(LabTools, prompts=prompts)


def test_only_mcp_models_have_prompts() -> None:
    with pytest.raises(ConfigError, match="there is no method of this name"):
        fake(Opaque, prompts=PROMPTS)


_MESSAGE = wire.Unary("mcp_transport", "tools/call", "PostModelOutputs", TRANSPORT.fields, wire.STR)


class Lab(LabTools):
    """A client that sends messages of the protocol, as one of the library `mcp` does over `mcp()`."""

    def ask(self, rpc: str, **params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": rpc, "params": params}
        return json.loads(self._unary(_MESSAGE, json.dumps(request)))


def test_the_protocol_sees_the_tools_that_are_replaced() -> None:
    model = fake(Lab, add=lambda a, b: a + b, fails=ToolError("no", details="why"))
    assert model.ask("initialize", protocolVersion="2024-11-05")["capabilities"] == {"tools": {}}
    tools = {tool["name"]: tool for tool in model.ask("tools/list")["tools"]}
    locked = {tool["name"]: tool for tool in LOCK["mcp"]["tools"]}
    assert tools == {name: locked[name] for name in ("add", "fails")}
    result = model.ask("tools/call", name="add", arguments={"a": 2})
    assert (result["structuredContent"], result["isError"]) == ({"result": 3}, False)
    jsonschema.validate(result["structuredContent"], tools["add"]["outputSchema"])
    assert calls(model) == [("add", {"a": 2, "b": 1})]
    assert model.ask("ping") == {}


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("fails", {}, "why"),
        ("area", {}, "Unknown tool: area"),
        ("add", {}, "Invalid arguments: a is missing"),
        ("add", {"a": "2"}, "Invalid arguments: a must be an int, not str '2'"),
        ("add", {"a": 2, "c": 3}, "Invalid arguments: there is no parameter 'c'"),
    ],
)
def test_a_failing_tool_is_an_error_of_the_protocol(name: str, arguments: Any, text: str) -> None:
    model = fake(Lab, add=lambda a, b: a + b, fails=ToolError("no", details="why"))
    result = model.ask("tools/call", name=name, arguments=arguments)
    assert result == {"content": [{"type": "text", "text": text}], "isError": True}


def test_the_protocol_has_no_methods_of_what_is_not_replaced() -> None:
    model = fake(Lab, add=1, prompts=PROMPTS)
    assert model.ask("resources/list")["error"]["code"] == -32601
    assert model.ask("completion/complete")["error"]["code"] == -32601
    assert [prompt["name"] for prompt in model.ask("prompts/list")["prompts"]] == ["review"]
    with pytest.raises(ConfigError, match=r"prompt: the fake has no replacement"):
        model.ask("prompts/get", name="review")


def test_the_library_mcp_over_a_fake() -> None:
    """Version 1 of the library, in the environment of MCP models."""
    python = ROOT / ".venv" / "mcp" / "bin" / "python"
    if not python.exists():
        pytest.skip("`.venv/mcp` is missing")
    done = run(python, "-c", MCP_PROGRAM, env={"PYTHONPATH": f"{SOURCES}{os.pathsep}{ROOT}"})
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["add", "3", "True no", "review", "review x", "{}"]


MCP_PROGRAM = """
import asyncio
from mcp import ClientSession
from clarigen import Prompt, ToolError
from clarigen.testing import fake
from generated.lab_tools import AsyncLabTools, LabTools

def add(a, b):
    if a == 0:
        raise ToolError("no")
    return a + b

async def main(cls):
    lab = fake(cls, add=add, prompts=[Prompt("review")], prompt=lambda name, code: f"{name} {code}",
               read_resource="{}")
    async with lab.mcp() as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        seen = [tool.name for tool in (await session.list_tools()).tools]
        result = await session.call_tool("add", {"a": 2})
        failed = await session.call_tool("add", {"a": 0})
        prompts = (await session.list_prompts()).prompts
        prompt = await session.get_prompt("review", {"code": "x"})
        resource = await session.read_resource("config://app")
        return [*seen, result.structuredContent["result"], f"{failed.isError} {failed.content[0].text}",
                prompts[0].name, prompt.messages[0].content.text, resource.contents[0].text]

assert asyncio.run(main(AsyncLabTools)) == asyncio.run(main(LabTools))
print(*asyncio.run(main(AsyncLabTools)), sep="\\n")
"""


class Opaque(Client):
    """A client of a model whose tools are not known."""

    def mcp_transport(self, msg: str) -> str:
        return self._unary(TRANSPORT, msg)


def test_fake_of_the_transport() -> None:
    assert fake(Opaque, mcp_transport=lambda msg: msg.upper()).mcp_transport("a") == "A"
    with pytest.raises(ConfigError, match="mcp_transport: the fake has no replacement; pass"):
        fake(Opaque).mcp_transport("a")


@pytest.fixture(scope="module")
def model() -> Iterator[LabTools]:
    samples = Samples(LOCK["method_signatures"], mcp=LOCK["mcp"])
    with serve(samples) as server, LabTools(base_url=server.url, timeout=10) as client:
        yield client


def test_served_tools_answer_what_their_schemas_say(model: LabTools) -> None:
    result = model.area({"points": []})
    assert result == model.area({"points": []})
    assert result["unit"] in ("m2", "ft2")
    assert isinstance(model.add(1), int)
    assert [sorted(point) for point in model.search("q")] == [["label", "x", "y"]]
    assert model.picture().text


def test_served_resources_and_prompts(model: LabTools) -> None:
    assert [resource.uri for resource in model.resources()] == [
        entry.get("uri", entry.get("uriTemplate"))
        for key in ("resources", "resourceTemplates")
        for entry in LOCK["mcp"].get(key, [])
    ]
    assert [prompt.name for prompt in model.prompts()] == [
        entry["name"] for entry in LOCK["mcp"].get("prompts", [])
    ]
    with pytest.raises(ModelError, match="Unknown prompt: nope"):
        model.prompt("nope")


def test_answers_match_the_output_schemas() -> None:
    tools = json.loads(HARD.read_text("utf-8"))["tools"]
    samples = Samples(transport_signatures(), mcp={"tools": tools})
    with serve(samples) as server, Transport(base_url=server.url, timeout=10) as client:
        for tool in tools:
            arguments = dict.fromkeys(tool["inputSchema"].get("required", ()), "x")
            answer = client.call(tool["name"], **arguments)
            assert answer["isError"] is False
            if "outputSchema" in tool:
                jsonschema.validate(answer["structuredContent"], tool["outputSchema"])
        assert client.call("nope")["isError"] is True
        assert "Missing required argument: class" in str(client.call("names"))
        assert client.ask("foo/bar")["error"]["code"] == -32601
        assert client.ask("initialize")["capabilities"].keys() >= {"tools"}


def test_discovery_waits_for_a_model_that_is_starting() -> None:
    samples = Samples(LOCK["method_signatures"], mcp=LOCK["mcp"])
    with serve(samples) as server:
        fault = server.faults.add(status="MODEL_DEPLOYING", method="mcp_transport", times=2)
        document = source.resolve_url(server.url, source.Access()).fetch()
    assert fault.met == 2
    assert document.mcp is not None
    assert [tool["name"] for tool in document.mcp["tools"]] == [  # type: ignore[attr-defined]
        tool["name"] for tool in LOCK["mcp"]["tools"]
    ]


def test_package_loads_no_library_of_the_protocol() -> None:
    """Nor does a client; the library `mcp` is loaded by `mcp()`."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from lab_tools import LabTools\n"
        "heavy = {'grpc', 'google', 'numpy', 'mcp', 'anyio', 'pydantic', 'httpx', 'openai'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "LabTools(base_url='grpc://127.0.0.1:1').close()\n"
        "print(sorted((heavy - {'grpc', 'google'}) & set(sys.modules)))\n"
    )
    done = run_python(program, str(ROOT / "generated"))
    assert done.stdout.splitlines() == ["[]", "[]"], done.stderr
