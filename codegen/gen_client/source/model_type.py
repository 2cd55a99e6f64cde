"""Documents of models without signatures: their signatures are derived from their model type.

The runtime derives them, because clients that verify the model need them as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clarigen import ModelRef
from clarigen._tooling import (
    CONFIG_PATH,
    CONFIG_TYPES,
    INPUT_TYPES,
    OUTPUT_TYPES,
    PARAMS_PATH,
    UnknownModelTypeError,
    derive_signatures,
    read_model_type,
)
from gen_client import limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.source.document import Document
from gen_client.text import escape_unprintable, quote

__all__ = [
    "CONFIG_PATH",
    "CONFIG_TYPES",
    "INPUT_TYPES",
    "OUTPUT_TYPES",
    "PARAMS_PATH",
    "build_model_type_document",
]

_MAX_PROBLEM: Final = 300
"""Characters of a problem that a refusal repeats."""


def build_model_type_document(
    reference: ModelRef | None, version_id: str, content: Mapping[str, object]
) -> Document:
    """Build the document of a model without signatures.

    Args:
        reference: The model; None if it is not known.
        version_id: Its version; empty if it is not known.
        content: Its model type, as JSON.

    Raises:
        Refusal: Exit 4: the model type is too large, or no method can be derived from it.
    """
    limits.check_size(content)
    try:
        model_type = read_model_type(content)
        signatures = derive_signatures(model_type)
    except UnknownModelTypeError as error:
        id_ = content.get("id")
        name = f" {quote(id_)}" if isinstance(id_, str) and id_ else ""
        raise Refusal(
            f"the model has no signatures, and its model type{name} cannot become a client:"
            f" {escape_unprintable(str(error), _MAX_PROBLEM)}",
            exit_code=UNUSABLE,
        ) from None
    return Document(reference, version_id, tuple(signatures), model_type=model_type)
