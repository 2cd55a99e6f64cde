"""The result of a tool that has no output schema: content blocks, as the Model Context Protocol defines them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ._data import Image
from ._types import JSONValue


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The result of a tool of an MCP model that declares no type for it.

    Attributes:
        content: The content blocks, as the server sent them: `{"type": "text", "text": …}` and others.
        structured: The structured content; None if there is none.
    """

    content: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    structured: JSONValue = None

    @property
    def text(self) -> str:
        """The texts of the content, one per line; empty if there are none."""
        return "\n".join(join_texts(self.content))

    @property
    def images(self) -> list[Image]:
        """The images of the content, decoded.

        Raises:
            ValueError: The data of an image is not base64.
        """
        from base64 import b64decode

        return [
            Image(bytes=b64decode(str(block.get("data", "")), validate=True))
            for block in self.content
            if block.get("type") == "image"
        ]

    def __str__(self) -> str:
        return self.text


def join_texts(content: list[dict[str, Any]]) -> list[str]:
    """Return the texts in content blocks."""
    texts: list[str] = []
    for block in content:
        holder = block["resource"] if _is_object(block.get("resource")) else block
        text = holder.get("text")
        if isinstance(text, str):
            texts.append(text)
    return texts


def _is_object(value: object) -> bool:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)
