"""Findings about the installation and the environment variables, for `gen-client doctor`.

Nothing here uses the network, and no finding contains any part of a credential.
"""

from __future__ import annotations

import enum
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

from clarigen import __version__
from gen_client.text import quote

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

DISTRIBUTION: Final = "clarigen"
CREDENTIALS: Final = ("CLARIFAI_PAT", "CLARIFAI_SESSION_TOKEN")
"""The variables that may hold a credential; the first one that is set counts."""
REDACTED: Final = "[credential]"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        state: The result.
        subject: What was checked.
        text: What was found, as a phrase that follows the subject.
        remedy: What to do about it, or empty.
    """

    state: State
    subject: str
    text: str
    remedy: str = ""


class State(enum.Enum):
    """The result of one check."""

    OK = "ok"
    """It is as it should be."""
    NOTE = "note"
    """It may matter."""
    FAULT = "fault"
    """It must be mended."""


def describe_installation() -> str:
    """Return the versions of gen-client and Python, and the platform, in one line."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"gen-client {__version__}, Python {python}, {platform.system()} {platform.machine()}"


def check_versions() -> Iterator[Finding]:
    """Check that the distributions that clarigen requires are installed, in versions that fit."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
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
    try:
        import packaging.requirements  # noqa: F401  # pyright: ignore[reportUnusedImport]
    except ModuleNotFoundError:  # Only the runtime is installed.
        yield from _check_presence(lines)
    else:
        yield from _check_requirements(lines)


def _check_requirements(lines: Iterable[str]) -> Iterator[Finding]:
    """Check the versions of the distributions that the runtime and the generator require."""
    from packaging.requirements import Requirement

    for line in lines:
        requirement = Requirement(line)
        for extra in ("", "codegen"):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield _check_version(requirement.name, requirement.specifier)
                break


def _check_presence(lines: Iterable[str]) -> Iterator[Finding]:
    """Check which of these distributions are installed, without the library that compares versions."""
    for line in lines:
        extra = re.search(r"extra == ['\"](\w+)['\"]", line)
        name = re.match(r"[\w.-]+", line)
        if name is not None and (extra is None or extra[1] == "codegen"):
            yield _check_version(name[0], None)


def _check_version(name: str, required: SpecifierSet | None) -> Finding:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Finding(State.FAULT, name, "is not installed", "pip install 'clarigen[codegen]'")
    if required is None or required.contains(version, prereleases=True):
        return Finding(State.OK, name, version)
    return Finding(
        State.FAULT,
        name,
        f"{version} does not fit: {required} is needed",
        "pip install --upgrade 'clarigen[codegen]'",
    )


def credential_variables(variables: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the variables that hold a credential; the first one counts."""
    return [name for name in CREDENTIALS if variables.get(name)]


def check_credentials(
    context: str | None = None, usable: str = "", variables: Mapping[str, str] = os.environ
) -> list[Finding]:
    """Check that the environment holds one well-formed credential.

    Args:
        context: The context of `clarifai login` that it is from; None if it is from none.
        usable: The context that could be used in its place; empty for none.
        variables: The environment.
    """
    names = credential_variables(variables)
    if not names:
        remedy = "set CLARIFAI_PAT; tokens are made in the account's security settings"
        if usable:
            remedy = f"`clarifai login` left the context {quote(usable)}: --context or CLARIFAI_CONTEXT with this name uses it"
        return [Finding(State.NOTE, "credential", "there is none", remedy)]
    if context is not None:
        text = f"that of the context {quote(context)} of `clarifai login` is used"
        return [Finding(State.OK, "credential", text)]
    findings = [Finding(State.OK, "credential", f"{names[0]} is set")]
    if len(names) > 1:
        text = f"{names[1]} is set as well, and is not used"
        findings.append(Finding(State.NOTE, "credential", text))
    if variables[names[0]].strip() != _strip_quotes(variables[names[0]]):
        findings.append(
            Finding(
                State.FAULT,
                "credential",
                f"{names[0]} has quotes around it",
                "set it to the bare token",
            )
        )
    return findings


def redact(text: str, variables: Mapping[str, str] = os.environ) -> str:
    """Replace every credential of the environment in a text, even if another program put it there."""
    for name in CREDENTIALS:
        secret = variables.get(name, "")
        for form in (secret, _strip_quotes(secret)):
            if form:
                text = text.replace(form, REDACTED)
    return text


def _strip_quotes(text: str) -> str:
    """Return the text without white space and quotes around it."""
    return text.strip().strip("'\"")
