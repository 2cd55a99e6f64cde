"""Writes `signatures.json`, the lock: what a package was made from, in a form that can be read again.

Knows the interface's own form of signatures; knows nothing of Python names or of files.
"""

from __future__ import annotations

import json

from clarigen import wire
from gen_client.interface import read
from gen_client.interface.read import Model
from gen_client.json_text import compute_digest


def format_lock(model: Model) -> str:
    """The lock of a model, ending in a newline. Equal models give equal text."""
    signatures = read.write_signatures(model)
    content = {
        "format": wire.FORMAT,
        "model": _reference(model),
        "sha256": compute_digest(signatures),
        "method_signatures": signatures,
        **({"client": dict(model.client_options)} if model.client_options else {}),
        **({"types": dict(model.json_types)} if model.json_types else {}),
    }
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _reference(model: Model) -> dict[str, str]:
    """The model's ids, and the version that was seen; what is not known is left out."""
    known = {"version_id": model.version_id}
    if model.reference is not None:
        known["user_id"] = model.reference.user_id
        known["app_id"] = model.reference.app_id
        known["model_id"] = model.reference.model_id
    return {key: value for key, value in known.items() if value}
