"""`gen-client contract`: the options and the examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from gen_client.commands.model_options import declare_platform_options
from gen_client.commands.report_options import declare_report_options

EXAMPLES: Final = (
    (
        "does this branch break callers? no credential, no dependency of the model",
        "gen-client contract my-model --base origin/main",
    ),
    ("against the deployed model that config.yaml names", "gen-client contract my-model"),
    ("against a committed lock", "gen-client contract my-model --lock signatures.json"),
    ("only what the upload will refuse or change", "gen-client contract my-model --lint"),
    (
        "with the author's interpreter, if the source alone does not say enough",
        "gen-client contract my-model --base origin/main --python .venv/bin/python",
    ),
)


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `contract`."""
    parser.add_argument(
        "folders",
        metavar="DIR",
        nargs="*",
        default=["."],
        help="the model's folder, with config.yaml and 1/model.py, or its model.py (default: this folder)",
    )
    group = parser.add_argument_group("the interface that callers know")
    old = group.add_mutually_exclusive_group()
    old.add_argument("--base", metavar="REV", help="DIR as of this revision of its git repository")
    old.add_argument(
        "--lock",
        metavar="FILE",
        help="a lock or another signature file (default: the deployed model)",
    )
    old.add_argument("--lint", action="store_true", help="none: print only findings")
    declare_platform_options(group)
    group.add_argument(
        "--write", action="store_true", help="write the lock, whatever changed; needs --lock"
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        type=Path,
        help="let this interpreter import model.py, instead of reading its text; it needs the SDK and the model's libraries",
    )
    declare_report_options(parser)
