"""The forms in which files and answers hold signatures.

    {"model": {…}, "method_signatures": […]}     a signature file; a lock also has `format`, `sha256` and settings
    {"predict": {…}, "generate": {…}}            a model's own answer: signatures by name
    [{…}, {…}]                                   signatures alone
    {"tools": […]}                               an MCP server's answer to `tools/list`, also in a `result`
    {"model": {…}, "model_type": {…}}            a model without signatures: its model type
    {"input_fields": […], "output_fields": […]}  a model type alone

The content of a signature is not checked here; `interface` does that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from clarigen import ModelRef, _tooling, wire
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.json_text import JsonValue, compute_digest
from gen_client.source import mcp_offer
from gen_client.source.document import Document
from gen_client.source.model_type import build_model_type_document

_SIGNATURES_KEYS: Final = ("method_signatures", "methodSignatures")
_MODEL_TYPE_KEY: Final = "model_type"


def read_document(content: JsonValue, report: Report) -> Document:
    """Read a document in any of the forms.

    Args:
        content: The parsed file.
        report: Collects warnings.

    Raises:
        ValueError: The content has none of the forms.
        Refusal: Exit 4: the content names only part of a model's id, or is the lock of a newer gen-client.
    """
    if isinstance(content, list):
        return Document(None, "", _read_signature_array(content))
    if isinstance(content, dict):
        for key in _SIGNATURES_KEYS:
            if key in content:
                return _read_signature_file(content, content[key], report)
        model_type: JsonValue = wire.get_either_case(content, _MODEL_TYPE_KEY)
        if isinstance(model_type, dict):
            reference, version_id = _read_model(content.get("model"))
            return build_model_type_document(reference, version_id, model_type)
        if isinstance(wire.get_either_case(content, "input_fields"), list):
            return build_model_type_document(None, "", content)
    offer = mcp_offer.read_offer(content)
    if offer is not None:
        signatures = mcp_offer.transport_signatures()
        return Document(None, "", signatures, mcp=mcp_offer.build_offer(offer))
    return Document(None, "", read_signatures_by_name(content))


def _read_signature_file(
    content: Mapping[str, JsonValue], signatures: JsonValue, report: Report
) -> Document:
    _check_format(content.get("format"))
    _check_digest(content, signatures, report)
    offer = _read_locked_offer(content.get("mcp"))
    reference, version_id = _read_model(content.get("model"))
    return Document(
        reference,
        version_id,
        _read_signature_array(signatures),
        client_options=_read_texts(content, "client"),
        json_types=_read_texts(content, "types"),
        public_transports=_read_names(content, "transports"),
        mcp=offer,
        model_type=_read_locked_model_type(content.get(_MODEL_TYPE_KEY)),
    )


def _read_locked_model_type(content: JsonValue) -> Mapping[str, object] | None:
    """Read the model type in a lock, from which the lock's signatures were derived."""
    if content is None:
        return None
    if not isinstance(content, dict):
        raise ValueError("`model_type` is not an object")
    return _tooling.read_model_type(content)


def read_signatures_by_name(content: JsonValue) -> tuple[Mapping[str, object], ...]:
    """Read an object that has signatures under their names.

    Raises:
        ValueError: The content is not such an object.
    """
    if not isinstance(content, dict):
        raise ValueError("it is neither an object nor an array of signatures")
    if not all(isinstance(signature, dict) for signature in content.values()):
        raise ValueError("it has neither `method_signatures` nor signatures by name")
    return tuple(
        signature if signature.get("name") else {**signature, "name": name}
        for name, signature in content.items()
    )


def _read_signature_array(signatures: JsonValue) -> tuple[Mapping[str, object], ...]:
    if signatures is None:
        return ()
    if not isinstance(signatures, list) or not all(isinstance(item, dict) for item in signatures):
        raise ValueError("`method_signatures` is not an array of objects")
    return tuple(signatures)


def _read_model(content: JsonValue) -> tuple[ModelRef | None, str]:
    """Return the model and the version that a file names.

    Raises:
        ValueError: The content has another type.
        Refusal: Exit 4: some of the model's three ids are missing. A file may leave out all of them.
    """
    if content is None:
        return None, ""
    if not isinstance(content, dict):
        raise ValueError("`model` is not an object")
    ids = {key: _get_id(content, key) for key in (*ModelRef._fields, "version_id")}
    version_id = ids.pop("version_id") or ""
    if all(text is None for text in ids.values()):
        return None, version_id
    for key, text in ids.items():
        if not text:
            raise Refusal(
                "the model's id is missing",
                location=f"model.{key}",
                remedy="give user_id, app_id and model_id, or none of them",
                exit_code=UNUSABLE,
            )
    return ModelRef(*(text or "" for text in ids.values())), version_id


def _read_texts(content: Mapping[str, JsonValue], key: str) -> tuple[tuple[str, str], ...]:
    """Read an object whose values are text; empty if the key is missing."""
    value = content.get(key)
    if value is None:
        return ()
    if not isinstance(value, dict):
        raise ValueError(f"`{key}` is not an object of texts")
    texts = tuple((name, text) for name, text in value.items() if isinstance(text, str))
    if len(texts) < len(value):
        raise ValueError(f"`{key}` is not an object of texts")
    return texts


def _read_names(content: Mapping[str, JsonValue], key: str) -> tuple[str, ...]:
    """Read an array of texts; empty if the key is missing."""
    value = content.get(key) or []
    if not isinstance(value, list):
        raise ValueError(f"`{key}` is not an array of texts")
    names = tuple(name for name in value if isinstance(name, str))
    if len(names) < len(value):
        raise ValueError(f"`{key}` is not an array of texts")
    return names


def _get_id(content: Mapping[str, JsonValue], key: str) -> str | None:
    """Return an id by its key, in snake_case or camelCase; None if it is missing."""
    text = wire.get_either_case(content, key)
    if text is not None and not isinstance(text, str):
        raise ValueError(f"`model.{key}` is not text")
    return text


def _check_format(number: JsonValue) -> None:
    """Raise `Refusal` if a lock has a later format, which may contain what this version cannot read."""
    if isinstance(number, int) and number > wire.FORMAT:
        raise Refusal(
            f"this lock was written by a newer gen-client: it has format {number}, and this one knows"
            f" {wire.FORMAT}",
            location="format",
            remedy="pip install -U 'clarigen[codegen]'",
            exit_code=UNUSABLE,
        )


def compute_lock_digest(signatures: object, mcp: object, model_type: object) -> str:
    """Return the digest of what a lock says of a model.

    Args:
        signatures: The signatures, as a parsed value.
        mcp: What an MCP model offers; None for another model.
        model_type: The model type of a model without signatures; None for another model.
    """
    others = [other for other in (mcp, model_type) if other is not None]
    return compute_digest([signatures, *others] if others else signatures)


def _read_locked_offer(content: JsonValue) -> Mapping[str, object] | None:
    """Return what a lock says that an MCP model offers."""
    if content is None:
        return None
    if not isinstance(content, dict):
        raise ValueError("`mcp` is not an object")
    return mcp_offer.build_offer(content)


def _check_digest(content: Mapping[str, JsonValue], signatures: JsonValue, report: Report) -> None:
    """Warn if what a lock says of its model was changed after it was written."""
    expected, others = content.get("sha256"), (content.get("mcp"), content.get(_MODEL_TYPE_KEY))
    if expected is not None and compute_lock_digest(signatures, *others) != expected:
        report.warn(
            "the signatures do not match the file's sha256: it was edited by hand",
            location="sha256",
            remedy="generate again from the model itself to be sure of them",
        )
