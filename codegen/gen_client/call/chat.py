"""Chats with OpenAI-compatible models: `chat` in place of a method's name.

The arguments are the keys of a request of OpenAI's API. They are not in the signature of the model, so a value is JSON if
it is written as JSON, and a text otherwise.
"""

from __future__ import annotations

from typing import Any, Final

from gen_client.call.describe import Argument, CallableMethod
from gen_client.call.readers import decode_text, parse_json
from gen_client.interface.model import MethodKind, OpenAITransports

CHAT: Final = "chat"
_MESSAGES: Final = "messages"
_KEYS: Final = (
    "max_completion_tokens",
    "max_tokens",
    "reasoning_effort",
    "response_format",
    "seed",
    "stop",
    "stream",
    "temperature",
    "tools",
    "top_p",
)
"""Keys that completion offers; others are sent as well."""


class BodyReader:
    """Reads a value of a request: JSON, or a text that is none."""

    is_list: bool = False

    def read_text(self, text: str) -> Any:
        """Read the text after `name=`."""
        try:
            return parse_json(text)
        except ValueError:
            return text

    def read_content(self, content: bytes) -> Any:
        """Read the content of a file or of standard input."""
        return self.read_text(decode_text(content))

    def read_json(self, value: Any) -> Any:
        """Read a parsed JSON value."""
        return value


class MessagesReader(BodyReader):
    """Reads the messages: an array, or the text of a message of the user."""

    def read_text(self, text: str) -> Any:
        """Read the text after `messages=`, or the first argument."""
        return self.read_json(parse_json(text) if text.lstrip().startswith("[") else text)

    def read_json(self, value: Any) -> Any:
        """Read a parsed JSON value."""
        return [{"role": "user", "content": value}] if isinstance(value, str) else value


def describe_chat(transports: OpenAITransports) -> CallableMethod:
    """Describe the chat of an OpenAI-compatible model."""
    reader = BodyReader()
    return CallableMethod(
        name=CHAT,
        wire_name=CHAT,
        kind=MethodKind.UNARY,
        wire=None,
        arguments=(
            Argument(_MESSAGES, _MESSAGES, MessagesReader(), is_required=True),
            *(Argument(key, key, reader) for key in _KEYS),
        ),
        transports=(transports.unary.parameters[0].name, transports.stream.parameters[0].name),
        other=reader,
    )


def find_text(answer: Any) -> str | None:
    """Return the text in an answer or an event; None if it has none."""
    try:
        choice = answer["choices"][0]
        content = choice.get("message", choice.get("delta", {})).get("content")
    except (LookupError, TypeError, AttributeError):
        return None
    return content if isinstance(content, str) else None
