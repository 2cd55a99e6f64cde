"""Documents from the signatures of a deployed model.

A model's own answer is untrusted text, so its size and nesting are bounded before a parser runs.
"""

from __future__ import annotations

from collections.abc import Mapping

from clarigen import ModelRef
from clarigen._tooling import Signatures
from gen_client import json_text, limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.source.document import Document
from gen_client.source.model_type import build_model_type_document
from gen_client.source.signature_forms import read_signatures_by_name
from gen_client.text import escape_unprintable


def build_document(reference: ModelRef | None, signatures: Signatures) -> Document:
    """Build the document of a deployed model.

    Args:
        reference: The model; None for the one that a runner serves.
        signatures: The model's signatures, as they were fetched.

    Raises:
        Refusal: Exit 4: the model has neither signatures nor a model type that can be used, or its response cannot
            be read.
    """
    if signatures.model_type is not None:
        return build_model_type_document(reference, signatures.version_id, signatures.model_type)
    if signatures.response is None:
        return Document(reference, signatures.version_id, signatures.stored)
    return Document(reference, signatures.version_id, _parse_response(signatures.response))


def _parse_response(text: str) -> tuple[Mapping[str, object], ...]:
    if not text:
        raise Refusal(
            "the model has no signatures, and no model type is known for it",
            remedy="give its address on the platform, or a file with its model type (--signatures)",
            exit_code=UNUSABLE,
        )
    if len(text) > limits.SIZE:
        raise Refusal(f"the signatures are larger than {limits.SIZE >> 20} MB", exit_code=UNUSABLE)
    try:
        return read_signatures_by_name(json_text.parse(text, levels=limits.LEVELS))
    except ValueError as error:
        raise Refusal(
            f"the model's response holds no signatures: {escape_unprintable(str(error), 200)}",
            exit_code=UNUSABLE,
        ) from None
