"""The selection of the methods that a client gets: methods of the model, and tools of an MCP model.

They are selected by their names in the document, before anything else of a signature or a schema is read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.json_text import is_array, is_object
from gen_client.source.document import Document
from gen_client.source.mcp_offer import TRANSPORT
from gen_client.text import quote


def select_methods(
    document: Document,
    methods: Collection[str],
    exclude: Collection[str],
    *,
    missing_ok: bool = False,
) -> Document:
    """Return the document with only the selected methods and tools, in its order.

    Args:
        document: The signatures of all methods.
        methods: The names of the methods to keep; empty for all.
        exclude: The names of the methods to leave out.
        missing_ok: Whether to accept that the model has no such method, or that no method is left.

    Raises:
        Refusal: Exit 2: there is no such method, or none is left.
    """
    if not methods and not exclude:
        return document
    pairs = [(signature.get("name"), signature) for signature in document.signatures]
    tools = _list_tools(document)
    names = [name for name, _ in [*pairs, *tools] if isinstance(name, str)]
    for name in methods:
        if name not in names and not missing_ok:
            raise Refusal(
                f"there is no method {quote(name)}",
                exit_code=USAGE,
                remedy=suggest(name, names, fallback="see `methods` in pyproject.toml"),
            )

    def is_selected(name: object) -> bool:
        return name not in exclude and (not methods or name in methods)

    selected_tools = [tool for name, tool in tools if is_selected(name)]
    selected = tuple(
        signature
        for name, signature in pairs
        # Tools are called by the transport.
        if is_selected(name) or (selected_tools and name == TRANSPORT)
    )
    if pairs and not selected and not missing_ok:
        raise Refusal(
            "no method is left: all are excluded",
            exit_code=USAGE,
            remedy="remove some from `exclude` in pyproject.toml",
        )
    mcp = None if document.mcp is None else {**document.mcp, "tools": selected_tools}
    return replace(document, signatures=selected, mcp=mcp)


def _list_tools(document: Document) -> list[tuple[object, object]]:
    """Return the tools of an MCP model, each with its name."""
    tools = None if document.mcp is None else document.mcp.get("tools")
    if not is_array(tools):
        return []
    return [(tool.get("name"), tool) for tool in tools if is_object(tool)]
