"""A signature file as it was at a revision of a git repository, as a place.

What lives here: `RevisionFile`, and the two questions that git is asked. They are plumbing, with arguments in a list:
no shell, no hook, no network takes part. A revision is the user's own word, and never an option.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.source.document import Document
from gen_client.source.file import parse_document
from gen_client.text import quote

_GIT_ENVIRONMENT: Final = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_GIT_TIMEOUT: Final = 60


class RevisionFile:
    """A file that holds signatures, as a revision has it."""

    def __init__(self, path: Path, revision: str, report: Report) -> None:
        """Name it; git is asked by `fetch`.

        Args:
            path: Where the file is, or was.
            revision: What git takes for a commit: `main`, `HEAD~1`, a tag, a hash.
            report: Where warnings go.
        """
        self._path = path
        self._revision = revision
        self._report = report

    def fetch(self) -> Document:
        """Read it.

        Raises:
            Refusal: Exit 2: git, the revision or the file in it is not there. Exit 4: it holds no signatures.
        """
        name = f"{quote(self._path.as_posix(), 200)} at {quote(self._revision)}"
        commit = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", self._commit())
        if commit is None:
            raise Refusal(
                f"--base {quote(self._revision)} is no revision of the repository around {self._folder}",
                exit_code=USAGE,
                remedy="a shallow clone may lack it: git fetch, with its depth or its name",
            )
        place = f"{commit.decode('ascii').strip()}:./{self._path.name}"
        size = self._git("cat-file", "-s", place)
        if size is None:
            raise Refusal(f"there is no {name}", exit_code=USAGE)
        if int(size) > limits.SIZE:
            raise Refusal(f"{name} is larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE)
        content = self._git("cat-file", "blob", place)
        if content is None:
            raise Refusal(f"{name} is no file", exit_code=USAGE)
        return parse_document(content, name, self._path.suffix, self._report)

    @property
    def _folder(self) -> str:
        return quote(str(self._path.parent), 200)

    def _commit(self) -> str:
        return f"{self._revision}^{{commit}}"

    def _git(self, *words: str) -> bytes | None:
        """What git answers; None if it does not."""
        try:
            done = subprocess.run(
                ["git", "-C", str(self._path.parent), *words],
                env={**os.environ, **_GIT_ENVIRONMENT},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_GIT_TIMEOUT,
                check=False,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired):
            raise Refusal(
                "git cannot be run", exit_code=USAGE, remedy="--base reads the lock from git"
            ) from None
        return done.stdout if done.returncode == 0 else None
