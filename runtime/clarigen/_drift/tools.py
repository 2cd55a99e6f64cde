"""How the tools of an MCP model differ from those that a client was generated from, in words.

Only what can break a caller or change the meaning of a call is a difference: a schema that is written in another way for
the same values is none, nor are descriptions, limits such as `minimum`, and additions. A default that changes is one,
because an argument that equals the old default is not sent. Schemas are untrusted: references may be lost or circular.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from .._text import escape_unprintable, shorten
from .._wire.codec import is_instance

_MAX_LENGTH: Final = 120
"""Maximum length of a name in a message, in characters."""

_MAX_REFERENCES: Final = 20
"""Maximum number of references that lead from one to the next."""

_MAX_STEPS: Final = 20_000
"""Maximum number of schemas that the comparison of two tools reads: references can make a small document endless."""


class _Schema(NamedTuple):
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

    def at(self, own: Any) -> _Schema:
        """Return a schema of the same document."""
        return self._replace(own=own)


def describe_tool_differences(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[str, ...]]:
    """Return the differences of each tool, one line each; only of tools whose calls do not work as before.

    Args:
        before: The tools that the client was generated from, as in `tools/list`.
        after: The tools of the deployed model.
    """
    present = {tool.get("name"): tool for tool in after}
    differences: dict[str, tuple[str, ...]] = {}
    for tool in before:
        name = str(tool.get("name"))
        label = f"tool {_show(name)}"
        if tool.get("name") not in present:
            differences[name] = (f"{label} is gone",)
        else:
            try:
                changes = list(_compare_tools(tool, present[tool["name"]]))
            except RecursionError:
                is_same = tool == present[tool["name"]]
                changes = (
                    [] if is_same else ["its schemas cannot be compared, and are not the same"]
                )
            if changes:
                differences[name] = tuple(f"{label}: {change}" for change in changes)
    return differences


def _compare_tools(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    steps: list[None] = []
    old, new = (
        _Schema(tool.get("inputSchema"), tool.get("inputSchema"), steps) for tool in (before, after)
    )
    old_properties, new_properties = _properties(old), _properties(new)
    for name, own in old_properties.items():
        label = f"parameter {_show(name)}"
        if name not in new_properties:
            yield f"{label} is gone"
            continue
        if not _accepts(new_properties[name], own, is_result=False):
            yield f"{label}: it does not take all values that it took"
        if name in _required(new) and name not in _required(old):
            yield f"{label}: it is required now"
        elif _default(own) != _default(new_properties[name]):
            yield f"{label}: it has another default"
    for name in new_properties:
        if name in _required(new) and name not in old_properties:
            yield f"parameter {_show(name)} is new, and required"
    old_result, new_result = _result(before, steps), _result(after, steps)
    if (old_result is None) != (new_result is None) or (
        old_result is not None
        and new_result is not None
        and not _accepts(old_result, new_result, is_result=True)
    ):
        yield "it may return other values"


def _result(tool: Mapping[str, Any], steps: list[None]) -> _Schema | None:
    """Return the schema of a result, without the object that servers wrap around it; None if there is none."""
    own = _as_object(tool.get("outputSchema"))
    if not own:
        return None
    schema = _Schema(own, own, steps)
    if own.get("x-fastmcp-wrap-result") is True and "result" in _properties(schema):
        return _properties(schema)["result"]
    return schema


def _accepts(
    wide: _Schema,
    narrow: _Schema,
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


_ANY: Final = _Schema({}, {}, [])
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
    schema: _Schema = _ANY
    items: _Schema = _ANY


def _accepts_atom(
    wide: _Atom, narrow: _Atom, *, is_result: bool, seen: frozenset[tuple[int, int]]
) -> bool:
    if wide.kind == "any":
        return True
    if narrow.kind == "literal":
        is_same = type(wide.value) is type(narrow.value) and wide.value == narrow.value
        return is_same if wide.kind == "literal" else _has(wide, narrow.value)
    if (wide.kind, narrow.kind) == ("number", "integer"):
        return True
    if wide.kind != narrow.kind or wide.kind == "literal":
        return False
    if wide.kind in ("array", "map"):
        return _accepts(wide.items, narrow.items, is_result=is_result, seen=seen)
    if wide.kind != "object":
        return True
    wanted, offered = _properties(wide.schema), _properties(narrow.schema)
    has_keys = wanted.keys() <= offered.keys() if is_result else offered.keys() <= wanted.keys()
    always = _present(narrow.schema, is_result=is_result)
    needed = _present(wide.schema, is_result=is_result)
    return (
        has_keys
        and needed <= always
        and all(
            _accepts(wanted[name], own, is_result=is_result, seen=seen)
            for name, own in offered.items()
            if name in wanted
        )
    )


def _has(atom: _Atom, value: object) -> bool:
    """Return whether a literal is a value of an atom."""
    kinds: dict[type, tuple[str, ...]] = {
        str: ("string",),
        bool: ("boolean",),
        int: ("integer", "number"),
        float: ("number",),
    }
    return atom.kind in kinds.get(type(value), ())


def _atoms(schema: _Schema) -> list[_Atom]:
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


def _make_atom(kind: str, schema: _Schema) -> _Atom:
    own = _as_object(schema.own)
    if kind == "array":
        items = own.get("prefixItems") or own.get("items")
        alternatives = {"anyOf": items} if is_instance(items, list) else items
        return _Atom(kind, schema=schema, items=schema.at(alternatives or {}))
    if kind == "object" and not _properties(schema):
        return _Atom("map", schema=schema, items=schema.at(own.get("additionalProperties") or {}))
    known = ("string", "integer", "number", "boolean", "null", "object")
    return _Atom(kind if kind in known else "any", schema=schema)


def _properties(schema: _Schema) -> dict[str, _Schema]:
    own = _as_object(schema.resolve().get("properties"))
    return {name: schema.at(value) for name, value in own.items()}


def _required(schema: _Schema) -> set[str]:
    return {str(name) for name in _as_list(schema.resolve().get("required"))}


def _present(schema: _Schema, *, is_result: bool) -> set[str]:
    """Return the properties that a value has. A client fills in those of a result that have defaults."""
    if not is_result:
        return _required(schema)
    filled = {name for name, own in _properties(schema).items() if _default(own) is not None}
    return _required(schema) | filled


def _default(schema: _Schema) -> str | None:
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


def _show(name: object) -> str:
    """Return a name for a message: escaped, on one line, and shortened."""
    return shorten(escape_unprintable(repr(name)), _MAX_LENGTH)
