"""Changes as text, JSON, Markdown and annotations of GitHub.

What lives here: how each form makes a stranger's text harmless for whoever reads it. A line of text begins with our
words or with a name, a value of Markdown is in a code span, what an annotation holds is escaped. Prints nothing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from gen_client.diff.changes import Change, Impact
from gen_client.interface.model import Model
from gen_client.interface.write import write_signatures
from gen_client.json_text import compute_digest
from gen_client.terminal.console import Color
from gen_client.text import escape_unprintable

VERSION: Final = 1
"""Of the JSON form; it rises when scripts that read it could break."""
_SHOWN: Final = 200
"""How much of a value a line repeats, in characters."""
_COLOURS: Final[dict[Impact, Color]] = {Impact.BREAKING: "red", Impact.COMPATIBLE: "green"}
_LEVELS: Final = {
    Impact.BREAKING: "error",
    Impact.COMPATIBLE: "warning",
    Impact.DOCUMENTATION: "notice",
}
_WIDTH: Final = max(len(impact.value) for impact in Impact)

Line = tuple[str, Color | None]


@dataclass(frozen=True, slots=True)
class ComparedInterfaces:
    """Two interfaces and what changed between them.

    Attributes:
        old: What callers know.
        new: What there is now.
        lock: The path of the file that holds the old one.
        changes: What changed, the worst first.
    """

    old: Model
    new: Model
    lock: str
    changes: Sequence[Change]


def format_lines(
    comparisons: Sequence[ComparedInterfaces], form: str, *, is_list: bool
) -> Iterator[Line]:
    """The lines that tell the changes.

    Args:
        all_: The comparisons.
        form: `text`, `json`, `markdown` or `github`.
        several: Whether there may be any number of them: JSON is an array then.
    """
    if form == "json":
        contents = [_content(its) for its in comparisons]
        if contents or is_list:
            text = json.dumps(contents if is_list else contents[0], indent=2, ensure_ascii=True)
            yield from ((line, None) for line in text.split("\n"))
        return
    for number, its in enumerate(comparisons):
        if number and form != "github":
            yield "", None
        match form:
            case "markdown":
                yield from ((line, None) for line in _markdown(its))
            case "github":
                yield from ((line, None) for line in _annotations(its))
            case _:
                yield from _text(its)


def _count(changes: Sequence[Change]) -> str:
    counts = Counter(change.impact for change in changes)
    told = ", ".join(f"{counts[impact]} {impact.value}" for impact in Impact if counts[impact])
    return told or "no difference for callers"


def _which(model: Model) -> str:
    """The model's address, or nothing; its ids are letters, digits and a few marks."""
    ids = model.reference
    return "" if ids is None else f"{ids.user_id}/{ids.app_id}/models/{ids.model_id}"


def _versions(compared: ComparedInterfaces, quote: Callable[[str], str]) -> str:
    """The versions that were seen, where there are any."""
    ids = compared.old.version_id, compared.new.version_id
    told = (f"version {quote(id)}" if id else "an unknown version" for id in ids)
    return " to ".join(told) if any(ids) else ""


# Text


def _text(compared: ComparedInterfaces) -> Iterator[Line]:
    which = _which(compared.new) or _which(compared.old)
    versions = _versions(compared, str)
    yield ": ".join(part for part in (which or "the model", versions) if part), None
    for change in compared.changes:
        where = f"{change.location}: " if change.location else ""
        line = f"  {change.impact.value:<{_WIDTH}}  {where}{change.format_message(_quoted)}"
        yield line, _COLOURS.get(change.impact)
    yield _count(compared.changes), None


def _quoted(value: str) -> str:
    return f"`{escape_unprintable(value, _SHOWN)}`"


# JSON


def _content(compared: ComparedInterfaces) -> dict[str, object]:
    counts = Counter(change.impact for change in compared.changes)
    return {
        "version": VERSION,
        "kind": "diff",
        "old": _side(compared.old),
        "new": _side(compared.new),
        "summary": {impact.value: counts[impact] for impact in Impact},
        "changes": [
            {
                "impact": change.impact.value,
                "rule": change.rule.value,
                "method": change.method,
                "field": change.field,
                "message": change.format_message(lambda value: f"`{value}`"),
            }
            for change in compared.changes
        ],
    }


def _side(model: Model) -> dict[str, str]:
    return {
        "model": _which(model),
        "version_id": model.version_id,
        "sha256": compute_digest(write_signatures(model)),
    }


# Markdown


def _markdown(compared: ComparedInterfaces) -> Iterator[str]:
    which = _which(compared.new) or _which(compared.old)
    yield f"### {_span(which) if which else 'The model'}: {_count(compared.changes)}"
    versions = _versions(compared, _span)
    if versions:
        yield ""
        yield versions
    for impact in Impact:
        of_it = [change for change in compared.changes if change.impact is impact]
        if of_it:
            yield ""
            yield f"**{impact.value.capitalize()}**"
            yield ""
        for change in of_it:
            where = f"{_span(change.location)}: " if change.location else ""
            yield f"* {where}{change.format_message(_span)}"


def _span(value: str) -> str:
    """A code span: nothing in it is Markdown, HTML, a mention or a link."""
    value = escape_unprintable(value, _SHOWN)
    longest = max((len(run) for run in re.findall("`+", value)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if value.startswith(("`", " ")) or value.endswith(("`", " ")) or not value else ""
    return f"{fence}{pad}{value}{pad}{fence}"


# Annotations: https://docs.github.com/actions/reference/workflow-commands-for-github-actions


def _annotations(compared: ComparedInterfaces) -> Iterator[str]:
    file = _property(PurePath(compared.lock).as_posix())
    for change in compared.changes:
        where = f"{change.location}: " if change.location else ""
        title = _property(f"{change.impact.value}: {change.rule.value}")
        message = _data(f"{where}{change.format_message(_quoted)}")
        yield f"::{_LEVELS[change.impact]} file={file},title={title}::{message}"
    where = PurePath(compared.lock).as_posix()
    yield f"gen-client: {escape_unprintable(where, _SHOWN)}: {_count(compared.changes)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
