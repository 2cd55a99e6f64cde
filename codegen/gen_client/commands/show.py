"""`gen-client show`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.model_options import SOURCE_HELP, declare_model_options

SNIPPET_STYLES: Final = ("sync", "async", "batch")
EXAMPLES: Final = (
    ("a model of the platform", "gen-client show openai/chat-completion/models/o4-mini"),
    ("one method of a generated package", "gen-client show src/models/o4_mini predict"),
    ("code that calls it, to copy", "gen-client show src/models/o4_mini predict --snippet=async"),
    (
        "the methods as tools for a language model",
        "gen-client show src/models/o4_mini --json-schema",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `show`."""
    parser.add_argument(
        "names",
        metavar="[SOURCE] [METHOD]",
        nargs="*",
        help=f"{SOURCE_HELP} (unless an option names it); one method of it",
    )
    declare_model_options(parser)
    output = parser.add_argument_group("the answer").add_mutually_exclusive_group()
    output.add_argument(
        "--snippet",
        metavar="FORM",
        nargs="?",
        const="all",
        choices=("all", *SNIPPET_STYLES),
        help="only code to copy: sync, async, batch, or all of them",
    )
    output.add_argument(
        "--raw",
        action="store_true",
        help="each method on one line, as the platform's documentation and its SDK print it",
    )
    output.add_argument("--json", action="store_true", help="everything, as JSON")
    output.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text for people, or json for scripts: the same as --json",
    )
    output.add_argument(
        "--json-schema",
        action="store_true",
        help="each method's input and output as JSON Schema (draft 2020-12), as tools for a language model",
    )
