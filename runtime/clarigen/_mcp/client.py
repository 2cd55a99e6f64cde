"""The bases of generated clients for MCP models: models that carry the Model Context Protocol.

Generated classes add a method per tool. These modules are loaded with the first package of such a model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .._async.client import AsyncClient
from .._sync.client import Client

if TYPE_CHECKING:
    from .._calls.retry import Policy


class MCPModel(Client):
    """The base of generated clients for MCP models."""

    def _connect(self, policy: Policy) -> None:
        _load_tool_types()
        super()._connect(policy)


class AsyncMCPModel(AsyncClient):
    """The base of generated async clients for MCP models: `MCPModel` for asyncio."""

    def _connect(self, policy: Policy) -> None:
        _load_tool_types()
        super()._connect(policy)


def _load_tool_types() -> None:
    """Load all that calls of tools need, so that the first call imports nothing."""
    for name in ("json", "clarigen._wire.tool_types"):
        import_module(name)
