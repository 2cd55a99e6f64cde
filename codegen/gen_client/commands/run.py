"""`gen-client run`: the options."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.command import Parser
from gen_client.commands.model_options import (
    SOURCE_HELP,
    declare_call_options,
    declare_model_options,
)

EXAMPLES: Final = (
    (
        "each row of Parquet files",
        "gen-client run models/eye detect --column image=img --in *.parquet --out o/",
    ),
    (
        "JSON lines, with an argument that is the same for all",
        "gen-client run models/o4_mini predict max_tokens=64 --in a.jsonl --out o/",
    ),
    (
        "what would be done, without a call",
        "gen-client run models/eye detect --in images.parquet --out o/ --check",
    ),
    (
        "once more the rows that were refused or got no answer",
        "gen-client run models/eye detect --in images.parquet --out o/ --again",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run`."""
    parser.add_argument(
        "words",
        metavar="[SOURCE] METHOD [NAME=VALUE ...]",
        nargs="*",
        help=f"{SOURCE_HELP} (unless an option names it); a method or a tool of it; the arguments that are the"
        " same for all rows, written as for `call`",
    )
    declare_model_options(parser)
    rows = parser.add_argument_group("the rows")
    rows.add_argument(
        "--in",
        dest="inputs",
        metavar="FILE",
        nargs="+",
        action="extend",
        help="Parquet files (.parquet), or files of JSON lines (.jsonl, .ndjson): a row is a call",
    )
    rows.add_argument(
        "--column",
        metavar="NAME=COLUMN",
        action="append",
        default=[],
        help="the column of an argument; without it, the column with its name",
    )
    output = parser.add_argument_group("the results")
    output.add_argument(
        "--out",
        metavar="DIR",
        help="write the rows with their results into this folder, in parts; the same command goes on",
    )
    output.add_argument(
        "--result",
        metavar="COLUMN",
        default="result",
        help="the column of results (default: result)",
    )
    output.add_argument(
        "--error", metavar="COLUMN", default="error", help="the column of errors (default: error)"
    )
    output.add_argument(
        "--part-rows",
        metavar="N",
        type=int,
        default=5000,
        help="the rows after which a part is written (default: 5000)",
    )
    modes = output.add_mutually_exclusive_group()
    modes.add_argument(
        "--check",
        action="store_true",
        help="show rows, columns and types; nothing is sent or written",
    )
    modes.add_argument(
        "--again",
        action="store_true",
        help="when all rows are done, repeat those that may pass another time",
    )
    calls = parser.add_argument_group("the calls")
    calls.add_argument(
        "--in-flight",
        metavar="N",
        type=int,
        help="the most requests at once (default: as many as the model takes, up to 32)",
    )
    declare_call_options(calls)
    if isinstance(parser, Parser):
        parser.unknown_option_remedy = "arguments of the method have no dashes: NAME=VALUE"
