"""What the MCP server in a deployed model offers: its tools, prompts and resources, page by page.

The lists are requests to the model itself, so the model runs for them: it may have to start, and they may be billed. Only
the size of the answers is checked here, not what they mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._version import __version__
from .._wire.codec import CodecError, is_instance
from .._wire.json_rpc import METHOD_NOT_FOUND, format_json, rpc_method
from .._wire.method import Unary
from ..errors import DecodeError, ModelError

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow

MakeFlow: TypeAlias = "Callable[[Unary[Any], Sequence[Any]], UnaryFlow[Any]]"
"""A function that makes the flow of a call of a unary method from the method and its arguments."""

MAX_PAGES: Final = 100
"""Maximum number of pages of one list; a server that has more is broken."""

MAX_SIZE: Final = 4 << 20
"""Maximum number of characters of all answers together."""

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
        make_flow: Makes the flow of each call.
    """

    def __init__(self, make_flow: MakeFlow) -> None:
        self._make_flow = make_flow
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
                    offer[key] = yield from self.list(rpc, key)
        return offer

    def list_again(self, locked: Mapping[str, object]) -> UnaryFlow[dict[str, Any]]:
        """Get the lists of prompts and resources that a lock has, by their keys; a list that is gone is empty.

        Raises:
            ClarigenError: A call failed, or its answer cannot be read.
        """
        offer: dict[str, Any] = {}
        for rpc, key in (*_LISTS["prompts"], *_LISTS["resources"]):
            if key in locked:
                offer[key] = yield from self.list_if_offered(rpc, key)
        return offer

    def list_if_offered(
        self, rpc: str, key: str, name: str = ""
    ) -> UnaryFlow[list[dict[str, Any]]]:
        """Get all pages of a list; it is empty if the server does not have this kind. See `list`."""
        try:
            return (yield from self.list(rpc, key, name))
        except ModelError as error:
            if error.code != METHOD_NOT_FOUND:
                raise
            return []

    def list(self, rpc: str, key: str, name: str = "") -> UnaryFlow[list[dict[str, Any]]]:
        """Get all pages of a list.

        Args:
            rpc: The method of the protocol, such as `tools/list`.
            key: The key of the list in its result.
            name: The name of the method in errors and recordings, if it differs.

        Raises:
            ClarigenError: A call failed, or its answer cannot be read.
        """
        entries: list[dict[str, Any]] = []
        params: dict[str, str] | None = None
        for _ in range(MAX_PAGES):
            page = yield from self._call(rpc, params, name)
            listed: list[Any] = (
                page.get(key, []) if is_instance(page.get(key, []), list) else [None]
            )
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

    def _call(
        self, rpc: str, params: Mapping[str, Any] | None, name: str = ""
    ) -> UnaryFlow[dict[str, Any]]:
        """Call a method of the protocol and return its result."""
        result: dict[str, Any] = yield from self._make_flow(rpc_method(rpc, name), (params,))
        try:
            self._size += len(format_json(result))
        except CodecError as error:
            raise DecodeError(f"{rpc}: the answer {error.problem}") from None
        if self._size > MAX_SIZE:
            raise DecodeError(
                f"{rpc}: the answers of the MCP server are larger than {MAX_SIZE >> 20} MB"
            )
        return result
