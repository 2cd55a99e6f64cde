"""Inline signatures, as a lock has them: each path must be known and have the type that belongs to it."""

from __future__ import annotations

from typing import Any

import pytest

from gen_client.interface.write import write_signatures
from unit.generator.signatures import method, read_methods, refuse

TEXT = {"name": "text", "path": "text", "type": "TEXT", "required": True}
OPTION = {"name": "top", "path": "output_info.params.top", "type": "FLOAT"}
COUNT = {"name": "n", "path": "output_info.output_config.max_concepts", "type": "INT"}
RETURN = {"name": "return", "path": "text", "type": "STR"}


def inline(*fields: Any, **changes: Any) -> dict[str, Any]:
    return method(*fields, **{"inline": True, "output_fields": [RETURN], **changes})


def test_paths_are_read_and_written_again() -> None:
    model, warnings = read_methods(inline(TEXT, OPTION, COUNT))
    (only,) = model.methods
    assert not warnings
    assert only.is_inline
    assert [parameter.path for parameter in only.parameters] == [
        field["path"] for field in (TEXT, OPTION, COUNT)
    ]
    assert only.result.path == "text"
    again, _ = read_methods(*write_signatures(model))
    assert again == model


def test_paths_of_other_methods_are_ignored() -> None:
    model, _ = read_methods(method(TEXT, OPTION, output_fields=[RETURN]))
    assert write_signatures(model)[0].keys().isdisjoint({"inline", "path"})
    assert not model.methods[0].is_inline
    assert model.methods[0].result.path == ""


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        (inline({**TEXT, "path": "image"}), "no value of type TEXT can be at the path 'image'"),
        (inline({**TEXT, "path": "geo"}), "at the path 'geo'"),
        (inline({**TEXT, "path": ""}), "at the path ''"),
        (inline(TEXT, {**COUNT, "type": "FLOAT"}), "at the path 'max_concepts'"),
        (inline(TEXT, {**COUNT, "path": "output_info.output_config.x"}), "at the path 'x'"),
        (inline(TEXT, {**OPTION, "type": "IMAGE"}), "'output_info.params.top'"),
        (inline(TEXT, {**OPTION, "path": "output_info.params."}), "'output_info.params.'"),
        (inline(OPTION), "it has no input"),
        (inline(TEXT, output_fields=[{**RETURN, "type": "TEXT"}]), "at the path 'text'"),
        (inline(TEXT, output_fields=[{**RETURN, "name": "clusters"}]), "at the path 'clusters'"),
        (inline(TEXT, method_type="UNARY_STREAMING"), "it is inline, but not unary"),
    ],
)
def test_other_paths_are_refused(signature: dict[str, Any], message: str) -> None:
    assert message in refuse(signature)
