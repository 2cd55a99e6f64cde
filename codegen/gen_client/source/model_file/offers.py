"""What an MCP model offers, read from its source: the tools, prompts and resources that decorators of FastMCP make.

The server must be made in one place, and be used for nothing else than decorators of plain functions; then the lists are
those that the running model answers. Whatever else happens to it may add or change tools, so that is not sure. The rules
are those of FastMCP 2.10 and later, and of the FastMCP in the library `mcp`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gen_client.source.model_file.findings import unsure
from gen_client.source.model_file.names import Names
from gen_client.source.model_file.tool_schemas import SchemaReader
from gen_client.source.model_file.values import Class

_SERVERS: Final = frozenset(
    {"fastmcp.FastMCP", "fastmcp.server.FastMCP", "fastmcp.server.server.FastMCP"}
    | {"mcp.server.fastmcp.FastMCP", "mcp.server.FastMCP", "mcp.server.fastmcp.server.FastMCP"}
)
_HARMLESS_OPTIONS: Final = frozenset(
    {"name", "instructions", "version", "website_url", "icons", "lifespan", "auth", "host", "port"}
    | {"stateless_http", "json_response", "mask_error_details", "debug", "log_level"}
)
"""Arguments of a server's class that change none of its lists."""
_TOOL_OPTIONS: Final = frozenset(
    {"name", "title", "description", "annotations", "tags", "meta", "icons", "output_schema"}
)
_OTHER_OPTIONS: Final = frozenset({"name", "title", "description", "mime_type", "tags", "meta"})

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Offer:
    """What an MCP model offers.

    Attributes:
        content: The answers to `tools/list` and the like, merged.
        lines: The line of the function of each tool, by the tool's name.
    """

    content: Mapping[str, object]
    lines: Mapping[str, int]


def read_offer(tree: ast.Module, model: Class, siblings: Collection[str]) -> Offer:
    """Return what an MCP model offers.

    Args:
        tree: The source.
        model: The model class.
        siblings: The names of the modules beside the source.

    Raises:
        Problem: They are not sure.
    """
    return _OfferReader(tree, siblings).read(model)


class _OfferReader:
    """Reads the offer of one source."""

    def __init__(self, tree: ast.Module, siblings: Collection[str]) -> None:
        self._tree = tree
        self._names = Names(tree, siblings)
        self._parents = {
            child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)
        }

    def read(self, model: Class) -> Offer:
        """Return the offer of the server that `get_server` of a class returns."""
        get_server, server = self._find_server(model)
        scope = self._find_scope(get_server, server)
        call = self._find_call(scope, server)
        module = self._names.resolve(call.func) or ""
        schemas = SchemaReader(self._names, is_official=module.startswith("mcp."))
        offer = _OfferBuilder(schemas, self._names)
        offer.read_server(call)
        for decorator, function in self._iterate_decorated(scope, server, get_server):
            offer.add(decorator, function)
        return Offer(offer.content, offer.lines)

    def _find_server(self, model: Class) -> tuple[FunctionNode, str]:
        """Return the method `get_server`, and the name that it returns."""
        functions = [
            node
            for node in model.node.body
            if isinstance(node, FunctionNode) and node.name == "get_server"
        ]
        if len(functions) != 1 or functions[0].decorator_list:
            raise unsure("the class itself has no plain `get_server`", model.node.lineno)
        function = functions[0]
        returns = list(_iterate_returns(function.body))
        last = function.body[-1]
        if len(returns) != 1 or not isinstance(last, ast.Return):
            raise unsure("`get_server` may return several servers", function.lineno)
        if not isinstance(last.value, ast.Name):
            raise unsure("`get_server` returns what is no name of a server", last.lineno)
        return function, last.value.id

    def _find_scope(self, get_server: FunctionNode, server: str) -> Sequence[ast.stmt]:
        is_local = any(
            isinstance(node, ast.Name) and node.id == server and isinstance(node.ctx, ast.Store)
            for node in ast.walk(get_server)
        )
        return get_server.body if is_local else self._tree.body

    def _find_call(self, scope: Sequence[ast.stmt], server: str) -> ast.Call:
        """Return the call of the server's class, which is bound to the name once and always."""
        stores = [
            node
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Name) and node.id == server and isinstance(node.ctx, ast.Store)
        ]
        for statement in scope:
            match statement:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call() as call
                ) | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as call) if (
                    name == server
                ):
                    if len(stores) == 1 and self._names.resolve(call.func) in _SERVERS:
                        return call
                case _:
                    pass
        line = stores[0].lineno if stores else 1
        raise unsure(f"`{server}` is not made by one call of FastMCP", line)

    def _iterate_decorated(
        self, scope: Sequence[ast.stmt], server: str, get_server: FunctionNode
    ) -> Iterator[tuple[ast.expr, FunctionNode]]:
        """Yield the decorators that use a server, and their functions.

        Raises:
            Problem: The server is used for something else.
        """
        decorated: list[tuple[ast.expr, FunctionNode]] = []
        allowed = {get_server.body[-1]}
        for statement in scope:
            if isinstance(statement, FunctionNode):
                decorated += [(decorator, statement) for decorator in statement.decorator_list]
        by_node = dict(decorated)
        for node in ast.walk(self._tree):
            if not (isinstance(node, ast.Name) and node.id == server and _is_load(node)):
                continue
            parent = self._parents[node]
            if parent in allowed or self._is_in_main(node):
                continue
            owner = parent
            if isinstance(parent, ast.Attribute):
                outer = self._parents[parent]
                owner = outer if isinstance(outer, ast.Call) and outer.func is parent else parent
            if not isinstance(owner, ast.expr) or owner not in by_node:
                message = f"`{server}` is used in a way that may change what it offers"
                raise unsure(message, node.lineno)
            if len(by_node[owner].decorator_list) > 1:
                raise unsure("another decorator may change the function", by_node[owner].lineno)
            yield owner, by_node[owner]

    def _is_in_main(self, node: ast.AST) -> bool:
        """Return whether a node runs only if the file is run as a program."""
        while node in self._parents:
            node = self._parents[node]
            match node:
                case ast.If(
                    test=ast.Compare(
                        left=ast.Name(id="__name__"),
                        ops=[ast.Eq()],
                        comparators=[ast.Constant(value="__main__")],
                    ),
                    orelse=[],
                ):
                    return True
                case _:
                    pass
        return False


def _iterate_returns(body: Sequence[ast.AST]) -> Iterator[ast.Return]:
    """Yield the `return` statements of a function, without those of functions in it."""
    for node in body:
        if isinstance(node, ast.Return):
            yield node
        elif not isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
            yield from _iterate_returns(list(ast.iter_child_nodes(node)))


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


class _OfferBuilder:
    """Collects what the decorated functions of a server become."""

    def __init__(self, schemas: SchemaReader, names: Names) -> None:
        self._schemas = schemas
        self._names = names
        self._lists: dict[str, list[dict[str, object]]] = {
            key: [] for key in ("tools", "prompts", "resources", "resourceTemplates")
        }
        self._instructions: object = None
        self.lines: dict[str, int] = {}
        self._kinds: Mapping[str, Callable[[FunctionNode, dict[str, ast.expr], int], None]] = {
            "tool": self._add_tool,
            "prompt": self._add_prompt,
            "resource": self._add_resource,
        }

    @property
    def content(self) -> Mapping[str, object]:
        """The lists, and the instructions."""
        texts = {} if self._instructions is None else {"instructions": self._instructions}
        return {**self._lists, **texts}

    def read_server(self, call: ast.Call) -> None:
        """Read the arguments of the server's class."""
        options = self._read_options(call, ("name", "instructions"), _HARMLESS_OPTIONS)
        if "instructions" in options:
            self._instructions = self._names.read_constant(options["instructions"])

    def add(self, decorator: ast.expr, function: FunctionNode) -> None:
        """Add what a decorator makes of a function."""
        call = decorator if isinstance(decorator, ast.Call) else None
        attribute = decorator.func if isinstance(decorator, ast.Call) else decorator
        kind = attribute.attr if isinstance(attribute, ast.Attribute) else ""
        if kind == "custom_route":
            return
        if kind not in self._kinds:
            raise unsure(f"the decorator `{kind}` is not read here", decorator.lineno)
        first = "uri" if kind == "resource" else "name"
        known = _TOOL_OPTIONS if kind == "tool" else _OTHER_OPTIONS | {first}
        options = {} if call is None else self._read_options(call, (first,), known)
        self._kinds[kind](function, options, decorator.lineno)

    @staticmethod
    def _read_options(
        call: ast.Call, positional: Sequence[str], known: Collection[str]
    ) -> dict[str, ast.expr]:
        """Return the arguments of a call by name."""
        options = dict(zip(positional, call.args, strict=False))
        options |= {word.arg: word.value for word in call.keywords if word.arg is not None}
        is_plain = len(options) == len(call.args) + len(call.keywords)
        if not is_plain or any(isinstance(argument, ast.Starred) for argument in call.args):
            raise unsure("the arguments are not written out", call.lineno)
        others = sorted(options.keys() - set(known))
        if others:
            raise unsure(f"the argument `{others[0]}` is not read here", call.lineno)
        return options

    def _describe(
        self, function: FunctionNode, options: Mapping[str, ast.expr]
    ) -> dict[str, object]:
        """Return the name, the title and the description of what a function becomes."""
        entry: dict[str, object] = {"name": function.name}
        text = ast.get_docstring(function, clean=False)
        if text:
            entry["description"] = text if self._schemas.is_official else inspect.cleandoc(text)
        for key in ("name", "title", "description"):
            if key in options:
                value = self._names.read_constant(options[key])
                if value is not None:
                    entry[key] = value
        return entry

    def _append(self, key: str, identity: str, entry: dict[str, object], line: int) -> None:
        if any(other[identity] == entry[identity] for other in self._lists[key]):
            raise unsure(f"two functions have the name {entry[identity]!r}", line)
        self._lists[key].append(entry)

    def _add_tool(self, function: FunctionNode, options: dict[str, ast.expr], line: int) -> None:
        entry = self._describe(function, options)
        if "annotations" in options:
            entry["annotations"] = self._names.read_constant(options["annotations"])
        entry["inputSchema"] = self._schemas.read_input(function)
        if "output_schema" in options:
            schema = self._names.read_constant(options["output_schema"])
        else:
            schema = self._schemas.read_output(function)
        if schema is not None:
            entry["outputSchema"] = schema
        self._append("tools", "name", entry, line)
        self.lines[str(entry["name"])] = function.lineno

    def _add_prompt(self, function: FunctionNode, options: dict[str, ast.expr], line: int) -> None:
        entry = self._describe(function, options)
        arguments = self._schemas.read_prompt_arguments(function)
        if arguments:
            entry["arguments"] = arguments
        self._append("prompts", "name", entry, line)

    def _add_resource(
        self, function: FunctionNode, options: dict[str, ast.expr], line: int
    ) -> None:
        uri = self._names.read_constant(options["uri"]) if "uri" in options else None
        if not isinstance(uri, str):
            raise unsure("the URI of the resource is not written out", line)
        entry = self._describe(function, options)
        mime_type = options.get("mime_type")
        entry["mimeType"] = (
            "text/plain" if mime_type is None else self._names.read_constant(mime_type)
        )
        is_template = "{" in uri or self._schemas.has_parameters(function)
        key, identity = (
            ("resourceTemplates", "uriTemplate") if is_template else ("resources", "uri")
        )
        self._append(key, identity, {identity: uri, **entry}, line)
