"""The benchmarks: `python -m benchmarks [--quick] [--json] [GROUP …]` prints a table of ratios.

A group is a module beside this one. `--quick` takes few readings of the smaller rows, without the SDK: enough to
see that something has become much slower, not enough to quote.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module, metadata

from benchmarks.measure import HAND, OURS, Row, table
from benchmarks.stage import stage

GROUPS = ("start", "calls", "payloads", "values", "streams", "batches", "editors", "generation")
QUICK = GROUPS[:-3]


def main() -> None:
    """Measure the groups named, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=", ".join(GROUPS))
    parser.add_argument("--quick", action="store_true", help="few readings, small rows, no SDK")
    parser.add_argument(
        "--json", action="store_true", help="the ratios to hand-written code alone, for a program"
    )
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    found: list[Row] = []
    with stage() as its:
        for group in options.groups or (QUICK if options.quick else GROUPS):
            for row in import_module(f"benchmarks.{group}").rows(its, quick=options.quick):
                found.append(row)
                print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    if options.json:
        print(json.dumps({row.what: row.ratio(OURS, HAND) for row in found}))
        return
    versions = [f"{name} {metadata.version(name)}" for name in ("grpcio", "protobuf", "clarifai")]
    print(f"Python {sys.version.split()[0]}, {', '.join(versions)}\n\n{table(found)}")


if __name__ == "__main__":
    main()
