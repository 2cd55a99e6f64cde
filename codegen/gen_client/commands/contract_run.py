"""`gen-client contract`: reads models' sources, compares them with what callers know, and reports both.

A source that is not sure is exit 4, whatever else is found: a comparison that failed is no clean result.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from gen_client.commands import contract_formats
from gen_client.commands.contract_formats import Contract
from gen_client.commands.diff_formats import ComparedInterfaces
from gen_client.commands.diff_run import compare
from gen_client.commands.resolve_model import Interface, KnownSource, read_interface
from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.diff.changes import Impact
from gen_client.exit_codes import DIFFERENT, DONE, UNUSABLE, USAGE
from gen_client.interface.kinds import MCP
from gen_client.output.lock_file import format_lock
from gen_client.output.work_files import replace_file
from gen_client.source import Access, Document, PlatformModel, SignatureFile
from gen_client.source.model_file.findings import Level
from gen_client.source.model_folder import (
    FolderFiles,
    ModelSource,
    RevisionFiles,
    find_model_folder,
    read_model_source,
    refuse_reading,
)
from gen_client.source.revision import Revision
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress
from gen_client.text import quote


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Check the models, print what is found and return the exit code."""
    if arguments.write and arguments.lock is None:
        raise Refusal(
            "--write needs --lock", exit_code=USAGE, remedy="name the file to write: --lock FILE"
        )
    folders = list(dict.fromkeys(map(_resolve_folder, arguments.folders)))
    if len(folders) > 1 and arguments.lock is not None:
        raise Refusal(
            "--lock takes one model", exit_code=USAGE, remedy="run the command once per model"
        )
    with show_progress(console) as display:
        contracts = [_check_model(folder, arguments, display.start_stage) for folder in folders]
    code = DONE
    for contract in contracts:
        label = contract.folder if len(contracts) > 1 else ""
        console.report_warnings(contract.report, label)
    for line, color in contract_formats.format_lines(contracts, arguments.format):
        if arguments.format == "github":
            console.print_annotation(line)
        else:
            console.print_finding(line, color)
    for contract in contracts:
        label = contract.folder if len(contracts) > 1 else ""
        if contract.refusal is not None:
            code = max(code, console.report(contract.refusal.diagnostic, label))
        code = max(code, _choose_code(contract, arguments.fail_on))
        if arguments.write and arguments.lock is not None and contract.new is not None:
            _write_lock(Path(arguments.lock), contract.new, console)
    return code


def _resolve_folder(text: str) -> Path:
    folder = find_model_folder(text)
    if folder is None:
        raise Refusal(
            f"{quote(text, 200)} is no model's folder",
            exit_code=USAGE,
            remedy="a model's folder has 1/model.py",
        )
    return folder


def _check_model(
    folder: Path, arguments: argparse.Namespace, progress: ProgressCallback
) -> Contract:
    """Read one model, and compare it with what callers know."""
    label = folder.as_posix()
    report = Report()
    progress(f"reading {label}")
    try:
        source = read_model_source(FolderFiles(folder), folder, arguments.python)
    except Refusal as refusal:
        return Contract(label, label, report, refusal=refusal)
    if source is None:
        raise Refusal(f"{quote(label, 200)} has no 1/model.py", exit_code=USAGE)
    contract = Contract(label, source.path, report, source, is_linted=arguments.lint)
    if not contract.is_sure:
        return contract
    assert source.document is not None
    try:
        contract.new = read_interface(KnownSource(source.document), None, report)
        if not arguments.lint:
            _compare(contract, contract.new, folder, arguments, progress)
    except Refusal as refusal:
        contract.refusal = refusal
    return contract


def _compare(
    contract: Contract,
    new: Interface,
    folder: Path,
    arguments: argparse.Namespace,
    progress: ProgressCallback,
) -> None:
    """Compare a model with what callers know, and keep the changes."""
    document = _read_old(contract, folder, arguments, progress)
    if document is None:
        return
    old = read_interface(KnownSource(document), new.package, Report())
    if new.model.tools is not None and old.model.tools is None:
        contract.report.warn(
            f"{contract.against} does not list the tools of the model, so only its methods are compared",
            remedy="generate the lock again, from the address of the model or from its folder",
        )
        old, new = _without_tools(old), _without_tools(new)
    changes = compare(old, new)
    contract.compared = ComparedInterfaces(old.model, new.model, contract.path, changes)


def _without_tools(interface: Interface) -> Interface:
    """Return an interface without its tools, and without the method that carries them."""
    methods = [method for method in interface.methods if method.wire.name != MCP]
    return replace(interface, methods=methods, tools=[], model=replace(interface.model, tools=None))


def _read_old(
    contract: Contract, folder: Path, arguments: argparse.Namespace, progress: ProgressCallback
) -> Document | None:
    """Return the interface that callers know; None if there is none."""
    if arguments.base is not None:
        contract.against = arguments.base
        return _read_revision(folder, arguments)
    if arguments.lock is not None:
        contract.against = arguments.lock
        if arguments.write and not Path(arguments.lock).exists():
            return None
        return SignatureFile(arguments.lock, Report()).fetch()
    reference = contract.new.model.reference if contract.new is not None else None
    if reference is None:
        raise Refusal(
            "there is nothing to compare with: config.yaml names no model",
            exit_code=USAGE,
            remedy="give --base REV, --lock FILE, or --lint for the findings alone",
        )
    contract.against = "the deployed model"
    return PlatformModel(
        reference, "", Access(api_base=arguments.api_base, progress=progress)
    ).fetch()


def _read_revision(folder: Path, arguments: argparse.Namespace) -> Document | None:
    revision = Revision(arguments.base, folder)
    files = RevisionFiles(folder, revision)
    suffix = f" at {arguments.base}"
    source: ModelSource | None = read_model_source(files, folder, arguments.python, suffix)
    if source is None:
        return None
    if source.document is None or source.reading.offer_problem is not None:
        raise refuse_reading(source)
    return source.document


def _choose_code(contract: Contract, fail_on: str) -> int:
    levels = {finding.level for finding in contract.findings}
    if contract.source is not None and not contract.is_sure:
        return UNUSABLE
    impacts = {change.impact for change in contract.changes}
    is_different = bool(impacts) if fail_on == "any" else Impact.BREAKING in impacts
    return DIFFERENT if is_different or Level.ERROR in levels else DONE


def _write_lock(path: Path, interface: Interface, console: Console) -> None:
    try:
        replace_file(path, format_lock(interface.model).encode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{quote(str(path), 200)} cannot be written: {reason}"
        raise Refusal(message, exit_code=USAGE) from None
    console.print_note(f"gen-client: wrote {path}")
