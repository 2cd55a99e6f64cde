"""A payload in any text of a signature gives the same code as a harmless text, or exit 4."""

from __future__ import annotations

import copy
from functools import cache

import pytest

from clarigen import ModelRef
from gen_client import json_text, limits, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.source import Document, signature_forms
from safety.leaves import IDS, LEAVES, MODELS, Path, Signature, places, planted
from safety.payloads import HARMLESS, PAYLOADS
from safety.trees import shape

REFERENCE = ModelRef("acme", "vision", "eye")
PLACES = list(places())
FIRST = {path: title for title, path in reversed(PLACES)}
"""The model in which a leaf gets all payloads; in the others, names and descriptions get some."""
READ: set[Path] = {
    ("name",),
    ("description",),
    *((side, key) for side in ("input_fields", "output_fields") for key in ("name", "description")),
    *(
        (side, *("type_args",) * depth, key)
        for side in ("input_fields", "output_fields")
        for depth in (1, 2)
        for key in ("name", "description")
    ),
    ("input_fields", "default"),
    ("input_fields", "model_type_enum_options", "id"),
    ("input_fields", "model_type_enum_options", "description"),
}
"""The fields that the generator reads. A text elsewhere changes nothing, which is tested too."""


def read(signature: Signature) -> Model | None:
    """Return the interface of a signature; None if it is refused with exit 4."""
    try:
        return read_model(Document(REFERENCE, "", (signature,)), Report())
    except Refusal as refusal:
        _check(refusal)
        return None


def build_shape(document: Document) -> str | None:
    """Return the shape of a package; None if it is refused with exit 4.

    black is left out: it changes no tree and takes most of the time. `test_hostile` runs it.
    """
    try:
        return shape(pipeline.build_package(document, "pkg", Report(), formatter=str).files)
    except Refusal as refusal:
        _check(refusal)
        return None


def _check(refusal: Refusal) -> None:
    """Check for exit 4 and at most two printable lines of limited length."""
    said = str(refusal)
    assert refusal.diagnostic.exit_code == 4, said
    assert said.replace("\n", "").isprintable(), said
    assert said.count("\n") <= 1, said
    assert len(said) < 1_000, said
    assert "a bug or an attack" not in said, said  # the filters are enough; the gate is not needed


@cache
def harmless(title: str, path: Path) -> frozenset[str | None]:
    """Return the shapes of the packages with harmless texts at a leaf."""
    return frozenset(
        build_shape(Document(REFERENCE, "", (planted(title, path, word),))) for word in HARMLESS
    )


def test_leaves_are_complete() -> None:
    assert len(LEAVES) > 60
    assert {path for _, path in PLACES} == set(LEAVES)
    assert set(LEAVES) >= READ - {
        path for path in READ if path.count("type_args") == 2
    }  # one level less of the recursive message


@pytest.mark.parametrize("title", MODELS)
def test_text_changes_no_code(title: str) -> None:
    plain = {path: read(planted(title, path, "word")) for place, path in PLACES if place == title}
    checked = 0
    for path, plain_model in plain.items():
        again = path[-1] in ("name", "description") and title != FIRST[path]
        for payload in list(PAYLOADS.values())[:: 8 if again else 1]:
            signature = planted(title, path, payload)
            model = read(signature)
            if model is None or model == plain_model:
                continue  # refused or not read: the package depends on the model alone
            assert path in READ, path
            package = build_shape(Document(REFERENCE, "", (signature,)))
            assert package is None or package in harmless(title, path), (path, payload[:80])
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("path", IDS, ids=lambda path: path[-1])
def test_id_changes_no_code(path: Path, payload: str) -> None:
    """Try a signature file and a lock, with a given package name and with one made from the model's id."""
    model = {"user_id": "acme", "app_id": "vision", "model_id": "eye", path[-1]: PAYLOADS[payload]}
    content: json_text.JsonValue = {"model": model, "method_signatures": [MODELS["a text"]]}
    lock = copy.deepcopy(content)
    assert isinstance(lock, dict)
    lock |= {"format": 1, "sha256": PAYLOADS[payload]}
    for source in (content, lock):
        try:
            document = signature_forms.read_document(source, Report())
        except Refusal as refusal:
            _check(refusal)
            continue
        package = build_shape(document)
        if package is not None:
            assert package == build_shape(Document(REFERENCE, "", (MODELS["a text"],)))
            assert document.reference is not None
            assert all(limits.is_id(text) for text in document.reference)
