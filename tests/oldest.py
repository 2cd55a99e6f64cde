"""Print the oldest versions of the runtime's dependencies, as a requirements file for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parent.parent / "pyproject.toml"

NEWEST_PYTHON: Final = (3, 14)
"""The newest Python for which these versions have wheels. Nothing is installed on later ones."""


def oldest_requirements(project: Path = PROJECT) -> list[str]:
    """Return `name==version` for each dependency."""
    dependencies = tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    lower_bounds = [re.match(r"([\w-]+)>=([\w.]+)", requirement) for requirement in dependencies]
    return [f"{bound[1]}=={bound[2]}" for bound in lower_bounds if bound]


def main() -> None:
    """Print the requirements, one per line."""
    major, minor = NEWEST_PYTHON
    for requirement in oldest_requirements():
        print(f"{requirement} ; python_version < '{major}.{minor + 1}'")


if __name__ == "__main__":
    main()
