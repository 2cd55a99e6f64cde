"""Prints the oldest release of each dependency that pyproject.toml declares, for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def oldest_requirements(project: Path = PROJECT) -> list[str]:
    """`name==version` of each dependency of the runtime."""
    declared = tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    found = [re.match(r"([\w-]+)>=([\w.]+)", each) for each in declared]
    return [f"{each[1]}=={each[2]}" for each in found if each]


if __name__ == "__main__":
    print(*oldest_requirements())
