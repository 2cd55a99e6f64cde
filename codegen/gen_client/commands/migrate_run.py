"""`gen-client migrate`: finds what a code base calls with the SDK, and rewrites what is certain if it is asked to."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from clarigen import ModelRef
from gen_client import config
from gen_client.commands import migrate_formats
from gen_client.commands.init_run import add_models
from gen_client.commands.migrate_files import (
    CodeBase,
    SourceFile,
    check_restorable,
    read_code_base,
    write_file,
)
from gen_client.commands.migrate_formats import MigratedFile
from gen_client.commands.migrate_packages import choose_package, find_packages
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DIFFERENT, DONE, USAGE
from gen_client.migrate.migrate import Unreadable, migrate
from gen_client.migrate.target import Package
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress
from gen_client.text import format_count, quote

Given = Mapping[Path, Mapping[int, Package]]
"""The packages that the user names, by file and line."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Migrate the programs, print what was found and return the exit code."""
    if arguments.out is not None and not arguments.init:
        raise Refusal("--out needs --init", exit_code=USAGE)
    report = Report()
    with show_progress(console) as display:
        display.start_stage("looking for packages")
        folders = arguments.packages or [Path(), *arguments.sources]
        packages = find_packages(folders, arguments.package_root, report)
        given = _parse_given(arguments.given, packages)
        display.start_stage("reading programs")
        code_base = read_code_base(arguments.sources)
        files = [
            _migrate_file(file, code_base, packages, given, arguments) for file in code_base.files
        ]
    _check_given(given, files)
    console.report_warnings(report)
    for line, color in migrate_formats.format_lines(files, arguments.format):
        if arguments.format == "github":
            console.print_annotation(line)
        else:
            console.print_finding(line, color)
    if arguments.diff:
        for line, color in migrate_formats.diff_lines(files):
            console.print_finding(line, color)
    if arguments.init:
        return _list_models(files, arguments.out, console)
    changed = [file for file in files if file.is_changed]
    if arguments.write:
        return _write(changed, console, allow_dirty=arguments.allow_dirty)
    _print_next_steps(files, changed, arguments, console)
    return DIFFERENT if changed else DONE


def _migrate_file(
    file: SourceFile,
    code_base: CodeBase,
    packages: Sequence[Package],
    given: Given,
    arguments: argparse.Namespace,
) -> MigratedFile:
    if file.problem:
        return MigratedFile(file, None, file.problem)
    try:
        migration = migrate(
            file.text,
            packages,
            given=given.get(_resolve(file.path), {}),
            with_remarks=arguments.unsafe,
            exported=code_base.names_imported_from(file),
        )
    except Unreadable as error:
        return MigratedFile(file, None, str(error))
    return MigratedFile(file, migration)


# --as


def _resolve(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _parse_given(texts: Sequence[str], packages: Sequence[Package]) -> Given:
    """Parse the arguments of `--as`.

    Raises:
        Refusal: Exit 2: one of them has another form, or names no package.
    """
    given: dict[Path, dict[int, Package]] = {}
    for text in texts:
        place, separator, name = text.rpartition("=")
        file, _, line = place.rpartition(":")
        if not separator or not file or not (line.isascii() and line.isdecimal()):
            raise Refusal(
                f"{quote(text, 200)} has another form",
                exit_code=USAGE,
                location="--as",
                remedy="expected FILE:LINE=PACKAGE",
            )
        given.setdefault(_resolve(Path(file)), {})[int(line)] = choose_package(name, packages)
    return given


def _check_given(given: Given, files: Sequence[MigratedFile]) -> None:
    """Raise `Refusal` if no model is made at a place that the user names."""
    for path, lines in given.items():
        made = {
            line
            for file in files
            if file.migration is not None and _resolve(file.source.path) == path
            for use in file.migration.uses
            for line in use.constructor_lines
        }
        for line in lines.keys() - made:
            listed = ", ".join(map(str, sorted(made)))
            raise Refusal(
                f"no model is made at line {line} of {quote(path.name, 200)}",
                exit_code=USAGE,
                location="--as",
                remedy=f"one is made at line {listed}" if made else "",
            )


# Afterwards


def _write(changed: Sequence[MigratedFile], console: Console, *, allow_dirty: bool) -> int:
    """Write the files that change, and return the exit code."""
    if not allow_dirty:
        check_restorable(file.source for file in changed)
    code = DONE
    for file in changed:
        assert file.migration is not None
        problem = write_file(file.source, file.migration.text)
        if problem:
            refusal = Refusal(
                f"not written: {problem}", exit_code=USAGE, location=quote(file.source.label, 400)
            )
            code = console.report(refusal.diagnostic)
        else:
            console.print_result(f"wrote {file.source.label}")
    console.flush()
    if changed:
        console.print_note("gen-client: run your type checker and your tests now")
        _print_credential_note(console)
    return code


def _print_credential_note(console: Console) -> None:
    console.print_note(
        "gen-client: a client takes its credential from pat= or CLARIFAI_PAT; the SDK also from clarifai login"
    )


def _print_next_steps(
    files: Sequence[MigratedFile],
    changed: Sequence[MigratedFile],
    arguments: argparse.Namespace,
    console: Console,
) -> None:
    console.flush()
    if changed:
        count = format_count(len(changed), "file")
        console.print_note(f"gen-client: --write rewrites {count}; nothing was written")
    if _find_missing(files) and not arguments.diff:
        console.print_note(
            "gen-client: --init lists the models without a package in pyproject.toml"
        )


def _find_missing(files: Sequence[MigratedFile]) -> list[ModelRef]:
    """Return the models that have no package, in order."""
    return sorted(
        {
            use.reference
            for file in files
            if file.migration is not None
            for use in file.migration.uses
            if use.reference is not None and not use.module
        }
    )


def _list_models(files: Sequence[MigratedFile], out: Path | None, console: Console) -> int:
    """Add the models that have no package to the configuration, and return the exit code."""
    config.working_folder()
    models = [f"{user}/{app}/models/{model}" for user, app, model in _find_missing(files)]
    path = add_models(models, out)
    if path is None:
        console.print_note("gen-client: pyproject.toml lists all models that are known")
        return DONE
    console.print_result(os.path.relpath(path))
    console.flush()
    console.print_note("gen-client: run gen-client to generate the packages")
    return DONE
