"""The lock, `signatures.json`: what a package was generated from, written and read again.

Nothing that a lock says is trusted. It is intact if its digest is that of its signatures, which does not prove that
gen-client wrote it: anyone who edits the signatures can also edit the digest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clarigen import wire
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model
from gen_client.interface.write import write_signatures
from gen_client.json_text import is_object
from gen_client.source import Document, SignatureFile
from gen_client.source.signature_forms import compute_lock_digest


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that was read.

    Attributes:
        document: The signatures and their model.
        format: The format version that the lock states.
        is_intact: Whether its digest is that of its signatures.
    """

    document: Document
    format: object
    is_intact: bool


def format_lock(model: Model) -> str:
    """Return the text of a model's lock, ending in a newline. Equal models give equal text."""
    signatures = write_signatures(model)
    mcp, model_type = _list_further_parts(model)
    content: dict[str, object] = {
        "format": wire.FORMAT,
        "model": _reference_ids(model),
        "sha256": compute_lock_digest(signatures, mcp, model_type),
        "method_signatures": signatures,
        **({"client": dict(model.client_options)} if model.client_options else {}),
        **({"types": dict(model.json_types)} if model.json_types else {}),
        **({"transports": list(model.public_transports)} if model.public_transports else {}),
        **({"model_type": model_type} if model_type is not None else {}),
    }
    content = _sort_keys(content)
    if mcp is not None:
        # In schemas the order of keys says something: that of `properties` is the order of parameters.
        content = dict(sorted({**content, "mcp": mcp}.items()))
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def compute_model_digest(model: Model) -> str:
    """Return the digest that a model's lock has."""
    return compute_lock_digest(write_signatures(model), *_list_further_parts(model))


def _list_further_parts(model: Model) -> tuple[Mapping[str, object] | None, object]:
    """Return what an MCP model offers, and the type of a model without signatures; None for what it has not."""
    mcp = None if model.tools is None else model.tools.document
    return mcp, json.loads(model.model_type) if model.model_type else None


def _sort_keys(content: dict[str, object]) -> dict[str, object]:
    """Return the content with its keys sorted, at all levels."""
    result: dict[str, object] = json.loads(json.dumps(content, sort_keys=True, allow_nan=False))
    return result


def _reference_ids(model: Model) -> dict[str, str]:
    """Return the model's ids and the version that was seen, without those that are not known."""
    ids = {"version_id": model.version_id}
    if model.reference is not None:
        ids["user_id"] = model.reference.user_id
        ids["app_id"] = model.reference.app_id
        ids["model_id"] = model.reference.model_id
    return {key: value for key, value in ids.items() if value}


def read_lock(path: Path) -> Lock | None:
    """Return the lock in a file; None if there is none that can be read.

    Raises:
        Refusal: Exit 4: a newer gen-client wrote it.
    """
    report = Report()
    try:
        if not path.is_file():
            return None
        document = SignatureFile(str(path), report).fetch()
        content: object = json.loads(path.read_bytes())
    except Refusal as refusal:
        if refusal.diagnostic.location == "format":
            raise
        return None
    except (OSError, ValueError, RecursionError):
        return None
    is_intact = all(warning.location != "sha256" for warning in report.warnings)
    return Lock(document, content.get("format") if is_object(content) else None, is_intact)
