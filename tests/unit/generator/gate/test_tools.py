"""The gate on clients of MCP models: types of objects, descriptions of tools; every other form is refused."""

from __future__ import annotations

import pytest

from gen_client.diagnostics import Refusal
from gen_client.gate import check
from safety.trees import shape
from unit.generator.gate.gated import refused
from unit.generator.gate.test_filters import ATTACKS

PAGE = '''"""Typed client."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NotRequired, TypedDict, Union

from clarigen import (
    SERVER_DEFAULT,
    AsyncClient,
    AsyncMCPModel,
    Client,
    Default,
    JSONValue,
    MCPModel,
    ModelRef,
    ReadOnly,
    SequenceNotStr,
    ToolResult,
    wire,
)

_MODEL: Final = ModelRef("acme", "tools", "lab")


class Lab(MCPModel, Client, model=_MODEL):
    """Tools."""

    def area(self, shape: Shape, *, unit: Literal["m2"] = "m2", more: JSONValue | Default = SERVER_DEFAULT) -> Result:
        """Measure."""
        return self._unary(_AREA, shape, unit, more)


class AsyncLab(AsyncMCPModel, AsyncClient, model=_MODEL):
    """Tools."""

    async def area(self, shape: Shape, *, unit: Literal["m2"] = "m2") -> ToolResult:
        """Measure."""
        return await self._unary(_AREA, shape, unit)


class Shape(TypedDict):
    """A shape."""

    points: ReadOnly[Sequence[Mapping[str, float]]]
    next: NotRequired[ReadOnly[Shape | None]]
    """Another."""


Result = TypedDict(
    "Result",
    {
        "a-b": ReadOnly[Union["Result", None]],
        "tags": NotRequired[SequenceNotStr[str]],
        "shapes": list["Shape"],
    },
)
"""A result."""

_AREA: Final[wire.Unary[Result]] = wire.tool(
    "the area",
    wire.argument("shape", Shape | None),
    wire.argument("unit", Literal["m2", 1, True], default="m2"),
    wire.argument("more...", JSONValue, name="more", default=SERVER_DEFAULT),
    name="area",
    returns=Result,
    wrapped=True,
    defaults={Result: {"a-b": None, "tags": ("a",)}, Shape: {"next": {"x": -1}}},
)
'''

EVIL = "__import__('os').system('true')"

CHANGES = [
    # Heads of classes.
    ("(MCPModel, Client", "(Client, MCPModel"),
    ("(MCPModel, Client", "(AsyncMCPModel, Client"),
    ("(MCPModel, Client", f"({EVIL}, Client"),
    # Types as calls.
    ("Result = TypedDict(", "Result = dict("),
    ("Result = TypedDict(", "Result.x = TypedDict("),
    ("Result = TypedDict(", "Result = Other = TypedDict("),
    ("Result = TypedDict(", "Shape = TypedDict("),
    ('    "Result",\n', '    "Other",\n'),
    ('    "Result",\n', f"    {EVIL},\n"),
    ('"tags": NotRequired', f"{EVIL}: NotRequired"),
    ('"tags": NotRequired', "**Shape, 'x': NotRequired"),
    ("NotRequired[SequenceNotStr[str]]", f"NotRequired[{EVIL}]"),
    ("NotRequired[SequenceNotStr[str]]", '"SequenceNotStr[str]"'),
    ('list["Shape"]', 'list["Unknown"]'),
    ('list["Shape"]', f'list["{EVIL}"]'),
    ('list["Shape"]', 'list["str"]'),
    ('"""A result."""', EVIL),
    ("    },\n)\n", "    },\n    total=False,\n)\n"),
    # Quotes are for types as calls alone.
    ("next: NotRequired[ReadOnly[Shape | None]]", 'next: NotRequired[ReadOnly["Shape"]]'),
    ("shape: Shape, *, unit: Literal[\"m2\"] = \"m2\", more", 'shape: "Shape", *, unit: Literal["m2"] = "m2", more'),
    ("returns=Result", 'returns="Result"'),
    ('"shape", Shape | None', '"shape", "Shape"'),
    # Tools.
    ("= wire.tool(", "= wire.other("),
    ("= wire.tool(", "= other.tool("),
    ('"the area",', f"{EVIL},"),
    ('"the area",', ""),
    ('    "the area",\n', '    "the area",\n    "another",\n'),
    ('    "the area",\n', f'    "the area",\n    *{EVIL},\n'),
    ('name="area",', f"name={EVIL},"),
    ('name="area",', 'name="area", name2="b",'),
    ("returns=Result,", f"returns={EVIL},"),
    ("    returns=Result,\n", ""),
    ("returns=Result,", "returns=wire.STR,"),
    ("wrapped=True", "wrapped=False"),
    ("wrapped=True", f"wrapped={EVIL}"),
    ("wrapped=True", "other=True"),
    ("wrapped=True,", "**{},"),
    ("defaults={Result:", "defaults={Unknown:"),
    ("defaults={Result:", 'defaults={"Result":'),
    ("defaults={Result:", f"defaults={{{EVIL}:"),
    ("defaults={Result:", "defaults={**{},  Result:"),
    ('{"a-b": None,', f'{{"a-b": {EVIL},'),
    ('{"a-b": None,', f"{{{EVIL}: None,"),
    ('{"a-b": None,', '{**{}, "a-b": None,'),
    ('{"x": -1}', f'{{"x": {EVIL}}}'),
    # Arguments.
    ('wire.argument("shape", Shape', 'wire.field("shape", Shape'),
    ('wire.argument("shape", Shape', f'wire.argument({EVIL}, Shape'),
    ('"shape", Shape | None', f'"shape", {EVIL}'),
    ('"shape", Shape | None', '"shape", Shape | None, 3'),
    ('"shape", Shape | None', '"shape"'),
    ('"shape", Shape | None', '"shape", Unknown'),
    ('Literal["m2", 1, True], default="m2"', f'Literal["m2", {EVIL}], default="m2"'),
    ('True], default="m2"', f"True], default={EVIL}"),
    ('True], default="m2"', 'True], other="m2"'),
    ('True], default="m2"', 'True], **{}'),
    ('name="more",', f"name={EVIL},"),
    ("default=SERVER_DEFAULT)", "default=Shape)"),
    ("default=SERVER_DEFAULT)", "default=wire.REQUIRED)"),
]  # fmt: skip


def test_the_forms_are_accepted() -> None:
    check.check_code(PAGE, "client")


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_every_other_form_is_refused(old: str, new: str) -> None:
    assert old in PAGE
    refused(PAGE.replace(old, new, 1))


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("form", ["{}", '"{}"', '"""{}"""'])
@pytest.mark.parametrize(
    "place",
    [
        *('"""A shape."""', '"""A result."""', '"""Measure."""', '"the area"', '"m2", 1'),
        *('"a-b"', '"more..."', '("a",)', '{"x": -1}', 'list["Shape"]'),
    ],
)
def test_without_the_filters_no_attack_passes(attack: str, form: str, place: str) -> None:
    changed = PAGE.replace(place, form.format(attack), 1)
    try:
        check.check_code(changed, "client")
    except Refusal:
        return
    empty = {"__init__.py": "", "examples.py": ""}
    assert shape({"client.py": changed, **empty}) == shape({"client.py": PAGE, **empty})
