"""The JSON Schemas that FastMCP makes of the parameters and the result of a function, by pydantic's rules.

Only types that the source writes out are read: scalars, lists, dicts, unions, `Literal`, and `Annotated` with `Field`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gen_client.json_text import is_array, is_object
from gen_client.source.model_file.findings import Problem, unsure
from gen_client.source.model_file.names import Names

Schema = dict[str, Any]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

_SCALARS: Final[Mapping[str, Schema]] = {
    "builtins.int": {"type": "integer"},
    "builtins.float": {"type": "number"},
    "builtins.str": {"type": "string"},
    "builtins.bool": {"type": "boolean"},
    "typing.Any": {},
}
_LISTS: Final = frozenset({"builtins.list", "typing.List"})
_DICTS: Final = frozenset({"builtins.dict", "typing.Dict"})
_CONTEXTS: Final = frozenset(
    {"fastmcp.Context", "fastmcp.server.Context", "fastmcp.server.context.Context"}
    | {"mcp.server.fastmcp.Context", "mcp.server.fastmcp.server.Context"}
)
_CONTENTS: Final = frozenset(
    {f"fastmcp.utilities.types.{name}" for name in ("Image", "Audio", "File")}
    | {f"mcp.types.{name}" for name in ("TextContent", "ImageContent", "AudioContent")}
    | {f"mcp.types.{name}" for name in ("ResourceLink", "EmbeddedResource")}
    | {"fastmcp.tools.tool.ToolResult", "fastmcp.tools.ToolResult"}
)
"""Types of FastMCP's that have no schema as a result."""
_KEYWORDS: Final[Mapping[str, str]] = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
    "pattern": "pattern",
}
_LENGTHS: Final[Mapping[str, Mapping[str, str]]] = {
    "string": {"min_length": "minLength", "max_length": "maxLength"},
    "array": {"min_length": "minItems", "max_length": "maxItems"},
}
_FIELDS: Final = frozenset({"pydantic.Field", "pydantic.fields.Field"})
_LITERALS: Final[Mapping[type, str]] = {str: "string", int: "integer", bool: "boolean"}


class SchemaReader:
    """Reads the schemas of functions.

    Args:
        names: The names of the module.
        is_official: Whether the server is that of the library `mcp`, whose rules differ a little.

    Attributes:
        is_official: As given.
    """

    def __init__(self, names: Names, *, is_official: bool) -> None:
        self.is_official = is_official
        self._names = names
        self._open: list[ast.ClassDef] = []

    def read_input(self, function: FunctionNode) -> Schema:
        """Return the schema of the arguments of a tool.

        Raises:
            Problem: It is not sure.
        """
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for argument, default in self._iterate_parameters(function):
            schema, is_required = self._read_parameter(function, argument, default)
            properties[argument.arg] = schema
            required += [argument.arg] if is_required else []
        content: Schema = {"type": "object", "properties": properties}
        return {**content, "required": required} if required else content

    def read_output(self, function: FunctionNode) -> Schema | None:
        """Return the schema of the result of a tool; None if it has none.

        Raises:
            Problem: It is not sure.
        """
        node = function.returns
        is_none = isinstance(node, ast.Constant) and node.value is None
        if node is None or (is_none and not self.is_official):
            return None
        path = self._names.resolve(node)
        if path == "typing.Any" or (path in _CONTENTS and not self.is_official):
            return None
        try:
            schema = self._read_type(node)
        except Problem as problem:
            raise problem.at(f"{function.name}.return", node.lineno) from None
        if schema.get("type") == "object":
            return schema
        wrapped: Schema = {
            "type": "object",
            "properties": {"result": schema},
            "required": ["result"],
        }
        return wrapped if self.is_official else {**wrapped, "x-fastmcp-wrap-result": True}

    def read_prompt_arguments(self, function: FunctionNode) -> list[dict[str, object]]:
        """Return the arguments of a prompt.

        Raises:
            Problem: They are not sure.
        """
        arguments: list[dict[str, object]] = []
        for argument, default in self._iterate_parameters(function):
            if (
                self._names.resolve(argument.annotation or argument_type(argument))
                != "builtins.str"
            ):
                message = "the argument of a prompt is described only if it is a text"
                raise unsure(message, argument.lineno).at(f"{function.name}.{argument.arg}")
            arguments.append({"name": argument.arg, "required": default is None})
            if isinstance(default, ast.Call):
                raise unsure("the argument has no plain default", argument.lineno)
        return arguments

    def has_parameters(self, function: FunctionNode) -> bool:
        """Return whether a function takes anything but the context of a call."""
        return any(True for _ in self._iterate_parameters(function))

    def _iterate_parameters(
        self, function: FunctionNode
    ) -> Iterator[tuple[ast.arg, ast.expr | None]]:
        """Yield the parameters and their defaults, without the context of a call."""
        arguments = function.args
        if arguments.vararg or arguments.kwarg or arguments.posonlyargs:
            raise unsure("the server refuses such parameters", function.lineno).at(function.name)
        missing = len(arguments.args) - len(arguments.defaults)
        defaults = [*[None] * missing, *arguments.defaults, *arguments.kw_defaults]
        for argument, default in zip(
            (*arguments.args, *arguments.kwonlyargs), defaults, strict=True
        ):
            annotation = argument.annotation
            if annotation is None or self._names.resolve(annotation) not in _CONTEXTS:
                yield argument, default

    def _read_parameter(
        self, function: FunctionNode, argument: ast.arg, default: ast.expr | None
    ) -> tuple[Schema, bool]:
        """Return the schema of a parameter, and whether it is required."""
        try:
            return self._read_member(argument.annotation, default)
        except Problem as problem:
            raise problem.at(f"{function.name}.{argument.arg}", argument.lineno) from None

    def _read_member(
        self, annotation: ast.expr | None, default: ast.expr | None
    ) -> tuple[Schema, bool]:
        """Return the schema of a parameter or of a member of a model, and whether it is required."""
        if annotation is None and self.is_official:
            raise unsure("the parameter has no annotation", 0)
        schema = {} if annotation is None else self._read_type(annotation)
        if default is None:
            return schema, "default" not in schema
        if isinstance(default, ast.Call):
            schema = self._add_field(schema, default)
            return schema, "default" not in schema
        value = self._names.read_constant(default)
        if not _is_json(value):
            raise unsure("the default is no value of JSON", default.lineno)
        return {**schema, "default": value}, False

    # Types

    def _read_type(self, node: ast.expr) -> Schema:
        self._names.spend(1, node.lineno)
        match node:
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.Constant(value=str(text)):
                return self._read_text(text, node.lineno)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return self._join([self._read_type(left), self._read_type(right)])
            case ast.Subscript(value=base, slice=index):
                items = index.elts if isinstance(index, ast.Tuple) else [index]
                return self._read_generic(self._names.resolve(base), items, node)
            case _:
                path = self._names.resolve(node)
        if path is None:
            return self._read_model(node)
        if path in _SCALARS:
            return dict(_SCALARS[path])
        if path in _LISTS:
            return {"type": "array", "items": {}}
        if path in _DICTS:
            return {"type": "object", "additionalProperties": True}
        raise _refuse(node)

    def _join(self, members: list[Schema]) -> Schema:
        """Return the union of schemas."""
        flat: list[Schema] = []
        for member in members:
            parts = member["anyOf"] if member.keys() == {"anyOf"} else [member]
            self._names.spend(len(parts) * len(flat), 0)
            flat += [part for part in parts if part not in flat]
        return flat[0] if len(flat) == 1 else {"anyOf": flat}

    def _read_text(self, text: str, line: int) -> Schema:
        """Read a type that is written as text."""
        try:
            tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            raise unsure("the type is text that is no type", line) from None
        for part in ast.walk(tree):
            if isinstance(part, ast.expr):
                part.lineno = line
        return self._read_type(tree)

    def _read_generic(self, path: str | None, items: list[ast.expr], node: ast.expr) -> Schema:
        match path, items:
            case "typing.Optional", [item]:
                return self._join([self._read_type(item), {"type": "null"}])
            case "typing.Union", [*members]:
                return self._join(list(map(self._read_type, members)))
            case ("typing.Literal" | "typing_extensions.Literal"), [*members]:
                return self._read_literal(members)
            case ("typing.Annotated" | "typing_extensions.Annotated"), [item, ast.Call() as field]:
                return self._add_field(self._read_type(item), field)
            case ("builtins.list" | "typing.List"), [item]:
                return {"type": "array", "items": self._read_type(item)}
            case ("builtins.dict" | "typing.Dict"), [key, item] if (
                self._names.resolve(key) == "builtins.str"
            ):
                return {"type": "object", "additionalProperties": self._read_type(item) or True}
            case _:
                raise _refuse(node)

    def _read_model(self, node: ast.expr) -> Schema:
        """Return the schema of a plain class of pydantic, written out in its place as FastMCP does."""
        model = self._names.find_class(node)
        if model is None or model in self._open or model.decorator_list or model.keywords:
            raise _refuse(node)
        if [self._names.resolve(base) for base in model.bases] != ["pydantic.BaseModel"]:
            raise _refuse(node)
        self._open.append(model)
        properties: dict[str, Schema] = {}
        required: list[str] = []
        content: Schema = {"type": "object", "properties": properties}
        text = ast.get_docstring(model)
        for statement in model.body[1 if text is not None else 0 :]:
            match statement:
                case ast.AnnAssign(
                    target=ast.Name(id=name), annotation=annotation, value=value
                ) if (not name.startswith("_") and name != "model_config"):
                    properties[name], is_required = self._read_member(annotation, value)
                    required += [name] if is_required else []
                case ast.Pass():
                    pass
                case _:
                    raise _refuse(node)
        self._open.pop()
        content |= {"description": text} if text else {}
        return {**content, "required": required} if required else content

    def _read_literal(self, members: list[ast.expr]) -> Schema:
        values = list(map(self._names.read_constant, members))
        kinds = {type(value) for value in values}
        if len(kinds) != 1 or not kinds <= _LITERALS.keys():
            raise unsure("`Literal` has values of several types", members[0].lineno)
        content: Schema = {"type": _LITERALS[kinds.pop()]}
        return {**content, "const": values[0]} if len(values) == 1 else {**content, "enum": values}

    def _add_field(self, schema: Schema, call: ast.Call) -> Schema:
        """Return a schema with what `Field(…)` says."""
        if self._names.resolve(call.func) not in _FIELDS or len(call.args) > 1:
            raise unsure("only `Field` of pydantic is read here", call.lineno)
        words = {word.arg or "": word.value for word in call.keywords}
        if call.args:
            words["default"] = call.args[0]
        lengths = _LENGTHS.get(schema.get("type", ""), {})
        keywords = {**_KEYWORDS, **lengths} if "type" in schema else {}
        content = dict(schema)
        for name, node in words.items():
            value = self._names.read_constant(node)
            if name == "description" or (name == "default" and value is not ...):
                content[name] = value
            elif name in keywords:
                content[keywords[name]] = value
            elif name not in ("title", "default"):
                raise unsure(f"the argument `{name}` of `Field` is not read here", call.lineno)
        if not _is_json(content):
            raise unsure("`Field` has a value that is none of JSON", call.lineno)
        return content


def argument_type(argument: ast.arg) -> ast.expr:
    """Return the type of a parameter that has no annotation, in a prompt: a text."""
    return ast.copy_location(ast.Name("str", ast.Load()), argument)


def _refuse(node: ast.expr) -> Problem:
    text = ast.unparse(node)
    return unsure(f"the schema of `{text[:60]}` is not read here", node.lineno)


def _is_json(value: object) -> bool:
    """Return whether JSON has a value."""
    if is_object(value):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if is_array(value):
        return all(map(_is_json, value))
    return value is None or isinstance(value, bool | int | float | str)
