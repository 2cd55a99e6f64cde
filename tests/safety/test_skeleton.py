"""A payload in any text of a signature gives the same source of a model as a harmless text, or exit 4."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import pytest

from clarigen import ModelRef
from gen_client import limits
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.interface.model import Model
from gen_client.interface.read import read_model
from gen_client.skeleton import build_skeleton
from gen_client.source import Document
from gen_client.source.mcp_offer import build_offer
from gen_client.source.model_folder import read_reference
from safety.leaves import LEAVES, MODELS, Path, Signature, places, planted
from safety.payloads import HARMLESS, PAYLOADS
from safety.trees import shape_source

REFERENCE = ModelRef("acme", "vision", "eye")
PLACES = list(places())
FIRST = {path: title for title, path in reversed(PLACES)}
"""The model in which a leaf gets a third of the payloads, each leaf another one; in the others, it gets some."""


def read(signature: Signature) -> Model | None:
    """Return the interface of a signature; None if it is refused."""
    try:
        return read_model(Document(REFERENCE, "", (signature,)), Report())
    except Refusal:
        return None


def build_shape(model: Model) -> str | None:
    """Return the shape of a source; None if it is refused with exit 4 and a printable message."""
    try:
        files = build_skeleton(model, Code("eye"), Report(), lossy=True, formatter=str)
    except Refusal as refusal:
        check_refusal(refusal)
        return None
    return shape_source(files["1/model.py"])


def check_refusal(refusal: Refusal) -> None:
    said = str(refusal)
    assert refusal.diagnostic.exit_code == 4, said
    assert said.replace("\n", "").isprintable(), said
    assert said.count("\n") <= 1, said
    assert len(said) < 1_000, said
    assert "a bug or an attack" not in said, said


@cache
def harmless(title: str, path: Path) -> frozenset[str | None]:
    """Return the shapes of the sources with harmless texts at a leaf."""
    models = [read(planted(title, path, word)) for word in HARMLESS]
    return frozenset(build_shape(model) for model in models if model is not None)


@pytest.mark.parametrize("title", MODELS)
def test_text_changes_no_code(title: str) -> None:
    checked = 0
    for index, (place, path) in enumerate(PLACES):
        if place != title or path not in LEAVES:
            continue
        plain = read(planted(title, path, "word"))
        step = 3 if title == FIRST[path] else 24
        for payload in list(PAYLOADS.values())[index % step :: step]:
            model = read(planted(title, path, payload))
            if model is None or model == plain:
                continue  # refused or not read
            shape = build_shape(model)
            assert shape is None or shape in harmless(title, path), (path, payload[:80])
            checked += 1
    assert checked > 5


@pytest.mark.parametrize("id_", ["null", "1e3", "yes", "0x10", "2024-01-01", "~", "a.b-c_d"])
def test_an_id_is_a_text_in_the_configuration(id_: str) -> None:
    reference = ModelRef(id_, id_, id_)
    if not limits.is_id(id_):
        return
    model = read_model(Document(reference, "", (MODELS["a text"],)), Report())
    files = build_skeleton(model, Code("eye"), Report(), lossy=True, formatter=str)
    assert read_reference(files["config.yaml"].encode()) == reference


TOOL_TEXTS: Final = ("name", "title", "description", "instructions", "property", "default", "enum")


def plant_tool_text(place: str, text: str) -> Document:
    """Return an MCP model with a text at one place of its only tool."""
    schema: dict[str, Any] = {"type": "string"}
    keys = {"property": "description", "enum": "enum", "default": "default"}
    if place in keys:
        schema[keys[place]] = [text, "other"] if place == "enum" else text
    required = [] if place == "default" else ["x"]
    tool: dict[str, Any] = {"name": "look", "description": "Look."}
    tool["inputSchema"] = {"type": "object", "properties": {"x": schema}, "required": required}
    offer: dict[str, Any] = {"instructions": "Words.", "tools": [tool]}
    if place in ("name", "title", "description"):
        tool[place] = text
    elif place == "instructions":
        offer[place] = text
    field = {"name": "msg", "type": "STR", "required": True}
    signature = {
        "name": "mcp_transport",
        "method_type": "UNARY_UNARY",
        "description": "Synchronous entry point used by Clarifai.",
        "input_fields": [field],
        "output_fields": [{"name": "return", "type": "STR"}],
    }
    return Document(REFERENCE, "", (signature,), mcp=build_offer(offer))


def build_tool_shape(document: Document) -> str | None:
    """Return the shape of the source of an MCP model; None if it cannot be read, or is refused."""
    try:
        model = read_model(document, Report())
    except Refusal:
        return None
    return build_shape(model)


@pytest.mark.parametrize("place", TOOL_TEXTS)
def test_text_of_a_tool_changes_no_code(place: str) -> None:
    words = ("word", "Words, and more.", "", "a-b", ">>> x", "list", "y" * 9_999)
    plain = {build_tool_shape(plant_tool_text(place, word)) for word in words}
    assert len(plain - {None}) <= 5
    for payload in list(PAYLOADS.values())[TOOL_TEXTS.index(place) % 4 :: 4]:
        shape = build_tool_shape(plant_tool_text(place, payload))
        assert shape is None or shape in plain, payload[:80]
