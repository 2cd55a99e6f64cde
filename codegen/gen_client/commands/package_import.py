"""How a program imports a generated package: its module, and the folder from which that is found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gen_client.escape import Code, join_code
from gen_client.identifiers import is_identifier
from gen_client.naming.names import identifier_code


@dataclass(frozen=True, slots=True)
class PackageImport:
    """How a program imports a package.

    Attributes:
        name: The name of the package.
        module: The module: the package after the packages that hold it, such as `app.models.o4_mini`.
        root: The nearest folder above that is no package, from which Python finds the module.
    """

    name: Code
    module: Code
    root: Path


def find_import(package: str, folder: Path) -> PackageImport:
    """Return how a program imports a package.

    Args:
        package: The name of the package.
        folder: The folder that holds the package.
    """
    name, root = identifier_code(package), folder.absolute()
    parts = [name]
    while is_identifier(root.name) and (root / "__init__.py").is_file():
        parts.append(identifier_code(root.name))
        root = root.parent
    return PackageImport(name, join_code(".", reversed(parts)), root)
