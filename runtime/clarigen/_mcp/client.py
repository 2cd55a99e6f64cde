"""The bases of generated clients for MCP models: models that carry the Model Context Protocol.

Generated classes add a method per tool. These modules are loaded with the first package of such a model.
"""

from __future__ import annotations

from .._async.client import AsyncClient
from .._sync.client import Client


class MCPModel(Client):
    """The base of generated clients for MCP models."""


class AsyncMCPModel(AsyncClient):
    """The base of generated async clients for MCP models: `MCPModel` for asyncio."""
