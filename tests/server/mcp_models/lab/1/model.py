"""Twelve tools of a laboratory, a resource, a resource template and a prompt, on the official MCP class."""

import json
from typing import Annotated, Any, Literal

from clarifai.runners.models.mcp_class import MCPModelClass
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.tools.tool import Tool, ToolResult
from fastmcp.utilities.types import Image
from pydantic import BaseModel, Field

PNG = b"\x89PNG\r\n\x1a\n\0\0"

server = FastMCP("lab", version="1.2.3", instructions="Tools of a laboratory.")


class Point(BaseModel):
    """A place on the plane."""

    x: float
    y: float = 0.0
    label: str | None = None


class Shape(BaseModel):
    points: list[Point]
    color: Literal["red", "green"] = "red"
    origin: Point | None = None


class Measured(BaseModel):
    area: float
    unit: Literal["m2", "ft2"] = "m2"
    corners: list[Point] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = []


@server.tool
def add(a: int, b: int = 1) -> int:
    """Return the sum of two numbers."""
    return a + b


@server.tool(title="Area of a shape", annotations={"readOnlyHint": True})
def area(
    shape: Shape,
    unit: Literal["m2", "ft2"] = "m2",
    precision: Annotated[int, Field(ge=0, le=10, description="Digits after the point.")] = 2,
) -> Measured:
    """Measure a shape.

    What a shape is made of is said by its own schema.
    """
    return Measured(
        area=round(len(shape.points) * 1.2345, precision), unit=unit, corners=shape.points
    )


@server.tool
def adopt(
    pet: Annotated[Cat | Dog, Field(discriminator="kind")],
    note: str | int | None = None,
) -> dict[str, Any]:
    """Adopt an animal."""
    return {"pet": pet.model_dump(), "note": note}


@server.tool
def search(
    query: str,
    limit: int | None = None,
    tags: list[str] | None = None,
    filters: dict[str, str | float] | None = None,
) -> list[Point]:
    """Find points by a text."""
    return [Point(x=limit or 1, label=query)]


@server.tool(name="get-weather.v2")
def get_weather(city: str, days: int = 1) -> str:
    """Tell the weather in words."""
    return f"Sunny in {city} for {days} days"


@server.tool(output_schema=None)
def untyped(data: dict, items: list, anything: Any = None):
    """Answer what it gets; nothing is known of the answer."""
    return json.dumps([data, items, anything])


@server.tool(output_schema=None)
def picture(width: int = 2) -> Image:
    """Draw a picture."""
    return Image(data=PNG, format="png")


@server.tool
def fails(how: Literal["tool", "value"] = "tool") -> str:
    """Fail always."""
    if how == "tool":
        raise ToolError("the disk is full")
    raise ValueError("secret detail 42")


@server.tool
async def slow(steps: int, context: Context) -> str:
    """Report progress and write to the log."""
    for step in range(steps):
        await context.report_progress(step, steps)
        await context.info(f"step {step}")
    return "done"


@server.tool
async def asks(context: Context) -> str:
    """Ask the client for a sample of its language model."""
    answer = await context.sample("Who are you?")
    return str(answer)


@server.tool(output_schema=None)
def nothing() -> None:
    """Return nothing."""


class RawForms(Tool):
    """A tool whose schema is not made from a function, and that answers its arguments."""

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        text = json.dumps(arguments, sort_keys=True)
        return ToolResult(content=text, structured_content={"result": text})


NODE = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/definitions/Node"}},
    },
    "required": ["name"],
}
FORMS = {
    "tree": {"$ref": "#/definitions/Node", "description": "A tree."},
    "mode": {"type": "string", "enum": ["fast", "slow"], "default": "fast", "description": "How."},
    "level": {"enum": [1, 2, 3]},
    "when": {"type": ["string", "null"], "format": "date-time"},
    "kind": {"const": "x"},
    "size": {
        "oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^[0-9]+px$"}]
    },
    "both": {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"type": "object", "properties": {"b": {"type": "integer"}}},
        ]
    },
    "map": {"type": "object", "additionalProperties": {"type": "number"}},
    "pair": {
        "type": "array",
        "items": [{"type": "string"}, {"type": "integer"}],
        "minItems": 2,
        "maxItems": 2,
    },
    "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    "class": {"type": "string"},
    "x-y": {"type": "string"},
    "self": {"type": "boolean", "default": False},
    "free": {},
    "obj": {"type": "object"},
    "strict": {
        "type": "object",
        "properties": {"q": {"type": "string"}, "n-th": {"type": "integer"}},
        "required": ["q"],
        "additionalProperties": False,
    },
}
server.add_tool(
    RawForms(
        name="raw_forms",
        description="Take every form of schema that servers in other languages write.",
        parameters={
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": FORMS,
            "required": ["tree"],
            "additionalProperties": False,
            "definitions": {"Node": NODE},
        },
        output_schema={
            "type": "object",
            "properties": {"result": {"type": "string"}},
            "required": ["result"],
            "x-fastmcp-wrap-result": True,
        },
    )
)


@server.resource("config://app", mime_type="application/json")
def config() -> dict[str, bool]:
    """Settings of the laboratory."""
    return {"debug": False}


@server.resource("pictures://logo", mime_type="image/png")
def logo() -> bytes:
    """The sign on the door."""
    return PNG


@server.resource("users://{user_id}/profile", mime_type="text/plain")
def profile(user_id: str) -> str:
    """The profile of a user."""
    return f"profile of {user_id}"


@server.prompt
def review(code: str, language: str = "python") -> str:
    """Ask for a review of code."""
    return f"Review this {language}: {code}"


class Lab(MCPModelClass):
    def get_server(self) -> FastMCP:
        return server
