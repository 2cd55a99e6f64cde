"""The gate on clients of models without signatures: their wire descriptions."""

from __future__ import annotations

import pytest

from gen_client.gate import check
from golden.packages import GENERATED
from unit.generator.gate.gated import refused

PAGE = (GENERATED / "flowers" / "client.py").read_text("utf-8")


def test_the_generated_client_is_accepted() -> None:
    check.check_code(PAGE, "client")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("wire.inline_unary(", "wire.inline_stream("),
        ("wire.inline_unary(", "evil.inline_unary("),
        ("wire.inline_unary(", "inline_unary("),
        ('wire.output("concepts", ', "wire.output("),
        ('wire.output("concepts", ', "wire.output(_MODEL, "),
        ('wire.output("concepts", ', 'wire.output(f"{_MODEL}", '),
        ('wire.output("concepts", ', 'wire.output(*"concepts", '),
        ('wire.output("concepts", ', 'wire.outputs("concepts", '),
        ('wire.output("concepts", ', 'wire.output("concepts", 1, '),
        ("wire.list_of(wire.CONCEPT))", "wire.list_of(wire.CONCEPT), name=1)"),
        ("wire.list_of(wire.CONCEPT))", "evil())"),
        ("wire.list_of(wire.FRAME))", "wire.outputs(ModelRef))"),
        ("wire.list_of(wire.FRAME))", "wire.EMBEDDINGS)"),
    ],
)
def test_another_wire_description_is_refused(old: str, new: str) -> None:
    assert old in PAGE
    refused(PAGE.replace(old, new, 1))
