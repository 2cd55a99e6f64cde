"""JSON Schemas of MCP tools, for a comparison: which values they have, and how generated code writes their types.

Schemas are untrusted: references may be lost or circular.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from .._wire.codec import is_instance
from .defaults import format_value

_ANNOTATIONS: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "any": "JSONValue",
}
"""The annotations of schemas that are neither arrays nor objects."""

_MAX_LITERALS: Final = 8
"""Maximum number of values of an enumeration that an annotation lists."""

_MAX_REFERENCES: Final = 20
"""Maximum number of references that lead from one to the next."""

_MAX_STEPS: Final = 20_000
"""Maximum number of schemas that the comparison of two tools reads: references can make a small document endless."""


class Schema(NamedTuple):
    """A schema.

    Attributes:
        own: The schema itself.
        root: The document that its references point into.
        steps: One item per schema that the comparison has read.
    """

    own: Any
    root: Any
    steps: list[None]

    def resolve(self) -> dict[str, Any]:
        """Return the schema without references; empty, which is any value, if it cannot be read."""
        self.steps.append(None)
        if len(self.steps) > _MAX_STEPS:
            raise RecursionError
        own = _as_object(self.own)
        for _ in range(_MAX_REFERENCES):
            if not is_instance(own.get("$ref"), str):
                break
            own = _follow(self.root, str(own["$ref"]))
        parts = _as_list(own.get("allOf"))
        if parts:
            return _merge([own, *(self.at(part).resolve() for part in parts)])
        return {} if "$ref" in own else own

    def at(self, own: Any) -> Schema:
        """Return a schema of the same document."""
        return self._replace(own=own)


def annotate(schema: Schema) -> str:
    """Return a type as generated code writes it; empty if it needs more than scalars and literals."""
    atoms = _atoms(schema)
    literals = [format_value(atom.value) for atom in atoms if atom.kind == "literal"]
    parts = [f"Literal[{', '.join(literals)}]"] if literals else []
    kinds = list(dict.fromkeys(atom.kind for atom in atoms if atom.kind != "literal"))
    parts += [_ANNOTATIONS.get(kind, "") for kind in sorted(kinds, key=lambda kind: kind == "null")]
    return " | ".join(parts) if all(parts) and len(literals) <= _MAX_LITERALS else ""


def list_literals(schema: Schema) -> list[str]:
    """Return the values of an enumeration, as Python writes them; none for another type."""
    atoms = _atoms(schema)
    is_enumeration = all(atom.kind == "literal" for atom in atoms)
    return [format_value(atom.value) for atom in atoms] if is_enumeration else []


def get_result(tool: Mapping[str, Any], steps: list[None]) -> Schema | None:
    """Return the schema of a result, without the object that servers wrap around it; None if there is none."""
    own = _as_object(tool.get("outputSchema"))
    if not own:
        return None
    schema = Schema(own, own, steps)
    if own.get("x-fastmcp-wrap-result") is True and "result" in get_properties(schema):
        return get_properties(schema)["result"]
    return schema


def accepts(
    wide: Schema,
    narrow: Schema,
    *,
    is_result: bool,
    seen: frozenset[tuple[int, int]] = frozenset(),
) -> bool:
    """Return whether all values of one schema are values of another.

    Args:
        wide: The schema that must have the values.
        narrow: The schema with the values.
        is_result: Whether the values are returned: callers then read only the properties of `wide`.
        seen: The pairs of schemas around these, by identity.
    """
    pair = id(wide.own), id(narrow.own)
    if pair in seen:
        return True
    seen |= {pair}
    accepted = _atoms(wide)
    return all(
        any(_accepts_atom(own, atom, is_result=is_result, seen=seen) for own in accepted)
        for atom in _atoms(narrow)
    )


_ANY: Final = Schema({}, {}, [])
"""The schema of every value. Only atoms without items or properties have it, so it is not read."""


class _Atom(NamedTuple):
    """A schema that is no union.

    Attributes:
        kind: `string`, `literal`, …; `any` for every value.
        value: The value of a literal.
        schema: The schema itself.
        items: The schema of the items of an array, or of the values of a map.
    """

    kind: str
    value: object = None
    schema: Schema = _ANY
    items: Schema = _ANY


def _accepts_atom(
    wide: _Atom, narrow: _Atom, *, is_result: bool, seen: frozenset[tuple[int, int]]
) -> bool:
    if wide.kind == "any":
        return True
    if narrow.kind == "literal":
        return _fits(wide, narrow.value)
    if (wide.kind, narrow.kind) == ("number", "integer"):
        return True
    if wide.kind != narrow.kind or wide.kind == "literal":
        return False
    if wide.kind in ("array", "map"):
        return accepts(wide.items, narrow.items, is_result=is_result, seen=seen)
    if wide.kind != "object":
        return True
    outer, inner = get_properties(wide.schema), get_properties(narrow.schema)
    has_keys = outer.keys() <= inner.keys() if is_result else inner.keys() <= outer.keys()
    always = _present(narrow.schema, is_result=is_result)
    needed = _present(wide.schema, is_result=is_result)
    return (
        has_keys
        and needed <= always
        and all(
            accepts(outer[name], own, is_result=is_result, seen=seen)
            for name, own in inner.items()
            if name in outer
        )
    )


def get_absent(schema: Schema, *, is_required: bool) -> str:
    """Return what leaves an argument out besides its default in the signature, as generated code has it.

    Args:
        schema: The schema of the argument.
        is_required: Whether a call must pass it.
    """
    atoms, own = _atoms(schema), _as_object(schema.own)
    if is_required:
        return ""
    default: object = own.get("default", NotImplemented)
    if isinstance(default, (str, int, float)) and any(_fits(atom, default) for atom in atoms):
        return ""
    if not is_nullable(schema):
        return "None"
    return "" if default is None else "SERVER_DEFAULT"


def is_nullable(schema: Schema) -> bool:
    """Return whether null is a value of a schema."""
    return any(atom.kind in ("null", "any") for atom in _atoms(schema))


def _fits(atom: _Atom, value: object) -> bool:
    is_literal = atom.kind == "literal" and type(atom.value) is type(value) and atom.value == value
    return is_literal or atom.kind == "any" or _has(atom, value)


def _has(atom: _Atom, value: object) -> bool:
    """Return whether a literal is a value of an atom."""
    kinds: dict[type, tuple[str, ...]] = {
        str: ("string",),
        bool: ("boolean",),
        int: ("integer", "number"),
        float: ("number",),
    }
    return atom.kind in kinds.get(type(value), ())


def _atoms(schema: Schema) -> list[_Atom]:
    """Return the alternatives of a schema."""
    own = schema.resolve()
    for key in ("anyOf", "oneOf"):
        parts = _as_list(own.get(key))
        if parts and "properties" not in own:
            atoms = [atom for part in parts for atom in _atoms(schema.at(part))]
            return [*atoms, *_null_atoms(own)]
    values = [own["const"]] if "const" in own else _as_list(own.get("enum"))
    if values:
        return [*map(_make_literal, values), *_null_atoms(own)]
    default = "object" if "properties" in own else ""
    kinds = _as_list(own.get("type")) or [own.get("type", default)]
    return [*(_make_atom(str(kind), schema.at(own)) for kind in kinds), *_null_atoms(own)]


def _null_atoms(own: Mapping[str, Any]) -> list[_Atom]:
    return [_Atom("null")] if own.get("nullable") is True else []


def _make_literal(value: object) -> _Atom:
    return _Atom("null") if value is None else _Atom("literal", value)


def _make_atom(kind: str, schema: Schema) -> _Atom:
    own = _as_object(schema.own)
    if kind == "array":
        items = own.get("prefixItems") or own.get("items")
        alternatives = {"anyOf": items} if is_instance(items, list) else items
        return _Atom(kind, schema=schema, items=schema.at(alternatives or {}))
    if kind == "object" and not get_properties(schema):
        return _Atom("map", schema=schema, items=schema.at(own.get("additionalProperties") or {}))
    return _Atom(kind if kind in _ANNOTATIONS or kind == "object" else "any", schema=schema)


def get_properties(schema: Schema) -> dict[str, Schema]:
    own = _as_object(schema.resolve().get("properties"))
    return {name: schema.at(value) for name, value in own.items()}


def get_required(schema: Schema) -> set[str]:
    return {str(name) for name in _as_list(schema.resolve().get("required"))}


def _present(schema: Schema, *, is_result: bool) -> set[str]:
    """Return the properties that a value has. A client fills in those of a result that have defaults."""
    if not is_result:
        return get_required(schema)
    filled = {name for name, own in get_properties(schema).items() if _default(own) is not None}
    return get_required(schema) | filled


def _default(schema: Schema) -> str | None:
    """Return the default of a property, as Python writes it; None if it has none."""
    own = _as_object(schema.own)
    return repr(own["default"]) if "default" in own else None


def _merge(schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return one schema for several that hold together."""
    merged: dict[str, Any] = {}
    for schema in schemas:
        for key, value in schema.items():
            if key == "properties":
                merged[key] = {**merged.get(key, {}), **_as_object(value)}
            elif key == "required":
                merged[key] = [*merged.get(key, []), *_as_list(value)]
            elif key != "allOf":
                merged.setdefault(key, value)
    return merged


def _follow(root: Any, reference: str) -> dict[str, Any]:
    """Return the schema that a reference points at; empty if it is lost, or in another document."""
    own = _as_object(root) if reference.startswith("#") else {}
    for step in reference.split("/")[1:]:
        own = _as_object(own.get(step.replace("~1", "/").replace("~0", "~")))
    return own


def _as_object(value: Any) -> dict[str, Any]:
    """Return a JSON object; an empty one for another value."""
    return value if is_instance(value, dict) else {}


def _as_list(value: Any) -> list[Any]:
    """Return a JSON array; an empty one for another value."""
    return value if is_instance(value, list) else []
