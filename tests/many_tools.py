"""Large sets of tools: those of the lab many times, under different names."""

from __future__ import annotations

import json
from typing import Any

from clarigen import ModelRef
from gen_client.source import Document
from support import CORPUS

REFERENCE = ModelRef("acme", "tools", "many")


def make_document(count: int) -> Document:
    """Return the document of a model with so many tools."""
    content = json.loads((CORPUS / "mcp" / "lab-tools.json").read_text("utf-8"))
    tools: list[dict[str, Any]] = content["mcp"]["tools"]
    many = [
        {**tools[index % len(tools)], "name": f"{tools[index % len(tools)]['name']}_{index}"}
        for index in range(count)
    ]
    return Document(REFERENCE, "", (), mcp={"tools": many})
