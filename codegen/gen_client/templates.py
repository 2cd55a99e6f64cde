"""Where the templates are, for those who render them and those who ask whether they changed.

What lives here: `templates`. Knows no other module.
"""

from __future__ import annotations

from pathlib import Path


def find_templates() -> Path:
    """The folder of the templates: beside this module when installed, else in the checkout."""
    here = Path(__file__).resolve()
    installed = here.parent / "templates"
    return installed if installed.is_dir() else here.parents[2] / "templates"
