"""`gen-client skeleton`: writes the folder of a model with an interface, for its author to go on with."""

from __future__ import annotations

import argparse
import shlex

from gen_client.commands.resolve_model import name_package, resolve_source
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import DONE, USAGE
from gen_client.interface.read import read_model
from gen_client.output.new_files import create_files
from gen_client.skeleton import build_skeleton
from gen_client.source.file import STDIN
from gen_client.source.model_folder import MODEL_FILE
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the folder, print what is new in it and return the exit code."""
    folder = arguments.out
    if folder is None:
        raise Refusal(
            "the folder of the model is missing", exit_code=USAGE, remedy="name one with --out DIR"
        )
    report = Report()
    with show_progress(console) as display:
        source = resolve_source(arguments, arguments.source, report, display.start_stage)
        model = read_model(source.fetch(), report)
        display.start_stage("writing")
        files = build_skeleton(model, name_package(model), report, lossy=arguments.lossy)
        new = create_files(folder, files, hiding=[MODEL_FILE])
    console.report_warnings(report)
    for path in new:
        console.print_result(str(path))
    console.flush()
    if not new:
        console.print_note(f"gen-client: {folder} is up to date")
        return DONE
    if model.reference is None:
        console.print_note("gen-client: fill in the ids in config.yaml: the model has none")
    named = arguments.source or arguments.url or arguments.signatures
    known = "SOURCE" if named == STDIN else str(named)
    check = shlex.join(["gen-client", "diff", known, str(folder)])
    console.print_note(f"gen-client: write the methods; {check} says what callers will notice")
    return DONE
