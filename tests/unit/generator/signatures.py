"""Signatures written by hand, and the models that are read from them."""

from __future__ import annotations

from typing import Any

import pytest

from gen_client.diagnostics import Refusal, Report
from gen_client.interface.model import Model, Parameter
from gen_client.interface.read import read_model
from gen_client.source import Document

Signature = dict[str, Any]

TEXT = {"name": "prompt", "type": "STR", "required": True}
RETURN = {"name": "return", "type": "STR"}


def method(*fields: Signature, **changes: Any) -> Signature:
    """Return the signature of a method with these parameters."""
    return {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "input_fields": list(fields),
        "output_fields": [RETURN],
        **changes,
    }


def read_methods(*signatures: Signature) -> tuple[Model, list[str]]:
    """Return the model that the signatures describe, and the warnings."""
    report = Report()
    model = read_model(Document(None, "", signatures), report)
    return model, [str(warning) for warning in report.warnings]


def read_parameter(**field: Any) -> tuple[Parameter, list[str]]:
    """Return the only parameter of a method, and the warnings."""
    model, warnings = read_methods(method({"name": "x", **field}))
    return model.methods[0].parameters[0], warnings


def refuse(*signatures: Any) -> str:
    """Return the message of the refusal of signatures."""
    with pytest.raises(Refusal) as caught:
        read_methods(*signatures)
    assert caught.value.diagnostic.exit_code == 4
    text = str(caught.value)
    assert text.replace("\n", "").isprintable()
    assert text.count("\n") <= 1
    return text
