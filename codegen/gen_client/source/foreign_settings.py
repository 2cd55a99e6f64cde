"""Settings of a lock that a file may not bring along: the user's types for JSON, and the deployment of calls.

A type is imported by the first call, and a deployment receives what is sent. So both count only if they stand in the lock
of the package itself, where a review sees them, or in the configuration. In any other file they are a stranger's.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from gen_client.diagnostics import Report
from gen_client.source.document import Document
from gen_client.text import quote


def ignore_foreign_settings(document: Document, lock: Path, report: Report) -> Document:
    """Return a document without settings that are not its package's own, and warn about each of them.

    Args:
        document: The document.
        lock: The path of the package's lock.
        report: Collects the warnings.
    """
    if document.path and os.path.realpath(document.path) == os.path.realpath(lock):
        return document
    for key, value in document.client_options:
        report.warn(
            f"the file's {quote(key)}, {quote(value)}, is ignored: it would decide who receives the calls",
            location="client",
            remedy="to use it, list the model in [tool.gen-client] of pyproject.toml, with its deployment",
        )
    for key, value in document.json_types:
        report.warn(
            f"the file's type for {quote(key)}, {quote(value)}, is ignored: the first call would import it",
            location="types",
            remedy="to use it, list the model in [tool.gen-client] of pyproject.toml, with its types",
        )
    return replace(document, client_options=(), json_types=())
