"""The kinds of models that have transports: methods that carry the messages of another protocol as text.

The kind follows from the signatures, never from the model's type. A model may be of several kinds and have methods of
its own as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gen_client.interface.model import Method, MethodKind, OpenAITransports, TypeKind

_OPENAI: Final = "openai_transport"
_OPENAI_STREAM: Final = "openai_stream_transport"

MCP: Final = "mcp_transport"
"""The transport of an MCP model."""

TRANSPORTS: Final = (_OPENAI, _OPENAI_STREAM, MCP)
"""The names of the transports. They become methods of the client only if the configuration names them."""


def find_openai_transports(methods: Iterable[Method]) -> OpenAITransports | None:
    """Return the transports of an OpenAI-compatible model; None unless the model has both of them."""
    by_name = {method.name: method for method in methods}
    unary, stream = by_name.get(_OPENAI), by_name.get(_OPENAI_STREAM)
    if unary is None or stream is None:
        return None
    is_openai = _is_transport(unary, MethodKind.UNARY) and _is_transport(
        stream, MethodKind.SERVER_STREAM
    )
    return OpenAITransports(unary, stream) if is_openai else None


def has_mcp_transport(methods: Iterable[Method]) -> bool:
    """Return whether a model carries the Model Context Protocol."""
    return any(method.name == MCP and _is_transport(method, MethodKind.UNARY) for method in methods)


def _is_transport(method: Method, kind: MethodKind) -> bool:
    """Return whether a method takes one text, of any name, and returns a text or a stream of them."""
    types = [method.result.type, *(parameter.type for parameter in method.parameters)]
    return (
        method.kind is kind
        and len(method.parameters) == 1
        and not method.result.multiple_outputs
        and all(type_.kind is TypeKind.STR for type_ in types)
    )
