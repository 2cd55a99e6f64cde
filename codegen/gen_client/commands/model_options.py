"""Which model a verb is about, as the command line says it, and its interface.

What lives here: the options `--url`, `--signatures` and `--api-base`, the lock or package named by its path, and
`interface_of`, which reads a place and gives its methods all their names. Prints nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.exit_codes import USAGE
from gen_client.layout import LOCK_FILE

if TYPE_CHECKING:
    from gen_client.escape import Code
    from gen_client.interface.model import Model
    from gen_client.plan.named import NamedMethod
    from gen_client.source import Source


@dataclass(frozen=True, slots=True)
class Interface:
    """A model's interface, as its generated client has it.

    Attributes:
        model: The interface.
        package: What the package is called.
        methods: The methods that the client offers, with their names.
    """

    model: Model
    package: Code
    methods: list[NamedMethod]


def declare(parser: argparse.ArgumentParser, *, signatures: bool = True) -> None:
    """Add the options that name a model.

    Args:
        parser: The parser of a verb, which may take a path as well.
        signatures: Whether a file may be named by an option.
    """
    which = parser.add_argument_group("the model")
    place = which.add_mutually_exclusive_group()
    place.add_argument(
        "--url",
        help="its address on the platform, USER/APP/models/MODEL, or a local runner (grpc://127.0.0.1:8000)",
    )
    if signatures:
        place.add_argument(
            "--signatures",
            metavar="FILE",
            help="a file with the model's signatures, JSON or YAML; - is standard input",
        )
    which.add_argument(
        "--api-base",
        metavar="URL",
        help="the platform's API (default: CLARIFAI_API_BASE, else https://api.clarifai.com)",
    )


def place_of(
    arguments: argparse.Namespace, path: str | None, report: Report, progress: ProgressCallback
) -> Source:
    """The place that the command line names.

    Args:
        arguments: With the options of `declare`.
        path: A lock, a package's folder or a signature file, if one was named.
        report: Where warnings go.
        progress: Progress callback.

    Raises:
        Refusal: Exit 2: it names none.
    """
    from gen_client import source

    if arguments.url is not None:
        return source.at(
            arguments.url, source.Access(api_base=arguments.api_base, progress=progress)
        )
    file = path if path is not None else arguments.signatures
    if file is None:
        raise Refusal(
            "no model is named",
            exit_code=USAGE,
            remedy="name a package or its lock, or give --url or --signatures",
        )
    return source.in_file(lock_path(file), report)


def lock_path(path: str) -> str:
    """The lock that is meant by the path of a package's folder; any other path as it is."""
    return str(Path(path) / LOCK_FILE) if path != "-" and Path(path).is_dir() else path


def interface_of(place: Source, package: Code | None, report: Report) -> Interface:
    """The interface of the model at a place.

    Args:
        place: Where its signatures are.
        package: What the package is called; None for the name that its model gives it.
        report: Where warnings go.

    Raises:
        Refusal: It cannot be had, or cannot become a client.
    """
    from gen_client import source
    from gen_client.interface import read
    from gen_client.plan.named import name_methods

    model = read.read_model(source.read(place), report)
    name = package or _package(model)
    return Interface(model, name, name_methods(model, name, report))


def _package(model: Model) -> Code:
    from gen_client.naming import names

    try:
        return names.package_name("model" if model.reference is None else model.reference.model_id)
    except Refusal:  # an id that gives no name: there is still an interface to look at
        return names.package_name("model")


def package_at(lock: str) -> Code | None:
    """What the package is called that a lock lies in; None for another file, or if the folder's name is none."""
    from gen_client.naming import names

    if Path(lock).name != LOCK_FILE:
        return None
    folder = Path(lock).absolute().parent
    try:
        return names.check_package_name(folder.name)
    except Refusal:
        return None
