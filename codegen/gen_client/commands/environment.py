"""What gen-client stands on: the versions that are installed, and the credentials that the environment holds.

What lives here: findings, as values. Nothing here is sent anywhere, and no finding holds a character of a credential.
"""

from __future__ import annotations

import enum
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Final

from clarigen import __version__

DISTRIBUTION: Final = "clarigen"
CREDENTIALS: Final = ("CLARIFAI_PAT", "CLARIFAI_SESSION_TOKEN")
"""Where credentials are looked for, the first one first."""
HIDDEN: Final = "[credential]"


class State(enum.Enum):
    """How it is."""

    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was looked at.

    Attributes:
        state: How it is.
        about: What it is.
        words: What is the case.
        remedy: What to do about it, or empty.
    """

    state: State
    about: str
    words: str
    remedy: str = ""


def head() -> str:
    """Which gen-client this is, and where it runs."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"gen-client {__version__}, Python {python}, {platform.system()} {platform.machine()}"


def versions() -> Iterator[Finding]:
    """The distributions that the runtime and the generator need: whether each is there, and fits."""
    from packaging.requirements import Requirement

    try:
        texts = metadata.requires(DISTRIBUTION) or []
        installed = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        yield Finding(State.NOTE, DISTRIBUTION, "is not installed; it runs from a folder")
        return
    if installed != __version__:
        yield Finding(
            State.FAULT,
            DISTRIBUTION,
            f"{installed} is installed, and {__version__} runs: two installations are mixed",
            "install it once, into the environment that runs gen-client",
        )
    for text in texts:
        requirement = Requirement(text)
        for extra in ("", "codegen"):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield _version(requirement.name, requirement.specifier)
                break


def _version(name: str, wanted: object) -> Finding:
    from packaging.specifiers import SpecifierSet

    assert isinstance(wanted, SpecifierSet)
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(State.FAULT, name, "is not installed", "pip install 'clarigen[codegen]'")
    if wanted.contains(version, prereleases=True):
        return Finding(State.OK, name, version)
    return Finding(
        State.FAULT,
        name,
        f"{version} does not fit: {wanted} is needed",
        "pip install --upgrade 'clarigen[codegen]'",
    )


def found(environment: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that hold a credential; the first one counts."""
    return [name for name in CREDENTIALS if environment.get(name)]


def credentials(environment: Mapping[str, str] = os.environ) -> list[Finding]:
    """Which credentials the environment holds; nothing of what they are."""
    names = found(environment)
    if not names:
        return [
            Finding(
                State.NOTE,
                "credential",
                "there is none",
                "set CLARIFAI_PAT; tokens are made in the account's security settings",
            )
        ]
    findings = [Finding(State.OK, "credential", f"{names[0]} is set")]
    if len(names) > 1:
        words = f"{names[1]} is set as well, and is not used"
        findings.append(Finding(State.NOTE, "credential", words))
    if environment[names[0]] != environment[names[0]].strip().strip("'\""):
        findings.append(
            Finding(
                State.FAULT,
                "credential",
                f"{names[0]} has white space or quotes around it",
                "set it to the bare token",
            )
        )
    return findings


def redacted(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """A text in which no credential of the environment stands, whoever wrote it there."""
    for name in CREDENTIALS:
        secret = environment.get(name, "")
        for form in (secret, secret.strip().strip("'\"")):
            if form:
                text = text.replace(form, HIDDEN)
    return text
