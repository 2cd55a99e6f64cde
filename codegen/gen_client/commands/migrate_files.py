"""The programs of a code base: found, read and written.

Only regular files with `clarifai` in them are parsed. A link is not followed, and what cannot be read is said.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import stat
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.layout import FIRST_LINE
from gen_client.output.work_files import replace_file
from gen_client.source.git import find_repository, run_git
from gen_client.text import quote

MAX_SIZE: Final = 4 << 20
"""Maximum size of a program, in bytes."""
_WORD: Final = b"clarifai"
_SUFFIXES: Final = (".py", ".ipynb")
_SKIPPED: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_ATTRIBUTE: Final = "."
"""In the place of a module: the name is that of an attribute, and what is used of it."""
_FROM_IMPORT: Final = re.compile(
    rb"^[ \t]*from[ \t]+([\w.]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)", re.MULTILINE
)
_IMPORT: Final = re.compile(rb"^[ \t]*import[ \t]+([\w. ,\t]+)", re.MULTILINE)
_NAME: Final = re.compile(rb"\w+")
_FOREIGN_CALL: Final = re.compile(rb"\b(?!self\.|cls\.)\w+(?:\([^()\n]*\))?\.(\w+)\.(\w+)\b")
"""A use of an attribute of another object: `detector.model.predict`."""


@dataclass(slots=True)
class SourceFile:
    """A file of a code base.

    Attributes:
        path: Its path, as the user would write it.
        content: Its bytes.
        text: Its text; empty if it was not read.
        encoding: Its encoding.
        mark: The byte order mark at its start, or nothing.
        problem: Why it was not read; empty if it was.
    """

    path: Path
    content: bytes = b""
    text: str = ""
    encoding: str = "utf-8"
    mark: bytes = b""
    problem: str = ""

    @property
    def label(self) -> str:
        """Its path, for messages."""
        return self.path.as_posix()

    @property
    def module(self) -> str:
        """The last part of the name under which other files import it."""
        return self.path.absolute().parent.name if self.path.stem == "__init__" else self.path.stem

    def encode(self, text: str) -> bytes:
        """Return the bytes of a new text.

        Raises:
            UnicodeEncodeError: The encoding of the file lacks a character.
        """
        return self.mark + text.encode(self.encoding)


@dataclass(slots=True)
class CodeBase:
    """The files of a code base.

    Attributes:
        files: Those with `clarifai` in them, in order.
        imports: What files import of each other: the last part of a module, and a name in it.
    """

    files: list[SourceFile]
    imports: dict[Path, set[tuple[str, str]]]

    def names_imported_from(self, file: SourceFile) -> frozenset[str]:
        """Return the names that other files may import from a file, and what they use of attributes: `model.predict`."""
        return frozenset(
            name
            for path, pairs in self.imports.items()
            if path != file.path
            for module, name in pairs
            if module in (file.module, _ATTRIBUTE)
        )


def read_code_base(sources: Iterable[Path]) -> CodeBase:
    """Read the programs in some files and folders.

    Raises:
        Refusal: Exit 2: there is no such file or folder.
    """
    code_base = CodeBase([], {})
    for path in dict.fromkeys(_list_files(sources)):
        file = _read_file(path)
        if file is None:
            continue
        code_base.imports[path] = _find_imports(file.content) if path.suffix == ".py" else set()
        if _WORD in file.content or file.problem:
            _decode(file)
            if not file.text.startswith(FIRST_LINE):
                code_base.files.append(file)
    return code_base


def _list_files(sources: Iterable[Path]) -> Iterator[Path]:
    for source in sources:
        try:
            mode = source.stat().st_mode
        except (OSError, ValueError):
            raise Refusal(
                f"{quote(str(source), 200)} cannot be read: there is no such file or folder",
                exit_code=USAGE,
            ) from None
        if stat.S_ISDIR(mode):
            yield from sorted(walk_files(source))
        else:
            yield source


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield the programs and locks below a folder. Hidden folders, environments and links are left out."""
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not (here / name).is_symlink()
            and not (here / name / "pyvenv.cfg").exists()
        ]
        for name in names:
            if name.endswith(_SUFFIXES) and not (here / name).is_symlink():
                yield here / name


def _read_file(path: Path) -> SourceFile | None:
    """Read a file; return None if it is no regular file."""
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return SourceFile(path, problem="it is a symbolic link, which is not followed")
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_SIZE:
            return SourceFile(path, problem=f"it is larger than {MAX_SIZE >> 20} MB")
        return SourceFile(path, path.read_bytes())
    except OSError as error:
        return SourceFile(path, problem=error.strerror or type(error).__name__)


def _decode(file: SourceFile) -> None:
    """Decode a file, or say why that is not possible."""
    if file.problem:
        return
    if file.path.suffix == ".ipynb":
        file.problem = "it is a notebook: its cells are not rewritten"
        return
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(file.content).readline)
        if file.content.startswith(codecs.BOM_UTF8):
            file.mark, encoding = codecs.BOM_UTF8, "utf-8"
        text = file.content[len(file.mark) :].decode(encoding)
        if file.mark + text.encode(encoding) != file.content:
            raise ValueError
    except (SyntaxError, ValueError, LookupError):
        file.problem = "it cannot be decoded"
        return
    file.text, file.encoding = text, encoding


def _find_imports(content: bytes) -> set[tuple[str, str]]:
    """Return what a file imports: pairs of the last part of a module, and a name in it. Nothing is parsed."""
    pairs: set[tuple[str, str]] = set()
    modules: set[bytes] = set()
    for match in _FROM_IMPORT.finditer(content):
        names = _NAME.findall(re.sub(rb"#[^\n]*", b"", match[2]))
        modules.update(names)
        module = match[1].rpartition(b".")[2]
        pairs.update((_text(module), _text(name)) for name in names)
    for match in _IMPORT.finditer(content):
        for listed in match[1].split(b","):
            modules.update(re.findall(rb"(\w+)[ \t]*$", listed))
            modules.update(re.findall(rb"^[ \t]*[\w.]*?(\w+)[ \t]+as", listed))
    pairs.update(
        (_ATTRIBUTE, f"{_text(attribute)}.{_text(method)}")
        for attribute, method in _FOREIGN_CALL.findall(content)
    )
    for module, name in re.findall(rb"\b(\w+)\.(\w+)\b", content):
        if module in modules:
            pairs.add((_text(module), _text(name)))
    return pairs


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


# Writing


def check_restorable(files: Iterable[SourceFile]) -> None:
    """Refuse to rewrite files whose content git could not bring back.

    Raises:
        Refusal: Exit 2: a file in a repository has changes, or is not in it.
    """
    for file in files:
        root = find_repository(file.path.absolute().parent)
        if root is None:
            continue
        path = os.path.relpath(os.path.realpath(file.path), root)
        try:
            output = run_git(root, "status", "--porcelain", "-z", "--", f":(literal){path}")
        except (OSError, ValueError):
            continue
        if output:
            raise Refusal(
                "has changes that git could not restore",
                exit_code=USAGE,
                location=quote(file.label, 400),
                remedy="commit it, or give --allow-dirty",
            )


def write_file(file: SourceFile, text: str) -> str:
    """Replace a file by a new text in one step.

    Returns:
        Why it was not written; empty if it was.
    """
    try:
        content = file.encode(text)
        if file.path.read_bytes() != file.content:
            return "it has changed since it was read"
        replace_file(file.path, content)
    except UnicodeEncodeError:
        return f"its encoding {file.encoding} lacks a character"
    except OSError as error:
        return str(error.strerror or type(error).__name__)
    return ""
