"""The MCP model that the benchmark of tools calls: it answers each call with the same text."""

from __future__ import annotations

import json
import sys

from clarigen.testing import serve

_RESULT = {
    "area": 2.5,
    "unit": "m2",
    "corners": [{"x": 1.0, "y": 0.0, "label": None}, {"x": 2.0, "y": 0.0, "label": "b"}],
}
_ANSWER = json.dumps(
    {"content": [{"type": "text", "text": json.dumps(_RESULT)}], "structuredContent": _RESULT}
)


class Tools:
    """A model whose tools all return the same result."""

    def mcp_transport(self, msg: str) -> str:
        """Answer a request."""
        del msg
        return _ANSWER


if __name__ == "__main__":
    with serve(Tools()) as server:
        print(server.url, flush=True)
        sys.stdin.read()  # until the parent process closes the pipe or exits
