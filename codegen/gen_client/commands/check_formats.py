"""What `gen-client --check` says of a model that changed, and all that it says, as JSON.

The changes are those of `gen-client diff`: from the lock of the package to the model as it is now.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gen_client.commands.diff_formats import describe_change
from gen_client.commands.diff_run import compare
from gen_client.commands.resolve_model import KnownSource, read_interface
from gen_client.diagnostics import Diagnostic, Refusal, Report
from gen_client.diff.changes import Change, Impact
from gen_client.exit_codes import DIFFERENT, DONE
from gen_client.jobs import CheckResult, Outcome
from gen_client.naming import packages
from gen_client.terminal.console import Console

VERSION: Final = 1
"""The version of the JSON output; incremented if scripts that read it could break."""


def find_changes(checked: CheckResult) -> list[Change]:
    """Return how the model changed since the package was generated, the worst first; none if that is not known."""
    if checked.documents is None or not checked.is_model_changed:
        return []
    try:
        name = packages.check_package_name(checked.name)
        old, new = (
            read_interface(KnownSource(document), name, Report()) for document in checked.documents
        )
    except Refusal:
        return []
    return compare(old, new)


def report_json(outcomes: Sequence[Outcome], console: Console) -> int:
    """Print the outcomes of a check as JSON, and return the exit code of the run."""
    code = DONE
    packages: list[dict[str, object]] = []
    for outcome in outcomes:
        packages.append(_describe(outcome))
        match outcome.result:
            case Diagnostic(exit_code=exit_code):
                code = max(code, exit_code)
            case CheckResult(is_current=False):
                code = max(code, DIFFERENT)
            case _:
                pass
    content = {"version": VERSION, "kind": "check", "packages": packages}
    for line in json.dumps(content, indent=2).split("\n"):
        console.print_finding(line)
    return code


def _describe(outcome: Outcome) -> dict[str, object]:
    """Return the outcome of a package as JSON."""
    result = outcome.result
    checked = result if isinstance(result, CheckResult) else None
    error = str(result) if isinstance(result, Diagnostic) else ""
    status = "failed" if checked is None else "up-to-date" if checked.is_current else "out-of-date"
    changes = [] if checked is None else find_changes(checked)
    impacts = Counter(change.impact for change in changes)
    return {
        "name": outcome.job.options.name if checked is None else checked.name,
        "folder": "" if checked is None else checked.folder.as_posix(),
        "status": status,
        "error": error,
        "warnings": list(map(str, outcome.job.report.warnings)),
        "files": [
            {
                "file": difference.file,
                "cause": difference.cause.value,
                "is_accepted": difference.is_accepted,
            }
            for difference in (() if checked is None else checked.differences)
        ],
        "summary": {impact.value: impacts[impact] for impact in Impact},
        "changes": [describe_change(change) for change in changes],
    }
