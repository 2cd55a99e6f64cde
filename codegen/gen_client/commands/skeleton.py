"""`gen-client skeleton`: the options and the examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from gen_client.commands.model_options import declare_model_options, declare_source

EXAMPLES: Final = (
    (
        "a model of your own with the interface of a deployed one",
        "gen-client skeleton acme/vision/models/detector --out detector",
    ),
    ("and of what a package was generated from", "gen-client skeleton src/models/o4_mini --out o4"),
    ("does it still have that interface?", "gen-client diff src/models/o4_mini o4"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `skeleton`."""
    declare_source(parser)
    declare_model_options(parser)
    group = parser.add_argument_group("the model's folder")
    group.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="the folder that gets config.yaml, requirements.txt and 1/model.py; nothing in it is replaced",
    )
    group.add_argument(
        "--lossy",
        action="store_true",
        help="leave out descriptions and hints that the source of a model cannot have, instead of refusing them",
    )
