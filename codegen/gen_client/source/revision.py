"""A signature file at a revision of its git repository, as a source.

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
        self._revision = revision
        self._report = report
        self._root = find_repository(path.parent)

    def fetch(self) -> Document:
        """Read the file from git.

        Raises:
            Refusal: Exit 2: git, the revision or the file in it does not exist. Exit 4: the file has no signatures.
        """
        name = f"{quote(self._path.as_posix(), 200)} at {quote(self._revision)}"
        blob = f"{self._resolve_revision()}:{self._path_in_repository()}"
        size = self._run_git("cat-file", "-s", blob)
        if size is None:
            raise Refusal(f"there is no {name}", exit_code=USAGE)
        if int(size) > limits.SIZE:
            raise Refusal(f"{name} is larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE)
        content = self._run_git("cat-file", "blob", blob)
        if content is None:
            raise Refusal(f"{name} is not a file", exit_code=USAGE)
        return parse_document(content, name, self._path.suffix, self._report)

    def _resolve_revision(self) -> str:
        """Return the hash of the revision's commit."""
        commit = f"{self._revision}^{{commit}}"
        output = self._run_git("rev-parse", "--verify", "--quiet", "--end-of-options", commit)
        if output is None:
            folder = quote(str(self._path.parent), 200)
            raise Refusal(
                f"--base {quote(self._revision)} is not a revision of the repository around {folder}",
                exit_code=USAGE,
                remedy="a shallow clone may lack it: git fetch, with its depth or its name",
            )
        return output.decode("ascii").strip()

    def _path_in_repository(self) -> str:
        folder = os.path.relpath(os.path.realpath(self._path.parent), self._root)
        return (Path(folder) / self._path.name).as_posix()

    def _run_git(self, *arguments: str) -> bytes | None:
        """Return the output of a git command; None if the command fails, or there is no repository."""
        if self._root is None:
            return None
        try:
            return run_git(self._root, *arguments)
        except (OSError, ValueError, subprocess.TimeoutExpired):
            raise Refusal(
                "git cannot be run", exit_code=USAGE, remedy="--base reads the lock from git"
            ) from None
