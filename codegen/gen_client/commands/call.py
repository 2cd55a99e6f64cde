"""`gen-client call`: the options."""

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
    ("a text, and a number", 'gen-client call src/models/o4_mini predict "Hello" max_tokens=64'),
    (
        "a file, and an image that comes back",
        "gen-client call acme/vision/models/eye segment image=@cat.png --out masks/",
    ),
    (
        "JSON; and standard input",
        "gen-client call models/o4_mini predict messages:='[]' prompt=- < prompt.txt",
    ),
    (
        "a chat with an OpenAI-compatible model",
        'gen-client call src/models/o4_mini chat "Hello" --text',
    ),
    (
        "one call a line",
        "gen-client call models/o4_mini predict --batch in.jsonl > out.jsonl",
    ),
    (
        "sample values, without a model",
        "gen-client call src/models/o4_mini predict Hello --samples",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `call`."""
    parser.add_argument(
        "words",
        metavar="[SOURCE] METHOD [NAME=VALUE ...]",
        nargs="*",
        help=f"{SOURCE_HELP} (unless an option names it); a method of it, a tool, or chat; its arguments:"
        " NAME=VALUE, NAME=@FILE, NAME=- (standard input), NAME:=JSON, or the first one without its name",
    )
    declare_model_options(parser)
    _declare_calls(parser)
    output = parser.add_argument_group("the results")
    output.add_argument(
        "--out",
        metavar="PATH",
        help="write media, bytes and arrays to this file, or into this folder if it exists or ends with /",
    )
    output.add_argument(
        "--text", action="store_true", help="print texts as they are, not as JSON strings"
    )
    if isinstance(parser, Parser):
        parser.unknown_option_remedy = "arguments of the method have no dashes: NAME=VALUE"


def _declare_calls(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the calls")
    group.add_argument(
        "--batch",
        metavar="FILE",
        help="call once per line of this file, a JSON object of arguments; - is standard input",
    )
    declare_call_options(group)
