"""The model that a command is about, and its interface.

The options of `model_options` name it, or the path of a package, a lock or a signature file. This module prints
nothing.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from gen_client.diagnostics import ProgressCallback, Refusal, Report
from gen_client.escape import Code
from gen_client.exit_codes import USAGE
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.layout import LOCK_FILE
from gen_client.naming import packages
from gen_client.plan.mcp.named import NamedTool
from gen_client.plan.named import NamedMethod, name_interface
from gen_client.source import Access, SignatureFile, Source, resolve_url


@dataclass(frozen=True, slots=True)
class Interface:
    """A model's interface, as its generated client has it.

    Attributes:
        model: The model.
        package: The name of the package.
        methods: The methods of the client, except those of tools, with all their names.
        tools: The tools of the client, with all their names.
    """

    model: Model
    package: Code
    methods: list[NamedMethod]
    tools: list[NamedTool]


def resolve_source(
    arguments: argparse.Namespace,
    path: str | None,
    report: Report,
    progress: ProgressCallback,
) -> Source:
    """Return the source of signatures that the command line names.

    Args:
        arguments: The command line, with the options of `model_options`.
        path: The package, lock or signature file of a positional argument, if there is one.
        report: Collects the warnings of the source.
        progress: Called with each stage as it starts.

    Raises:
        Refusal: Exit 2: no source is named.
    """
    if arguments.url is not None:
        return resolve_url(arguments.url, Access(api_base=arguments.api_base, progress=progress))
    file = path if path is not None else arguments.signatures
    if file is None:
        raise Refusal(
            "no model is named",
            exit_code=USAGE,
            remedy="name a package or its lock, or give --url or --signatures",
        )
    return SignatureFile(resolve_lock_path(file), report)


def resolve_lock_path(path: str) -> str:
    """Return the path of the lock in a package's folder; any other path unchanged."""
    return str(Path(path) / LOCK_FILE) if path != "-" and Path(path).is_dir() else path


def read_interface(source: Source, package: Code | None, report: Report) -> Interface:
    """Fetch the signatures from a source, and name their methods as a client would.

    Args:
        source: The source.
        package: The name of the package; None to make it from the model's id.
        report: Collects warnings.

    Raises:
        Refusal: The signatures cannot be fetched, or cannot become a client.
    """
    model = read_model(source.fetch(), report)
    name = package or _package_name(model)
    named = name_interface(model, name, report)
    return Interface(model, name, named.methods, named.tools)


def _package_name(model: Model) -> Code:
    try:
        return packages.package_name_from_id(
            "model" if model.reference is None else model.reference.model_id
        )
    except Refusal:  # The id gives no name for a package; its interface can be shown all the same.
        return packages.package_name_from_id("model")


def package_name_at(lock: str) -> Code | None:
    """Return the name of the package that holds a lock.

    Returns:
        None if the file is no lock, or if its folder has no name for a package.
    """
    if Path(lock).name != LOCK_FILE:
        return None
    folder = Path(lock).absolute().parent
    try:
        return packages.check_package_name(folder.name)
    except Refusal:
        return None
