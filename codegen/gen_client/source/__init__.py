"""Where signatures come from: a small class a kind of place.

What lives here: `Place`, what the kinds have in common; `at`, `of`, `in_file`, `in_lock` and `at_revision`, which say which kind is
meant; `read`, which asks it. What leaves this room is free of protobuf, and not yet checked; what a
signature means is not known here.

    at("https://clarifai.com/USER/APP/models/MODEL")     the platform    platform.py
    at("grpc://127.0.0.1:8000")                          a runner        runner.py
    in_file("signatures.json"), in_file("-")             a file          file.py
    at_revision("signatures.json", "main")               git             revision.py
    in_lock("my_model/signatures.json")                  a lock          lock_file.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from clarigen import ModelRef
from gen_client.diagnostics import Report
from gen_client.source import address
from gen_client.source.access import Access
from gen_client.source.address import ModelAddress, RunnerAddress
from gen_client.source.document import Document
from gen_client.source.file import SignatureFile
from gen_client.source.lock_file import LockFile
from gen_client.source.platform import PlatformModel, whoami
from gen_client.source.revision import RevisionFile
from gen_client.source.runner import Runner

__all__ = [
    "Access",
    "Document",
    "Source",
    "at",
    "at_address",
    "at_revision",
    "in_file",
    "in_lock",
    "of",
    "read",
    "whoami",
]


class Source(Protocol):
    """A place that has the signatures of one model."""

    def fetch(self) -> Document:
        """Ask for them.

        Raises:
            Refusal: They cannot be had: exit 2, 3 or 4.
        """
        ...


def at(url: str, access: Access) -> Source:
    """The place that an address names: a model of the platform, or a runner. Nothing is sent yet.

    Args:
        url: What the user gave with `--url`.
        access: How to get there.

    Raises:
        Refusal: Exit 2: it names neither.
    """
    return at_address(address.parse_address(url), access)


def at_address(its: ModelAddress | RunnerAddress, access: Access) -> Source:
    """The place that a parsed address names."""
    match its:
        case RunnerAddress(base_url):
            return Runner(base_url, access)
        case ModelAddress(reference, version_id):
            return PlatformModel(reference, version_id, access)


def of(reference: ModelRef, access: Access) -> Source:
    """A model of the platform, in its latest version.

    Args:
        reference: Which.
        access: How to get there.
    """
    return PlatformModel(reference, "", access)


def at_revision(path: Path, revision: str, report: Report) -> Source:
    """A file as it was at a revision of the git repository around it.

    Args:
        path: Where the file is, or was.
        revision: What git takes for a commit.
        report: Where warnings go.
    """
    return RevisionFile(path, revision, report)


def in_file(path: str, report: Report) -> Source:
    """The place that a file is; `-` is standard input.

    Args:
        path: What the user gave with `--signatures`.
        report: Where warnings go.
    """
    return SignatureFile(path, report)


def in_lock(path: Path, address: ModelAddress | None, report: Report) -> Source:
    """The place that the lock of a package is, where there is no network.

    Args:
        path: The lock.
        address: The model that it must be of, and the version if one is meant; None for any.
        report: Where warnings go.
    """
    return LockFile(path, address, report)


def read(place: Source) -> Document:
    """Ask a place for the signatures of its model; see `Place.fetch`."""
    return place.fetch()
