"""The kind of a model, from the signatures of its transports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gen_client.diagnostics import Report
from gen_client.interface.read import read_model
from gen_client.source import Document
from unit.generator.signatures import RETURN, TEXT, method, read_methods

UNARY = method(TEXT, name="openai_transport")
STREAM = method(
    TEXT,
    name="openai_stream_transport",
    method_type="UNARY_STREAMING",
    output_fields=[{**RETURN, "iterator": True}],
)
PREDICT = method(TEXT)


def client_methods(*signatures: dict[str, Any]) -> tuple[bool, list[str]]:
    """Return whether a model is OpenAI-compatible, and the methods that its client gets."""
    model, _ = read_methods(*signatures)
    return model.openai is not None, [method.name for method in model.client_methods]


def test_both_transports_make_a_model_openai_compatible() -> None:
    assert client_methods(STREAM, UNARY) == (True, [])
    assert client_methods(UNARY, PREDICT, STREAM) == (True, ["predict"])


def test_the_parameters_of_the_transports_may_have_any_name() -> None:
    model, _ = read_methods(
        {**UNARY, "input_fields": [{**TEXT, "name": "request"}]},
        {**STREAM, "input_fields": [{**TEXT, "name": "lambda"}]},
    )
    assert model.openai is not None
    names = [model.openai.unary.parameters[0].name, model.openai.stream.parameters[0].name]
    assert names == ["request", "lambda"]


@pytest.mark.parametrize(
    ("unary", "stream"),
    [
        (UNARY, None),
        (None, STREAM),
        ({**UNARY, "method_type": "UNARY_STREAMING"}, STREAM),
        (UNARY, {**STREAM, "method_type": "UNARY_UNARY"}),
        ({**UNARY, "input_fields": [{**TEXT, "type": "JSON_DATA"}]}, STREAM),
        ({**UNARY, "input_fields": [TEXT, {**TEXT, "name": "more"}]}, STREAM),
        ({**UNARY, "input_fields": []}, STREAM),
        ({**UNARY, "output_fields": [{**RETURN, "type": "TEXT"}]}, STREAM),
        ({**UNARY, "output_fields": [{**RETURN, "name": "a"}, {**RETURN, "name": "b"}]}, STREAM),
        (UNARY, {**STREAM, "name": "openai_streaming_transport"}),
    ],
)
def test_other_signatures_stay_ordinary_methods(unary: Any, stream: Any) -> None:
    signatures = [signature for signature in (unary, stream) if signature is not None]
    assert client_methods(*signatures) == (False, [signature["name"] for signature in signatures])


def test_a_transport_that_the_configuration_names_is_a_method() -> None:
    document = Document(None, "", (UNARY, STREAM, PREDICT))
    named = replace(document, public_transports=("predict", "openai_transport", "other"))
    model = read_model(named, Report())
    assert model.openai is not None
    assert model.public_transports == ("openai_transport",)
    assert [method.name for method in model.client_methods] == ["openai_transport", "predict"]
