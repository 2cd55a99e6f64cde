"""The tools and prompts of an MCP model, as functions that FastMCP makes them of again.

FastMCP reads a schema from the annotations of a function, by pydantic's rules. What these rules cannot make is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gen_client.escape import (
    Code,
    format_code,
    format_exact_docstring,
    format_literal,
    join_code,
)
from gen_client.identifiers import is_identifier
from gen_client.interface.mcp.toolset import (
    Hints,
    ObjectType,
    Prompt,
    Property,
    SchemaKind,
    SchemaType,
    Tool,
    Toolset,
)
from gen_client.interface.model import KnownDefault, NoDefault
from gen_client.naming.names import identifier_code, type_name
from gen_client.naming.namespace import Namespace
from gen_client.naming.reserved import BUILTIN_TYPES, KEYWORDS
from gen_client.naming.tools import snake_case
from gen_client.plan.skeleton.defaults import format_value
from gen_client.plan.skeleton.names import TOOL_NAMES
from gen_client.plan.skeleton.page import SourceFunction, SourceServer, ToolModel
from gen_client.plan.skeleton.problems import Inexpressible, Problems
from gen_client.text import quote, quote_unless_identifier

_FLOAT: Final = Code("float")
_INDENT: Final = 4
_SIMPLE: Final[Mapping[SchemaKind, Code]] = {
    SchemaKind.STRING: Code("str"),
    SchemaKind.INTEGER: Code("int"),
    SchemaKind.NUMBER: Code("float"),
    SchemaKind.BOOLEAN: Code("bool"),
    SchemaKind.NULL: Code("None"),
}
_KEYWORDS: Final[Mapping[str, Code]] = {
    "minimum": Code("ge"),
    "maximum": Code("le"),
    "exclusiveMinimum": Code("gt"),
    "exclusiveMaximum": Code("lt"),
    "pattern": Code("pattern"),
    "minLength": Code("min_length"),
    "maxLength": Code("max_length"),
    "minItems": Code("min_length"),
    "maxItems": Code("max_length"),
}


def build_server(toolset: Toolset, problems: Problems, use: Callable[[str], Code]) -> SourceServer:
    """Build the server of an MCP model.

    Args:
        toolset: What the model offers.
        problems: Collects what cannot be written.
        use: Imports a name.
    """
    return _ServerBuilder(toolset, problems, use).build()


class _ServerBuilder:
    """Builds one server."""

    def __init__(self, toolset: Toolset, problems: Problems, use: Callable[[str], Code]) -> None:
        self._toolset = toolset
        self._problems = problems
        self._use = use
        taken = {own.name for tool in toolset.tools for own in tool.parameters}
        taken |= {own.name for tool in toolset.tools for o in tool.objects for own in o.properties}
        taken |= {own.name for prompt in toolset.prompts for own in prompt.arguments}
        self._namespace = Namespace({*taken, *TOOL_NAMES, *KEYWORDS, *BUILTIN_TYPES})
        self._models: list[ToolModel] = []

    def build(self) -> SourceServer:
        """Return the server."""
        name = self._namespace.claim("server")
        functions = [self._build_tool(tool) for tool in self._toolset.tools]
        functions += [self._build_prompt(prompt) for prompt in self._toolset.prompts]
        for resource in (*self._toolset.resources, *self._toolset.resource_templates):
            self._problems.add(quote(resource.uri), "resources are not written by gen-client")
        return SourceServer(
            name=name,
            instructions=self._toolset.instructions,
            models=tuple(self._models),
            functions=tuple(functions),
        )

    def _build_tool(self, tool: Tool) -> SourceFunction:
        location = quote_unless_identifier(tool.name)
        types = _ToolTypes(tool, self._namespace, self._use)
        options = [] if not tool.title else [format_code("title={}", format_literal(tool.title))]
        options += _format_hints(tool.hints)
        parameters: list[Code] = []
        result = Code("object")
        try:
            for own in sorted(tool.parameters, key=_has_default):
                location = ".".join(map(quote_unless_identifier, (tool.name, own.name)))
                parameters.append(types.format_property(own))
            location = quote_unless_identifier(tool.name)
            result = self._use("Any") if tool.result is None else types.format(tool.result)
        except Inexpressible as problem:
            self._problems.add(location, problem.reason)
        self._models += types.models
        said = "content" if tool.result is None else str(result)
        return self._make_function("tool", tool, options, parameters, result, said)

    def _build_prompt(self, prompt: Prompt) -> SourceFunction:
        parameters: list[Code] = []
        for own in sorted(prompt.arguments, key=lambda own: not own.is_required):
            if reason := _check_name(own.name):
                location = ".".join(map(quote_unless_identifier, (prompt.name, own.name)))
                self._problems.add(location, reason)
                continue
            default = Code("") if own.is_required else Code(' = ""')
            parameters.append(format_code("{}: str{}", identifier_code(own.name), default))
        options = (
            [] if not prompt.title else [format_code("title={}", format_literal(prompt.title))]
        )
        return self._make_function("prompt", prompt, options, parameters, Code("str"), "the text")

    def _make_function(
        self,
        kind: str,
        item: Tool | Prompt,
        options: list[Code],
        parameters: list[Code],
        result: Code,
        said: str,
    ) -> SourceFunction:
        name = self._namespace.claim(snake_case(item.name))
        named = [] if name == item.name else [format_code("name={}", format_literal(item.name))]
        doc = format_exact_docstring(item.description, _INDENT) if item.description else None
        if item.description and doc is None:
            named.append(format_code("description={}", format_literal(item.description)))
        return SourceFunction(
            kind=identifier_code(kind),
            options=join_code(", ", [*named, *options]),
            name=name,
            parameters=join_code(", ", parameters),
            returns=result,
            doc=doc,
            message=f"the {kind} {quote(item.name)} is not written yet: it must return {said}",
        )


class _ToolTypes:
    """Formats the types of one tool."""

    def __init__(self, tool: Tool, namespace: Namespace, use: Callable[[str], Code]) -> None:
        self._tool = tool
        self._namespace = namespace
        self._use = use
        self._names: dict[int, Code] = {}
        self.models: list[ToolModel] = []

    def format(self, type_: SchemaType) -> Code:
        """Format an annotation."""
        match type_.kind:
            case kind if kind in _SIMPLE:
                return _SIMPLE[kind]
            case SchemaKind.ANY:
                return self._use("Any")
            case SchemaKind.LITERAL:
                values = join_code(", ", [format_literal(value) for value in type_.values])
                return format_code("{}[{}]", self._use("Literal"), values)
            case SchemaKind.ARRAY:
                return format_code("list[{}]", self.format(type_.items[0]))
            case SchemaKind.MAP:
                return format_code("dict[str, {}]", self.format(type_.items[0]))
            case SchemaKind.UNION:
                return join_code(" | ", [self.format(item) for item in type_.items])
            case SchemaKind.OBJECT:
                return self._use_model(type_.object)
            case _:
                raise Inexpressible("an array with one type for each place is not written")

    def _use_model(self, index: int) -> Code:
        if index not in self._names:
            object_: ObjectType = self._tool.objects[index]
            path = [snake_case(part) for part in (self._tool.name, *object_.path)]
            self._names[index] = self._namespace.claim(type_name(*path))
            fields = tuple(self.format_property(own) for own in object_.properties)
            doc = format_exact_docstring(object_.description, _INDENT)
            if object_.description and doc is None:
                raise Inexpressible("the description of an object cannot be a docstring")
            base = self._use("BaseModel")
            self.models.append(ToolModel(self._names[index], base, fields, doc))
        return self._names[index]

    def format_property(self, own: Property) -> Code:
        """Format a parameter or a field: its name and type, and its default."""
        if reason := _check_name(own.name):
            raise Inexpressible(reason)
        options = self._format_field(own)
        annotation = self.format(own.type)
        if options:
            field = format_code("{}({})", self._use("Field"), join_code(", ", options))
            annotation = format_code("{}[{}, {}]", self._use("Annotated"), annotation, field)
        declaration = format_code("{}: {}", identifier_code(own.name), annotation)
        match own.default:
            case NoDefault():
                if not own.is_required:
                    raise Inexpressible("it may be left out and has no default")
                return declaration
            case KnownDefault(value) if not own.is_required:
                return format_code("{} = {}", declaration, format_value(value, lambda: _FLOAT))
            case _:
                raise Inexpressible("its default is none of its values, or is not used")

    def _format_field(self, own: Property) -> list[Code]:
        described = own.description
        options = [format_code("description={}", format_literal(described))] if described else []
        for keyword, value in own.constraints:
            if keyword not in _KEYWORDS or own.type.kind is SchemaKind.UNION:
                raise Inexpressible(f"the keyword {quote(keyword)} of its schema is not written")
            options.append(format_code("{}={}", _KEYWORDS[keyword], format_literal(value)))
        return options


def _has_default(own: Property) -> bool:
    return not own.is_required


def _check_name(name: str) -> str:
    """Return why a name cannot be that of a parameter or a field; empty if it can."""
    is_plain = is_identifier(name) and name not in KEYWORDS and not name.startswith("_")
    is_free = name not in TOOL_NAMES and name not in BUILTIN_TYPES and name != "model_config"
    return "" if is_plain and is_free else "Python, or the source, cannot have the name"


def _format_hints(hints: Hints) -> list[Code]:
    pairs = (
        ("readOnlyHint", hints.read_only),
        ("destructiveHint", hints.destructive),
        ("idempotentHint", hints.idempotent),
        ("openWorldHint", hints.open_world),
    )
    content = {key: value for key, value in pairs if value is not None}
    return [format_code("annotations={}", format_literal(content))] if content else []
