"""The folder of our templates.

`render` loads them, and `cache` hashes them to notice a change.
"""

from __future__ import annotations

from pathlib import Path


def find_template_folder() -> Path:
    """Return the folder of the templates: next to this module if installed, else in the checkout."""
    here = Path(__file__).resolve()
    installed = here.parent / "templates"
    return installed if installed.is_dir() else here.parents[2] / "templates"
