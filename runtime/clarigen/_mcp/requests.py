"""Requests of MCP models other than calls of tools, for both clients: how they are encoded, and what an answer means.

Lists have pages, so they are flows. The others are single calls, whose parameters are made here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .._drift.mcp_server import MakeFlow, McpServer
from .._wire.codec import describe
from .._wire.json_rpc import rpc_method
from ..errors import InputError
from .results import Prompt, Resource, read_prompt_entry, read_resource_entry

if TYPE_CHECKING:
    from .._calls.call import UnaryFlow

READ_RESOURCE: Final = rpc_method("resources/read", "read_resource")
GET_PROMPT: Final = rpc_method("prompts/get", "prompt")


def list_resources(make_flow: MakeFlow) -> UnaryFlow[list[Resource]]:
    """List the resources of a model, then its resource templates."""
    server = McpServer(make_flow)
    resources = yield from server.list_if_offered("resources/list", "resources", "resources")
    templates = yield from server.list_if_offered(
        "resources/templates/list", "resourceTemplates", "resources"
    )
    return [
        *(read_resource_entry(entry, is_template=False) for entry in resources),
        *(read_resource_entry(entry, is_template=True) for entry in templates),
    ]


def list_prompts(make_flow: MakeFlow) -> UnaryFlow[list[Prompt]]:
    """List the prompts of a model."""
    server = McpServer(make_flow)
    entries = yield from server.list_if_offered("prompts/list", "prompts", "prompts")
    return [read_prompt_entry(entry) for entry in entries]


def make_resource_params(uri: object) -> dict[str, str]:
    """Return the parameters of `resources/read`; raise `InputError` if the URI is not a string."""
    if not isinstance(uri, str):
        raise InputError(
            f"read_resource: `uri` must be a str, not {describe(uri)}",
            method="read_resource",
            parameter="uri",
        )
    return {"uri": uri}


def make_prompt_params(name: object, arguments: Mapping[str, object]) -> dict[str, Any]:
    """Return the parameters of `prompts/get`; raise `InputError` if the name or an argument is not a string."""
    for parameter, value in {"name": name, **arguments}.items():
        if not isinstance(value, str):
            hint = "" if parameter == "name" else "; arguments of prompts are texts"
            raise InputError(
                f"prompt: `{parameter}` must be a str, not {describe(value)}{hint}",
                method="prompt",
                parameter=parameter,
            )
    return {"name": name, "arguments": dict(arguments)}
