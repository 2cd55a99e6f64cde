"""`gen-client migrate`: the options and the examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

EXAMPLES: Final = (
    ("which models does this code call, and where? nothing is written", "gen-client migrate src"),
    ("list the models that have no package in pyproject.toml", "gen-client migrate src --init"),
    ("what would change", "gen-client migrate src --diff"),
    ("rewrite what is certain", "gen-client migrate src --write"),
    (
        "the model that a URL from outside names, by its package",
        "gen-client migrate src --write --as src/app.py:11=detector",
    ),
)
FORMATS: Final = ("text", "json", "github")


def declare(parser: argparse.ArgumentParser) -> None:
    """Add the options of `migrate`."""
    parser.add_argument(
        "sources",
        metavar="SRC",
        nargs="*",
        type=Path,
        default=[Path()],
        help="a program, or a folder of programs (default: this folder)",
    )
    group = parser.add_argument_group("rewriting")
    action = group.add_mutually_exclusive_group()
    action.add_argument("--diff", action="store_true", help="print what would change as well")
    action.add_argument("--write", action="store_true", help="rewrite the files")
    action.add_argument(
        "--init", action="store_true", help="list the models without a package in pyproject.toml"
    )
    group.add_argument(
        "--unsafe",
        action="store_true",
        help="rewrite what has a remark, too: the program may behave differently",
    )
    group.add_argument(
        "--as",
        dest="given",
        metavar="FILE:LINE=PACKAGE",
        action="append",
        default=[],
        help="the package of the model that is made there, if the program does not say",
    )
    group.add_argument(
        "--allow-dirty",
        action="store_true",
        help="rewrite files that git could not restore: changed, or not committed",
    )
    packages = parser.add_argument_group("the generated packages")
    packages.add_argument(
        "--packages",
        metavar="DIR",
        type=Path,
        action="append",
        help="where they are (default: this folder, SRC and pyproject.toml)",
    )
    packages.add_argument(
        "--package-root",
        metavar="DIR",
        type=Path,
        help="the folder from which Python imports them (default: the nearest one that is no package)",
    )
    packages.add_argument(
        "--out", metavar="DIR", type=Path, help="with --init: the folder that gets new packages"
    )
    output = parser.add_argument_group("the answer")
    output.add_argument(
        "--format",
        choices=FORMATS,
        default=FORMATS[0],
        help="text for people, json for scripts, github for annotations",
    )
