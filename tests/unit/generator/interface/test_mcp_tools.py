"""The thirty hard tools: what each parameter and each object becomes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clarigen import ModelRef
from gen_client.diagnostics import Report
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.plan.build import build_page
from gen_client.plan.page import ClientMethod, Page
from gen_client.source import Document
from support import ROOT

HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"
EXPECTED = Path(__file__).parent / "hard_tools.expected.json"


@pytest.fixture(scope="module")
def page() -> Page:
    document = Document(
        ModelRef("acme", "tools", "hard"), "", (), mcp=json.loads(HARD.read_text("utf-8"))
    )
    report = Report()
    page = build_page(read_model(document, report), Code("hard"), report)
    assert [warning.location for warning in report.warnings] == [
        "tool 'conditional'",
        *["tool 'lost_refs'"] * 4,
        "tool 'maps'",
        "tool 'unions'",
    ]
    return page


def describe(method: ClientMethod) -> dict[str, Any]:
    """Return a method as the file of expectations has it."""
    parameters: dict[str, Any] = {}
    for parameter in (*method.positional, *method.keywords):
        annotation = " | ".join(filter(None, (parameter.annotation, parameter.default_type)))
        parameters[parameter.name] = [annotation, str(parameter.default)]
    return {"parameters": parameters, "returns": str(method.returns)}


def test_every_tool_becomes_the_method_that_is_expected(page: Page) -> None:
    expected = json.loads(EXPECTED.read_text("utf-8"))["methods"]
    assert {str(method.name): describe(method) for method in page.methods} == expected


def test_every_object_becomes_the_type_that_is_expected(page: Page) -> None:
    expected = json.loads(EXPECTED.read_text("utf-8"))["types"]
    types = {
        str(own.name): {
            field.name.strip(chr(34)): remove_mark(field.annotation) for field in own.fields
        }
        for own in page.tool_types
    }
    assert types == expected


def remove_mark(annotation: str) -> str:
    """Return an annotation without `ReadOnly`."""
    before, mark, inner = annotation.partition("ReadOnly[")
    return f"{before}{inner[:-1]}" if mark else annotation
