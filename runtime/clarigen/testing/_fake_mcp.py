"""The MCP server of a fake: functions answer the requests of its prompts, its resources and `mcp()`.

The requests are messages of the protocol, sent by a method of the client or by a client of the library `mcp`. Flows like
those of `_fake_calls` answer them. Tools with a replacement are listed as the lock of the package describes them.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from .._calls.call import CallContext
from .._calls.retry import Attempts
from .._drift.lock import read_lock
from .._mcp.results import Prompt, PromptMessage, PromptResult, Resource, ResourceContent
from .._version import __version__
from .._wire.codec import CodecError, describe, is_instance
from .._wire.json_rpc import (
    MESSAGE_PARAMETER,
    METHOD_NOT_FOUND,
    TRANSPORT_METHOD,
    format_json,
    parse_json,
)
from .._wire.large_payloads import NO_PAYLOADS
from .._wire.method import REQUIRED, Unary
from .._wire.scalars import STR
from .._wire.tool import Tool
from ..errors import ConfigError, ToolError
from ._call_log import CallLog
from ._fake_calls import CallFunction, FakeFlow, FakeMethod, notify_of_success, parse_input

Answer = Mapping[str, Any]
"""A result of the protocol, or an envelope with an error."""

_PROTOCOL_VERSION: Final = "2025-06-18"


@dataclass(frozen=True, slots=True)
class Replacement:
    """The replacement of a method for prompts or resources.

    Attributes:
        name: The method's name.
        function: The function; it returns what `encode` takes.
        call_log: The log to which its calls are added.
    """

    name: str
    function: Callable[..., Any]
    call_log: CallLog

    def call(self, *arguments: Any, **options: Any) -> Generator[CallFunction, Any, Any]:
        """Log a call, and call the function."""
        names = _POSITIONAL[self.name]
        logged = dict(zip(names, arguments, strict=True))
        self.call_log.add(self.name, {**logged, "arguments": options} if options else logged)
        return (yield CallFunction(partial(self.function, *arguments, **options)))


_POSITIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "prompts": (),
    "prompt": ("name",),
    "resources": (),
    "read_resource": ("uri",),
}
"""The methods that can be replaced, and the arguments that their functions get by position."""
_LISTS: Final = {
    "prompts/list": ("prompts", "prompts"),
    "resources/list": ("resources", "resources"),
    "resources/templates/list": ("resources", "resourceTemplates"),
}
"""The lists of the protocol: the method whose replacement answers, and the key of the list."""


def check_fixed(name: str, value: object) -> None:
    """Check a fixed result.

    Raises:
        ConfigError: A method of this name cannot return it.
    """
    match name:
        case "prompts":
            encode_prompts(value)
        case "prompt":
            encode_prompt(value)
        case "resources":
            encode_resources(value)
        case _:
            encode_contents(value, "")


class FakeMcpServer:
    """The MCP server of a fake.

    Args:
        class_name: The name of the client's class, for messages.
        package: The package that the class was generated into; empty if there is none.
        methods: The replaced methods of the fake.
        replacements: The replacements of prompts and resources, by name.
    """

    def __init__(
        self,
        class_name: str,
        package: str,
        methods: Mapping[str, FakeMethod],
        replacements: Mapping[str, Replacement],
    ) -> None:
        self._class_name = class_name
        self._package = package
        fakes = [fake for fake in methods.values() if isinstance(fake.method, Tool)]
        self._tools = {fake.method.wire_name: fake for fake in fakes}
        self._replacements = replacements
        self._templates: list[Mapping[str, Any]] | None = None

    def call(self, method: Unary[Any], values: Sequence[Any], context: CallContext) -> FakeFlow:
        """Return the flow of a call of the transport, as a method of the client or as a message of `mcp()`."""
        self._require_replacement(method.name)
        attempts = Attempts(context.policy)
        data = parse_input(method.encode_request(values))
        text = next(part.data for part in data.parts if part.id == MESSAGE_PARAMETER)
        answer = yield from self._answer(parse_json(STR.decode(text, NO_PAYLOADS)))
        transport = FakeMethod(
            method.name,
            Unary(TRANSPORT_METHOD, method.name, method.rpc, method.fields, STR),
            *(format_json, False, CallLog(0)),
        )
        output = transport.encode_output(format_json(answer))
        notify_of_success(method, context, attempts, output)
        return method.decode_result(output.data, NO_PAYLOADS)

    def _require_replacement(self, name: str) -> Replacement | None:
        """Return the replacement of a method; None if the name is not that of a method.

        Raises:
            ConfigError: It has none.
        """
        if name in _POSITIONAL and name not in self._replacements:
            raise ConfigError(
                f"{name}: the fake has no replacement; pass fake({self._class_name}, {name}=…)"
            )
        return self._replacements.get(name)

    def _answer(self, request: Mapping[str, Any]) -> Generator[CallFunction, Any, Answer]:
        """Answer a message of the protocol."""
        method: Any = request.get("method")
        params: dict[str, Any] = request.get("params") or {}
        if not self._is_offered(str(method).partition("/")[0]):
            return _make_error(METHOD_NOT_FOUND, "Method not found")
        match method:
            case "initialize":
                return self._describe(params)
            case "ping":
                return {}
            case "tools/list":
                return {"tools": self._list_tools()}
            case "tools/call":
                return (yield from self._call_tool(params))
            case "prompts/get":
                options: dict[str, str] = params.get("arguments") or {}
                value = yield from self._find("prompt").call(params.get("name"), **options)
                return encode_prompt(value)
            case "resources/read":
                uri = str(params.get("uri"))
                return encode_contents((yield from self._find("read_resource").call(uri)), uri)
            case "prompts/list" | "resources/list" | "resources/templates/list":
                return (yield from self._list(method))
            case _:
                return _make_error(METHOD_NOT_FOUND, "Method not found")

    def _find(self, name: str) -> Replacement:
        replacement = self._require_replacement(name)
        assert replacement is not None
        return replacement

    def _is_offered(self, kind: str) -> bool:
        """Return whether a kind of methods of the protocol has a replacement."""
        pairs = {"prompts": ("prompts", "prompt"), "resources": ("resources", "read_resource")}
        return kind not in pairs or any(name in self._replacements for name in pairs[kind])

    def _describe(self, params: Mapping[str, Any]) -> Answer:
        kinds = [kind for kind in ("prompts", "resources") if self._is_offered(kind)]
        return {
            "protocolVersion": params.get("protocolVersion", _PROTOCOL_VERSION),
            "capabilities": {kind: {} for kind in ("tools", *kinds)},
            "serverInfo": {"name": "fake", "version": __version__},
        }

    # Tools.

    def _list_tools(self) -> list[Mapping[str, Any]]:
        """Return the tools that have replacements, as the lock describes them."""
        try:
            locked = read_lock(self._package).tools or []
        except ConfigError:  # a package without its lock
            locked = []
        by_name = {tool.get("name"): tool for tool in locked}
        schema = {"type": "object"}
        return [by_name.get(name, {"name": name, "inputSchema": schema}) for name in self._tools]

    def _call_tool(self, params: Mapping[str, Any]) -> Generator[CallFunction, Any, Answer]:
        fake_method = self._tools.get(str(params.get("name")))
        if fake_method is None:
            return _make_tool_error(f"Unknown tool: {params.get('name')}")
        try:
            arguments = _read_arguments(fake_method, params.get("arguments") or {})
            result = yield CallFunction(partial(fake_method.call, arguments))
        except CodecError as error:
            return _make_tool_error(f"Invalid arguments: {error.problem}")
        except ToolError as error:
            return {**_make_tool_error(error.details or str(error)), **_copy_content(error)}
        (part,) = fake_method.encode_output(result).data.parts
        return parse_json(STR.decode(part.data, NO_PAYLOADS))

    # Prompts and resources.

    def _list(self, method: str) -> Generator[CallFunction, Any, Answer]:
        """Answer with a list. The function for resources is called once for both lists of resources."""
        name, key = _LISTS[method]
        if key == "resourceTemplates" and self._templates is not None:
            return {key: self._templates}
        value = yield from self._find(name).call()
        if name == "prompts":
            return {key: encode_prompts(value)}
        lists = encode_resources(value)
        self._templates = lists["resourceTemplates"]
        return {key: lists[key]}


def _read_arguments(fake_method: FakeMethod, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a function for a tool, with the declared defaults.

    Raises:
        CodecError: The tool does not take them.
    """
    fields = {field.wire_name: field for field in fake_method.method.fields}
    unknown = [name for name in arguments if name not in fields]
    if unknown:
        raise CodecError(f"there is no parameter {unknown[0]!r}")
    read: dict[str, Any] = {}
    for name, field in fields.items():
        if name in arguments:
            try:
                read[field.name] = field.codec.decode(arguments[name], NO_PAYLOADS)
            except CodecError as error:
                raise CodecError(f"{name}{error.path} {error.problem}") from None
        elif field.default is REQUIRED:
            raise CodecError(f"{name} is missing")
    return fake_method.add_defaults(read)


def _make_error(code: int, message: str) -> Answer:
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}


def _make_tool_error(text: str) -> Answer:
    return {"content": [{"type": "text", "text": text}], "isError": True}


def _copy_content(error: ToolError) -> Answer:
    return {"content": error.content} if error.content else {}


# The results of the functions, in the form of the protocol.


def encode_prompts(value: object) -> list[Mapping[str, Any]]:
    """Encode the prompts that `prompts` returns."""
    return [
        {
            "name": prompt.name,
            "title": prompt.title,
            "description": prompt.description,
            "arguments": [
                {
                    "name": argument.name,
                    "description": argument.description,
                    "required": argument.is_required,
                }
                for argument in prompt.arguments
            ],
        }
        for prompt in _check_list("prompts", value, Prompt)
    ]


def encode_prompt(value: object) -> Answer:
    """Encode what `prompt` returns; a text is the only message, of the user."""
    if isinstance(value, str):
        value = PromptResult([PromptMessage("user", {"type": "text", "text": value})])
    if not isinstance(value, PromptResult):
        raise _make_result_error("prompt", "a str or a PromptResult", value)
    messages = [
        {"role": message.role, "content": dict(message.content)} for message in value.messages
    ]
    return {"description": value.description, "messages": messages}


def encode_resources(value: object) -> dict[str, list[Mapping[str, Any]]]:
    """Encode the resources that `resources` returns, and the templates among them."""
    lists: dict[str, list[Mapping[str, Any]]] = {"resources": [], "resourceTemplates": []}
    for resource in _check_list("resources", value, Resource):
        entry = {
            "uriTemplate" if resource.is_template else "uri": resource.uri,
            "name": resource.name or resource.uri,
            "title": resource.title,
            "description": resource.description,
        }
        if resource.mime_type:
            entry["mimeType"] = resource.mime_type
        lists["resourceTemplates" if resource.is_template else "resources"].append(entry)
    return lists


def encode_contents(value: object, uri: str) -> Answer:
    """Encode what `read_resource` returns; a text or bytes are the only content."""
    if isinstance(value, str):
        value = ResourceContent(uri, "text/plain", value)
    elif isinstance(value, bytes):
        value = ResourceContent(uri, "application/octet-stream", bytes=value)
    contents = [value] if isinstance(value, ResourceContent) else value
    return {
        "contents": [
            {
                "uri": content.uri or uri,
                "mimeType": content.mime_type,
                **(
                    {"text": content.text}
                    if content.bytes is None
                    else {"blob": b64encode(content.bytes).decode("ascii")}
                ),
            }
            for content in _check_list("read_resource", contents, ResourceContent)
        ]
    }


def _check_list(name: str, value: Any, cls: type[Any]) -> list[Any]:
    """Return the items of a list; raise `ConfigError` if it is not a list, or an item is of another class."""
    if not (is_instance(value, list) or is_instance(value, tuple)):
        raise _make_result_error(name, f"a list of {cls.__name__}", value)
    items: list[Any] = list(value)
    for item in items:
        if not isinstance(item, cls):
            raise _make_result_error(name, f"a list of {cls.__name__}", item)
    return items


def _make_result_error(name: str, expected: str, value: object) -> ConfigError:
    return ConfigError(f"{name}: the fake's result must be {expected}, not {describe(value)}")
