"""`gen-client serve`: the options and the examples."""

from __future__ import annotations

import argparse
from typing import Final

from gen_client.commands.model_options import declare_model_options, declare_source

EXAMPLES: Final = (
    ("serve what a package was generated from", "gen-client serve src/models/o4_mini --port 8000"),
    ("and call it", "CLARIFAI_API_BASE=grpc://127.0.0.1:8000 python -m models.o4_mini.examples"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `serve`."""
    declare_source(parser)
    declare_model_options(parser)
    group = parser.add_argument_group("the server")
    group.add_argument(
        "--port", type=int, default=0, help="its port on 127.0.0.1 (default: one that is free)"
    )
    group.add_argument(
        "--seed",
        type=int,
        default=0,
        help="seed of the sample values; equal seeds and arguments give equal values (default: 0)",
    )
