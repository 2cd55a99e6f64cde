"""The generated packages of a code base: from the configuration, and from the folders where they are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from gen_client import config
from gen_client.commands.migrate_files import walk_files
from gen_client.commands.package_import import find_import
from gen_client.commands.resolve_model import read_interface
from gen_client.diagnostics import Refusal, Report, suggest
from gen_client.escape import Code, join_code
from gen_client.exit_codes import USAGE
from gen_client.identifiers import is_identifier
from gen_client.layout import FIRST_LINE, LOCK_FILE
from gen_client.migrate.target import Package
from gen_client.naming import names, packages
from gen_client.naming.names import identifier_code
from gen_client.source.file import SignatureFile
from gen_client.text import quote


def find_packages(folders: Iterable[Path], root: Path | None, report: Report) -> list[Package]:
    """Return the generated packages in some folders, and those of the configuration.

    Args:
        folders: The folders.
        root: The folder from which Python imports them; None for the nearest one that is no package.
        report: Collects a warning for each package whose lock cannot be read.

    Raises:
        Refusal: Exit 2: the configuration is wrong.
    """
    found: dict[Path, Package] = {}
    for folder in [*_configured_folders(), *(f for path in folders for f in _list_packages(path))]:
        place = Path(os.path.realpath(folder))
        if place in found:
            continue
        try:
            found[place] = _read_package(folder, root)
        except Refusal as refusal:
            report.warn(
                f"the package is left out: {refusal.diagnostic.message}",
                location=quote(str(folder), 200),
            )
    return list(found.values())


def _configured_folders() -> Iterator[Path]:
    if config.find_config_file(config.working_folder()).section is None:
        return
    for entry in config.load_settings(config.working_folder()).entries:
        folder = entry.out / entry.name
        if (folder / LOCK_FILE).is_file():
            yield folder


def _list_packages(folder: Path) -> Iterator[Path]:
    """Yield the folders of the generated packages below a folder, or the folder itself."""
    for file in sorted(walk_files(folder)) if folder.is_dir() else ():
        if file.name == "client.py" and (file.parent / LOCK_FILE).is_file() and _is_generated(file):
            yield file.parent


def _is_generated(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.readline(200).rstrip() == FIRST_LINE.encode()
    except OSError:
        return False


def _read_package(folder: Path, root: Path | None) -> Package:
    name = packages.check_package_name(folder.absolute().name)
    module = find_import(name, folder.absolute().parent).module
    if root is not None:
        module = _find_module(folder, root)
    document = SignatureFile(str(folder / LOCK_FILE), Report())
    interface = read_interface(document, name, Report(), module)
    client = names.class_name(name)
    model = interface.model
    return Package(
        module=str(module),
        reference=model.reference,
        client=str(client),
        async_client=str(names.async_class_name(client)),
        methods={method.wire.name: method for method in interface.methods},
        has_kind=model.openai is not None or model.tools is not None,
    )


def _find_module(folder: Path, root: Path) -> Code:
    """Return the module of a package, as Python finds it from a folder."""
    relative = Path(os.path.relpath(folder, root))
    if not all(map(is_identifier, relative.parts)):
        raise Refusal(f"it is not below {quote(str(root), 200)}", exit_code=USAGE)
    return join_code(".", map(identifier_code, relative.parts))


def choose_package(text: str, found: Iterable[Package]) -> Package:
    """Return the package that the user names: by its module, its last part, or its folder.

    Raises:
        Refusal: Exit 2: there is none of that name, or more than one.
    """
    listed = list(found)
    word = text.strip("/").replace("/", ".")
    matches = [p for p in listed if p.module == word] or [
        p for p in listed if p.module.rpartition(".")[2] == word or word.endswith(f".{p.module}")
    ]
    if len(matches) == 1:
        return matches[0]
    problem = "more than one package has" if matches else "no package has"
    raise Refusal(
        f"{problem} the name {quote(text, 200)}",
        exit_code=USAGE,
        location="--as",
        remedy=suggest(
            word, sorted({n for p in listed for n in (p.module, p.module.rpartition(".")[2])})
        ),
    )
