"""A model's folder as a source: what its author uploads, `config.yaml` and `1/model.py`.

The signatures are read from the text of `model.py`; nothing of it is imported or run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.source.document import Document
from gen_client.text import quote

MODEL_FILE: Final = "model.py"
_VERSION_FOLDER: Final = "1"


def find_model_folder(path: str) -> Path | None:
    """Return the model's folder at a path: the folder itself, or that of its `model.py`; None if it is none."""
    try:
        place = Path(path)
        if place.name == MODEL_FILE and place.is_file():
            folder = place.parent
            return folder.parent if folder.name == _VERSION_FOLDER else folder
        is_model = (place / _VERSION_FOLDER / MODEL_FILE).is_file()
        return place if is_model else None
    except (OSError, ValueError):
        return None


class ModelFolder:
    """A model's folder."""

    def __init__(self, folder: Path, report: Report) -> None:
        """Name a folder; `fetch` reads it.

        Args:
            folder: The folder that holds `1/model.py`.
            report: Collects warnings.
        """
        self._folder = folder
        self._report = report

    def fetch(self) -> Document:
        """Read the signatures.

        Raises:
            Refusal: Exit 4: they cannot be read.
        """
        raise Refusal(
            f"{quote(str(self._folder), 200)}: a model's folder cannot be read yet",
            exit_code=UNUSABLE,
            remedy="serve it (clarifai model serve --grpc), and give the address of the runner",
        )
