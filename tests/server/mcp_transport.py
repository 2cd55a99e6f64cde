"""A client of the plain transport of MCP models, as it is generated for a model whose tools are not known."""

from __future__ import annotations

import json
from typing import Any

from clarigen import Client, wire

TRANSPORT = wire.unary("mcp_transport", wire.field("msg", wire.STR), returns=wire.STR)
PREDICT = wire.unary("predict", wire.field("prompt", wire.STR), returns=wire.STR)


class Transport(Client):
    """A client of the transport, and of one plain method."""

    def ask(self, method: str, **params: object) -> Any:
        """Send a request; return the decoded answer."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return json.loads(self._unary(TRANSPORT, json.dumps(request)))

    def call(self, tool: str, **arguments: object) -> Any:
        """Call a tool; return the decoded answer."""
        return self.ask("tools/call", name=tool, arguments=arguments)

    def predict(self, prompt: str) -> str:
        return self._unary(PREDICT, prompt)
