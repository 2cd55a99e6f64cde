"""The comparison of what an MCP model offers besides tools: prompts and resources.

The runtime compares them, because clients that verify the model need it as well.
"""

from __future__ import annotations

from collections.abc import Mapping

from clarigen._tooling import compare_offers
from gen_client.diff.changes import Change
from gen_client.interface.model import Model


def compare_prompts_and_resources(old: Model, new: Model) -> list[Change]:
    """Return the changes from what callers know to what there is now, if both models are MCP models."""
    if old.tools is None or new.tools is None:
        return []
    offers: list[Mapping[str, object]] = [old.tools.document, new.tools.document]
    return list(compare_offers(*offers))
