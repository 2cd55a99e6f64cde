"""Tools of every form that the source says for sure: the older ones, too."""

# ruff: noqa: B006, UP006, UP007, UP035, UP045

from typing import Annotated, Any, Dict, List, Literal, Optional, Union

from clarifai.runners.models.mcp_class import MCPModelClass
from fastmcp import Context, FastMCP
from fastmcp.utilities.types import Image
from pydantic import BaseModel, Field

UNIT = "m2"
server = FastMCP("forms", instructions="Say what you want.", version="1.0")


class Point(BaseModel):
    """A place."""

    x: float
    y: float = 0.0
    label: Optional[str] = Field(default=None, description="Its name.")


class Shape(BaseModel):
    points: List[Point]
    color: Literal["red", "green"] = "red"


@server.tool
def scalars(a: int, b: float = 1.5, c: str = "x", d: bool = False) -> int:
    """Return a number.

    Indented.
    """
    return a


@server.tool("renamed", description="Another text", annotations={"readOnlyHint": True}, title="T")
def containers(
    a: list, b: dict, c: List[int], d: Dict[str, Any], e: list[dict[str, float]], f: Any, g=None
) -> str:
    return ""


@server.tool()
async def unions(
    context: Context,
    a: Optional[int] = None,
    b: Union[int, str, None] = None,
    c: int | str = 3,
    *,
    d: "str | None" = None,
) -> list[Point]:
    """Unions."""
    return []


@server.tool
def literals(
    a: Literal["x", "y"], b: Literal[1, 2] = 2, c: Literal["only"] = "only", unit: str = UNIT
) -> bool:
    return True


@server.tool
def fields(
    name: str = Field(description="Name to greet"),
    count: int = Field(3, ge=0, le=9, description="How many."),
    size: Annotated[float, Field(gt=0, lt=1)] = 0.5,
    tags: Annotated[list[str], Field(min_length=1, max_length=3, description="Tags.")] = ["a"],
    code: Annotated[str, Field(pattern="^[a-z]+$", min_length=2)] = "ab",
    optional: Annotated[Optional[int], Field(description="May be left out.")] = None,
) -> dict[str, int]:
    return {}


@server.tool
def models(shape: Shape, origin: Point | None = None) -> Shape:
    """Take a model and return it."""
    return shape


@server.tool
def picture(width: int = 2) -> Image:
    """Draw."""
    raise NotImplementedError


@server.tool
def silent(x: int) -> None:
    """Return nothing."""


@server.tool(output_schema=None)
def untyped(x: int) -> int:
    return x


@server.tool
def free():
    return 1


@server.resource("config://version")
def get_version():
    """Return the version."""
    return "1"


@server.resource("pictures://logo", mime_type="image/png", name="sign")
def logo() -> bytes:
    return b""


@server.resource("users://{user_id}/profile")
def profile(user_id: str) -> str:
    """The profile of a user."""
    return user_id


@server.prompt
def review(code: str, language: str = "python") -> str:
    """Ask for a review."""
    return code


@server.prompt("short", description="A short one.")
def short_prompt() -> str:
    return ""


class Forms(MCPModelClass):
    def get_server(self) -> FastMCP:
        """Return the server."""
        return server


if __name__ == "__main__":
    server.run()
