"""The docstrings of tools and of their types: descriptions, and the constraints that types do not express.

The results are text for the docstring filter, never code. This module knows nothing of pages or templates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from gen_client.escape import escape_invisible
from gen_client.interface.mcp.toolset import Hints, Property, SchemaKind, UnfitDefault
from gen_client.interface.model import KnownDefault
from gen_client.plan.docstrings import (
    METHOD_WIDTH,
    end_last_line,
    format_lines,
    format_sections,
    shorten,
)
from gen_client.plan.mcp.named import NamedObject, NamedProperty, NamedTool
from gen_client.plan.mcp.types import choose_default

_HINTS: Final = (
    ("read_only", "read-only"),
    ("destructive", "destructive"),
    ("idempotent", "idempotent"),
    ("open_world", "reaching other systems"),
)
_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " character"),
    ("minItems", "maxItems", " item"),
    ("minProperties", "maxProperties", " key"),
)
"""The keywords of a lower and an upper bound, and what they count."""


def format_method(tool: NamedTool, width: int = METHOD_WIDTH) -> str:
    """Format the docstring of a tool's method, without its indentation.

    Args:
        tool: The tool.
        width: The longest line, in characters.
    """
    entries = [
        (
            parameter.name,
            _describe(parameter, is_default_shown=not choose_default(parameter.own).is_shown),
        )
        for parameter in tool.parameters
    ]
    hints = _describe_hints(tool.own.hints)
    text = [*tool.description] or [f"Call the tool `{escape_invisible(tool.own.name)}`."]
    return format_sections(
        text + (["", hints] if hints else []),
        [(name, lines) for name, lines in entries if lines],
        list(tool.returns),
        width,
    )


def format_input_key(parameter: NamedProperty) -> str:
    """Format the docstring of a parameter as a key of an input; empty if there is nothing to say."""
    return format_lines(_describe(parameter, is_default_shown=True), 4)


def format_object(tool: NamedTool, object_: NamedObject) -> str:
    """Format the docstring of an object's class; without fields, it describes the keys too."""
    own = object_.own
    if own.description:
        lines = end_last_line(escape_invisible(own.description).split("\n"))
    elif object_ is tool.result_object:
        lines = [f"Result of `{tool.name}`."]
    else:
        lines = [f"Part of the {'result' if own.is_result else 'arguments'} of `{tool.name}`."]
    if object_.has_fields:
        return format_lines(lines, 4)
    for key in object_.properties:
        description = " ".join(format_key(key, is_result=own.is_result).split())
        if description:
            lines += ["", f"`{escape_invisible(key.name)}`: {description}"]
    return format_lines(lines, 0)


def format_key(key: NamedProperty, *, is_result: bool) -> str:
    """Format the docstring of a key; empty if there is nothing to say."""
    return format_lines(_describe(key, is_default_shown=not is_result), 4)


def _describe(parameter: NamedProperty, *, is_default_shown: bool) -> list[str]:
    """Return the author's lines about a parameter or a key, followed by the constraints that its type does not express."""
    facts = " ".join(_iter_facts(parameter.own, is_default_shown=is_default_shown))
    lines = end_last_line(parameter.description)
    if facts and len(lines) <= 1:
        return [" ".join([*lines, facts])]
    return [*lines, facts] if facts else lines


def _iter_facts(own: Property, *, is_default_shown: bool) -> Iterator[str]:
    constraints = dict(own.constraints)
    if own.type.kind is SchemaKind.TUPLE:
        constraints.pop("minItems", None)
        constraints.pop("maxItems", None)
    for lowest, highest, unit in _BOUNDS:
        if bounds := _describe_bounds(constraints.get(lowest), constraints.get(highest), unit):
            yield bounds
    for keyword, text in (("exclusiveMinimum", "Above"), ("exclusiveMaximum", "Below")):
        if keyword in constraints:
            yield f"{text} {_quote(constraints[keyword])}."
    if "multipleOf" in constraints:
        yield f"A multiple of {_quote(constraints['multipleOf'])}."
    if "uniqueItems" in constraints:
        yield "No item occurs twice."
    for keyword, text in (("format", "Format"), ("pattern", "Pattern")):
        if keyword in constraints:
            yield f"{text}: `{shorten(escape_invisible(str(constraints[keyword])))}`."
    yield from _describe_default(own, is_default_shown=is_default_shown)


def _describe_bounds(lowest: object, highest: object, unit: str) -> str:
    if lowest is None and highest is None:
        return ""
    last = lowest if highest is None else highest
    noun = f"{unit}{'' if last == 1 else 's'}" if unit else ""
    if lowest is None:
        return f"At most {_quote(highest)}{noun}."
    if highest is None:
        return f"At least {_quote(lowest)}{noun}."
    numbers = (
        _quote(lowest) if lowest == highest and unit else f"{_quote(lowest)} to {_quote(highest)}"
    )
    return f"{numbers}{noun}."


def _describe_default(own: Property, *, is_default_shown: bool) -> Iterator[str]:
    match own.default:
        case KnownDefault(value) if value is not None and is_default_shown and not own.is_required:
            yield f"Default: `{_quote(value)}`."
        case UnfitDefault(value) if value is not None:
            yield f"The server names a default that does not fit: `{_quote(value)}`."
        case _:
            pass


def _quote(value: object) -> str:
    return shorten(escape_invisible(json.dumps(value, ensure_ascii=False)))


def _describe_hints(hints: Hints) -> str:
    """Return a sentence about what the server says of the effects of a tool; empty if it says nothing."""
    values: Mapping[str, bool | None] = {name: getattr(hints, name) for name, _ in _HINTS}
    words = [
        text if values[name] else f"not {text}" for name, text in _HINTS if values[name] is not None
    ]
    return f"The server declares this tool {', '.join(words)}." if words else ""
