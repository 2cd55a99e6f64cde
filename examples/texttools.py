"""Two models of other kinds, for `examples/demo.py`: an MCP server, and a chat.

On the platform, classes of the official SDK run real MCP servers and language models (`MCPModelClass`,
`OpenAIModelClass`). These are plain Python objects that answer the same messages, so that the demo needs nothing else.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

TOOL = {
    "name": "count-words",
    "description": "Count how often words occur.",
    "inputSchema": {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "The text."},
            "top": {
                "type": "integer",
                "minimum": 1,
                "default": 3,
                "description": "How many words.",
            },
            "order": {"enum": ["frequency", "length"], "default": "frequency"},
        },
        "required": ["text"],
    },
    "outputSchema": {
        "type": "object",
        "properties": {
            "total": {"type": "integer"},
            "words": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"word": {"type": "string"}, "count": {"type": "integer"}},
                    "required": ["word", "count"],
                },
            },
        },
        "required": ["total", "words"],
    },
}


class TextTools:
    """An MCP server with one tool."""

    def mcp_transport(self, msg: str) -> str:
        """Answer a message of the Model Context Protocol."""
        request = json.loads(msg)
        match request["method"]:
            case "initialize":
                return json.dumps(
                    {"capabilities": {"tools": {}}, "instructions": "Tools for texts."}
                )
            case "tools/list":
                return json.dumps({"tools": [TOOL]})
            case "tools/call":
                result = count_words(**request["params"]["arguments"])
                return json.dumps({"content": [], "structuredContent": result})
            case unknown:
                raise ValueError(f"unknown method {unknown}")


def count_words(text: str, top: int = 3, order: str = "frequency") -> dict[str, Any]:
    """Count how often words occur: the tool `count-words`."""
    counts = Counter(word.strip(".,!?").lower() for word in text.split())
    words = sorted(
        counts, key=len if order == "length" else lambda word: counts[word], reverse=True
    )
    chosen = [{"word": word, "count": counts[word]} for word in words[:top]]
    return {"total": counts.total(), "words": chosen}


def answer_chat(body: dict[str, Any]) -> str:
    """Answer a request to OpenAI's API: the model behind `clarigen.testing.OpenAITransports`."""
    question: str = body["messages"][-1]["content"]
    return f"You said {len(question.split())} words."
