"""Selecting methods and tools by their names."""

from __future__ import annotations

import pytest

from gen_client.diagnostics import Refusal
from gen_client.source import Document
from gen_client.source.mcp_offer import transport_signatures
from gen_client.source.selection import select_methods

PREDICT = {"name": "predict"}
DOCUMENT = Document(
    None,
    "",
    (*transport_signatures(), PREDICT),
    mcp={"tools": [{"name": "add"}, {"name": "area"}], "instructions": "x"},
)


def select(*methods: str, exclude: tuple[str, ...] = ()) -> tuple[list[object], object]:
    """Return the names of the selected methods, and the tools."""
    document = select_methods(DOCUMENT, methods, exclude)
    assert document.mcp is not None
    assert document.mcp["instructions"] == "x"
    return [signature["name"] for signature in document.signatures], document.mcp["tools"]


def test_tools_are_selected_with_their_transport() -> None:
    assert select("area") == (["mcp_transport"], [{"name": "area"}])
    assert select("area", "predict") == (["mcp_transport", "predict"], [{"name": "area"}])
    assert select("predict") == (["predict"], [])


def test_tools_are_excluded() -> None:
    assert select(exclude=("area",)) == (["mcp_transport", "predict"], [{"name": "add"}])
    assert select(exclude=("add", "area", "mcp_transport")) == (["predict"], [])


def test_unknown_name_is_like_a_tool() -> None:
    with pytest.raises(Refusal, match=r"there is no method 'aera'\n.*did you mean 'area'"):
        select("aera")


def test_nothing_is_left() -> None:
    with pytest.raises(Refusal, match="no method is left"):
        select(exclude=("add", "area", "mcp_transport", "predict"))
