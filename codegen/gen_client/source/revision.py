"""Revisions of a git repository, and a signature file at one of them as a source.

A revision is the user's text, and is never read as an option.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.source.document import Document
from gen_client.source.file import parse_document
from gen_client.source.git import list_places, run_git
from gen_client.text import quote


@dataclass(frozen=True, slots=True)
class _Object:
    """A file or a folder in a commit.

    Attributes:
        root: The root of the repository.
        id: Its id.
        kind: `blob` for a file, `tree` for a folder.
        size: Its size, in bytes.
    """

    root: Path
    id: str
    kind: str
    size: int


class Revision:
    """A commit of the git repository around a path.

    Links are followed as the commit has them, within its tree.

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
        self._commits: dict[Path, str] = {}

    def read_file(self, path: Path) -> bytes | None:
        """Return the bytes of a file; None if there is none, or if it is no file.

        Raises:
            Refusal: Exit 2: git or the revision does not exist. Exit 4: the file is too large.
        """
        blob = self._find_object(path, "blob")
        if blob is None:
            return None
        if blob.size > limits.SIZE:
            raise Refusal(
                f"{self._quote(path)} is larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE
            )
        return _ask_git(blob.root, "cat-file", "blob", blob.id)

    def list_names(self, path: Path) -> list[str]:
        """Return the names in a folder; none if there is no such folder."""
        tree = self._find_object(path, "tree")
        if tree is None:
            return []
        output = _ask_git(tree.root, "ls-tree", "-z", "--name-only", tree.id)
        return sorted(name for name in os.fsdecode(output or b"").split("\0") if name)

    def archive(self, path: Path) -> bytes:
        """Return a folder as a tar file.

        Raises:
            Refusal: Exit 2: git cannot do it.
        """
        tree = self._find_object(path, "tree")
        output = None if tree is None else _ask_git(tree.root, "archive", "--format=tar", tree.id)
        if output is None:
            raise Refusal(f"{self._quote(path)} cannot be exported", exit_code=USAGE)
        return output

    def _quote(self, path: Path) -> str:
        return f"{quote(path.as_posix(), 200)} at {quote(self.name)}"

    def _find_object(self, path: Path, kind: str) -> _Object | None:
        """Return the file or the folder at a path; None if the commit has none of this kind there.

        Raises:
            Refusal: Exit 2: git or the revision does not exist.
        """
        is_known = False
        for root, name in list_places(path):
            commit = self._find_commit(root)
            is_known |= bool(commit)
            found = _look_up(root, f"{commit}:{name}") if commit else None
            if found is not None:
                return found if found.kind == kind else None
        if not is_known:
            folder = quote(str(self._place), 200)
            raise Refusal(
                f"--base {quote(self.name)} is not a revision of the repository around {folder}",
                exit_code=USAGE,
                remedy="a shallow clone may lack it: git fetch, with its depth or its name",
            )
        return None

    def _find_commit(self, root: Path) -> str:
        """Return the id of the commit in a repository; empty if it is none there."""
        if root not in self._commits:
            words = ("rev-parse", "--verify", "--quiet", "--end-of-options")
            output = _ask_git(root, *words, f"{self.name}^{{commit}}")
            self._commits[root] = (output or b"").decode("ascii").strip()
        return self._commits[root]


def _look_up(root: Path, name: str) -> _Object | None:
    """Return what a name of git stands for; None for nothing, and for a link that leads out of the tree."""
    if "\n" in name:
        return None
    question = ("cat-file", "--batch-check", "--follow-symlinks")
    words = (_ask_git(root, *question, stdin=f"{name}\n") or b"").split()
    if len(words) != 3 or words[1] not in (b"blob", b"tree"):
        return None
    return _Object(root, words[0].decode("ascii"), words[1].decode("ascii"), int(words[2]))


def _ask_git(root: Path, *arguments: str, stdin: str = "") -> bytes | None:
    """Return the output of a git command; None if it fails.

    Raises:
        Refusal: Exit 2: git cannot be run.
    """
    try:
        return run_git(root, *arguments, stdin=stdin)
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
