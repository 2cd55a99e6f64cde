"""From fetched signatures to a document.

What lives here: the strict reading of the text that a model itself answers. The text is a stranger's: its size
and nesting are checked before it is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping

from clarigen import ModelRef
from clarigen._tooling import Signatures
from gen_client import json_text, limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.source.document import Document
from gen_client.source.forms import signatures_by_name
from gen_client.text import escape_unprintable


def build_document(reference: ModelRef | None, signatures: Signatures) -> Document:
    """Return the document of a model whose signatures were fetched.

    Args:
        reference: The model; None for that of a runner.
        signatures: What was fetched.

    Raises:
        Refusal: Exit 4: the model is a legacy model, or its answer cannot be read.
    """
    if signatures.answer is None:
        return Document(reference, signatures.version_id, signatures.stored)
    return Document(reference, signatures.version_id, _parse_answer(signatures.answer))


def _parse_answer(text: str) -> tuple[Mapping[str, object], ...]:
    if not text:
        raise Refusal(
            "the model is of the older kind, without typed methods",
            remedy="only models with method signatures can become a typed client",
            exit_code=UNUSABLE,
        )
    if len(text) > limits.SIZE:
        raise Refusal(f"the signatures are larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE)
    try:
        return signatures_by_name(json_text.parse(text, levels=limits.LEVELS))
    except ValueError as error:
        raise Refusal(
            f"the model's answer holds no signatures: {escape_unprintable(str(error), 200)}",
            exit_code=UNUSABLE,
        ) from None
