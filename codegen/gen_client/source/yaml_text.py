"""Untrusted YAML: plain values only, checked before they are built.

`parse` refuses what makes YAML dangerous: anchors and aliases (a few lines can stand for gigabytes), tags that name
objects, duplicate keys and deep nesting. Importing this module loads PyYAML.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import yaml

from gen_client import limits
from gen_client.json_text import JsonValue

_STRING_TAG: Final = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with keys that are distinct texts."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Build a mapping; raise ValueError if a key is not text or occurs twice."""
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != _STRING_TAG:
                raise ValueError("a key is not text; write it in quotes")
            if key.value in keys:
                raise ValueError("an object has the same key twice")
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def parse(text: str) -> JsonValue:
    """Parse one YAML document of mappings, sequences and scalars.

    Raises:
        ValueError: The text is not such a document; the message says why.
    """
    if len(text) > limits.YAML_SIZE:
        raise ValueError(
            f"as YAML it may have {limits.YAML_SIZE >> 10} kB at most; JSON may have more"
        )
    try:
        _check_events(text)
        value: JsonValue = yaml.load(text, Loader=_Loader)  # noqa: S506  _Loader is a SafeLoader.
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        position = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        problem = getattr(error, "problem", None) or getattr(error, "reason", "it is not YAML")
        raise ValueError(f"{position}{problem}") from None
    return value


def _check_events(text: str) -> None:
    """Raise ValueError if a text has aliases or is nested deeply; no recursion, and no value is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if getattr(event, "anchor", None):
            raise ValueError("anchors and aliases are not accepted")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > limits.LEVELS:
                raise ValueError(f"it is nested more than {limits.LEVELS} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
