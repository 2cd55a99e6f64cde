"""Which of a model's methods a client gets.

What lives here: `select`. It knows the names of methods, as they were found, and nothing else of signatures.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.source.document import Document
from gen_client.text import quote


def select(
    document: Document,
    methods: Collection[str],
    exclude: Collection[str],
    *,
    missing_ok: bool = False,
) -> Document:
    """Return the document with the selected methods only, in its order.

    Args:
        document: The document.
        methods: The names of the methods to keep; empty for all.
        exclude: The names of the methods to leave out.
        missing_ok: Whether a method that the model lacks, or that no method is left, is no error.

    Raises:
        Refusal: There is no such method, or none is left (exit 2).
    """
    if not methods and not exclude:
        return document
    named = [(signature.get("name"), signature) for signature in document.signatures]
    names = [name for name, _ in named if isinstance(name, str)]
    for name in methods:
        if name not in names and not missing_ok:
            raise Refusal(
                f"there is no method {quote(name)}",
                exit_code=USAGE,
                remedy=suggest(name, names, fallback="see `methods` in pyproject.toml"),
            )
    kept = tuple(
        signature
        for name, signature in named
        if name not in exclude and (not methods or name in methods)
    )
    if named and not kept and not missing_ok:
        raise Refusal("no method is left: all are excluded", exit_code=USAGE)
    return replace(document, signatures=kept)
