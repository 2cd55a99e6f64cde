"""Clients of MCP models under the type checkers: packages are accepted, so are right uses; wrong uses are not."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from gen_client import cli
from support import CORPUS, ROOT
from type_checkers import CHECKERS, Checker

HARD = ROOT / "tests" / "server" / "mcp_models" / "hard" / "1" / "tools.json"

CALLER = """
from typing import Literal, assert_type

from clarigen import SERVER_DEFAULT, AsyncBatch, Batch, Image, JSONValue, ToolError, ToolResult
from hard import Hard, OutRefResult, RecursiveNode, UnionsTaggedA
from lab import AreaInput, AreaResult, AreaShape, AsyncLab, Lab, SearchResult


def right(lab: Lab) -> None:
    assert_type(lab.add(1), int)
    assert_type(lab.add(1, b=2), int)
    assert_type(lab.get_weather_v2("Oslo", days=2), str)
    assert_type(lab.picture(), ToolResult)
    assert_type(lab.picture().images, list[Image])
    assert_type(lab.adopt({"kind": "cat"}, note="x"), dict[str, JSONValue])
    result = lab.area({"points": [{"x": 1}, {"x": 2, "label": None}], "color": "red"}, unit="ft2")
    assert_type(result, AreaResult)
    assert_type(result["unit"], Literal["m2", "ft2"])
    assert_type(result["corners"][0]["label"], str | None)
    points = lab.search("x", filters={"a": 1, "b": "c"}, tags=("a",))
    assert_type(points, list[SearchResult])
    shape: AreaShape = {"points": points, "origin": points[0]}  # chaining
    lab.area(shape)
    lab.area({"points": result["corners"]}, precision=3)
    lab.untyped(lab.adopt({"kind": "dog", "tricks": ["sit"]}), [None, 1, {"a": [True]}], anything=None)
    lab.raw_forms({"name": "a", "children": [{"name": "b"}]}, when=None, free={}, pair=("a", 1))
    lab.raw_forms({"name": "a"}, when=SERVER_DEFAULT, self_=True, strict={"q": "a", "n-th": 2})
    inputs: list[AreaInput] = [{"shape": shape}, {"shape": shape, "unit": "m2"}]
    assert_type(lab.area_batch(inputs), Batch[AreaResult])
    try:
        lab.fails()
    except ToolError as error:
        print(error.content[0]["text"])


def right_hard(hard: Hard) -> None:
    tagged: UnionsTaggedA = {"kind": "a", "x": 1}
    hard.unions(tagged=tagged, plain=None, untagged={"y": 2}, list_or_one="a", number_or_int=1)
    hard.unions(tagged={"kind": "b"}, plain=3, list_or_one=["a", "b"], number_or_int=0.5)
    node: RecursiveNode = {"name": "a", "edges": [{"to": {"name": "b"}}]}
    hard.recursive(node, edge={"to": node, "weight": 1})
    hard.enums(mixed=True, quotes="say \\\\"hi\\\\"", const_int=7)
    hard.nullable(None, b=None, f=None)
    hard.arrays(deep=[[1]], of_objects=[{"id": 1}], new_tuple=("a", 1))
    hard.names("a", self_="b", x_y="c", x_y_="d", n9lives="e", print="f")
    result = hard.out_ref()
    assert_type(result, OutRefResult)
    following = result["n"].get("next")
    if following is not None:
        assert_type(following["v"], int)
    assert_type(hard.out_object()["class"], str)
    assert_type(hard.out_object()["b"], int)
    hard.close_()
    hard.close()


async def right_async(lab: AsyncLab) -> None:
    assert_type(await lab.add(1), int)
    assert_type(lab.add_batch([{"a": 1}]), AsyncBatch[int])
    assert_type(await lab.add_batch([{"a": 1}]).collect(), list[int])


def wrong(lab: Lab, hard: Hard) -> None:
    lab.add("1")  # WRONG: a type
    lab.add()  # WRONG: a required argument is missing
    lab.add(1, 2)  # WRONG: an option by position
    lab.add(1, c=2)  # WRONG: an unknown argument
    lab.add(1, b=None)  # WRONG: None where the server has a default
    lab.fails("other")  # WRONG: a value that is none of the choices
    lab.substract(1)  # WRONG: an unknown tool
    lab.area({"color": "red"})  # WRONG: a required key is missing
    lab.area({"points": [], "colour": "red"})  # WRONG: an unknown key
    lab.area({"points": [{"x": "1"}]})  # WRONG: a type inside an object inside an array
    lab.area({"points": {"x": 1}})  # WRONG: an object in place of an array
    lab.adopt({"kind": "cat", "tricks": ["sit"]})  # WRONG: a key of another alternative
    lab.adopt({"kind": "cow"})  # WRONG: an unknown tag
    lab.search("x", tags="lone")  # WRONG: a lone string in place of a list
    lab.search("x", filters={"a": None})  # WRONG: a value of a map
    lab.raw_forms({"name": "a"}, pair=("a", "b"))  # WRONG: an item of a tuple
    lab.raw_forms({"name": "a"}, strict={"n-th": 1})  # WRONG: a required key is missing, in a type with odd keys
    lab.raw_forms({"name": "a"}, when=1)  # WRONG: an option without a default
    lab.raw_forms({"name": "a", "children": [{}]})  # WRONG: a key inside a type that contains itself
    lab.untyped({"a": object()}, [])  # WRONG: no JSON
    lab.untyped("lone", [])  # WRONG: a string in place of an object
    lab.untyped({}, "lone")  # WRONG: a lone string in place of a list of any JSON
    text: str = lab.picture()  # WRONG: content in place of a text
    number: int = lab.get_weather_v2("Oslo")  # WRONG: the result in place of another type
    lab.area({"points": []})["surface"]  # WRONG: an unknown key of a result
    hard.out_ref()["n"]["next"]["v"]  # WRONG: an optional result
    hard.enums(quotes="other")  # WRONG: a value that is none of the choices
    hard.nullable(3)  # WRONG: a type where None is allowed
    hard.unions(tagged={"kind": "b", "x": 1})  # WRONG: a key of another alternative
    lab.add_batch([{"b": 1}])  # WRONG: an input of a batch
    lab.add_batch({"a": 1})  # WRONG: an input in place of a batch
    lab.mcp_transport("{}")  # WRONG: the transport


def wrong_change(shape: AreaShape) -> None:
    shape["color"] = "green"  # WRONG: a change of an argument


async def wrong_async(lab: AsyncLab) -> None:
    number: int = lab.add(1)  # WRONG: a call that is not awaited
    await lab.add("1")  # WRONG: a type
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the lab's and of the hard tools."""
    folder = tmp_path_factory.mktemp("tools")
    for name, path in (("lab", CORPUS / "mcp" / "lab-tools.json"), ("hard", HARD)):
        arguments = ["--signatures", str(path), "--out", str(folder), "--name", name]
        with contextlib.redirect_stdout(io.StringIO()):
            assert cli.main(arguments) == 0
    return folder


@pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)
def test_checker_accepts_right_uses_and_rejects_wrong_ones(checker: Checker, folder: Path) -> None:
    (folder / "caller.py").write_text(CALLER.replace("\\\\", "\\"), "utf-8")
    lines = enumerate(CALLER.split("\n"), 1)
    wanted = {("caller.py", number) for number, line in lines if "# WRONG" in line}
    assert len(wanted) == 35
    found = checker(folder, ())
    assert found.keys() == wanted, {
        place: found.get(place, "accepted") for place in found.keys() ^ wanted
    }
