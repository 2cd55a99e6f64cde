"""Revisions of a git repository, and a signature file at one of them as a source.

A revision is the user's text, and is never read as an option.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.source.document import Document
from gen_client.source.file import parse_document
from gen_client.source.git import find_repository, run_git
from gen_client.text import quote


class Revision:
    """A commit of the git repository around a path.

    Attributes:
        name: The user's text.
    """

    def __init__(self, name: str, place: Path) -> None:
        """Name a revision; its methods ask git.

        Args:
            name: Anything that git accepts for a commit: `main`, `HEAD~1`, a tag, a hash.
            place: A folder in the repository, which need not exist any more.
        """
        self.name = name
        self._place = place
        self._root = find_repository(place)
        self._commit = ""

    def read_file(self, path: Path) -> bytes | None:
        """Return the bytes of a file; None if there is none, or if it is no file.

        Raises:
            Refusal: Exit 2: git or the revision does not exist. Exit 4: the file is too large.
        """
        blob = self._find_object(path)
        size = self._run_git("cat-file", "-s", blob)
        if size is None:
            return None
        if int(size) > limits.SIZE:
            name = f"{quote(path.as_posix(), 200)} at {quote(self.name)}"
            raise Refusal(f"{name} is larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE)
        return self._run_git("cat-file", "blob", blob)

    def list_names(self, path: Path) -> list[str]:
        """Return the names in a folder; none if there is no such folder."""
        output = self._run_git("ls-tree", "-z", "--name-only", self._find_object(path))
        return sorted(name for name in os.fsdecode(output or b"").split("\0") if name)

    def archive(self, path: Path) -> bytes:
        """Return a folder as a tar file.

        Raises:
            Refusal: Exit 2: git cannot do it.
        """
        output = self._run_git("archive", "--format=tar", self._find_object(path))
        if output is None:
            name = f"{quote(path.as_posix(), 200)} at {quote(self.name)}"
            raise Refusal(f"{name} cannot be exported", exit_code=USAGE)
        return output

    def _find_object(self, path: Path) -> str:
        """Return the name of a file or folder in the commit, as git takes it."""
        if not self._commit:
            self._commit = self._resolve()
        folder = os.path.relpath(os.path.realpath(path.parent), self._root or Path())
        place = Path(os.path.normpath(Path(folder) / path.name)).as_posix()
        return f"{self._commit}:{'' if place == '.' else place}"

    def _resolve(self) -> str:
        """Return the hash of the revision's commit."""
        commit = f"{self.name}^{{commit}}"
        output = self._run_git("rev-parse", "--verify", "--quiet", "--end-of-options", commit)
        if output is None:
            folder = quote(str(self._place), 200)
            raise Refusal(
                f"--base {quote(self.name)} is not a revision of the repository around {folder}",
                exit_code=USAGE,
                remedy="a shallow clone may lack it: git fetch, with its depth or its name",
            )
        return output.decode("ascii").strip()

    def _run_git(self, *arguments: str) -> bytes | None:
        """Return the output of a git command; None if the command fails, or there is no repository."""
        if self._root is None:
            return None
        try:
            return run_git(self._root, *arguments)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            raise Refusal(
                "git cannot be run", exit_code=USAGE, remedy="--base reads from git"
            ) from None


class RevisionFile:
    """A signature file at a revision."""

    def __init__(self, path: Path, revision: str, report: Report) -> None:
        """Name a file and a revision; `fetch` asks git.

        Args:
            path: The path of the file, which need not exist any more.
            revision: Anything that git accepts for a commit: `main`, `HEAD~1`, a tag, a hash.
            report: Collects warnings.
        """
        self._path = path
        self._revision = Revision(revision, path.parent)
        self._report = report

    def fetch(self) -> Document:
        """Read the file from git.

        Raises:
            Refusal: Exit 2: git, the revision or the file in it does not exist. Exit 4: the file has no signatures.
        """
        name = f"{quote(self._path.as_posix(), 200)} at {quote(self._revision.name)}"
        content = self._revision.read_file(self._path)
        if content is None:
            raise Refusal(f"there is no {name}", exit_code=USAGE)
        return parse_document(content, name, self._path.suffix, self._report)
