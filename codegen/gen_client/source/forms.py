"""The forms in which documents hold signatures.

What lives here: what tells the forms apart, on parsed JSON or YAML. What a signature says is not
looked at.

    {"model": {…}, "method_signatures": […]}     a signature file; a lock has also `format`, `sha256`, `client`, `types`
    {"predict": {…}, "generate": {…}}            what a model answers itself
    [{…}, {…}]                                   signatures alone
"""

from __future__ import annotations

from collections.abc import Mapping

from clarigen import ModelRef, wire
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE
from gen_client.json_text import JsonValue, compute_digest
from gen_client.source.document import Document

_KEYS = ("method_signatures", "methodSignatures")


def read_document(content: JsonValue, report: Report) -> Document:
    """The document in any of the forms.

    Args:
        content: What was parsed.
        report: Where warnings go.

    Raises:
        ValueError: It has none of the forms.
        Refusal: Exit 4: it names a model only in part, or is the lock of a newer gen-client.
    """
    if isinstance(content, list):
        return Document(None, "", _signature_list(content))
    if isinstance(content, dict):
        for key in _KEYS:
            if key in content:
                _check_format(content.get("format"))
                signatures = content[key]
                _check_digest(content.get("sha256"), signatures, report)
                reference, version_id = _read_reference(content.get("model"))
                client, types = (_read_texts(content, key) for key in ("client", "types"))
                return Document(reference, version_id, _signature_list(signatures), client, types)
    return Document(None, "", signatures_by_name(content))


def signatures_by_name(content: JsonValue) -> tuple[Mapping[str, object], ...]:
    """Signatures that stand under their names.

    Raises:
        ValueError: It is no such object.
    """
    if not isinstance(content, dict):
        raise ValueError("it is neither an object nor an array of signatures")
    if not all(isinstance(signature, dict) for signature in content.values()):
        raise ValueError("it has neither `method_signatures` nor signatures by name")
    return tuple(
        signature if signature.get("name") else {**signature, "name": name}
        for name, signature in content.items()
    )


def _signature_list(signatures: JsonValue) -> tuple[Mapping[str, object], ...]:
    if signatures is None:
        return ()
    if not isinstance(signatures, list) or not all(isinstance(one, dict) for one in signatures):
        raise ValueError("`method_signatures` is not an array of objects")
    return tuple(signatures)


def _read_reference(content: JsonValue) -> tuple[ModelRef | None, str]:
    """The model that a file names. All three ids or none: half a name is a mistake."""
    if content is None:
        return None, ""
    if not isinstance(content, dict):
        raise ValueError("`model` is not an object")
    ids = {key: _read_id(content, key) for key in (*ModelRef._fields, "version_id")}
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


def _read_texts(lock: Mapping[str, JsonValue], key: str) -> tuple[tuple[str, str], ...]:
    """What a lock says that its client is told, and that its types are."""
    content = lock.get(key)
    if content is None:
        return ()
    if not isinstance(content, dict):
        raise ValueError(f"`{key}` is not an object of texts")
    texts = tuple((name, text) for name, text in content.items() if isinstance(text, str))
    if len(texts) < len(content):
        raise ValueError(f"`{key}` is not an object of texts")
    return texts


def _read_id(content: Mapping[str, JsonValue], key: str) -> str | None:
    """An id of the model, in either spelling of its key; None where there is none."""
    first, second = key.split("_")
    text = content.get(key, content.get(f"{first}{second.title()}"))
    if text is not None and not isinstance(text, str):
        raise ValueError(f"`model.{key}` is not text")
    return text


def _check_format(number: JsonValue) -> None:
    """A lock of a format that is not known yet may mean more than what is read of it here."""
    if isinstance(number, int) and number > wire.FORMAT:
        raise Refusal(
            f"this lock was written by a newer gen-client: it has format {number}, and this one knows {wire.FORMAT}",
            location="format",
            remedy="pip install -U 'clarigen[codegen]'",
            exit_code=UNUSABLE,
        )


def _check_digest(wanted: JsonValue, signatures: JsonValue, report: Report) -> None:
    """Say so when a lock's signatures are not those it was written with."""
    if wanted is not None and compute_digest(signatures) != wanted:
        report.warn(
            "the signatures do not match the file's sha256: it was edited by hand",
            location="sha256",
            remedy="generate again from the model itself to be sure of them",
        )
