"""What a deployed MCP model offers, as far as a lock has it: tools, prompts and resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .._calls.address import Address
from .._calls.call import CallContext, call_unary
from .._calls.retry import Deadline, Policy
from .lock import Lock
from .mcp_server import McpServer

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow


class Offered(NamedTuple):
    """What a model offers.

    Attributes:
        tools: Its tools, as in `tools/list`.
        lists: The other lists that the lock has, by their keys: `prompts`, `resources`, `resourceTemplates`.
    """

    tools: Sequence[Mapping[str, Any]]
    lists: Mapping[str, Any]


def fetch_offered(lock: Lock, address: Address, deadline: Deadline) -> UnaryFlow[Offered | None]:
    """Ask an MCP model for what the lock has; None for another model. The model runs for this, so it may be billed.

    Raises:
        GrpcFailure: A request failed.
        ClarigenError: The model refused a request, or its answer cannot be read.
    """
    if lock.tools is None:
        return None
    context = CallContext(address, Policy(deadline.remaining(), idempotent=True))
    server = McpServer(lambda method, values: call_unary(method, values, context))
    tools = yield from server.list("tools/list", "tools")
    return Offered(tools, (yield from server.list_again(lock.offer)))
