"""`gen-client diff`: compares interfaces, prints the changes, and turns them into one exit code.

`diff_inputs` resolves which interfaces to compare, the package `diff` compares them, and `diff_formats` formats the
changes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gen_client import threads
from gen_client.commands import diff_formats
from gen_client.commands.diff_formats import ComparedInterfaces
from gen_client.commands.diff_inputs import ComparisonInput, resolve_inputs
from gen_client.commands.resolve_model import Interface, read_interface
from gen_client.diagnostics import Refusal, Report
from gen_client.diff.changes import Change, Impact
from gen_client.diff.compare import compare_interfaces
from gen_client.diff.offers import compare_prompts_and_resources
from gen_client.diff.tools import compare_tools
from gen_client.exit_codes import DIFFERENT, DONE
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Compare the interfaces, print what changed and return the exit code."""
    with show_progress(console) as display:
        inputs = resolve_inputs(arguments, display.start_stage)
        results = threads.run_concurrently(_compare_or_refuse, inputs)
    code = DONE
    compared: list[ComparedInterfaces] = []
    for input_, result in zip(inputs, results, strict=True):
        label = input_.name if len(inputs) > 1 else ""
        console.report_warnings(input_.report, label)
        if isinstance(result, Refusal):
            code = max(code, console.report(result.diagnostic, label))
        else:
            compared.append(result)
    is_list = arguments.source is None
    for line, color in diff_formats.format_lines(compared, arguments.format, is_list=is_list):
        if arguments.format == "github":
            console.print_annotation(line)
        else:
            console.print_finding(line, color)
    return max(code, DIFFERENT if _has_failing_change(compared, arguments.fail_on) else DONE)


def _compare_or_refuse(input_: ComparisonInput) -> ComparedInterfaces | Refusal:
    """Compare two interfaces; return the changes, or the refusal that prevents it."""
    try:
        old = read_interface(input_.old, input_.package, Report())
        new = read_interface(input_.new, old.package, input_.report)
    except Refusal as refusal:
        return refusal
    return ComparedInterfaces(old.model, new.model, input_.lock, compare(old, new))


def compare(old: Interface, new: Interface) -> list[Change]:
    """Return the changes between two interfaces, the worst first."""
    order = list(Impact)
    changes = compare_interfaces(old.methods, new.methods) + compare_tools(old.tools, new.tools)
    changes += compare_prompts_and_resources(old.model, new.model)
    return sorted(changes, key=lambda change: order.index(change.impact))


def _has_failing_change(compared: Sequence[ComparedInterfaces], fail_on: str) -> bool:
    impacts = {change.impact for interfaces in compared for change in interfaces.changes}
    return bool(impacts) if fail_on == "any" else Impact.BREAKING in impacts
