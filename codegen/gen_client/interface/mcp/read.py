"""Reads what an MCP model offers from its document, which is checked here once.

A `Toolset` that `read_toolset` returns is well-formed and within `limits`. A tool that cannot become a method is left
out with a warning, but stays in the canonical document.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar, cast

from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.interface.mcp.references import Schema, UnusableSchema
from gen_client.interface.mcp.schema import SchemaReader, read_text
from gen_client.interface.mcp.toolset import (
    NO_HINTS,
    Hints,
    ObjectType,
    Prompt,
    PromptArgument,
    Resource,
    SchemaType,
    Tool,
    Toolset,
)
from gen_client.interface.raw import RawMessage
from gen_client.json_text import is_encodable
from gen_client.text import quote

_R = TypeVar("_R")

_KEYS: Final = {
    "tools": ("name", "title", "description", "inputSchema", "outputSchema", "annotations"),
    "prompts": ("name", "title", "description", "arguments"),
    "resources": ("uri", "name", "title", "description", "mimeType"),
    "resourceTemplates": ("uriTemplate", "name", "title", "description", "mimeType"),
}
"""The keys of each entry that the canonical document keeps. Other keys are a server's extensions, or differ from answer to answer."""


def read_toolset(document: Mapping[str, object], report: Report) -> Toolset:
    """Read what an MCP model offers.

    Args:
        document: The keys `tools`, `prompts`, `resources`, `resourceTemplates` and `instructions`.
        report: Collects a warning for each tool that is left out, and for each keyword that a type cannot express.

    Raises:
        Refusal: Exit 4: the document is malformed or too large, or two tools have the same name.
    """
    canonical = _make_canonical(document)
    raw = RawMessage(canonical, "mcp")
    tools: list[Tool] = []
    for name, entry in _read_named(raw, "tools", "name"):
        try:
            tools.append(_read_tool(name, entry, report))
        except UnusableSchema as problem:
            report.warn(f"{problem}; the tool is left out", location=_locate(name))
    return Toolset(
        instructions=raw.get_text("instructions", limits.DESCRIPTION),
        tools=tuple(tools),
        prompts=tuple(_read_prompt(*pair) for pair in _read_named(raw, "prompts", "name")),
        resources=tuple(_read_resource(*pair) for pair in _read_named(raw, "resources", "uri")),
        resource_templates=tuple(
            _read_resource(*pair) for pair in _read_named(raw, "resource_templates", "uri_template")
        ),
        document=canonical,
    )


# Documents


def _make_canonical(document: Mapping[str, object]) -> dict[str, object]:
    """Return the canonical form of a document: only the keys that are read, sorted.

    Raises:
        Refusal: Exit 4: the document is malformed or too large.
    """
    limits.check_size(document)
    raw = RawMessage(document, "mcp")
    canonical: dict[str, object] = {}
    for key, kept in _KEYS.items():
        entries = [
            {name: entry[name] for name in kept if entry.get(name) is not None}
            for entry in raw.get_objects(key, limits.TOOLS)
        ]
        if entries:
            canonical[key] = sorted(entries, key=lambda entry: str(entry.get(kept[0], "")))
    instructions = raw.get_text("instructions", limits.DESCRIPTION)
    if instructions:
        canonical["instructions"] = instructions
    _check_encodable(canonical)
    return canonical


def _check_encodable(content: object) -> None:
    """Raise `Refusal` if a document cannot be sent or stored as JSON."""
    try:
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        text = "\ud800"
    if not is_encodable(text):
        raise Refusal(
            "it is not JSON: it has a number that is not finite, a lone surrogate, or too many levels",
            location="mcp",
            exit_code=UNUSABLE,
        )


def _read_named(raw: RawMessage, key: str, name_key: str) -> Iterable[tuple[str, RawMessage]]:
    """Yield the entries under a key with their names.

    Raises:
        Refusal: Exit 4: an entry has no name, or two have the same.
    """
    names: set[str] = set()
    for entry in raw.get_messages(key, limits.TOOLS):
        name = entry.get_text(name_key, limits.DEFAULT)
        if not name or name in names:
            raise Refusal(
                "there are two of this name" if name else "it has no name",
                location=f"{key} {quote(name)}" if name else entry.location,
                exit_code=UNUSABLE,
            )
        names.add(name)
        yield name, entry


def _locate(tool: str) -> str:
    return f"tool {quote(tool)}"


# Tools


def _read_tool(name: str, raw: RawMessage, report: Report) -> Tool:
    """Read a tool.

    Raises:
        UnusableSchema: It cannot become a method.
    """
    if len(name) > limits.NAME:
        raise UnusableSchema(f"its name has {len(name)} characters; the limit is {limits.NAME}")
    objects: list[ObjectType | None] = []
    annotations = raw.get_object("annotations") or {}
    location = _locate(name)

    def read(schema: Schema, function: Callable[[SchemaReader], _R], *, is_result: bool) -> _R:
        reader = SchemaReader(schema, objects, is_result=is_result)
        result = function(reader)
        _warn_about(reader, location, report)
        return result

    input_schema = raw.get_object("input_schema") or {}
    output_schema = raw.get_object("output_schema")
    parameters = read(input_schema, SchemaReader.read_parameters, is_result=False)
    result: SchemaType | None = None
    is_wrapped = False
    if output_schema is not None:
        result, is_wrapped = read(output_schema, SchemaReader.read_result, is_result=True)
    return Tool(
        name=name,
        title=raw.get_text("title", limits.DESCRIPTION) or read_text(annotations, "title"),
        description=raw.get_text("description", limits.DESCRIPTION),
        parameters=parameters,
        result=result,
        is_wrapped=is_wrapped,
        objects=tuple(cast("list[ObjectType]", objects)),
        hints=_read_hints(annotations),
        result_description="" if is_wrapped else read_text(output_schema or {}, "description"),
    )


def _warn_about(reader: SchemaReader, location: str, report: Report) -> None:
    if reader.ignored:
        keywords = ", ".join(sorted(reader.ignored))
        report.warn(
            f"no type can say {keywords}, so the server alone checks that", location=location
        )
    for pointer in sorted(reader.references.lost):
        report.warn(
            f"the reference {quote(pointer)} leads to no schema, so any JSON value is accepted there",
            location=location,
        )


def _read_hints(annotations: Schema) -> Hints:
    values = [
        value if isinstance(value, bool) else None
        for value in map(
            annotations.get, ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
        )
    ]
    return Hints(*values) if any(value is not None for value in values) else NO_HINTS


# Prompts and resources


def _read_prompt(name: str, raw: RawMessage) -> Prompt:
    return Prompt(
        name=name,
        title=raw.get_text("title", limits.DESCRIPTION),
        description=raw.get_text("description", limits.DESCRIPTION),
        arguments=tuple(
            PromptArgument(
                argument.get_text("name", limits.DEFAULT),
                argument.get_text("description", limits.DESCRIPTION),
                argument.get_flag("required"),
            )
            for argument in raw.get_messages("arguments", limits.PARAMETERS)
        ),
    )


def _read_resource(uri: str, raw: RawMessage) -> Resource:
    return Resource(
        uri=uri,
        name=raw.get_text("name", limits.DEFAULT),
        title=raw.get_text("title", limits.DESCRIPTION),
        description=raw.get_text("description", limits.DESCRIPTION),
        mime_type=raw.get_text("mime_type", limits.DEFAULT),
    )
