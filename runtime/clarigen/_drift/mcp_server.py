"""What the MCP server in a deployed model offers: its tools, prompts and resources, page by page.

The lists are requests to the model itself, so the model runs for them: it may have to start, and they may be billed. The
generator and clients with `verify=True` send them. Only the size of the answers is checked here, not what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .._calls.call import call_unary
from .._version import __version__
from .._wire.codec import (
    CodecError,
    is_instance,
)
from .._wire.json_rpc import parse_response, rpc_method
from .._wire.method import Unary
from .._wire.scalars import STR
from ..errors import DecodeError

if TYPE_CHECKING:
    from .._calls.call import CallContext, UnaryFlow

MAX_PAGES: Final = 100
"""Number of pages of one list; a server that has more is broken."""

MAX_SIZE: Final = 4 << 20
"""Number of characters of all answers together."""

_INITIALIZE: Final = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "clarigen", "version": __version__},
}
_LISTS: Final = {
    "tools": (("tools/list", "tools"),),
    "prompts": (("prompts/list", "prompts"),),
    "resources": (
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ),
}
"""The methods that list something and the key of the list in their result, by the capability that a server states."""


class McpServer:
    """The MCP server in a model. It counts the characters of its answers.

    Args:
        context: How to call the model.
    """

    def __init__(self, context: CallContext) -> None:
        self._context = context
        self._size = 0

    def describe(self) -> UnaryFlow[dict[str, Any]]:
        """Get everything that the server offers: its instructions, and each list by its key.

        Raises:
            ClarigenError: A call failed, or its answer cannot be read.
        """
        server = yield from self._call("initialize", _INITIALIZE)
        capabilities = server.get("capabilities")
        offer: dict[str, Any] = {"instructions": server.get("instructions") or ""}
        for capability, lists in _LISTS.items():
            if isinstance(capabilities, dict) and capability in capabilities:
                for rpc, key in lists:
                    offer[key] = yield from self._list(rpc, key)
        return offer

    def list_tools(self) -> UnaryFlow[list[dict[str, Any]]]:
        """Get the tools of the server.

        Raises:
            ClarigenError: A call failed, or its answer cannot be read.
        """
        return self._list("tools/list", "tools")

    def _list(self, rpc: str, key: str) -> UnaryFlow[list[dict[str, Any]]]:
        """Get all pages of a list."""
        entries: list[dict[str, Any]] = []
        params: dict[str, str] | None = None
        for _ in range(MAX_PAGES):
            page = yield from self._call(rpc, params)
            listed: list[Any] = page[key] if is_instance(page.get(key), list) else [None]
            cursor = page.get("nextCursor")
            if not all(is_instance(entry, dict) for entry in listed):
                raise DecodeError(f"{rpc}: `{key}` of the answer must be an array of objects")
            entries += listed
            if not cursor:
                return entries
            if not isinstance(cursor, str):
                raise DecodeError(f"{rpc}: `nextCursor` of the answer must be text")
            params = {"cursor": cursor}
        raise DecodeError(f"{rpc}: the MCP server has more than {MAX_PAGES} pages")

    def _call(self, rpc: str, params: Mapping[str, Any] | None) -> UnaryFlow[dict[str, Any]]:
        """Call a method of the protocol and return its result."""
        method = rpc_method(rpc)
        text = yield from call_unary(
            Unary(method.wire_name, rpc, method.rpc, method.fields, STR), (params,), self._context
        )
        self._size += len(text)
        if self._size > MAX_SIZE:
            raise DecodeError(
                f"{rpc}: the answers of the MCP server are larger than {MAX_SIZE >> 20} MB"
            )
        try:
            return parse_response(text, rpc)
        except CodecError as error:
            raise DecodeError(f"{rpc}: the answer {error.problem}") from None
