"""The output of `gen-client migrate`: text, JSON and annotations of GitHub. Nothing is printed here."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gen_client.commands.diff_formats import Line, format_annotation
from gen_client.commands.migrate_files import SourceFile
from gen_client.migrate.findings import Code, Finding, Level
from gen_client.migrate.migrate import Migration, ModelUse
from gen_client.terminal.console import Color
from gen_client.text import escape_unprintable, format_count

VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""
_TEXT_LIMIT: Final = 120
_CERTAIN: Final = "certain"
_REMARK: Final = "remark"
_KEPT: Final = "kept"
_COLORS: Final[Mapping[str, Color]] = {_CERTAIN: "green", _REMARK: "yellow", _KEPT: "red"}
_DIFF_COLORS: Final[Mapping[str, Color]] = {"+": "green", "-": "red", "@": "cyan"}
_LEVELS: Final[Mapping[Level, str]] = {
    Level.NOTE: "notice",
    Level.REMARK: "warning",
    Level.KEPT: "warning",
}


@dataclass(slots=True)
class MigratedFile:
    """A file and its migration.

    Attributes:
        source: The file.
        migration: Its migration; None if it could not be read.
        problem: Why it could not be read; empty if it could.
    """

    source: SourceFile
    migration: Migration | None
    problem: str = ""

    @property
    def is_changed(self) -> bool:
        """Whether its text changes."""
        return self.migration is not None and self.migration.text != self.source.text


_Place = tuple[MigratedFile, ModelUse]


def format_lines(files: Sequence[MigratedFile], output_format: str) -> Iterator[Line]:
    """Yield the lines of the report.

    Args:
        files: The files.
        output_format: `text`, `json` or `github`.
    """
    match output_format:
        case "json":
            text = json.dumps(_describe(files), indent=2, ensure_ascii=True)
            yield from ((line, None) for line in text.split("\n"))
        case "github":
            yield from ((line, None) for line in _annotation_lines(files))
        case _:
            yield from _text_lines(files)


def diff_lines(files: Sequence[MigratedFile]) -> Iterator[Line]:
    """Yield the lines of the unified diffs of the files that change."""
    for file in files:
        if file.migration is None or not file.is_changed:
            continue
        name = escape_unprintable(file.source.label)
        old, new = (text.split("\n") for text in (file.source.text, file.migration.text))
        for line in difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""):
            # A carriage return at the end of a line is no change of this command's.
            yield line.rstrip("\r").expandtabs(), _DIFF_COLORS.get(line[:1])


def _status(use: ModelUse) -> str:
    if use.findings and any(finding.level is Level.KEPT for finding in use.findings):
        return _KEPT
    return _REMARK if use.needs_consent else _CERTAIN


def _find_code(use: ModelUse) -> str:
    """Return the code of the first reason why a place stays; empty if it does not."""
    kept = [finding.code for finding in use.findings if finding.level is Level.KEPT]
    first = Code.NO_PACKAGE if Code.NO_PACKAGE in kept else next(iter(kept), None)
    return "" if first is None else first.value


def _format_code(use: ModelUse) -> str:
    code = _find_code(use)
    return f" {code}:" if code else ""


def _group(files: Sequence[MigratedFile]) -> dict[str, list[_Place]]:
    """Return the places of each model, by its path; those of models that are not known last."""
    groups: dict[str, list[_Place]] = defaultdict(list)
    for file in files:
        for use in file.migration.uses if file.migration is not None else ():
            groups[_path(use)].append((file, use))
    return dict(sorted(groups.items(), key=lambda item: (not item[0], item[0])))


def _path(use: ModelUse) -> str:
    if use.reference is None:
        return ""
    user_id, app_id, model_id = use.reference
    return f"{user_id}/{app_id}/models/{model_id}"


def _count(places: Sequence[_Place]) -> dict[str, int]:
    counts: dict[str, int] = {_CERTAIN: 0, _REMARK: 0, _KEPT: 0}
    for _, use in places:
        counts[_status(use)] += 1
    return counts


# Text


def _text_lines(files: Sequence[MigratedFile]) -> Iterator[Line]:
    groups = _group(files)
    for path, places in groups.items():
        modules = sorted({use.module for _, use in places if use.module})
        package = f"package {', '.join(modules)}" if modules else "no package"
        name = escape_unprintable(path) if path else "not known which model"
        yield f"{name}: {package}: {_format_counts(_count(places))}", None
        for file, use in places:
            yield from _place_lines(file, use, show_text=not path)
    for file in files:
        label = escape_unprintable(file.source.label)
        for finding in file.migration.findings if file.migration is not None else ():
            yield f"{label}:{_format_finding(finding)}", None
        if file.problem:
            yield f"{label}: not read: {file.problem}", "yellow"
    places = [place for listed in groups.values() for place in listed]
    models = format_count(sum(bool(path) for path in groups), "model")
    yield f"{models}, {_format_counts(_count(places))}", None


def _place_lines(file: MigratedFile, use: ModelUse, *, show_text: bool) -> Iterator[Line]:
    status = _status(use)
    calls: dict[str, list[str]] = defaultdict(list)
    for method, line in use.calls:
        calls[method].append(str(line))
    methods = ", ".join(f"{method} ({', '.join(lines)})" for method, lines in calls.items())
    text = f" {escape_unprintable(use.text, _TEXT_LIMIT)}" if show_text and use.text else ""
    label = escape_unprintable(file.source.label)
    yield (
        f"  {label}:{use.line}: {status}:{_format_code(use)}{text} {escape_unprintable(methods) or 'no call'}",
        _COLORS[status],
    )
    for finding in use.findings:
        if (finding.line, finding.code) != (use.line, Code.NO_PACKAGE):  # said with the model
            yield f"      line {_format_finding(finding)}", None


def _format_finding(finding: Finding) -> str:
    return f"{finding.line}: {finding.code.value}: {escape_unprintable(finding.message)}"


def _format_counts(counts: Mapping[str, int]) -> str:
    parts = [f"{counts[_CERTAIN]} certain"] if counts[_CERTAIN] else []
    parts += [f"{counts[_REMARK]} with --unsafe"] if counts[_REMARK] else []
    parts += [f"{counts[_KEPT]} kept"] if counts[_KEPT] else []
    return ", ".join(parts) or "no place"


# Annotations


def _annotation_lines(files: Sequence[MigratedFile]) -> Iterator[str]:
    for file in files:
        label = escape_unprintable(file.source.label)
        for use in file.migration.uses if file.migration is not None else ():
            for finding in use.findings:
                yield _annotate(label, finding)
        for finding in file.migration.findings if file.migration is not None else ():
            yield _annotate(label, finding)
        if file.problem:
            yield format_annotation("warning", label, 0, "not read", file.problem)


def _annotate(label: str, finding: Finding) -> str:
    title = f"{finding.level.value}: {finding.code.value}"
    message = escape_unprintable(finding.message)
    return format_annotation(_LEVELS[finding.level], label, finding.line, title, message)


# JSON


def _describe(files: Sequence[MigratedFile]) -> dict[str, object]:
    groups = _group(files)
    places = [place for listed in groups.values() for place in listed]
    return {
        "version": VERSION,
        "kind": "migrate",
        "summary": _count(places),
        "models": [
            {
                "model": path or None,
                "packages": sorted({use.module for _, use in listed if use.module}),
                "places": [_describe_place(file, use) for file, use in listed],
            }
            for path, listed in groups.items()
        ],
        "files": [
            {
                "file": file.source.label,
                "is_changed": file.is_changed,
                "problem": file.problem,
                "findings": [
                    _describe_finding(finding)
                    for finding in (file.migration.findings if file.migration is not None else ())
                ],
            }
            for file in files
        ],
    }


def _describe_place(file: MigratedFile, use: ModelUse) -> dict[str, object]:
    return {
        "file": file.source.label,
        "line": use.line,
        "status": _status(use),
        "code": _find_code(use),
        "is_rewritten": use.is_rewritten,
        "source": use.text,
        "calls": [{"method": method, "line": line} for method, line in use.calls],
        "findings": [_describe_finding(finding) for finding in use.findings],
    }


def _describe_finding(finding: Finding) -> dict[str, object]:
    return {
        "line": finding.line,
        "level": finding.level.value,
        "code": finding.code.value,
        "message": finding.message,
    }
