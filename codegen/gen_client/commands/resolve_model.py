"""The model that a command is about, and its interface.

The argument SOURCE names it, or an option of `model_options`. This module prints nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from gen_client.commands.package_import import PackageImport, find_import
from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import USAGE
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.layout import LOCK_FILE, SOURCE_FILES
from gen_client.naming import packages
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.named import NamedMethod, name_interface
from gen_client.source import Access, Document, Source, parse_source, resolve_address
from gen_client.source.address import Address, LocalAddress, parse_address
from gen_client.source.local import EXPECTED


@dataclass(frozen=True, slots=True)
class Interface:
    """A model's interface, as its generated client has it.

    Attributes:
        model: The model.
        package: The name of the package.
        module: The module of the package, as programs import it.
        methods: The methods of the client, except those of tools, with all their names.
        tools: The tools of the client, with all their names.
    """

    model: Model
    package: Code
    module: Code
    methods: list[NamedMethod]
    tools: list[NamedTool]


class KnownSource:
    """A source whose signatures were read before.

    Args:
        document: The signatures.
    """

    def __init__(self, document: Document) -> None:
        self._document = document

    def fetch(self) -> Document:
        """Return the signatures."""
        return self._document


def find_address(arguments: argparse.Namespace, text: str | None) -> Address | None:
    """Return the address of the model that the command line names; None if it names none.

    Args:
        arguments: The command line, with the options of `model_options`.
        text: The argument SOURCE, if there is one.

    Raises:
        Refusal: Exit 2: it names two models, or what it names is not an address.
    """
    signatures = getattr(arguments, "signatures", None)
    if text is not None and (arguments.url is not None or signatures is not None):
        raise Refusal(
            "SOURCE and an option both name a model",
            exit_code=USAGE,
            remedy="leave out --url and --signatures, or name no SOURCE",
        )
    if text is not None:
        return parse_source(text)
    if arguments.url is not None:
        return parse_address(arguments.url)
    return None if signatures is None else LocalAddress(signatures)


def resolve_source(
    arguments: argparse.Namespace,
    text: str | None,
    report: Report,
    progress: ProgressCallback,
) -> Source:
    """Return the source of signatures that the command line names.

    Args:
        arguments: The command line, with the options of `model_options`.
        text: The argument SOURCE, if there is one.
        report: Collects the warnings of the source.
        progress: Called with each stage as it starts.

    Raises:
        Refusal: Exit 2: no source is named, or it is none.
    """
    address = find_address(arguments, text)
    if address is None:
        raise Refusal("no model is named", exit_code=USAGE, remedy=EXPECTED)
    return resolve_address(address, Access(api_base=arguments.api_base, progress=progress), report)


def read_interface(
    source: Source, package: Code | None, report: Report, module: Code | None = None
) -> Interface:
    """Fetch the signatures from a source, and name their methods as a client would.

    Args:
        source: The source.
        package: The name of the package; None to make it from the model's id.
        report: Collects warnings.
        module: The module of the package; None if it is not in another package.

    Raises:
        Refusal: The signatures cannot be fetched, or cannot become a client.
    """
    model = read_model(source.fetch(), report)
    name = package or name_package(model)
    named = name_interface(model, name, report)
    return Interface(model, name, module or name, named.methods, named.tools)


def name_package(model: Model) -> Code:
    """Return the name that the package of a model would have; `model` if its id gives none."""
    try:
        return packages.package_name_from_id(
            "model" if model.reference is None else model.reference.model_id
        )
    except Refusal:
        return packages.package_name_from_id("model")


def find_package(lock: str) -> PackageImport | None:
    """Return how a program imports the package that holds a lock.

    Returns:
        None if the file is not a lock, or if its folder has no name for a package.
    """
    if Path(lock).name != LOCK_FILE:
        return None
    folder = Path(lock).absolute().parent
    try:
        return find_import(packages.check_package_name(folder.name), folder.parent)
    except Refusal:
        return None


def package_name_at(lock: str) -> Code | None:
    """Return the name of the package that holds a lock; None if there is no such package."""
    package = find_package(lock)
    return None if package is None else package.name


def is_lock_of_package(path: str) -> bool:
    """Return whether a file is the lock of a generated package that is beside it, so that its settings are that package's."""
    package = find_package(path) if path else None
    return package is not None and all(
        Path(path).with_name(file).is_file() for file in SOURCE_FILES
    )
