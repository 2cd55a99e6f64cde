"""What an MCP model offers in addition to tools, as small values: resources and prompts.

The functions here convert the JSON of the protocol, leniently: a key that a server leaves out is empty. An answer of
another form raises `DecodeError`.
"""

from __future__ import annotations

import builtins
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .._tool_result import join_texts
from ..errors import DecodeError


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of an MCP model, or a template of resources.

    Attributes:
        uri: Its URI, for `read_resource`; for a template, with parameters in braces.
        name: Its name.
        title: Its title for people; may be empty.
        description: What it is; may be empty.
        mime_type: The MIME type of its content; empty if unknown.
        is_template: Whether the parameters in `uri` must be filled in first.
    """

    uri: str
    name: str = ""
    title: str = ""
    description: str = ""
    mime_type: str = ""
    is_template: bool = False


@dataclass(frozen=True, slots=True)
class ResourceContent:
    """The content of a resource: a text, or bytes.

    Attributes:
        uri: The URI of the resource.
        mime_type: Its MIME type; empty if unknown.
        text: The text; empty if the content is bytes.
        bytes: The bytes; None if the content is a text.
    """

    uri: str
    mime_type: str = ""
    text: str = ""
    bytes: builtins.bytes | None = None


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """An argument of a prompt, which is always a text.

    Attributes:
        name: Its name.
        description: What it is; may be empty.
        is_required: Whether it must be given.
    """

    name: str
    description: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that an MCP model fills in.

    Attributes:
        name: Its name.
        title: Its title for people; may be empty.
        description: What it is for; may be empty.
        arguments: Its arguments.
    """

    name: str
    title: str = ""
    description: str = ""
    arguments: tuple[PromptArgument, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptMessage:
    """A message of a prompt.

    Attributes:
        role: Who says it: `user` or `assistant`.
        content: The content block, as the server sent it.
    """

    role: str
    content: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The text of the message; empty if it has none."""
        return "\n".join(join_texts([dict(self.content)]))


@dataclass(frozen=True, slots=True)
class PromptResult:
    """A prompt that was filled in.

    Attributes:
        messages: Its messages.
        description: What it is for; may be empty.
    """

    messages: list[PromptMessage] = field(default_factory=list[PromptMessage])
    description: str = ""

    @property
    def text(self) -> str:
        """The texts of the messages, one per line."""
        return "\n".join(message.text for message in self.messages if message.text)


def read_resource_entry(entry: Mapping[str, Any], *, is_template: bool) -> Resource:
    """Convert an entry of `resources/list` or `resources/templates/list`."""
    return Resource(
        uri=_get_text(entry, "uriTemplate" if is_template else "uri"),
        name=_get_text(entry, "name"),
        title=_get_text(entry, "title"),
        description=_get_text(entry, "description"),
        mime_type=_get_text(entry, "mimeType"),
        is_template=is_template,
    )


def read_contents(result: Mapping[str, Any]) -> list[ResourceContent]:
    """Convert the result of `resources/read`.

    Raises:
        DecodeError: It holds no contents, or bytes that are not base64.
    """
    return [_read_content(entry) for entry in _get_objects(result, "contents", "read_resource")]


def read_prompt_entry(entry: Mapping[str, Any]) -> Prompt:
    """Convert an entry of `prompts/list`."""
    arguments = _get_objects(entry, "arguments", "prompts") if entry.get("arguments") else []
    return Prompt(
        name=_get_text(entry, "name"),
        title=_get_text(entry, "title"),
        description=_get_text(entry, "description"),
        arguments=tuple(
            PromptArgument(
                _get_text(argument, "name"),
                _get_text(argument, "description"),
                argument.get("required") is True,
            )
            for argument in arguments
        ),
    )


def read_prompt_result(result: Mapping[str, Any]) -> PromptResult:
    """Convert the result of `prompts/get`.

    Raises:
        DecodeError: It holds no messages.
    """
    messages = [
        PromptMessage(_get_text(message, "role"), _get_object(message, "content"))
        for message in _get_objects(result, "messages", "prompt")
    ]
    return PromptResult(messages, _get_text(result, "description"))


def _read_content(entry: Mapping[str, Any]) -> ResourceContent:
    uri, mime_type = _get_text(entry, "uri"), _get_text(entry, "mimeType")
    blob = entry.get("blob")
    if blob is None:
        return ResourceContent(uri, mime_type, _get_text(entry, "text"))
    try:
        return ResourceContent(uri, mime_type, "", b64decode(str(blob), validate=True))
    except ValueError:
        raise DecodeError("read_resource: the bytes of the resource are not base64") from None


def _get_text(entry: Mapping[str, Any], key: str) -> str:
    """Return the text of a key; empty if there is none."""
    text = entry.get(key)
    return text if isinstance(text, str) else ""


def _get_object(entry: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object of a key; empty if there is none."""
    value = entry.get(key)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _get_objects(entry: Mapping[str, Any], key: str, method: str) -> list[Mapping[str, Any]]:
    """Return the objects of a key.

    Raises:
        DecodeError: The key is missing, or is not an array of objects.
    """
    values: Any = entry.get(key)
    if not isinstance(values, list) or not all(
        isinstance(value, dict) for value in cast("list[object]", values)
    ):
        raise DecodeError(f"{method}: `{key}` of the answer must be an array of objects")
    return cast("list[Mapping[str, Any]]", values)
