"""The description of a tool of an MCP model: how its arguments are encoded and its results are decoded.

A tool is called like a unary method. Its arguments travel as JSON in a request of JSON-RPC, in the one parameter of the
model's method `mcp_transport`. An argument that is left out is left to the server, and so is one that equals the
declared default: the server knows it, and a server of another version may not know the parameter. This module is
loaded with the first package that describes a tool; `tool_types` is loaded when a client is created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._tool_result import ToolResult, join_texts
from .._types import SERVER_DEFAULT
from ..errors import ToolError
from .codec import (
    Codec,
    CodecError,
    describe,
    is_default,
    is_instance,
    part_encoder,
    to_codec_error,
)
from .json import encode_name_metadata
from .json_rpc import (
    MESSAGE_PARAMETER,
    REQUEST_ID,
    TRANSPORT_METHOD,
    format_json,
    parse_json,
    parse_response,
)
from .method import REQUIRED, Field, Unary
from .protobuf_writer import Buffers, append_len_field
from .scalars import (
    STR,
    STRING_TAG,
)

if TYPE_CHECKING:
    from .._proto import Data
    from .json_types import JsonType
    from .large_payloads import LargePayloads
    from .tool_types import Defaults
else:
    Data = JsonType = LargePayloads = Defaults = Any

_R_co = TypeVar("_R_co", covariant=True)

_TRANSPORT_METADATA: Final = encode_name_metadata(TRANSPORT_METHOD)
_UNKNOWN_TOOL: Final = "unknown tool"
"""The start of the error of a tool that the server does not have, in lower case."""

_TOO_DEEP: Final = "is nested too deeply, or contains itself"


def _append_text(text: bytes, out: Buffers) -> int:
    return append_len_field(STRING_TAG, text, out)


_encode_message: Final = part_encoder(_append_text, MESSAGE_PARAMETER)


class LazyType:
    """An annotation, and the conversion of its values, which is composed when the first one is converted.

    Attributes:
        annotation: The annotation.
    """

    __slots__ = ("_defaults", "_type", "annotation")

    def __init__(self, annotation: object, defaults: Defaults) -> None:
        self.annotation: Final = annotation
        self._defaults: Final = defaults
        self._type: JsonType | None = None

    @property
    def json_type(self) -> JsonType:
        """The conversion."""
        if self._type is None:
            from .tool_types import compose_type

            self._type = compose_type(self.annotation, self._defaults)
        return self._type

    def to_json(self, value: Any) -> Any:
        """Convert a value to JSON; raise `CodecError` if it does not fit."""
        try:
            return self.json_type.to_json(value)
        except RecursionError:
            raise CodecError(_TOO_DEEP) from None

    def from_json(self, value: Any) -> Any:
        """Convert JSON to a value; raise `CodecError` if it does not fit."""
        try:
            return self.json_type.from_json(value)
        except RecursionError:
            raise CodecError(_TOO_DEEP) from None


class ArgumentType(LazyType):
    """The type of an argument. Its codec writes JSON, not the fields of a `Data`: a part of the message."""

    __slots__ = ()

    def encode(self, value: Any, out: Buffers) -> int:
        """Append a value as JSON, and return its size in bytes."""
        text = encode_json(self.to_json(value))
        out.append(text)
        return len(text)

    def decode(self, value: Any, _: LargePayloads) -> Any:
        """Convert a parsed argument."""
        return self.from_json(value)


def encode_json(value: Any) -> bytes:
    """Encode JSON; raise `CodecError` if UTF-8 cannot represent a text in it."""
    try:
        return format_json(value).encode()
    except UnicodeEncodeError:
        raise CodecError("must be text that UTF-8 can encode; it has a lone surrogate") from None


class ToolResultType(LazyType):
    """The type of a result, in the answer of a tool.

    Attributes:
        tool: The name of the tool on the wire.
        method: The name of the method in Python.
        is_wrapped: Whether the server wraps the result in an object with the key `result`.
    """

    __slots__ = ("is_wrapped", "method", "tool")

    def __init__(
        self, annotation: object, defaults: Defaults, tool: str, method: str, *, is_wrapped: bool
    ) -> None:
        super().__init__(annotation, defaults)
        self.tool: Final = tool
        self.method: Final = method
        self.is_wrapped: Final = is_wrapped

    def encode(self, value: Any, out: Buffers) -> int:
        """Append the fields of a `Data` with an answer that holds a result; return their size in bytes."""
        if self.annotation is ToolResult:
            if not isinstance(value, ToolResult):
                raise CodecError(f"must be a ToolResult, not {describe(value)}")
            structured, content = value.structured, value.content
        else:
            structured = self.to_json(value)
            content = [{"type": "text", "text": format_json(structured)}]
            structured = {"result": structured} if self.is_wrapped else structured
        answer: dict[str, Any] = {"content": content, "isError": False}
        if structured is not None:
            answer["structuredContent"] = structured
        return _append_text(encode_json(answer), out)

    def decode(self, data: Data, payloads: LargePayloads) -> Any:
        """Return the result in the `Data` of an answer.

        Raises:
            ToolError: The tool reports an error.
            ModelError: The answer is an error of JSON-RPC.
            CodecError: The answer does not match the tool's output schema.
        """
        answer: Any = parse_response(STR.decode(data, payloads), self.method)
        blocks: Any = answer.get("content")
        content = [block for block in blocks if is_instance(block, dict)] if blocks else []
        if answer.get("isError") is True:
            raise self._make_error(content)
        structured = answer.get("structuredContent")
        if self.annotation is ToolResult:
            return ToolResult(content, structured)
        if not is_instance(structured, Mapping):
            raise CodecError("has no structured content, which the tool's output schema promises")
        if self.is_wrapped and "result" not in structured:
            raise CodecError("has no `result` in its structured content")
        result = self.from_json(structured["result"] if self.is_wrapped else structured)
        # Servers that a model only bridges to report errors as texts.
        if isinstance(result, str) and result.startswith(f"Error executing {self.tool} ("):
            raise self._make_error(content)
        return result

    def _make_error(self, content: list[dict[str, Any]]) -> ToolError:
        details = "\n".join(join_texts(content))
        message = f"{self.method}: the tool failed"
        if details.lower().startswith(_UNKNOWN_TOOL):
            message = f"{self.method}: the model has no tool of this name; run gen-client again"
        return ToolError(
            f"{message}: {details}" if details else message, details=details, content=content
        )


class Tool(Unary[_R_co]):
    """A tool of an MCP model. `wire_name` is the name of the tool, not of the model's method."""

    __slots__ = ("_head", "_keys")

    def __init__(
        self, wire_name: str, name: str, rpc: str, fields: tuple[Field, ...], returns: Codec[_R_co]
    ) -> None:
        super().__init__(wire_name, name, rpc, fields, returns)
        self._name_metadata = _TRANSPORT_METADATA
        self._head = b""
        self._keys: tuple[bytes, ...] = ()

    def encode_arguments(self, values: Sequence[Any]) -> tuple[Buffers, int]:
        """Encode the `Data` of a request that calls the tool with one value per parameter.

        Raises:
            InputError: A value does not fit its parameter.
        """
        if not self._head:
            self._prepare()
        message: Buffers = [self._head]
        is_first = True
        for field, key, value in zip(self.fields, self._keys, values, strict=True):
            if _is_left_out(value, field.default):
                continue
            message.append(key if is_first else b"," + key)
            is_first = False
            try:
                field.codec.encode(value, message)
            except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                raise self._argument_error(field, value, to_codec_error(error)) from None
        message.append(b"}}}")
        out: Buffers = [self._name_metadata]
        size = _encode_message(b"".join(message), out)
        return out, size + len(self._name_metadata)

    def _prepare(self) -> None:
        """Encode the constant parts of the message, when the first call needs them."""
        head = format_json(self.wire_name)
        self._keys = tuple(encode_json(field.wire_name) + b":" for field in self.fields)
        self._head = (
            f'{{"jsonrpc":"2.0","id":{REQUEST_ID},"method":"tools/call",'
            f'"params":{{"name":{head},"arguments":{{'
        ).encode()

    def decode_arguments(self, data: Data, payloads: LargePayloads) -> dict[str, Any]:
        """Return the arguments in the `Data` of a request, by their names in Python.

        Raises:
            CodecError: The data holds no call of this tool.
        """
        text = next((part.data for part in data.parts if part.id == MESSAGE_PARAMETER), data)
        params: Any = parse_json(STR.decode(text, payloads)).get("params")
        if not is_instance(params, Mapping) or params.get("name") != self.wire_name:
            raise CodecError(f"is no call of the tool {self.wire_name!r}")
        arguments: Any = params.get("arguments") or {}
        return {
            field.name: field.codec.decode(arguments[field.wire_name], payloads)
            for field in self.fields
            if field.wire_name in arguments
        }


def _is_left_out(value: Any, default: Any) -> bool:
    """Return whether an argument is left to the server, because it is omitted or equals the declared default."""
    if default is REQUIRED or default is SERVER_DEFAULT:
        return value is SERVER_DEFAULT and default is SERVER_DEFAULT
    return is_default(value, default)


def describe_argument(wire_name: str, annotation: object, name: str, default: object) -> Field:
    """Describe an argument of a tool."""
    type_ = ArgumentType(annotation, {})
    codec: Codec[Any] = Codec("a JSON value", type_.encode, type_.decode)
    return Field(wire_name, name or wire_name, codec, default)


def describe_tool(
    wire_name: str,
    name: str,
    arguments: tuple[Field, ...],
    returns: object,
    defaults: Defaults,
    *,
    is_wrapped: bool,
) -> Tool[Any]:
    """Describe a tool."""
    name = name or wire_name
    type_ = ToolResultType(returns, defaults, wire_name, name, is_wrapped=is_wrapped)
    codec: Codec[Any] = Codec(
        "the tool's result", type_.encode, type_.decode, parts=("result",) if is_wrapped else ()
    )
    return Tool(wire_name, name, "PostModelOutputs", arguments, codec)
