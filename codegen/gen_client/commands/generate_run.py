"""`gen-client` without a command: generates packages, or checks them."""

from __future__ import annotations

import argparse

from gen_client import cache, pipeline
from gen_client.commands.report_outcomes import report_outcomes
from gen_client.commands.resolve_jobs import resolve_jobs
from gen_client.jobs import Mode
from gen_client.terminal.console import Console
from gen_client.terminal.progress import show_progress


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Generate or check the packages, report the outcomes and return the exit code."""
    arguments.check = arguments.check or arguments.diff
    folder = None if arguments.no_cache else cache.default_cache_folder()
    mode = Mode(arguments.check, arguments.frozen, cache.Cache(folder))
    with show_progress(console) as display:
        jobs = resolve_jobs(arguments, display.start_stage)
        outcomes = list(pipeline.run_jobs(jobs, mode, display.start_stage))
    return report_outcomes(outcomes, arguments, console)
