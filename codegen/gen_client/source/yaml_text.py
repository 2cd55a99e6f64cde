"""Untrusted YAML: plain values only, checked before they are built.

`parse` refuses what makes YAML dangerous: anchors and aliases (a few lines can stand for gigabytes), tags, duplicate
keys and deep nesting. The values are those of JSON: what YAML would read as a date, a number of base 60 or the like is
text. Importing this module loads PyYAML.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from typing import Any, Final, cast

import yaml

from gen_client import limits
from gen_client.json_text import JsonValue

_TAG: Final = "tag:yaml.org,2002:"
_STRING_TAG: Final = f"{_TAG}str"
_INT_TAG: Final = f"{_TAG}int"
_FLOAT_TAG: Final = f"{_TAG}float"
_CONSTANTS: Final = frozenset({f"{_TAG}null", f"{_TAG}bool"})
_TAGS: Final = frozenset({None, "!", _STRING_TAG})
"""The tags that a document may state; the others name objects, or numbers that take long to read."""
_INT: Final = re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$")
_FLOAT: Final = re.compile(
    r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_MAX_INT_DIGITS: Final = 20
_MAX_BITS: Final = 64


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, with keys that are distinct texts, and the scalars of JSON."""

    def resolve(
        self, kind: type[yaml.Node], value: str | None, implicit: tuple[bool, bool] | bool
    ) -> str:
        """Return the tag of a node without one: that of JSON's values only."""
        base = cast("Any", super())  # types-pyyaml gives the method no types
        tag: str = base.resolve(kind, value, implicit)
        if kind is not yaml.ScalarNode or value is None or tag in _CONSTANTS:
            return tag
        if isinstance(implicit, tuple) and not implicit[0]:  # in quotes, or after `|` and `>`
            return tag
        return _INT_TAG if _INT.match(value) else _FLOAT_TAG if _FLOAT.match(value) else _STRING_TAG

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

    def construct_number(self, node: yaml.ScalarNode) -> int:
        """Build a whole number of up to 64 bits."""
        if len(node.value) > _MAX_INT_DIGITS or (value := int(node.value)).bit_length() > _MAX_BITS:
            raise ValueError("a number is too large")
        return value

    def construct_fraction(self, node: yaml.ScalarNode) -> float:
        """Build a float that a double can hold."""
        text = node.value.lower().replace(".inf", "inf").replace(".nan", "nan")
        value = float(text)
        if math.isinf(value) and "inf" not in text:
            raise ValueError("a number is too large")
        return value


_Loader.add_constructor(_INT_TAG, _Loader.construct_number)
_Loader.add_constructor(_FLOAT_TAG, _Loader.construct_fraction)


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
        if getattr(event, "tag", None) not in _TAGS:
            raise ValueError("tags are not accepted")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > limits.LEVELS:
                raise ValueError(f"it is nested more than {limits.LEVELS} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
