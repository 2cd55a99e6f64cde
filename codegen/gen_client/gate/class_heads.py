"""The rules for the head of a client's class: its bases and its keywords.

Like the rest of the gate, this module knows nothing of models, plans or templates.
"""

from __future__ import annotations

import ast

from gen_client.gate.expressions import is_string, names_of, reject

_KINDS = {
    "Client": frozenset({"MCPModel", "OpenAIModel"}),
    "AsyncClient": frozenset({"AsyncMCPModel", "AsyncOpenAIModel"}),
}
"""The bases that may precede the client's, by the base of the client."""

MCP_ATTRIBUTES = frozenset(("mcp_http", "prompt", "prompts", "read_resource", "resources"))
"""The public attributes that clients of MCP models have besides those of all. A copy on purpose, too."""

_ROUTING_KEYWORDS = frozenset(
    ("version_id", "deployment_id", "deployment_user_id", "compute_cluster_id", "nodepool_id")
)
"""The class keywords that may follow `model`. A copy on purpose: the gate does not read the interface's list."""


def check_kinds(kinds: list[ast.expr], base: str) -> None:
    """Check the bases before `Client` or `AsyncClient`: each a kind of models, and of the same twin."""
    names = names_of(kinds)
    if len(set(names)) < len(kinds) or not set(names) <= _KINDS[base]:
        reject(kinds[0], "not a base of a client")


def check_kind_attributes(kinds: list[ast.expr], body: list[ast.stmt]) -> None:
    """Check that no method replaces an attribute of the base for its kind of models."""
    if {"MCPModel", "AsyncMCPModel"}.isdisjoint(names_of(kinds)):
        return
    for node in body:
        if getattr(node, "name", "") in MCP_ATTRIBUTES:
            reject(node, "the name of an attribute of MCP models")


def check_class_keyword(keyword: ast.keyword, *, has_model: bool) -> None:
    """Check `model=_MODEL`, or a keyword of the client's routing or transports with a literal."""
    match keyword:
        case ast.keyword(arg="model", value=ast.Name(id="_MODEL")) if has_model:
            pass
        case ast.keyword(arg=name, value=value) if name in _ROUTING_KEYWORDS and is_string(value):
            pass
        case ast.keyword(
            arg="openai_parameters", value=ast.Tuple(elts=[unary, stream])
        ) if is_string(unary) and is_string(stream):
            pass
        case _:
            reject(keyword, "not a keyword of a client")
