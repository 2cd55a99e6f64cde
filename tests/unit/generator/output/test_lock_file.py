"""Locks: reading one gives the same model again, and equal models have equal locks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clarigen import ModelRef
from gen_client.diagnostics import Report
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.json_text import compute_digest
from gen_client.output import lock_file
from gen_client.source import Document
from support import CORPUS

REFERENCE = ModelRef("acme", "vision", "detector")


def make_model(reference: ModelRef | None = REFERENCE, version_id: str = "v1") -> Model:
    """Return a model of the corpus, with another reference."""
    content = json.loads((CORPUS / "docs" / "detector.json").read_text())
    document = Document(reference, version_id, tuple(content["method_signatures"]))
    return read_model(document, Report())


def test_a_lock_states_format_model_digest_and_signatures() -> None:
    text = lock_file.format_lock(make_model())
    content = json.loads(text)
    assert text.endswith("\n")
    assert text.isascii()
    assert list(content) == ["format", "method_signatures", "model", "sha256"]
    assert content["format"] == 1
    assert content["model"] == {
        "app_id": "vision",
        "model_id": "detector",
        "user_id": "acme",
        "version_id": "v1",
    }
    assert content["sha256"] == compute_digest(content["method_signatures"])


def test_unknown_ids_are_left_out() -> None:
    assert json.loads(lock_file.format_lock(make_model(None, "")))["model"] == {}
    assert json.loads(lock_file.format_lock(make_model(None, "v1")))["model"] == {
        "version_id": "v1"
    }


USABLE = [
    *sorted((CORPUS / "kitchen_sink").glob("[!e]*.json")),
    *(
        file
        for file in sorted((CORPUS / "hostile").glob("*.json"))
        if json.loads(file.read_text("utf-8"))["expect"] == "ok"
    ),
]


@pytest.mark.parametrize("file", USABLE, ids=lambda file: file.stem)
def test_a_lock_that_is_read_and_written_is_the_same(file: Path) -> None:
    content = json.loads(file.read_text())
    first = read_model(Document(REFERENCE, "", tuple(content["method_signatures"])), Report())
    again = json.loads(lock_file.format_lock(first))
    second = read_model(Document(REFERENCE, "", tuple(again["method_signatures"])), Report())
    assert second == first
    assert lock_file.format_lock(second) == lock_file.format_lock(first)


def test_the_digest_ignores_the_order_of_keys() -> None:
    assert compute_digest([{"a": 1, "b": "é"}]) == compute_digest([{"b": "é", "a": 1}])
    assert compute_digest([{"a": 1}]) != compute_digest([{"a": 2}])
    assert compute_digest([{"a": 1}, {"b": 1}]) != compute_digest([{"b": 1}, {"a": 1}])
