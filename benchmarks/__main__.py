"""The command of the benchmarks: `python -m benchmarks [--quick] [--json] [GROUP …]` prints a table of ratios.

A group is a module in this folder. `--quick` takes few readings of the smaller rows, without the SDK: enough to
detect that something became much slower, too few to quote.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module, metadata

from benchmarks.measure import HAND, OURS, Row, format_table
from benchmarks.stage import set_up_stage

GROUPS = (
    "start",
    "calls",
    "payloads",
    "values",
    "streams",
    "tools",
    "inline",
    "chats",
    "batches",
    "rows",
    "editors",
    "generation",
)
QUICK = tuple(
    group
    for group in GROUPS
    if group not in ("tools", "inline", "chats", "batches", "rows", "editors", "generation")
)


def main() -> None:
    """Measure the groups in the arguments, or all groups, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="few readings, small rows, no SDK")
    parser.add_argument(
        "--json", action="store_true", help="print only the ratios to hand-written code, as JSON"
    )
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    with set_up_stage() as stage:
        for group in options.groups or (QUICK if options.quick else GROUPS):
            for row in import_module(f"benchmarks.{group}").rows(stage, quick=options.quick):
                rows.append(row)
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if options.json:
        print(json.dumps({row.name: row.ratio(OURS, HAND) for row in rows}))
        return
    versions = [f"{name} {metadata.version(name)}" for name in ("grpcio", "protobuf", "clarifai")]
    print(f"Python {sys.version.split()[0]}, {', '.join(versions)}\n\n{format_table(rows)}")


if __name__ == "__main__":
    main()
