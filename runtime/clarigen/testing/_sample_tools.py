"""An MCP server that answers sample values, built from what an MCP model offers.

It answers the messages of a model's `mcp_transport`: lists as the document has them, and calls of tools with values that
their output schemas describe. The values depend only on the seed, the tool and the arguments.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any, Final

from .._wire.codec import is_instance
from .._wire.json_rpc import METHOD_NOT_FOUND

_MAX_DEPTH: Final = 8
"""Levels of a sample value. Deeper, optional properties and items are left out."""

_MAX_REFERENCES: Final = 20
_INVALID_PARAMS: Final = -32602
_PROTOCOL_VERSION: Final = "2025-06-18"
_WORDS: Final = ("amber", "boat", "cedar", "delta", "ember", "fjord")
_LISTS: Final = {
    "tools/list": "tools",
    "prompts/list": "prompts",
    "resources/list": "resources",
    "resources/templates/list": "resourceTemplates",
}


class SampleServer:
    """An MCP server that answers sample values.

    Args:
        offer: What the model offers: the value of `mcp` in a lock.
        seed: Seed of the values.
    """

    def __init__(self, offer: Mapping[str, Any], seed: int) -> None:
        self._offer = offer
        self._seed = seed

    def answer(self, msg: str) -> str:
        """Answer a message of the transport: with a bare result, or with an error in its envelope.

        Raises:
            ValueError: The message is not a request.
        """
        request: Any = json.loads(msg)
        if not is_instance(request, dict) or not is_instance(request.get("method"), str):
            raise ValueError("the message must be a JSON-RPC request")
        method: str = request["method"]
        params: dict[str, Any] = request.get("params") or {}
        if method.startswith("notifications/"):
            return "{}"
        try:
            result = self._call(method, params)
        except LookupError as error:
            code, text = error.args
            envelope = {"jsonrpc": "2.0", "id": request.get("id")}
            return json.dumps({**envelope, "error": {"code": code, "message": text}})
        return json.dumps(result)

    def _call(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result of a method; raise `LookupError` with the code and the text of an error."""
        if method in _LISTS:
            return {_LISTS[method]: self._offer.get(_LISTS[method], [])}
        match method:
            case "initialize":
                return self._describe()
            case "ping":
                return {}
            case "tools/call":
                return self._call_tool(params)
            case "resources/read":
                return self._read_resource(params)
            case "prompts/get":
                return self._get_prompt(params)
            case _:
                raise LookupError(METHOD_NOT_FOUND, "Method not found")

    def _describe(self) -> dict[str, Any]:
        return {
            "protocolVersion": _PROTOCOL_VERSION,
            "capabilities": {"tools": {}, "prompts": {}, "resources": {}},
            "serverInfo": {"name": "samples", "version": "1"},
            "instructions": self._offer.get("instructions", ""),
        }

    def _call_tool(self, params: Mapping[str, Any]) -> dict[str, Any]:
        name = params.get("name")
        arguments: dict[str, Any] = params.get("arguments") or {}
        tool = self._find("tools", "name", name)
        if tool is None:
            return _make_tool_error(f"Unknown tool: {name}")
        schema: dict[str, Any] = tool.get("inputSchema") or {}
        missing = [key for key in schema.get("required", ()) if key not in arguments]
        if missing:
            return _make_tool_error(f"Missing required argument: {missing[0]}")
        rng = random.Random(f"{self._seed} {name} {json.dumps(arguments, sort_keys=True)}")
        if not is_instance(tool.get("outputSchema"), dict):
            return {"content": [{"type": "text", "text": rng.choice(_WORDS)}], "isError": False}
        value = SchemaSampler(tool["outputSchema"], rng).make_value()
        content = [{"type": "text", "text": json.dumps(value)}]
        return {"content": content, "structuredContent": value, "isError": False}

    def _read_resource(self, params: Mapping[str, Any]) -> dict[str, Any]:
        uri = params.get("uri")
        resource = self._find("resources", "uri", uri)
        if resource is None and not self._offer.get("resourceTemplates"):
            raise LookupError(_INVALID_PARAMS, f"Unknown resource: {uri}")
        mime_type = "text/plain" if resource is None else resource.get("mimeType", "text/plain")
        text = "{}" if mime_type == "application/json" else f"sample of {uri}"
        return {"contents": [{"uri": uri, "mimeType": mime_type, "text": text}]}

    def _get_prompt(self, params: Mapping[str, Any]) -> dict[str, Any]:
        name = params.get("name")
        prompt = self._find("prompts", "name", name)
        if prompt is None:
            raise LookupError(_INVALID_PARAMS, f"Unknown prompt: {name}")
        text = json.dumps({"prompt": name, "arguments": params.get("arguments") or {}})
        message = {"role": "user", "content": {"type": "text", "text": text}}
        return {"description": prompt.get("description", ""), "messages": [message]}

    def _find(self, key: str, identity: str, value: object) -> dict[str, Any] | None:
        """Return the entry of a list that has an identity."""
        entries: list[dict[str, Any]] = self._offer.get(key, [])
        return next((entry for entry in entries if entry.get(identity) == value), None)


def _make_tool_error(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": True}


class SchemaSampler:
    """A generator of values that a JSON Schema describes.

    Args:
        root: The schema; its references point into itself.
        rng: The source of random numbers.
    """

    def __init__(self, root: Mapping[str, Any], rng: random.Random) -> None:
        self._root = root
        self._rng = rng

    def make_value(self) -> Any:
        """Make a value."""
        return self._make(self._root, 0)

    def _make(self, schema: Any, depth: int) -> Any:
        own = self._resolve(schema)
        for key in ("const", "default"):
            if key in own:
                return own[key]
        if own.get("enum"):
            return self._rng.choice(own["enum"])
        alternatives = own.get("anyOf") or own.get("oneOf")
        if alternatives and "properties" not in own:
            return self._make(self._choose(alternatives), depth)
        kind = own.get("type", "object" if "properties" in own else "string")
        match kind[0] if is_instance(kind, list) else kind:
            case "object":
                return self._make_object(own, depth)
            case "array":
                return self._make_array(own, depth)
            case "integer":
                return self._make_number(own)
            case "number":
                number = self._make_number(own)
                return number if "maximum" in own else number + 0.5
            case "boolean":
                return self._rng.random() < 0.5
            case "null":
                return None
            case _:
                return self._rng.choice(_WORDS).ljust(own.get("minLength", 0), "x")

    def _choose(self, alternatives: list[Any]) -> Any:
        """Return the first alternative that is a scalar, or else the first that is not null."""
        kinds = [(self._resolve(own).get("type"), own) for own in alternatives]
        simple = [own for kind, own in kinds if kind not in ("object", "array", "null")]
        others = [own for kind, own in kinds if kind != "null"]
        return (simple or others or alternatives)[0]

    def _make_object(self, own: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = own.get("required", ())
        return {
            name: self._make(value, depth + 1)
            for name, value in own.get("properties", {}).items()
            if depth < _MAX_DEPTH or name in required
        }

    def _make_array(self, own: Mapping[str, Any], depth: int) -> list[Any]:
        items: Any = own.get("prefixItems") or own.get("items") or {}
        if is_instance(items, list):
            return [self._make(item, depth + 1) for item in items]
        least = own.get("minItems", 0)
        return [self._make(items, depth + 1) for _ in range(max(least, depth < _MAX_DEPTH))]

    def _make_number(self, own: Mapping[str, Any]) -> int:
        lowest = int(own.get("minimum", own.get("exclusiveMinimum", -1) + 1))
        highest = int(own.get("maximum", max(lowest, 0) + 100))
        return self._rng.randint(lowest, max(lowest, highest))

    def _resolve(self, schema: Any) -> dict[str, Any]:
        """Return a schema without references; empty if it cannot be read."""
        own = schema
        for _ in range(_MAX_REFERENCES):
            if not is_instance(own, dict) or not is_instance(own.get("$ref"), str):
                break
            target: Any = self._root
            for step in str(own["$ref"]).split("/")[1:]:
                key = step.replace("~1", "/").replace("~0", "~")
                target = target.get(key) if is_instance(target, dict) else None
            own = target
        parts = own.get("allOf") if is_instance(own, dict) else None
        if parts:
            return {key: value for part in [*parts, own] for key, value in self._resolve_part(part)}
        return own if is_instance(own, dict) and "$ref" not in own else {}

    def _resolve_part(self, part: Any) -> list[tuple[str, Any]]:
        """Return the members of a part of `allOf`."""
        own = {key: value for key, value in part.items() if key != "allOf"}
        return list((self._resolve(own) if "$ref" in own else own).items())
