"""The output of `gen-client contract`: the changes in the words of `diff`, and the findings, in its formats."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from gen_client.commands import diff_formats
from gen_client.commands.diff_formats import ComparedInterfaces, Line
from gen_client.commands.resolve_model import Interface
from gen_client.diagnostics import Refusal, Report
from gen_client.diff.changes import Change, Impact
from gen_client.source.model_file.findings import Finding, Level
from gen_client.source.model_folder import ModelSource
from gen_client.terminal.console import Color

VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""
_COLORS: Final[Mapping[Level, Color]] = {
    Level.UNSURE: "red",
    Level.ERROR: "red",
    Level.WARNING: "yellow",
}
_ANNOTATION_LEVELS: Final[Mapping[Level, str]] = {
    Level.UNSURE: "error",
    Level.ERROR: "error",
    Level.WARNING: "warning",
}
_TITLES: Final[Mapping[Level, str]] = {
    Level.UNSURE: "Not sure, so nothing was compared",
    Level.ERROR: "The upload, or the server, refuses",
    Level.WARNING: "Warnings",
}


@dataclass(slots=True)
class Contract:
    """What was found about one model.

    Attributes:
        folder: Its folder, for messages.
        path: The path of its `model.py`.
        report: Collects the warnings of its signatures.
        source: Its source; None if it could not be read at all.
        new: Its interface; None if that is not sure.
        against: What it was compared with: a revision, a file, "the deployed model"; empty for nothing.
        compared: The comparison; None if none was made.
        refusal: Why something could not be done.
        is_linted: Whether only the findings of the upload are asked for.
    """

    folder: str
    path: str
    report: Report
    source: ModelSource | None = None
    new: Interface | None = None
    against: str = ""
    compared: ComparedInterfaces | None = None
    refusal: Refusal | None = None
    is_linted: bool = False

    @property
    def findings(self) -> Sequence[Finding]:
        """The findings in its source. The upload does not look at tools."""
        if self.source is None:
            return ()
        reading = self.source.reading
        problem = None if self.is_linted else reading.offer_problem
        return reading.findings if problem is None else (*reading.findings, problem)

    @property
    def is_sure(self) -> bool:
        """Whether its interface is known."""
        is_known = self.source is not None and self.source.document is not None
        return is_known and not any(f.level is Level.UNSURE for f in self.findings)

    @property
    def changes(self) -> Sequence[Change]:
        """The changes of its interface."""
        return () if self.compared is None else self.compared.changes

    @property
    def name(self) -> str:
        """The model's reference, or its folder."""
        return (self.new.model.path if self.new is not None else "") or self.folder

    def find_line(self, change: Change) -> int:
        """Return the line of the source that a change is about."""
        if self.source is None or self.new is None:
            return 1
        reading = self.source.reading
        names = {str(method.name): method.wire.name for method in self.new.methods}
        names |= {str(tool.name): tool.own.name for tool in self.new.tools}
        return reading.lines.get(names.get(change.method, change.method), reading.class_line)


def format_lines(contracts: Sequence[Contract], output_format: str) -> Iterator[Line]:
    """Yield the lines of the output.

    Args:
        contracts: What was found.
        output_format: `text`, `json`, `markdown` or `github`.
    """
    if output_format == "json":
        values = [_describe(contract) for contract in contracts]
        text = json.dumps(values if len(values) > 1 else values[0], indent=2, ensure_ascii=True)
        yield from ((line, None) for line in text.split("\n"))
        return
    for number, contract in enumerate(contracts):
        if number and output_format != "github":
            yield "", None
        match output_format:
            case "markdown":
                yield from ((line, None) for line in _markdown_lines(contract))
            case "github":
                yield from ((line, None) for line in _annotation_lines(contract))
            case _:
                yield from _text_lines(contract)


def _summarize(contract: Contract) -> str:
    """Return the sum of changes and findings."""
    counts = Counter(finding.level for finding in contract.findings)
    parts = [f"{counts[level]} {level.value}" for level in Level if counts[level]]
    if contract.compared is not None:
        parts.insert(0, diff_formats.count_impacts(contract.changes))
    elif contract.refusal is not None or counts[Level.UNSURE]:
        parts.insert(0, "not compared")
    elif contract.against:
        parts.insert(0, "new: there is nothing to compare with")
    return ", ".join(parts) or "no finding"


# Text


def _text_lines(contract: Contract) -> Iterator[Line]:
    against = f" against {contract.against}" if contract.against else ""
    yield f"{contract.name}: {contract.path}{against}", None
    for change in contract.changes:
        yield diff_formats.format_change(change)
    for finding in contract.findings:
        location = f"{finding.location}: " if finding.location else ""
        line = (
            f"  {contract.path}:{finding.line}: {finding.level.value}: {location}{finding.message}"
        )
        yield line, _COLORS[finding.level]
        if finding.remedy:
            yield f"      {finding.remedy}", None
    yield _summarize(contract), None


# Markdown


def _markdown_lines(contract: Contract) -> Iterator[str]:
    span = diff_formats.code_span
    if contract.compared is not None:
        yield from diff_formats.markdown_lines(contract.compared)
    else:
        yield f"### {span(contract.name)}: {_summarize(contract)}"
    for level in Level:
        findings = [finding for finding in contract.findings if finding.level is level]
        if findings:
            yield from diff_formats.heading_lines(_TITLES[level])
        for finding in findings:
            place = span(f"{contract.path}:{finding.line}")
            location = f"{span(finding.location)}: " if finding.location else ""
            remedy = f" ({span(finding.remedy)})" if finding.remedy else ""
            yield f"* {place}: {location}{span(finding.message)}{remedy}"


# Annotations


def _annotation_lines(contract: Contract) -> Iterator[str]:
    path = PurePath(contract.path).as_posix()
    for change in contract.changes:
        line = contract.find_line(change)
        yield diff_formats.format_change_annotation(change, path, line)
    for finding in contract.findings:
        location = f"{finding.location}: " if finding.location else ""
        remedy = f"\n{finding.remedy}" if finding.remedy else ""
        yield diff_formats.format_annotation(
            _ANNOTATION_LEVELS[finding.level],
            path,
            finding.line,
            f"{finding.level.value}: {finding.code.value}",
            f"{location}{finding.message}{remedy}",
        )
    yield f"gen-client: {contract.folder}: {_summarize(contract)}"


# JSON


def _describe(contract: Contract) -> dict[str, object]:
    impacts = Counter(change.impact for change in contract.changes)
    levels = Counter(finding.level for finding in contract.findings)
    compared = contract.compared
    return {
        "version": VERSION,
        "kind": "contract",
        "file": PurePath(contract.path).as_posix(),
        "against": contract.against,
        "is_compared": compared is not None,
        "old": None if compared is None else diff_formats.identify_model(compared.old),
        "new": None if contract.new is None else diff_formats.identify_model(contract.new.model),
        "error": "" if contract.refusal is None else contract.refusal.diagnostic.message,
        "summary": {
            **{impact.value: impacts[impact] for impact in Impact},
            **{level.value: levels[level] for level in Level},
        },
        "changes": [
            {**diff_formats.describe_change(change), "line": contract.find_line(change)}
            for change in contract.changes
        ],
        "findings": [
            {
                "level": finding.level.value,
                "code": finding.code.value,
                "line": finding.line,
                "location": finding.location,
                "message": finding.message,
                "remedy": finding.remedy,
            }
            for finding in contract.findings
        ],
    }
