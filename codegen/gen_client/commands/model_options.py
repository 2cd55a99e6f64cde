"""The options that name a model: `--url`, `--signatures` and `--api-base`.

They are declared here; `resolve_model` and `resolve_jobs` read them.
"""

from __future__ import annotations

import argparse


def declare_model_options(parser: argparse.ArgumentParser, *, signatures: bool = True) -> None:
    """Add the options that name a model.

    Args:
        parser: The parser of a command, which may take a path as well.
        signatures: Whether `--signatures` is one of them.
    """
    group = parser.add_argument_group("the model")
    source = group.add_mutually_exclusive_group()
    source.add_argument(
        "--url",
        help="its address on the platform, USER/APP/models/MODEL, or a local runner (grpc://127.0.0.1:8000)",
    )
    if signatures:
        source.add_argument(
            "--signatures",
            metavar="FILE",
            help="a file with the model's signatures, JSON or YAML; - is standard input",
        )
    group.add_argument(
        "--api-base",
        metavar="URL",
        help="the platform's API (default: CLARIFAI_API_BASE, else https://api.clarifai.com)",
    )
