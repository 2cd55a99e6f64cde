"""`gen-client run`: calls a method for each row of files, and writes the results beside the rows.

The package `run` reads rows, makes the calls and writes parts. Here the command line becomes a job, and what happens is
printed: the parts to standard output, progress and counts to standard error.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clarigen.errors import ConfigError
from gen_client.call.readers import format_json
from gen_client.call.results import to_json
from gen_client.call.run import ModelClient
from gen_client.commands.call_output import Meter
from gen_client.commands.open_method import (
    ChosenMethod,
    choose_method,
    explain,
    open_model,
)
from gen_client.diagnostics import Diagnostic, Refusal, Severity
from gen_client.exit_codes import DIFFERENT, DONE, USAGE
from gen_client.interface.model import MethodKind
from gen_client.json_text import compute_digest
from gen_client.run.folder import Folder, Part, check_manifest, open_folder, read_manifest
from gen_client.run.job import Job, Progress
from gen_client.run.json_lines import JsonLines
from gen_client.run.tables import Tables
from gen_client.terminal.console import Console, is_terminal
from gen_client.terminal.progress import ProgressBar, show_bar
from gen_client.text import quote

_FORMATS = {".parquet": "parquet", ".pq": "parquet", ".jsonl": "lines", ".ndjson": "lines"}


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Run the method over the rows and return the exit code."""
    _check_options(arguments)
    chosen = choose_method(arguments, console)
    job = _Run(arguments, chosen, chosen.reader.read_words(chosen.words), console)
    try:
        tables = job.open_tables()
    except ConfigError as error:
        raise explain(error, chosen.method) from None
    if arguments.check:
        return job.check(tables)
    return job.run(tables)


def _check_options(arguments: argparse.Namespace) -> None:
    """Raise `Refusal` if an option is missing or wrong."""
    for option, value in (("--in", arguments.inputs), ("--out", arguments.out)):
        if not value:
            raise Refusal(f"{option} is required", exit_code=USAGE)
    for option, value in (
        ("--part-rows", arguments.part_rows),
        ("--in-flight", arguments.in_flight),
    ):
        if value is not None and value < 1:
            raise Refusal(f"{option} must be at least 1", exit_code=USAGE)


@dataclass(frozen=True, slots=True)
class _Run:
    """A run that the command line describes.

    Attributes:
        arguments: The command line.
        chosen: The method.
        constants: The arguments of all rows.
        console: The output.
    """

    arguments: argparse.Namespace
    chosen: ChosenMethod
    constants: Mapping[str, Any]
    console: Console

    def open_tables(self) -> Tables:
        """Open the input files.

        Raises:
            Refusal: Exit 2: the method or a file does not fit.
            ConfigError: A column is missing, or pyarrow is not installed.
        """
        method = self.chosen.method
        if method.kind is not MethodKind.UNARY or method.wire is None:
            raise Refusal(
                f"{method.name}: it has no single result, which a row could have",
                exit_code=USAGE,
                remedy=f"gen-client call {method.name} --batch makes such calls, one per line",
            )
        paths = [Path(text) for text in self.arguments.inputs]
        formats = {_FORMATS.get(path.suffix.lower(), "") for path in paths}
        if len(formats) > 1 or "" in formats:
            raise Refusal(
                "--in takes files of one format",
                exit_code=USAGE,
                remedy=f"their names end with {', '.join(_FORMATS)}",
            )
        names = (self.arguments.result, self.arguments.error)
        columns = self._read_columns()
        tables: Tables
        if formats == {"lines"}:
            if names[0] == names[1]:
                raise Refusal("--result and --error must differ", exit_code=USAGE)
            tables = JsonLines(paths, self.chosen.reader, self.constants, columns, names)
        else:
            from gen_client.run.parquet import open_parquet

            options = {"columns": columns, "constants": self.constants}
            tables = open_parquet(paths, method.wire, names, options)
        if not sum(file.count for file in tables.files):
            raise Refusal("the input files have no rows", exit_code=USAGE)
        return tables

    def _read_columns(self) -> dict[str, str]:
        """Return the columns that the command line names, by parameter."""
        columns: dict[str, str] = {}
        for word in self.arguments.column:
            name, equals, column = word.partition("=")
            argument = self.chosen.method.find_argument(name)
            if not equals or argument is None:
                listed = ", ".join(own.name for own in self.chosen.method.arguments)
                raise Refusal(
                    f"--column {quote(word)}: it takes NAME=COLUMN",
                    exit_code=USAGE,
                    remedy=f"the names are {listed or 'none'}",
                )
            if argument.name in self.constants:
                raise Refusal(
                    f"`{argument.name}` has both a column and a value for all rows", exit_code=USAGE
                )
            columns[argument.name] = column
        return columns

    def describe(self, tables: Tables) -> dict[str, Any]:
        """Return what the run is: what its folder keeps, and compares when it is taken up again."""
        model = self.chosen.interface.model
        reference = self.arguments.model or ("" if model.reference is None else model.reference.url)
        values = {name: to_json(value) for name, value in self.constants.items()}
        return {
            "made_by": "gen-client run",
            "model": reference,
            "method": self.chosen.method.wire_name,
            "columns": dict(tables.columns),
            "constants": compute_digest(format_json(values)),
            "added": [self.arguments.result, self.arguments.error],
            "result": dict(tables.describe_result()),
            "files": [file.digest for file in tables.files],
            "paths": [str(file.path) for file in tables.files],
        }

    def check(self, tables: Tables) -> int:
        """Print what a run would do."""
        total = sum(file.count for file in tables.files)
        lines = [("rows", f"{total:,} in {len(tables.files)} file{'s' * (len(tables.files) > 1)}")]
        folder, manifest = Path(self.arguments.out), self.describe(tables)
        known = read_manifest(folder) if folder.is_dir() else None
        if known is not None:
            check_manifest(folder, known, manifest)
            left = sum(
                last - first + 1 for first, last in Folder(folder, tables.suffix).find_gaps(total)
            )
            lines.append(("done", f"{total - left:,}"))
        for argument in self.chosen.method.arguments:
            if argument.name in self.constants:
                meaning = "the same for all rows"
            elif argument.name in tables.columns:
                meaning = f"column {quote(tables.columns[argument.name])}"
            else:
                meaning = "left out"
            lines.append((argument.name, meaning))
        lines += [(f"+ {name}", type_) for name, type_ in tables.describe_result().items()]
        width = max(len(name) for name, _ in lines)
        for name, text in lines:
            self.console.print_finding(f"{name:<{width}}  {text}")
        return DONE

    def run(self, tables: Tables) -> int:
        """Make the calls and return the exit code."""
        path, starter, meter = Path(self.arguments.out), _Starter(self.chosen), Meter()
        with (
            open_folder(path, tables.suffix, self.describe(tables)) as folder,
            show_bar(self.console, f"calling {self.chosen.method.name}") as bar,
        ):
            job = Job(
                tables,
                folder,
                starter.start,
                rows_per_part=self.arguments.part_rows,
                on_progress=_Speedometer(bar, meter).show,
                on_part=self._print_part,
            )
            left = sum(last - first + 1 for first, last in job.list_gaps())
            if left or self.arguments.again:
                if left and not self.arguments.samples:
                    self.console.print_note(
                        f"gen-client: {left:,} rows to send; each is a call that may be billed"
                    )
                with open_model(self.arguments, self.chosen, self.console, meter) as client:
                    starter.client = client.with_options(concurrency=self.arguments.in_flight)
                    job.run()
                    if self.arguments.again:
                        job.repeat()
            failed, again = job.count()
        return self._report(sum(file.count for file in tables.files), failed, again)

    def _print_part(self, part: Part) -> None:
        """Print the path of a part, unless a terminal shows the progress."""
        if not is_terminal():
            self.console.print_result(str(part.path))

    def _report(self, total: int, failed: Sequence[int], again: Sequence[int]) -> int:
        """Print how many rows failed, and return the exit code."""
        if not failed:
            self.console.print_note(f"gen-client: {total:,} rows are done")
            return DONE
        repeat = f"; --again repeats {len(again):,} that may pass" if again else ""
        return self.console.report(
            Diagnostic(
                Severity.REFUSAL,
                f"{len(failed):,} of {total:,} rows failed, the first is row {failed[0]:,}",
                remedy=f"`{self.arguments.error}` has the reason beside each{repeat}",
                exit_code=DIFFERENT,
            )
        )


class _Starter:
    """Starts batches of the method, once there is a client.

    Attributes:
        client: The client.
    """

    client: ModelClient

    def __init__(self, chosen: ChosenMethod) -> None:
        self._wire = chosen.method.wire

    def start(self, inputs: Iterator[Any]) -> Any:
        """Start a batch."""
        return self.client.batch(self._wire, inputs)


class _Speedometer:
    """Shows how fast a run is, what failed, and what it may cost."""

    def __init__(self, bar: ProgressBar, meter: Meter) -> None:
        self._bar = bar
        self._meter = meter
        self._began = time.monotonic()
        self._start: int | None = None

    def show(self, progress: Progress) -> None:
        """Show the progress after some rows."""
        if self._start is None:
            self._start = progress.done - progress.rows
        count = progress.done - self._start
        seconds = max(time.monotonic() - self._began, 1e-3)
        texts = [f"{count / seconds:,.0f}/s", f"{progress.failed:,} failed"]
        tokens = sum(self._meter.usage[:2])
        if tokens and count:
            expected = tokens + tokens * (progress.total - progress.done) // count
            texts.append(f"{tokens:,} of about {expected:,} tokens")
        self._bar.update(progress.done, progress.total, ", ".join(texts))
