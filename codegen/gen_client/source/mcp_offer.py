"""What an MCP model offers: its tools, prompts and resources, from the model itself or from a file.

Only the running model knows them. So it is called for them, which may start it and be billed, and the user is told
before. The lists keep the forms of the protocol, without what clients do not need (icons, `_meta`); what they mean is
read in `interface`. Their texts are those of a stranger, so their size and nesting are bounded first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from clarigen import _tooling, errors
from gen_client import limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.json_text import JsonValue, is_array, is_object
from gen_client.text import escape_unprintable, quote

if TYPE_CHECKING:
    from clarigen._tooling import Connection
    from gen_client.source.access import Access
    from gen_client.source.document import Document

TRANSPORT: Final = "mcp_transport"
"""The method that makes a model an MCP model."""

_ENTRY_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "tools": ("name", "title", "description", "inputSchema", "outputSchema", "annotations"),
    "prompts": ("name", "title", "description", "arguments"),
    "resources": ("uri", "name", "title", "description", "mimeType"),
    "resourceTemplates": ("uriTemplate", "name", "title", "description", "mimeType"),
}
"""The lists of a document, and the keys that their entries keep. The first one identifies and orders the entries."""

_TRANSPORT_SIGNATURE: Final[Mapping[str, object]] = {
    "name": TRANSPORT,
    "method_type": "UNARY_UNARY",
    "input_fields": [{"name": "msg", "type": "STR", "required": True}],
    "output_fields": [{"name": "return", "type": "STR"}],
}
_COST: Final = (
    "{name} is asked for its tools: it runs for this, so it may have to start, and the calls may be billed"
)
_REMEDY: Final = "its author can see the cause in the model's log"


def add_offer(connection: Connection, document: Document, access: Access) -> Document:
    """Return the document of a deployed model with what it offers, if it is an MCP model.

    Args:
        connection: The platform, or a runner.
        document: The model's signatures.
        access: Who is told of the progress and, on the platform, of the cost.

    Raises:
        Refusal: Exit 4: the model cannot list what it offers, or it is too large.
        ClarigenError: The model cannot be reached, or is not ready.
    """
    if not any(signature.get("name") == TRANSPORT for signature in document.signatures):
        return document
    access.progress("asking the model for its tools")
    if document.reference is not None:
        access.progress(_COST.format(name=quote(document.reference.model_id)), is_notice=True)
    try:
        offer = _tooling.fetch_mcp_offer(connection, document.reference, document.version_id)
    except (errors.DecodeError, errors.PredictionError) as error:
        raise _refuse_list(error) from None
    except errors.ModelError as error:
        if type(error) is errors.ModelError:  # an error of JSON-RPC
            raise _refuse_list(error) from None
        raise
    return replace(document, mcp=build_offer(offer))


def build_offer(offer: Mapping[str, object]) -> dict[str, object]:
    """Return the lists of an offer with what clients need, in a constant order.

    Args:
        offer: Answers to `tools/list` and others, merged; or the key `mcp` of a lock.

    Raises:
        ValueError: A list is not an array of objects.
        Refusal: Exit 4: the offer is too large or nested too deeply.
    """
    limits.check_size(offer)
    limits.check_levels(offer)
    document: dict[str, object] = {}
    for key, (identity, *others) in _ENTRY_KEYS.items():
        entries = offer.get(key)
        if entries is None:
            continue
        items = entries if is_array(entries) else [None]
        objects = [item for item in items if is_object(item)]
        if len(objects) < len(items):
            raise ValueError(f"`{key}` is not an array of objects")
        kept = [_keep(entry, (identity, *others)) for entry in objects]
        document[key] = sorted(kept, key=_sort_key(identity))
    instructions = offer.get("instructions")
    if isinstance(instructions, str) and instructions:
        document["instructions"] = instructions
    return document


def read_offer(content: JsonValue) -> Mapping[str, JsonValue] | None:
    """Return the answer to `tools/list` that a file holds, bare or in the `result` of an envelope; None if it is none."""
    if isinstance(content, dict) and isinstance(content.get("result"), dict):
        content = content["result"]
    if isinstance(content, dict) and isinstance(content.get("tools"), list):
        return content
    return None


def transport_signatures() -> tuple[Mapping[str, object], ...]:
    """Return the signatures of a model of which only the tools are known."""
    return (_TRANSPORT_SIGNATURE,)


def _keep(entry: Mapping[object, object], keys: tuple[str, ...]) -> dict[str, object]:
    """Return an entry with only some keys."""
    return {key: entry[key] for key in keys if entry.get(key) is not None}


def _sort_key(identity: str) -> Callable[[Mapping[str, object]], str]:
    """Return the function that orders the entries of a list by a text; entries without it come first."""

    def get_text(entry: Mapping[str, object]) -> str:
        text = entry.get(identity)
        return text if isinstance(text, str) else ""

    return get_text


def _refuse_list(error: errors.ClarigenError) -> Refusal:
    return Refusal(
        f"the model could not list its tools: {escape_unprintable(str(error), 400)}",
        exit_code=UNUSABLE,
        remedy=_REMEDY,
    )
