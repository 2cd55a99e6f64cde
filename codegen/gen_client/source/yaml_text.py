"""YAML from strangers: plain values only, bounded before they are built.

What lives here: `parse`. Anchors and aliases (a few lines of which can stand for gigabytes), tags that
name objects, duplicate keys and deep nesting are refused as `ValueError`. PyYAML is loaded when this is.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import yaml

from gen_client import limits
from gen_client.json_text import JsonValue

_TEXT: Final = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader; keys are different texts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """One mapping."""
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT:
                raise ValueError("a key is not text; write it in quotes")
            if key.value in keys:
                raise ValueError("an object has the same key twice")
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def parse(text: str) -> JsonValue:
    """The value that a YAML text holds: one document of mappings, sequences and scalars.

    Args:
        text: The text.

    Raises:
        ValueError: It is no such text; the message says why.
    """
    if len(text) > limits.YAML_SIZE:
        raise ValueError(
            f"as YAML it may have {limits.YAML_SIZE >> 10} kB at most; JSON may have more"
        )
    try:
        _check_events(text)
        value: JsonValue = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", "it is no YAML")
        raise ValueError(f"{place}{problem}") from None
    return value


def _check_events(text: str) -> None:
    """Look at a text event by event, which neither recurses nor builds anything."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if getattr(event, "anchor", None):
            raise ValueError("anchors and aliases are not taken")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > limits.LEVELS:
                raise ValueError(f"it is nested more than {limits.LEVELS} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
