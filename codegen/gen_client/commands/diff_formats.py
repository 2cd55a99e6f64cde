"""The output of `gen-client diff`: text, JSON, Markdown and annotations of GitHub.

Each format has its own way of making the model author's text harmless: a line of text begins with our words or with a
name, Markdown has values in code spans, and annotations are escaped. This module prints nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from gen_client.diff.changes import Change, Impact
from gen_client.interface.model import Model
from gen_client.layout import LOCK_FILE
from gen_client.output.lock_file import compute_model_digest
from gen_client.terminal.console import Color
from gen_client.text import escape_unprintable

VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""
_VALUE_LIMIT: Final = 200
"""Characters of a value that a line repeats."""
_COLORS: Final[Mapping[Impact, Color]] = {Impact.BREAKING: "red", Impact.COMPATIBLE: "green"}
_ANNOTATION_LEVELS: Final[Mapping[Impact, str]] = {
    Impact.BREAKING: "error",
    Impact.COMPATIBLE: "warning",
    Impact.DOCUMENTATION: "notice",
}
_IMPACT_WIDTH: Final = max(len(impact.value) for impact in Impact)

Line = tuple[str, Color | None]
"""A line of output and its color."""


@dataclass(frozen=True, slots=True)
class ComparedInterfaces:
    """Two interfaces and the changes between them.

    Attributes:
        old: The interface that callers know.
        new: The interface that there is now.
        lock: The path of the lock that holds the old one.
        changes: The changes, the worst first.
    """

    old: Model
    new: Model
    lock: str
    changes: Sequence[Change]

    @property
    def name(self) -> str:
        """The name of a model without a path, such as that of a runner: its package or, without one, the file."""
        lock = PurePath(self.lock)
        return lock.parent.name if lock.name == LOCK_FILE and lock.parent.name else lock.name


def format_lines(
    comparisons: Sequence[ComparedInterfaces], output_format: str, *, is_list: bool
) -> Iterator[Line]:
    """Yield the lines of the output.

    Args:
        comparisons: The comparisons.
        output_format: `text`, `json`, `markdown` or `github`.
        is_list: Whether JSON is an array even of one comparison.
    """
    if output_format == "json":
        yield from _without_color(_json_lines(comparisons, is_list=is_list))
        return
    for number, compared in enumerate(comparisons):
        if number and output_format != "github":
            yield "", None
        match output_format:
            case "markdown":
                yield from _without_color(markdown_lines(compared))
            case "github":
                yield from _without_color(_annotation_lines(compared))
            case _:
                yield from _text_lines(compared)


def _without_color(lines: Iterator[str]) -> Iterator[Line]:
    return ((line, None) for line in lines)


def count_impacts(changes: Sequence[Change]) -> str:
    """Return how many changes there are of each impact."""
    counts = Counter(change.impact for change in changes)
    text = ", ".join(f"{counts[impact]} {impact.value}" for impact in Impact if counts[impact])
    return text or "no difference for callers"


def _format_versions(compared: ComparedInterfaces, quote: Callable[[str], str]) -> str:
    """Return the old and the new version; empty if neither is known."""
    ids = compared.old.version_id, compared.new.version_id
    versions = (f"version {quote(id)}" if id else "an unknown version" for id in ids)
    return " to ".join(versions) if any(ids) else ""


# Text


def _text_lines(compared: ComparedInterfaces) -> Iterator[Line]:
    model = compared.new.path or compared.old.path or compared.name
    versions = _format_versions(compared, str)
    yield ": ".join(part for part in (model, versions) if part), None
    for change in compared.changes:
        yield format_change(change)
    yield count_impacts(compared.changes), None


def format_change(change: Change) -> Line:
    """Return the line of a change."""
    impact = f"{change.impact.value:<{_IMPACT_WIDTH}}"
    line = f"  {impact}  {_format_location(change, str)}{change.format_message(_quote)}"
    return line, _COLORS.get(change.impact)


def _format_location(change: Change, quote: Callable[[str], str]) -> str:
    return f"{quote(change.location)}: " if change.location else ""


def _quote(value: str) -> str:
    return f"`{escape_unprintable(value, _VALUE_LIMIT)}`"


# JSON


def _json_lines(comparisons: Sequence[ComparedInterfaces], *, is_list: bool) -> Iterator[str]:
    contents = [_describe_comparison(compared) for compared in comparisons]
    if contents or is_list:
        value = contents if is_list else contents[0]
        yield from json.dumps(value, indent=2, ensure_ascii=True).split("\n")


def _describe_comparison(compared: ComparedInterfaces) -> dict[str, object]:
    counts = Counter(change.impact for change in compared.changes)
    return {
        "version": VERSION,
        "kind": "diff",
        "old": identify_model(compared.old),
        "new": identify_model(compared.new),
        "summary": {impact.value: counts[impact] for impact in Impact},
        "changes": [describe_change(change) for change in compared.changes],
    }


def describe_change(change: Change) -> dict[str, object]:
    """Return a change as JSON."""
    return {
        "impact": change.impact.value,
        "rule": change.rule.value,
        "method": change.method,
        "field": change.field,
        "message": change.format_message(lambda value: f"`{value}`"),
    }


def identify_model(model: Model) -> dict[str, str]:
    """Return what identifies an interface, as JSON."""
    return {
        "model": model.path,
        "version_id": model.version_id,
        "sha256": compute_model_digest(model),
    }


# Markdown


def markdown_lines(compared: ComparedInterfaces) -> Iterator[str]:
    """Yield the lines of a comparison in Markdown."""
    path = compared.new.path or compared.old.path
    yield f"### {code_span(path or compared.name)}: {count_impacts(compared.changes)}"
    versions = _format_versions(compared, code_span)
    if versions:
        yield ""
        yield versions
    for impact in Impact:
        changes = [change for change in compared.changes if change.impact is impact]
        if changes:
            yield from heading_lines(impact.value.capitalize())
        for change in changes:
            location = _format_location(change, code_span)
            yield f"* {location}{change.format_message(code_span)}"


def heading_lines(title: str) -> tuple[str, str, str]:
    """Return the lines of a heading in Markdown."""
    return "", f"**{title}**", ""


def code_span(value: str) -> str:
    """Return a code span: nothing in it is Markdown, HTML, a mention or a link."""
    value = escape_unprintable(value, _VALUE_LIMIT)
    longest_run = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * (longest_run + 1)
    pad = " " if value.startswith(("`", " ")) or value.endswith(("`", " ")) or not value else ""
    return f"{fence}{pad}{value}{pad}{fence}"


# Annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions


def _annotation_lines(compared: ComparedInterfaces) -> Iterator[str]:
    lock = PurePath(compared.lock).as_posix()
    for change in compared.changes:
        yield format_change_annotation(change, lock)
    path = escape_unprintable(lock, _VALUE_LIMIT)
    yield f"gen-client: {path}: {count_impacts(compared.changes)}"


def format_change_annotation(change: Change, path: str, line: int = 0) -> str:
    """Return the annotation of a change.

    Args:
        change: The change.
        path: The path of the annotated file.
        line: The annotated line; 0 for the file as a whole.
    """
    title = f"{change.impact.value}: {change.rule.value}"
    message = f"{_format_location(change, str)}{change.format_message(_quote)}"
    return format_annotation(_ANNOTATION_LEVELS[change.impact], path, line, title, message)


def format_annotation(level: str, path: str, line: int, title: str, message: str) -> str:
    """Return an annotation: `::error file=…`.

    Args:
        level: `error`, `warning` or `notice`.
        path: The path of the annotated file.
        line: The annotated line; 0 for the file as a whole.
        title: Its title.
        message: Its text.
    """
    place = f"file={_escape_property(path)}" + (f",line={line}" if line else "")
    return f"::{level} {place},title={_escape_property(title)}::{_escape_data(message)}"


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
