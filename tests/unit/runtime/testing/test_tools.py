"""Tools of MCP models in tests: fakes call functions for them, and a served model answers sample values."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from clarigen import Client, ConfigError, ModelError, ToolError, ToolResult
from clarigen.testing import Samples, calls, fake, serve
from gen_client import source
from gen_client.source.mcp_offer import transport_signatures
from generated.lab_tools import AsyncLabTools, LabTools
from server.mcp_transport import TRANSPORT, Transport
from support import ROOT, run_python

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


def test_fake_has_no_resources() -> None:
    model = fake(LabTools, add=1)
    for call in (model.resources, model.prompts, lambda: model.read_resource("config://app")):
        with pytest.raises(ConfigError, match=r"a fake has tools, but no resources"):
            call()
    with pytest.raises(ConfigError, match=r"area: the fake has no replacement"):
        model.area({"points": []})


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
