"""The wire descriptions that `gen-client call` builds are those that generated code has, for each package that has any."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from clarigen.wire import Codec
from gen_client.call.describe import describe_method
from gen_client.call.tools import describe_tool
from gen_client.diagnostics import Report
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.plan.named import name_interface
from gen_client.source import Access, parse_source, resolve_address
from support import ROOT

PACKAGES = sorted(
    path.parent
    for path in (ROOT / "generated").glob("*/client.py")
    if "# Wire descriptions" in path.read_text("utf-8")  # not of a chat alone
)


def summarize(codec: Any) -> Any:
    """Return what a codec is made of; of records, the fields, since their classes differ."""
    if not isinstance(codec, Codec):
        return codec
    if codec.kind in ("", "JSON_DATA"):  # a type of the user's is JSON for the command
        return codec.kind
    parts = [
        (part[0], summarize(part[1])) if codec.kind == "NAMED_FIELDS" else summarize(part)
        for part in codec.parts
    ]
    return codec.kind, parts


def describe_value(value: Any) -> Any:
    """Return a default in a form that can be compared: a record by its fields."""
    fields = getattr(value, "__dataclass_fields__", None)
    if isinstance(value, tuple):
        return tuple(map(describe_value, value))
    if fields is None:
        return value
    return {name: describe_value(getattr(value, name)) for name in fields}


def list_fields(method: Any, *, has_codecs: bool = True) -> list[tuple[Any, ...]]:
    return [
        (
            field.wire_name,
            field.name,
            summarize(field.codec) if has_codecs else None,
            describe_value(field.default),
            *(field.ge, field.le, field.choices, field.is_stream),
        )
        for field in method.fields
    ]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_descriptions_are_those_of_the_package(package: Path) -> None:
    client = vars(importlib.import_module(f"generated.{package.name}.client"))
    source = resolve_address(parse_source(str(package)), Access(), Report())
    interface = name_interface(read_model(source.fetch(), Report()), Code(package.name), Report())
    for method in interface.methods:
        wire, constant = describe_method(method).wire, client[method.names.constant]
        assert type(wire) is type(constant)
        assert (wire.name, wire.wire_name, wire.rpc) == (
            constant.name,
            constant.wire_name,
            constant.rpc,
        )
        assert list_fields(wire) == list_fields(constant)
        assert summarize(wire.returns) == summarize(constant.returns)
    for tool in interface.tools:
        wire, constant = describe_tool(tool).wire, client[tool.names.constant]
        assert type(wire) is type(constant)
        assert (wire.name, wire.wire_name) == (constant.name, constant.wire_name)
        assert list_fields(wire, has_codecs=False) == list_fields(constant, has_codecs=False)
    assert interface.methods or interface.tools
