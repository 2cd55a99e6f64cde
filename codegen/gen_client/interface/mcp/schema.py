"""JSON Schema as types: every form that servers write becomes a type, or any value.

What a type cannot express (conditions, patterns of names) is ignored, because the server checks its arguments itself; the
reader lists it for a warning. Recursion ends at objects, which have names; other recursion becomes any value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from gen_client import limits
from gen_client.interface.mcp.references import (
    ROOT,
    STRUCTURE,
    References,
    Schema,
    Target,
    UnusableSchema,
)
from gen_client.interface.mcp.toolset import (
    NO_DEFAULT,
    ObjectType,
    Property,
    SchemaKind,
    SchemaType,
    UnfitDefault,
)
from gen_client.interface.mcp.values import ANY, NULL, fits, make_union, read_values
from gen_client.interface.model import KnownDefault, NoDefault
from gen_client.json_text import is_array, is_object

_SIMPLE_KINDS: Final = {
    "string": SchemaKind.STRING,
    "integer": SchemaKind.INTEGER,
    "number": SchemaKind.NUMBER,
    "boolean": SchemaKind.BOOLEAN,
    "null": SchemaKind.NULL,
}
_IGNORED: Final = (
    *("not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies"),
    *("patternProperties", "$dynamicRef"),
)
"""The keywords that no type can express."""
_CONSTRAINTS: Final = (
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "format"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"),
)
"""The keywords that docstrings describe."""
_ARRAY_KEYWORDS: Final = frozenset({"items", "prefixItems"})
_WRAPPED: Final = "x-fastmcp-wrap-result"

Path = tuple[str, ...]


class SchemaReader:
    """Reads the types of one schema document, such as the arguments of a tool.

    Attributes:
        ignored: The keywords that were ignored.
        references: The references of the document.
    """

    def __init__(self, root: Schema, objects: list[ObjectType | None], *, is_result: bool) -> None:
        """Prepare to read.

        Args:
            root: The document.
            objects: The objects of the tool so far; more are added.
            is_result: Whether the tool returns values of the document.
        """
        self._root = root
        self._objects = objects
        self._is_result = is_result
        self._types: dict[str, SchemaType] = {}
        """The types of definitions that are read, and of objects that are being read, by pointer."""
        self._active: set[str] = set()
        self.ignored: set[str] = set()
        self.references = References(root)

    # Documents

    def read_parameters(self) -> tuple[Property, ...]:
        """Read the properties of the document, an object.

        Raises:
            UnusableSchema: The document describes no object, or is beyond the limits.
        """
        schema = self.references.flatten(self._root)
        if schema.get("type", "object") != "object":
            raise UnusableSchema("its arguments are not an object")
        self._note_ignored(schema)
        return self._read_properties(schema, (), 0, limits.PARAMETERS)

    def read_result(self) -> tuple[SchemaType, bool]:
        """Read the type of the result, and whether the server wraps it in an object.

        Raises:
            UnusableSchema: The document is beyond the limits.
        """
        root, pointer = self._root, ROOT
        reference = root.get("$ref")
        if isinstance(reference, str) and (target := self.references.resolve(reference)):
            pointer = target.pointer
            root = target.schema if is_object(target.schema) else root
        properties = root.get("properties")
        if root.get(_WRAPPED) is True and is_object(properties) and "result" in properties:
            return self.read(properties["result"], ("result",), 1), True
        return self.read(root, ("result",), 0, pointer), False

    # Types

    def read(self, schema: object, path: Path, depth: int, pointer: str = "") -> SchemaType:
        """Read a type.

        Args:
            schema: The schema.
            path: Where it is, for the names of its objects.
            depth: The number of schemas around it.
            pointer: The pointer to it, if it is a definition.

        Raises:
            UnusableSchema: The schema is beyond the limits.
        """
        self.references.count_step()
        if depth > limits.NESTING:
            raise UnusableSchema(f"it is nested more than {limits.NESTING} levels deep")
        if not is_object(schema):
            return ANY
        if "$ref" in schema or "allOf" in schema:
            type_ = self._read_combined(schema, path, depth, pointer)
        else:
            self._note_ignored(schema)
            type_ = self._read_plain(schema, path, depth, pointer)
        if type_.weight > limits.TYPE_WEIGHT:
            raise UnusableSchema(f"a type has more than {limits.TYPE_WEIGHT} parts")
        return type_

    def _read_combined(self, schema: Schema, path: Path, depth: int, pointer: str) -> SchemaType:
        """Read a reference, or an `allOf`; an `allOf` of one reference alone is the type of its target."""
        is_plain = STRUCTURE.isdisjoint(schema.keys() - {"$ref", "allOf"})
        reference, members = schema.get("$ref"), schema.get("allOf")
        if is_plain and members is None and isinstance(reference, str):
            target = self.references.resolve(reference)
            return ANY if target is None else self._read_target(target, (), depth)
        if is_plain and reference is None and is_array(members) and len(members) == 1:
            inner = members[0].get("$ref") if is_object(members[0]) else None
            if isinstance(inner, str) and (target := self.references.resolve(inner)) is not None:
                return self._read_target(target, path, depth)
        return self.read(self.references.flatten(schema), path, depth + 1, pointer)

    def _read_target(self, target: Target, path: Path, depth: int) -> SchemaType:
        """Read the target of a reference, once. If there is no path, its objects are named after the definition."""
        pointer = target.pointer
        if pointer in self._types:
            return self._types[pointer]
        if pointer in self._active:
            return ANY
        self._active.add(pointer)
        path = path or (target.name or ("result" if self._is_result else "arguments"),)
        self._types[pointer] = self.read(target.schema, path, depth + 1, pointer)
        self._active.discard(pointer)
        return self._types[pointer]

    def _read_plain(self, schema: Schema, path: Path, depth: int, pointer: str) -> SchemaType:
        """Read a type without references."""
        if schema.get("nullable") is True:
            inner = {key: value for key, value in schema.items() if key != "nullable"}
            return make_union([self.read(inner, path, depth + 1), NULL])
        enum = schema.get("enum")
        if "const" in schema:
            return read_values([schema["const"]])
        if is_array(enum):
            return read_values(enum)
        for keyword in ("anyOf", "oneOf"):
            members = schema.get(keyword)
            if not is_array(members) or not members:
                continue
            if "properties" in schema or not any(map(_has_structure, members)):
                self.ignored.add(keyword)
                continue
            return self._read_alternatives(members, path, depth)
        return self._read_by_type(schema, path, depth, pointer)

    def _read_by_type(self, schema: Schema, path: Path, depth: int, pointer: str) -> SchemaType:
        name = schema.get("type", _infer_type(schema))
        if is_array(name):
            variants = ({**schema, "type": each} for each in name)
            return make_union(self.read(variant, path, depth + 1) for variant in variants)
        if name == "object":
            return self._read_object(schema, path, depth, pointer)
        if name == "array":
            return self._read_array(schema, path, depth)
        kind = _SIMPLE_KINDS.get(name) if isinstance(name, str) else None
        return ANY if kind is None else SchemaType(kind)

    def _read_alternatives(self, members: Sequence[object], path: Path, depth: int) -> SchemaType:
        """Read a union. If several alternatives hold objects, their names differ by a tag or a number."""
        holders = [index for index, member in enumerate(members) if _holds_object(member)]
        steps: dict[int, str] = {}
        if len(holders) > 1:
            tags = _find_tags([members[index] for index in holders])
            steps = dict(zip(holders, tags or map(str, range(1, len(holders) + 1)), strict=True))
        return make_union(
            self.read(member, (*path, steps[index]) if index in steps else path, depth + 1)
            for index, member in enumerate(members)
        )

    def _read_array(self, schema: Schema, path: Path, depth: int) -> SchemaType:
        items, prefix = schema.get("items"), schema.get("prefixItems")
        rest = items if is_array(prefix) else schema.get("additionalItems")
        if is_array(items) and not is_array(prefix):
            prefix = items
        if not is_array(prefix) or not prefix:
            item = self.read(items, path, depth + 1)
            return SchemaType(SchemaKind.ARRAY, (item,))
        types = [self.read(item, (*path, str(n)), depth + 1) for n, item in enumerate(prefix, 1)]
        if rest is False or schema.get("maxItems") == len(prefix):
            return SchemaType(SchemaKind.TUPLE, tuple(types))
        if is_object(rest):
            types.append(self.read(rest, path, depth + 1))
        return SchemaType(SchemaKind.ARRAY, (make_union(types),))

    # Objects

    def _read_object(self, schema: Schema, path: Path, depth: int, pointer: str) -> SchemaType:
        properties = schema.get("properties")
        if not is_object(properties) or not properties:
            values = schema.get("additionalProperties")
            return SchemaType(SchemaKind.MAP, (self.read(values, path, depth + 1),))
        index = len(self._objects)
        if index >= limits.TOOL_OBJECTS:
            raise UnusableSchema(f"it has more than {limits.TOOL_OBJECTS} objects")
        self._objects.append(None)
        type_ = SchemaType(SchemaKind.OBJECT, object=index)
        if pointer:
            self._types[pointer] = type_
        own = self._read_properties(schema, path, depth, limits.PROPERTIES)
        self._objects[index] = ObjectType(
            path, own, read_text(schema, "description"), self._is_result
        )
        return type_

    def _read_properties(
        self, schema: Schema, path: Path, depth: int, limit: int
    ) -> tuple[Property, ...]:
        """Read the properties of an object; a name that is only in `required` gets any value."""
        properties, required = schema.get("properties"), schema.get("required")
        names = [name for name in required if isinstance(name, str)] if is_array(required) else []
        schemas: dict[object, object] = dict(properties) if is_object(properties) else {}
        for name in names:
            schemas.setdefault(name, {})
        if len(schemas) > limit:
            raise UnusableSchema(f"it has {len(schemas)} properties; the limit is {limit}")
        is_required = frozenset(names).__contains__
        return tuple(
            self._read_property(str(name), inner, path, depth, is_required(str(name)))
            for name, inner in schemas.items()
        )

    def _read_property(
        self, name: str, schema: object, path: Path, depth: int, is_required: bool
    ) -> Property:
        type_ = self.read(schema, (*path, name), depth + 1)
        if not is_object(schema):
            return Property(name, type_, is_required)
        flat = self.references.flatten(schema)
        return Property(
            name,
            type_,
            is_required,
            self._read_default(flat, type_),
            read_text(flat, "description"),
            _read_constraints(flat),
        )

    def _read_default(
        self, schema: Schema, type_: SchemaType
    ) -> NoDefault | KnownDefault | UnfitDefault:
        if "default" not in schema:
            return NO_DEFAULT
        default = schema["default"]
        is_fit = fits(default, type_, self._objects)
        return KnownDefault(default) if is_fit else UnfitDefault(default)

    def _note_ignored(self, schema: Schema) -> None:
        self.ignored.update(keyword for keyword in _IGNORED if keyword in schema)


def read_text(schema: Schema, key: str) -> str:
    """Return a text of a schema; empty if there is none."""
    text = schema.get(key)
    return text if isinstance(text, str) else ""


def _infer_type(schema: Schema) -> str:
    """Return the type that a schema without one describes; empty if it describes none."""
    if "properties" in schema or is_object(schema.get("additionalProperties")):
        return "object"
    return "" if _ARRAY_KEYWORDS.isdisjoint(schema) else "array"


def _has_structure(schema: object) -> bool:
    """Return whether a schema describes a type, and not only demands that a property is present."""
    return is_object(schema) and not STRUCTURE.isdisjoint(schema.keys() - {"required"})


def _holds_object(schema: object, levels: int = 4) -> bool:
    """Return whether a schema, or the items of its arrays, describes an object in place."""
    if not is_object(schema) or levels == 0:
        return False
    if is_object(schema.get("properties")) and schema.get("properties"):
        return True
    inner = [schema.get("items"), schema.get("additionalProperties")]
    for keyword in ("anyOf", "oneOf", "allOf"):
        members = schema.get(keyword)
        inner += members if is_array(members) else ()
    return any(_holds_object(item, levels - 1) for item in inner)


def _find_tags(schemas: Sequence[object]) -> list[str] | None:
    """Return the values of a property that tells the objects apart by a constant; None if there is none."""
    own = [_read_tags(schema) for schema in schemas]
    for name in own[0]:
        values = [tags[name] for tags in own if name in tags]
        if len(values) == len(own) == len(set(values)):
            return values
    return None


def _read_tags(schema: object) -> dict[object, str]:
    """Return the properties of an object that allow only one text."""
    properties = schema.get("properties") if is_object(schema) else None
    tags: dict[object, str] = {}
    for name, inner in properties.items() if is_object(properties) else ():
        if is_object(inner):
            enum = inner.get("enum", [inner.get("const")])
            if is_array(enum) and len(enum) == 1 and isinstance(enum[0], str) and enum[0]:
                tags[name] = enum[0]
    return tags


_CONSTRAINT_CHECKS: Final[dict[str, Callable[[object], bool]]] = {
    **dict.fromkeys(_CONSTRAINTS, lambda value: type(value) in (int, float)),
    **dict.fromkeys(("pattern", "format"), lambda value: isinstance(value, str)),
    "uniqueItems": lambda value: value is True,
}


def _read_constraints(schema: Schema) -> tuple[tuple[str, object], ...]:
    """Return the constraints of a schema, including those of its only alternative that is not null."""
    for keyword in ("anyOf", "oneOf"):
        members = schema.get(keyword)
        if is_array(members):
            others = [m for m in members if is_object(m) and m.get("type") != "null"]
            schema = {**others[0], **schema} if len(others) == 1 else schema
    return tuple(
        (keyword, schema[keyword])
        for keyword, is_valid in _CONSTRAINT_CHECKS.items()
        if keyword in schema and is_valid(schema[keyword])
    )
