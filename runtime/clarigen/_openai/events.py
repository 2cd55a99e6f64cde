"""Server-sent events for the items of a model's stream. Faults that the library cannot read are removed.

These are pure functions: they know neither the library nor a connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from .request import RESPONSES

_LINE_BREAKS: Final = re.compile(r"[\r\n]+")
_EVENT_TYPE: Final = re.compile(r"[A-Za-z0-9_.-]+")


def encode_event(text: str, item: object, endpoint: str) -> bytes:
    """Encode an item of a stream.

    Args:
        text: The item's JSON text.
        item: The parsed item; None if it need not be parsed.
        endpoint: The endpoint of the request.
    """
    if not isinstance(item, dict):
        return _format_event(text)
    fields = cast("dict[str, Any]", item)
    if endpoint == RESPONSES:
        return _format_event(text, fields.get("type"))
    return _format_event(json.dumps(fields) if _remove_nulls(fields) else text)


def encode_error(description: Mapping[str, Any]) -> bytes:
    """Encode an error in the middle of a stream; the library raises an `APIError` for it."""
    return _format_event(json.dumps({"error": dict(description)}), "error")


def encode_end(endpoint: str) -> bytes:
    """Encode the end of a stream."""
    return b"" if endpoint == RESPONSES else _format_event("[DONE]")


def needs_parsing(text: str, endpoint: str) -> bool:
    """Return whether an item must be parsed: it may be an error, or have nulls that must be removed.

    Most chunks of a chat need no parsing, which would cost more than everything else.
    """
    return (
        endpoint == RESPONSES or '"error"' in text or '"details"' in text or '"tool_calls"' in text
    )


def _format_event(text: str, type_: object = None) -> bytes:
    data = _LINE_BREAKS.sub(" ", text)  # between JSON tokens: inside strings they are escaped
    is_type = isinstance(type_, str) and _EVENT_TYPE.fullmatch(type_)
    return f"event: {type_}\ndata: {data}\n\n".encode() if is_type else f"data: {data}\n\n".encode()


def _remove_nulls(chunk: Mapping[str, Any]) -> bool:
    """Remove the nulls of tool calls from a chunk of a chat; return whether there were any.

    A null says nothing in a chunk, but the library's helper for streams fails on `"type": null`.
    """
    changed = False
    for choice in _list_objects(chunk.get("choices")):
        delta = choice.get("delta")
        calls = cast("dict[str, Any]", delta).get("tool_calls") if isinstance(delta, dict) else None
        for call in _list_objects(calls):
            for fields in (call, call.get("function")):
                if isinstance(fields, dict):
                    changed |= _drop_nulls(cast("dict[str, Any]", fields))
    return changed


def _drop_nulls(fields: dict[str, Any]) -> bool:
    nulls = [key for key, value in fields.items() if value is None]
    for key in nulls:
        del fields[key]
    return bool(nulls)


def _list_objects(value: object) -> list[dict[str, Any]]:
    """Return the objects in a JSON array; none for any other value."""
    if not isinstance(value, list):
        return []
    return [item for item in cast("Iterable[Any]", value) if isinstance(item, dict)]
