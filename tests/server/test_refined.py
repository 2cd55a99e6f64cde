"""JSON as user-defined types, on both servers: values that type checkers accept survive a round trip."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from clarigen import ConfigError, InputError
from clarigen.errors import DecodeError
from gen_client import cli
from server.conftest import Served
from support import SOURCES, run

THEIRS = """
from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TypedDict

from pydantic import BaseModel


class Turn(TypedDict):
    role: str
    content: str


@dataclass
class Tree:
    value: int
    children: list[Tree] = field(default_factory=list["Tree"])


class Person(BaseModel):
    name: str
    age: int | None = None


@dataclass
class Visit:
    day: date
"""
CALLER = """
from typing import assert_type

from refined_types import Person, Tree, Turn
from {package} import AsyncEverything, Everything, EchoJsonInput

model = Everything(base_url="grpc://127.0.0.1:1")
assert_type(model.objects([{{"role": "user", "content": "x"}}]), list[Turn])
assert_type(model.echo_json(Tree(1)), Tree)
assert_type(model.echo_json_list([Person(name="x")]), list[Person])
assert_type(model.echo_json_batch([{{"x": Tree(1)}}]).collect(), list[Tree])
given: EchoJsonInput = {{"x": Tree(1)}}


async def main(twin: AsyncEverything) -> None:
    assert_type(await twin.echo_json(Tree(1)), Tree)
"""
WRONG = """
from {package} import Everything

model = Everything(base_url="grpc://127.0.0.1:1")
model.echo_json({{"value": 1}})
model.objects([{{"role": "user"}}])
model.echo_json_list(["x"])
"""
TYPES = {
    "echo_json.x": "refined_types:Tree",
    "echo_json.return": "refined_types:Tree",
    "echo_json_list.x": "list[refined_types:Person]",
    "echo_json_list.return": "list[refined_types:Person]",
    "objects.x": "list[refined_types:Turn]",
    "objects.return": "list[refined_types:Turn]",
}


def generate(
    served: Served,
    folder: Path,
    package: str,
    types: Mapping[str, str] = TYPES,
    out: Path | None = None,
) -> None:
    """Generate a package of the server's model with these types."""
    document = json.loads((served.folder / "signatures.json").read_text("utf-8"))
    document["types"] = types
    (folder / "refined_types.py").write_text(THEIRS, "utf-8")
    out = out or folder
    # Types are read from a package's own lock.
    lock = out / package / "signatures.json"
    lock.parent.mkdir()
    lock.write_text(json.dumps(document), "utf-8")
    assert cli.main(["--signatures", str(lock), "--out", str(out), "--name", package]) == 0


@pytest.fixture
def package(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Any:
    """The package; it and the types can be imported."""
    parent = f"refined_{request.node.callspec.params['served']}"
    folder = tmp_path / parent
    folder.mkdir()
    (folder / "__init__.py").touch()
    generate(served, tmp_path, "everything", out=folder)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "refined_types", raising=False)
    return importlib.import_module(f"{parent}.everything")


def test_typed_json_survives_a_round_trip(served: Served, package: Any) -> None:
    assert "refined_types" in sys.modules, "their types are checked when the package is imported"
    client, twin = package.Everything, package.AsyncEverything
    with client(base_url=served.url, timeout=30) as model:
        turns = [{"role": "user", "content": "x"}]
        assert model.objects(turns) == turns
        theirs = sys.modules["refined_types"]
        tree = theirs.Tree(1, [theirs.Tree(2)])
        back = model.echo_json(tree)
        assert back == tree
        assert type(back.children[0].value) is int
        people = [theirs.Person(name="a", age=3), theirs.Person(name="b")]
        assert model.echo_json_list(people) == people
        assert model.echo_json_batch([{"x": tree}] * 3).collect() == [tree] * 3
        with pytest.raises(InputError, match=r"objects: `x\[1\]\['content'\]` is missing"):
            model.objects([*turns, {"role": "user"}])

    async def wait() -> Any:
        async with twin(base_url=served.url, timeout=30) as model:
            return await model.echo_json(tree)

    assert asyncio.run(wait()) == tree


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        ("refined_types:Tre", "cannot import name 'Tre' from 'refined_types'"),
        ("refined_typos:Tree", "No module named 'refined_typos'"),
        ("refined_types:BaseModels", "cannot import name 'BaseModels'"),
        ("refined_types:field", "neither a TypedDict, a dataclass nor a pydantic model"),
        ("refined_types:Visit", r"Visit\.day: date cannot be sent as JSON"),
        ("list[refined_types:Visit]", r"Visit\.day: date cannot be sent as JSON"),
    ],
)
def test_a_wrong_type_is_told_when_the_package_is_imported(
    own: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, type_: str, message: str
) -> None:
    key = "echo_json_list.return" if type_.startswith("list") else "echo_json.return"
    generate(own, tmp_path, "refined_mistake", {key: type_})
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("refined_types", "refined_mistake", "refined_mistake.client"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises((ImportError, ConfigError), match=message):
        importlib.import_module("refined_mistake")


def test_programs_can_read_annotations_with_user_defined_types(
    own: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(own, tmp_path, "refined_hints")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "refined_types", raising=False)
    package = importlib.import_module("refined_hints")
    theirs = sys.modules["refined_types"]
    hints = typing.get_type_hints(package.RefinedHints.echo_json)
    assert hints == {"x": theirs.Tree, "return": theirs.Tree}
    assert typing.get_type_hints(package.EchoJsonInput)["x"] is theirs.Tree


def test_result_of_another_type_names_the_path(
    own: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(own, tmp_path, "refined_wrong", {"echo_json.return": "dict[str, list[int]]"})
    monkeypatch.syspath_prepend(tmp_path)
    package = importlib.import_module("refined_wrong")
    with package.RefinedWrong(base_url=own.url) as model:
        assert model.echo_json({"a": [1, 2]}) == {"a": [1, 2]}
        with pytest.raises(DecodeError, match=r"`\['a'\]\[1\]` of the result must be an int"):
            model.echo_json({"a": [1, "x"]})


def test_type_checkers_see_the_user_defined_types(own: Served, tmp_path: Path) -> None:
    generate(own, tmp_path, "everything")
    (tmp_path / "caller.py").write_text(CALLER.format(package="everything"), "utf-8")
    (tmp_path / "wrong.py").write_text(WRONG.format(package="everything"), "utf-8")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file="]
    env = {"MYPYPATH": SOURCES}
    done = run(*mypy, "everything", "caller.py", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout
    done = run(*mypy, "wrong.py", cwd=tmp_path, env=env)
    assert {line.split(":")[1] for line in done.stdout.splitlines() if ": error:" in line} == {
        "5",
        "6",
        "7",
    }
    settings = {"typeCheckingMode": "strict", "extraPaths": SOURCES.split(":")}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    report = json.loads(run(*command, "-p", tmp_path).stdout)
    wrong = {
        (Path(error["file"]).name, error["range"]["start"]["line"] + 1)
        for error in report["generalDiagnostics"]
        if error["severity"] == "error"
    }
    assert wrong == {("wrong.py", 5), ("wrong.py", 6), ("wrong.py", 7)}
