"""The selection of the methods that a client gets.

Methods are selected by their names in the document, before anything else of a signature is read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.source.document import Document
from gen_client.text import quote


def select_methods(
    document: Document,
    methods: Collection[str],
    exclude: Collection[str],
    *,
    missing_ok: bool = False,
) -> Document:
    """Return the document with only the selected methods, in its order.

    Args:
        document: The signatures of all methods.
        methods: The names of the methods to keep; empty for all.
        exclude: The names of the methods to leave out.
        missing_ok: Whether to accept that the model has no such method, or that no method is left.

    Raises:
        Refusal: Exit 2: there is no such method, or none is left.
    """
    if not methods and not exclude:
        return document
    pairs = [(signature.get("name"), signature) for signature in document.signatures]
    names = [name for name, _ in pairs if isinstance(name, str)]
    for name in methods:
        if name not in names and not missing_ok:
            raise Refusal(
                f"there is no method {quote(name)}",
                exit_code=USAGE,
                remedy=suggest(name, names, fallback="see `methods` in pyproject.toml"),
            )
    selected = tuple(
        signature
        for name, signature in pairs
        if name not in exclude and (not methods or name in methods)
    )
    if pairs and not selected and not missing_ok:
        raise Refusal("no method is left: all are excluded", exit_code=USAGE)
    return replace(document, signatures=selected)
