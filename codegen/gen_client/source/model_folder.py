"""A model's folder as a source: what its author uploads, `config.yaml` and `1/model.py`.

The signatures are read from the text of `model.py`; nothing of it is imported or run, unless an interpreter is named that
may do so. A folder can be read as it is, or as of a revision of its git repository.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

from clarigen import ModelRef
from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.json_text import is_object
from gen_client.source.document import Document
from gen_client.source.mcp_offer import build_offer
from gen_client.source.model_file import interpreter
from gen_client.source.model_file.findings import Finding, Level
from gen_client.source.model_file.interpreter import Answer
from gen_client.source.model_file.read import Reading, read_model_file
from gen_client.source.revision import Revision
from gen_client.text import escape_unprintable, quote

MODEL_FILE: Final = "model.py"
CONFIG_FILE: Final = "config.yaml"
_VERSION_FOLDER: Final = "1"
MODEL_PATH: Final = f"{_VERSION_FOLDER}/{MODEL_FILE}"
"""The path of a model's source in its folder."""


def find_model_folder(path: str) -> Path | None:
    """Return the model's folder at a path: the folder itself, or that of its `model.py`; None if it is none."""
    try:
        place = Path(path)
        if place.name == MODEL_FILE and place.is_file():
            folder = place.parent
            return folder.parent if folder.absolute().name == _VERSION_FOLDER else folder
        is_model = (place / _VERSION_FOLDER / MODEL_FILE).is_file()
        return place if is_model else None
    except (OSError, ValueError):
        return None


class Files(Protocol):
    """The files of a model's folder, now or at a revision."""

    def read(self, path: str) -> bytes | None:
        """Return the first `limits.SIZE + 1` bytes of a file; None if there is no such file.

        Raises:
            Refusal: Exit 2: it cannot be read.
        """
        ...

    def list_names(self, path: str) -> list[str]:
        """Return the names in a folder; none if there is no such folder."""
        ...


class FolderFiles:
    """The files of a folder as it is.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file. Whatever is no regular file, such as a pipe, could be read without end."""
        place = self._folder / path
        try:
            if place.exists() and not place.is_file():
                raise OSError(None, "it is not a file")
            with place.open("rb") as file:
                return file.read(limits.SIZE + 1)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a path"
            name = quote((self._folder / path).as_posix(), 200)
            raise Refusal(f"{name} cannot be read: {reason}", exit_code=USAGE) from None

    def list_names(self, path: str) -> list[str]:
        """Return the names in a folder."""
        try:
            return sorted(entry.name for entry in (self._folder / path).iterdir())
        except (OSError, ValueError):
            return []


class RevisionFiles:
    """The files of a folder at a revision.

    Args:
        folder: The folder, which need not exist any more.
        revision: The revision.
    """

    def __init__(self, folder: Path, revision: Revision) -> None:
        self._revision = revision
        self._folder = folder

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file."""
        return self._revision.read_file(self._folder / path)

    def list_names(self, path: str) -> list[str]:
        """Return the names in a folder."""
        return self._revision.list_names(self._folder / path)

    def export(self, target: Path) -> None:
        """Write the folder as it was.

        Raises:
            Refusal: Exit 2: git or the system cannot do it.
        """
        content = self._revision.archive(self._folder)
        try:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(target, filter="data")
        except (OSError, tarfile.TarError):
            message = f"the folder at {quote(self._revision.name)} cannot be written"
            raise Refusal(message, exit_code=USAGE) from None


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model's source that was read.

    Attributes:
        path: The path of its `model.py`, for messages.
        document: Its signatures, without a version; None if they are not sure.
        reading: The findings, and where its methods are.
    """

    path: str
    document: Document | None
    reading: Reading


def _read_model_file(files: Files) -> tuple[str, bytes] | None:
    """Return the path of a model's source in its folder, where the SDK finds it, and its bytes; None if there is none."""
    for path in (MODEL_FILE, MODEL_PATH):
        content = files.read(path)
        if content is not None:
            return path, content
    return None


def read_model_source(
    files: Files, folder: Path, python: Path | None = None, label: str = ""
) -> ModelSource | None:
    """Read a model's source; None if the folder has none.

    Args:
        files: The files of the folder.
        folder: The path of the folder, for messages.
        python: The interpreter that may import the file; None if nothing may.
        label: What messages add to the path of the file, such as the revision.

    Raises:
        Refusal: Exit 2: a file cannot be read. Exit 4: the interpreter cannot import the file.
    """
    file = _read_model_file(files)
    if file is None:
        return None
    name, content = file
    path = (folder / name).as_posix() + label
    siblings = {Path(n).stem for n in (*files.list_names(""), *files.list_names(_VERSION_FOLDER))}
    reading = read_model_file(content, siblings - {"model", _VERSION_FOLDER})
    if python is not None:
        reading = _join(reading, _read_by_interpreter(files, folder, python, path))
    reference = read_reference(files.read(CONFIG_FILE))
    document = None
    if reading.signatures is not None:
        offer = None if reading.offer is None else build_offer(reading.offer)
        document = Document(reference, "", tuple(reading.signatures), mcp=offer, path=path)
    return ModelSource(path, document, reading)


def _read_by_interpreter(files: Files, folder: Path, python: Path, path: str) -> Answer:
    if isinstance(files, RevisionFiles):
        with tempfile.TemporaryDirectory(prefix="gen-client-") as target:
            files.export(Path(target))
            return interpreter.read_model(python, Path(target), path)
    return interpreter.read_model(python, folder, path)


def _join(reading: Reading, answer: Answer) -> Reading:
    """Return a reading with the answer of an interpreter: what was not sure is a warning, or settled."""
    findings = [
        replace(finding, level=Level.WARNING) if finding.level is Level.UNSURE else finding
        for finding in reading.findings
        if finding.level is not Level.UNSURE or finding.code.value.startswith("mocked")
    ]
    return replace(
        reading,
        signatures=answer.signatures,
        offer=answer.offer,
        offer_problem=None,
        findings=tuple(findings),
    )


def read_reference(content: bytes | None) -> ModelRef | None:
    """Return the model that a `config.yaml` names; None if it names none, or cannot be read."""
    if content is None:
        return None
    from gen_client.source import yaml_text

    try:
        config = yaml_text.parse(content.decode("utf-8-sig"))
    except ValueError:
        return None
    model: object = config.get("model") if isinstance(config, dict) else None
    if not is_object(model):
        return None
    ids = [model.get(key) for key in ("user_id", "app_id", "id")]
    texts = [text for text in ids if isinstance(text, str) and limits.is_id(text)]
    return ModelRef(*texts) if len(texts) == len(ids) else None


class ModelFolder:
    """A model's folder as a source of signatures."""

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
            Refusal: Exit 2: a file cannot be read. Exit 4: the signatures are not sure, or the upload refuses them.
        """
        source = read_model_source(FolderFiles(self._folder), self._folder)
        if source is None:
            message = f"{quote(str(self._folder), 200)} has no 1/model.py"
            raise Refusal(message, exit_code=USAGE)
        if source.document is None:
            raise refuse_reading(source)
        reading = source.reading
        for finding in (*reading.findings, *filter(None, [reading.offer_problem])):
            location = format_place(source.path, finding)
            self._report.warn(
                escape_unprintable(finding.message), location=location, remedy=finding.remedy
            )
        return source.document


def format_place(path: str, finding: Finding) -> str:
    """Return the place of a finding, for messages: `1/model.py:14: predict.x`."""
    place = f"{escape_unprintable(path, 200)}:{finding.line}"
    return f"{place}: {escape_unprintable(finding.location, 200)}" if finding.location else place


def refuse_reading(source: ModelSource) -> Refusal:
    """Return the refusal of a source whose signatures are not sure, or that the upload refuses."""
    reading = source.reading
    grave = [f for f in reading.findings if f.level is not Level.WARNING]
    grave += [reading.offer_problem] if reading.offer_problem is not None else []
    first = grave[0]
    others = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
    return Refusal(
        f"{first.level.value}: {escape_unprintable(first.message)}{others}",
        location=format_place(source.path, first),
        remedy=first.remedy,
        exit_code=UNUSABLE,
    )
