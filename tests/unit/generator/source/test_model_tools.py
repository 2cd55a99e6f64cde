"""The tools of an MCP model that its source says, and why they are not sure in other sources."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gen_client.source.model_file.findings import Level
from gen_client.source.model_file.read import Reading, read_model_file

SOURCE = '''\
from clarifai.runners.models.mcp_class import MCPModelClass
from fastmcp import FastMCP
from pydantic import BaseModel, Field

server = FastMCP("lab")


class Point(BaseModel):
    x: float


@server.tool
def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


@server.prompt
def review(code: str, language: str = "python") -> str:
    return code


@server.resource("lab://{name}")
def place(name: str) -> str:
    return name


class Lab(MCPModelClass):
    def get_server(self):
        return server
'''
LOCAL = """\
        server = FastMCP("x")

        @server.tool
        def add(a: int) -> int:
            return a

        return server"""
"""The end of a `get_server` that makes its server."""


def read(*changes: tuple[str, str]) -> Reading:
    """Read the source with texts replaced."""
    text = SOURCE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return read_model_file(text.encode(), {"settings"})


def test_tools_prompts_and_resources_are_read() -> None:
    assert read().offer == {
        "tools": [
            {
                "name": "add",
                "description": "Add.",
                "inputSchema": {
                    "type": "object",
                    "properties": {
                        "a": {"type": "integer"},
                        "b": {"type": "integer", "default": 1},
                    },
                    "required": ["a"],
                },
                "outputSchema": {
                    "type": "object",
                    "properties": {"result": {"type": "integer"}},
                    "required": ["result"],
                    "x-fastmcp-wrap-result": True,
                },
            }
        ],
        "prompts": [
            {
                "name": "review",
                "arguments": [
                    {"name": "code", "required": True},
                    {"name": "language", "required": False},
                ],
            }
        ],
        "resources": [],
        "resourceTemplates": [
            {"uriTemplate": "lab://{name}", "name": "place", "mimeType": "text/plain"}
        ],
    }


@pytest.mark.parametrize(
    "changes",
    [
        (('server = FastMCP("lab")\n', ""), ("@server.tool\n", ""), ("@server.prompt\n", ""), ('@server.resource("lab://{name}")\n', ""), ("        return server", LOCAL)),
        (("import FastMCP", "import FastMCP as F"), ("FastMCP(", "F(")),
        (("from fastmcp import FastMCP", "import fastmcp"), ("FastMCP(", "fastmcp.FastMCP(")),
        (("class Lab", 'if __name__ == "__main__":\n    server.run()\n\n\nclass Lab'),),
    ],
    ids=["local", "alias", "module", "main"],
)  # fmt: skip
def test_servers_of_several_forms_are_read(changes: tuple[tuple[str, str], ...]) -> None:
    offer = cast("Any", read(*changes).offer)
    assert [tool["name"] for tool in offer["tools"]] == ["add"]


@pytest.mark.parametrize(
    ("changes", "line", "reason"),
    [
        ([("class Lab", "server.add_tool(add)\n\n\nclass Lab")], 28, "`server` is used in a way"),
        ([("class Lab", "server.mount(FastMCP('b'))\n\n\nclass Lab")], 28, "`server` is used"),
        ([("class Lab", "print(server)\n\n\nclass Lab")], 28, "`server` is used"),
        ([("class Lab", "server = FastMCP('b')\n\n\nclass Lab")], 5, "not made by one call"),
        ([('FastMCP("lab")', 'FastMCP("lab", middleware=[])')], 5, "`middleware` is not read"),
        ([('FastMCP("lab")', "Field()")], 5, "not made by one call"),
        ([("return server", "return self.server")], 30, "is no name"),
        ([("return server", "return server if self else server")], 30, "is no name"),
        ([("def get_server(self)", "def serve(self)")], 28, "no plain `get_server`"),
        ([("@server.tool\n", "@server.tool\n@print\n")], 14, "another decorator"),
        ([("@server.tool\n", "@server.tool(enabled=False)\n")], 12, "`enabled` is not read"),
        ([("@server.tool\n", "@server.tool(name=str(1))\n")], 12, "`str(1)` is computed"),
        ([("b: int = 1", "b: int = int(1)")], 13, "only `Field` of pydantic"),
        ([("b: int = 1", "b: int = -FastMCP.x")], 13, "is computed"),
        ([("b: int = 1", "b: FastMCP = 1")], 13, "the schema of `FastMCP`"),
        ([("b: int = 1", "b: Point"), ("x: float", "x: 'Point'")], 9, "the schema of `Point`"),
        ([("b: int = 1", "b: Point"), ("(BaseModel)", "(FastMCP)")], 13, "the schema of `Point`"),
        ([("b: int = 1", "b: int = Field(1, multiple_of=2)")], 13, "`multiple_of` of `Field`"),
        ([("b: int = 1", "**b: int")], 13, "refuses such parameters"),
        ([("-> int:", "-> set[int]:")], 13, "the schema of `set[int]`"),
        ([("class Lab", "@server.tool\ndef add(a: int) -> int:\n    return a\n\n\nclass Lab")], 28, "have the name 'add'"),
        ([("code: str,", "code: int,")], 19, "only if it is a text"),
        ([('"lab://{name}"', "str(1)")], 23, "is computed"),
    ],
)  # fmt: skip
def test_what_is_not_sure_is_said_with_its_line(
    changes: list[tuple[str, str]], line: int, reason: str
) -> None:
    reading = read(*changes)
    assert reading.offer is None
    problem = reading.offer_problem
    assert problem is not None
    assert (problem.level, problem.line) == (Level.UNSURE, line), problem
    assert reason in problem.message
    assert reading.signatures is not None
