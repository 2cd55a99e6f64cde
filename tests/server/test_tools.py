"""Typed methods of tools on the official server: it gets the right arguments, and answers become the right values."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clarigen import SERVER_DEFAULT, Image, InputError, ToolError, ToolResult
from gen_client import cli
from golden.packages import GENERATED
from support import ROOT

pytestmark = pytest.mark.official_server


@pytest.fixture(scope="session")
def make_package(
    mcp_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Any, str]]:
    """A function that generates the package of one of our MCP models; it returns the module and the base URL."""
    out = tmp_path_factory.mktemp("tools")
    packages: dict[str, Any] = {}

    def make(name: str) -> tuple[Any, str]:
        url = mcp_url(name)
        if name not in packages:
            folder = f"{name}_on_server"
            assert cli.main(["--url", url, "--out", str(out), "--name", folder]) == 0
            sys.path.insert(0, str(out))
            try:
                packages[name] = importlib.import_module(folder)
            finally:
                sys.path.remove(str(out))
        return packages[name], url

    return make


@pytest.fixture
def lab(make_package: Callable[[str], tuple[Any, str]]) -> Any:
    package, url = make_package("lab")
    with package.LabOnServer(base_url=url, timeout=60) as client:
        yield client


@pytest.fixture
def hard(make_package: Callable[[str], tuple[Any, str]]) -> Any:
    package, url = make_package("hard")
    with package.HardOnServer(base_url=url, timeout=60) as client:
        yield client


def test_results_of_the_lab_are_typed_values(lab: Any) -> None:
    assert lab.add(2) == 3
    assert lab.add(2, b=5) == 7
    assert lab.get_weather_v2("Oslo", days=2) == "Sunny in Oslo for 2 days"
    assert lab.search("q", limit=4) == [{"x": 4.0, "y": 0.0, "label": "q"}]
    assert lab.adopt({"kind": "dog", "tricks": ["sit"]}, note=3) == {
        "pet": {"kind": "dog", "tricks": ["sit"]},
        "note": 3,
    }
    assert lab.slow(1) == "done"


def test_a_result_is_an_argument_of_another_tool(lab: Any) -> None:
    first = lab.area({"points": [{"x": 1}, {"x": 2, "label": "b"}]}, precision=1)
    assert first == {
        "area": 2.5,
        "unit": "m2",
        "corners": [{"x": 1.0, "y": 0.0, "label": None}, {"x": 2.0, "y": 0.0, "label": "b"}],
    }
    assert lab.area({"points": first["corners"]}, unit="ft2")["corners"] == first["corners"]
    points = lab.search("q")
    assert lab.area({"points": points})["corners"] == points


def test_content_is_a_tool_result(lab: Any) -> None:
    assert lab.picture().images == [Image(bytes=b"\x89PNG\r\n\x1a\n\0\0")]
    assert lab.nothing() == ToolResult([])
    assert json.loads(lab.untyped({"k": 1}, [1, "a"]).text) == [{"k": 1}, [1, "a"], None]


def test_failures_of_tools_are_errors(lab: Any) -> None:
    with pytest.raises(ToolError, match="fails: the tool failed: the disk is full") as caught:
        lab.fails()
    assert caught.value.attempts == 1
    assert caught.value.content == [{"type": "text", "text": "the disk is full"}]
    with pytest.raises(ToolError, match="sampling"):
        lab.asks()


def test_nothing_is_sent_for_an_argument_that_does_not_fit(lab: Any) -> None:
    with pytest.raises(InputError, match=r"area: `shape\['points'\]\[1\]\['x'\]` must be a float"):
        lab.area({"points": [{"x": 1}, {"x": "2"}]})


def test_a_batch_calls_a_tool_for_each_input(lab: Any) -> None:
    assert list(lab.add_batch({"a": n} for n in range(20))) == [n + 1 for n in range(20)]
    outcomes = list(lab.fails_batch([{}, {"how": "tool"}]).outcomes())
    assert [type(outcome) for outcome in outcomes] == [ToolError, ToolError]


def test_the_async_twin_calls_the_same_tools(make_package: Callable[[str], Any]) -> None:
    package, url = make_package("lab")

    async def call() -> list[Any]:
        async with package.AsyncLabOnServer(base_url=url, timeout=60) as client:
            results = [await client.add(1), await client.get_weather_v2("Oslo")]
            batch = client.add_batch([{"a": 1}, {"a": 2, "b": 2}])
            return [*results, *[result async for result in batch]]

    assert asyncio.run(call()) == [2, "Sunny in Oslo for 1 days", 2, 4]


def test_raw_forms_arrive_under_their_own_names(lab: Any) -> None:
    tree = {"name": "a", "children": [{"name": "b"}]}
    sent = lab.raw_forms(
        tree,
        mode="slow",
        when=None,
        pair=("x", 1),
        map={"k": 1},
        class_="c",
        x_y="xy",
        self_=True,
        free=[None],
        strict={"q": "q", "n-th": 2},
    )
    assert json.loads(sent) == {
        "tree": tree,
        "mode": "slow",
        "when": None,
        "pair": ["x", 1],
        "map": {"k": 1},
        "class": "c",
        "x-y": "xy",
        "self": True,
        "free": [None],
        "strict": {"q": "q", "n-th": 2},
    }
    assert json.loads(lab.raw_forms(tree, mode="fast", when=SERVER_DEFAULT)) == {"tree": tree}


def test_every_hard_tool_gets_its_arguments(hard: Any) -> None:
    node = {"name": "a", "children": [{"name": "b"}], "edges": [{"to": {"name": "c"}, "weight": 1}]}
    calls: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
        ("recursive", {"tree": node, "edge": {"to": node}}, {"tree": node, "edge": {"to": node}}),
        ("root_ref", {"a": 1}, {"a": 1}),
        ("recursive_list", {"value": ["a", ["b"]]}, {"value": ["a", ["b"]]}),
        (
            "unions",
            {"tagged": {"kind": "b", "y": "t"}, "plain": None, "list_or_one": "one"},
            {"tagged": {"kind": "b", "y": "t"}, "plain": None, "list_or_one": "one"},
        ),
        ("unions", {"tagged": {"kind": "a", "x": 1}, "untagged": {"y": 1}}, None),
        ("nullable", {"a": None}, {"a": None}),
        ("nullable", {"a": "x", "b": None, "e": None, "f": None}, {"a": "x", "b": None, "f": None}),
        ("nullable", {"a": "x", "f": 3, "c": "x"}, {"a": "x", "c": "x"}),
        ("maps", {"typed": {"k": 1}, "nested": {"k": [1]}, "both": {"a": "x", "b": 2}}, None),
        ("arrays", {"bare": [1, "a"], "old_tuple": ("a", 1), "of_objects": [{"id": 1}]}, None),
        ("enums", {"mixed": True, "quotes": "new\nline", "floats": 0.5, "const_int": 7}, None),
        ("defaults", {}, {}),
        ("defaults", {"s": "x", "i": 3, "f": 1, "b": True, "quote": 'it\'s "x"\n'}, {}),
        ("defaults", {"s": "y", "i": 0, "b": False, "l": []}, None),
        (
            "names",
            {
                "class_": "a",
                "x_y": "b",
                "x_y_": "c",
                "n9lives": "d",
                "ünï": "e",
                "x": "f",
                "none": "g",
            },
            {"class": "a", "x_y": "b", "x-y": "c", "9lives": "d", "ünï": "e", "": "f", "None": "g"},
        ),
        ("lost_refs", {"missing": [1], "loop": None}, None),
        ("conditional", {"mode": "a", "y": 3}, None),
        ("all_of", {"merged": {"a": "x", "b": 1}, "described": {}}, None),
        ("texts", {"a": '"""', "b": "\\"}, None),
        ("nothing", {}, {}),
        ("no_type", {"a": "x"}, None),
        ("x" * 90, {"q": "long"}, None),
    ]
    names = ("get_weather_v2", "get_weather_v2_", "get_weather_v2__", "import_", "a_b", "private")
    calls += [(name, {"q": name}, None) for name in ("close_", "with_options_", *names)]
    for name, arguments, expected in calls:
        result = getattr(hard, name)(**arguments)
        wanted = json.loads(json.dumps(arguments)) if expected is None else expected
        assert json.loads(result.text) == wanted, name


def test_results_of_hard_tools_are_checked_and_filled_in(hard: Any) -> None:
    assert hard.out_wrapped() == [{"x": 1.5}, {"x": 2.0}]
    assert hard.out_object() == {"a": "alpha", "b": 1, "class": "first", "extra": [1]}
    assert hard.out_result_unmarked() == {"result": "plain"}
    assert hard.out_free() == {"anything": {"goes": [None, True]}}
    assert hard.out_ref() == {"n": {"v": 1, "next": {"v": 2, "next": None}}}


def test_a_model_with_methods_of_its_own_has_both(make_package: Callable[[str], Any]) -> None:
    package, url = make_package("mixed")
    with package.MixedOnServer(base_url=url, timeout=60) as client:
        assert client.count_words("a b") == 2
        assert client.predict("ab", repeat=2) == "abab"
        assert list(client.generate("a b")) == ["a", "b"]
        assert not hasattr(client, "mcp_transport")


def test_a_bridged_failure_is_an_error(make_package: Callable[[str], Any], tmp_path: Path) -> None:
    package, url = make_package("bridged")
    with (
        package.BridgedOnServer(base_url=url, timeout=60) as client,
        pytest.raises(ToolError, match="read_note: the tool failed: Error executing"),
    ):
        client.read_note(str(tmp_path))


def test_the_page_shows_calls_that_work(
    mcp_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (ROOT / "docs" / "mcp.md").read_text("utf-8")
    block = page.split("## Call tools")[1].split("```python\n")[1].split("```")[0]
    monkeypatch.syspath_prepend(str(GENERATED))
    exec(compile(block, "docs/mcp.md", "exec"), {"url": mcp_url("lab")})
    assert capsys.readouterr().out.splitlines() == [
        *("2.5 m2", r"b'\x89PNG'", "1", "2", "3", "the disk is full"),
    ]
