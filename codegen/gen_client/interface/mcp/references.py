"""References in a JSON Schema: where a `$ref` leads, and one schema for an `allOf`.

Schemas are a stranger's text: references may be missing, lead elsewhere, or form loops. This module knows nothing of
types. It counts its steps, because a few references can stand for millions of schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote

from gen_client import limits
from gen_client.json_text import is_array, is_object

Schema = Mapping[object, object]

ROOT: Final = "#"
"""The pointer to the whole document."""

STRUCTURE: Final = frozenset(
    [
        *(
            "$ref",
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "enum",
            "items",
            "nullable",
            "oneOf",
        ),
        *("prefixItems", "properties", "required", "type"),
    ]
)
"""The keywords that a type is made of."""


class UnusableSchema(Exception):
    """A schema that is beyond the limits, or describes no arguments."""


class Target(NamedTuple):
    """Where a reference leads.

    Attributes:
        pointer: The pointer to the schema, after all references to references.
        schema: The schema.
    """

    pointer: str
    schema: object

    @property
    def name(self) -> str:
        """The name of the definition; empty for the whole document."""
        return _unescape(self.pointer.rsplit("/", 1)[1]) if "/" in self.pointer else ""


class References:
    """The references of one document.

    Attributes:
        lost: References that lead nowhere, elsewhere, or in a loop.
    """

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._steps = 0
        self.lost: set[str] = set()

    def count_step(self) -> None:
        """Count a step of reading; raise `UnusableSchema` if there are too many."""
        self._steps += 1
        if self._steps > limits.SCHEMA_STEPS:
            raise UnusableSchema(f"it stands for more than {limits.SCHEMA_STEPS} schemas")

    def resolve(self, pointer: str) -> Target | None:
        """Follow a reference, and references to references; None if it leads to no schema of this document."""
        start, visited = pointer, set[str]()
        while pointer not in visited:
            self.count_step()
            visited.add(pointer)
            target = self._look_up(pointer)
            if target is None:
                break
            following = _get_bare_reference(target)
            if following is None:
                return Target(pointer, target)
            pointer = following
        self.lost.add(start)
        return None

    def _look_up(self, pointer: str) -> object:
        """Return the value at a JSON pointer; None if there is none."""
        start, *keys = pointer.split("/")
        if start != ROOT:
            return None
        value: object = self._root
        for key in map(_unescape, keys):
            if is_object(value):
                value = value.get(key)
            elif is_array(value) and key.isascii() and key.isdigit() and len(key) < 5:
                value = value[int(key)] if int(key) < len(value) else None
            else:
                return None
        return value

    def flatten(self, schema: Schema, visiting: frozenset[str] = frozenset()) -> Schema:
        """Merge a schema with the target of its reference and with its `allOf`; the result has neither.

        Args:
            schema: The schema.
            visiting: The pointers that are being merged; they are not merged into themselves.
        """
        self.count_step()
        parts: list[Schema] = []
        pointer = schema.get("$ref")
        target = self.resolve(pointer) if isinstance(pointer, str) else None
        if target is not None and is_object(target.schema) and target.pointer not in visiting:
            parts.append(self.flatten(target.schema, visiting | {target.pointer}))
        members = schema.get("allOf")
        if is_array(members):
            parts += [self.flatten(member, visiting) for member in members if is_object(member)]
        parts.append({key: value for key, value in schema.items() if key not in ("$ref", "allOf")})
        return _merge(parts)


def _get_bare_reference(schema: object) -> str | None:
    """Return the reference of a schema that contains nothing else; None for another schema."""
    if not is_object(schema) or not STRUCTURE.isdisjoint(schema.keys() - {"$ref"}):
        return None
    pointer = schema.get("$ref")
    return pointer if isinstance(pointer, str) else None


def _merge(parts: Iterable[Schema]) -> Schema:
    """Merge schemas that all apply. If a keyword has no rule below, that of the last schema wins."""
    merged: dict[object, object] = {}
    properties: dict[object, object] = {}
    required: list[object] = []
    for part in parts:
        merged.update(part)
        own, names = part.get("properties"), part.get("required")
        for name, schema in own.items() if is_object(own) else ():
            is_new = name not in properties
            properties[name] = schema if is_new else {"allOf": [properties[name], schema]}
        required += names if is_array(names) else ()
    if properties:
        merged["properties"] = properties
    if required:
        merged["required"] = required
    return merged


def _unescape(key: str) -> str:
    return unquote(key).replace("~1", "/").replace("~0", "~")
