"""`gen-client init`: the options and the examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

INIT_SOURCE_HELP: Final = (
    "the model: USER/APP/models/MODEL, its address, a runner, or in this repository: a lock, a signature file,"
    " an answer to tools/list, a model's folder"
)
EXAMPLES: Final = (
    (
        "a model of the platform",
        "gen-client init openai/chat-completion/models/o4-mini --out src/models",
    ),
    (
        "one version, and no later one",
        "gen-client init acme/vision/models/eye/versions/v7 --name eyes",
    ),
    ("a local runner", "gen-client init grpc://127.0.0.1:8000 --name my_model"),
    ("a signature file of the repository", "gen-client init models/eyes.json --name eyes"),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `init`."""
    parser.add_argument("source", metavar="SOURCE", help=INIT_SOURCE_HELP)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        help="the folder that gets the package, in the repository",
    )
    parser.add_argument("--name", default="", help="the package's name (default: the model's id)")
