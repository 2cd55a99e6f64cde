"""Typed JSON: conversion from and to the types of an application, and fakes that use them."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from pydantic import BaseModel, Field

from clarigen import ConfigError
from clarigen._wire.codec import CodecError
from clarigen._wire.json_types import load_json_type
from clarigen.testing import fake
from gen_client import pipeline
from gen_client.diagnostics import Report
from unit.generator.interface.test_json_types import DOCUMENT


class Message(TypedDict):
    role: Literal["user", "model"]
    content: str
    name: NotRequired[str]


@dataclass
class Node:
    value: int
    children: list[Node] = field(default_factory=list["Node"])
    first: Message | None = None

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("a negative value")


class Person(BaseModel):
    age: int
    full_name: str = Field(alias="fullName")
    tags: list[str] = []


@dataclass
class Strange:
    when: complex


class Plain:
    def __init__(self) -> None:
        raise AssertionError("called")


@pytest.fixture(autouse=True)
def importable_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the types importable, as if they were in a module of an application."""
    module: Any = types.ModuleType("their.types")
    for cls in (Message, Node, Person, Strange, Plain):
        setattr(module, cls.__name__, cls)
    module.function = print
    monkeypatch.setitem(sys.modules, "their", types.ModuleType("their"))
    monkeypatch.setitem(sys.modules, "their.types", module)


def test_a_dataclass_survives_a_round_trip() -> None:
    node = Node(1, [Node(2)], {"role": "user", "content": "x"})
    json_type = load_json_type("list[their.types:Node]")
    encoded = json_type.to_json([node])
    assert encoded[0]["children"] == [{"value": 2, "children": [], "first": None}]
    encoded[0]["value"] = 1.0  # as numbers are sent
    encoded[0]["new"] = "a later version's"
    decoded = json_type.from_json(encoded)
    assert decoded == [node]
    assert type(decoded[0].value) is int


def test_a_pydantic_model_is_sent_by_its_aliases() -> None:
    json_type = load_json_type("their.types:Person")
    encoded = json_type.to_json(Person(age=3, fullName="A"))
    assert encoded == {"age": 3, "fullName": "A", "tags": []}
    assert json_type.from_json({**encoded, "age": 3.0}) == Person(age=3, fullName="A")


@pytest.mark.parametrize(
    ("text", "value", "path", "problem"),
    [
        ("dict[str, float]", {"a": "x"}, "['a']", "must be a float, not str 'x'"),
        ("dict[str, int]", {"a": 1.5}, "['a']", "must be an int, not float 1.5"),
        ("list[str]", {"a": 1}, "", "must be a list, not dict"),
        ("list[bool]", [True, 1], "[1]", "must be a bool, not int 1"),
        ("their.types:Message", {"role": "user"}, "['content']", "is missing"),
        ("their.types:Message", {"role": "x"}, "['role']", "must be one of"),
        ("their.types:Node", {}, ".value", "is missing"),
        ("their.types:Node", {"value": -1}, "", "is not a Node: a negative value"),
        ("their.types:Node", {"value": 1, "children": [{}]}, ".children[0].value", "is missing"),
        ("their.types:Person", {"age": 1, "fullName": "", "tags": [1]}, ".tags[0]", "is wrong"),
        ("their.types:Person", [], "", "is not a Person"),
    ],
)
def test_the_error_of_a_result_names_the_path(
    text: str, value: object, path: str, problem: str
) -> None:
    with pytest.raises(CodecError) as caught:
        load_json_type(text).from_json(value)
    assert caught.value.path == path
    assert caught.value.problem.startswith(problem)


def test_an_argument_must_be_of_its_class() -> None:
    with pytest.raises(CodecError, match="must be a Node, not dict"):
        load_json_type("their.types:Node").to_json({"value": 1})
    with pytest.raises(CodecError, match="must be a Person, not dict"):
        load_json_type("their.types:Person").to_json({})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subprocess:Popen", "neither a TypedDict, a dataclass nor a pydantic model"),
        ("os:system", "neither"),
        ("their.types:Plain", "neither"),
        ("their.types:function", "neither"),
        ("their.types:Nobody", "there is no type"),
        ("nobody.there:T", "cannot be imported"),
        ("their.types:Strange", r"Strange\.when: complex cannot be sent as JSON"),
        ("eval('1')", "is not a type"),
    ],
)
def test_a_class_that_holds_no_data_is_never_called(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_json_type(text)


class System(TypedDict):
    role: Literal["system"]
    content: str


Chat = Message | System
Chats = list[Chat]
Flag = Literal["on", "off"]


@pytest.fixture
def aliases(importable_types: None) -> None:
    module: Any = sys.modules["their.types"]
    module.Chat, module.Chats, module.Flag = Chat, Chats, Flag
    module.Bad, module.Odd = Message | complex, dict[int, str]


@pytest.mark.usefixtures("aliases")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("list[their.types:Chat]", [{"role": "system", "content": "a"}]),
        ("list[their.types:Chat]", [{"role": "user", "content": "a", "name": "b"}]),
        ("their.types:Chats", [{"role": "model", "content": "a"}]),
        ("dict[str, their.types:Flag]", {"a": "on"}),
        ("their.types:Chat | None", None),
    ],
)
def test_a_name_may_be_an_alias_of_types(text: str, value: object) -> None:
    """As `ChatCompletionMessageParam` of openai is: a union of TypedDicts."""
    type_ = load_json_type(text)
    assert type_.to_json(value) == type_.from_json(value) == value


@pytest.mark.usefixtures("aliases")
def test_a_value_must_fit_a_member_of_the_union() -> None:
    with pytest.raises(CodecError, match="must be a Message or a System, not dict") as caught:
        load_json_type("their.types:Chats").to_json([{"role": "robot", "content": "a"}])
    assert caught.value.path == "[0]"


@pytest.mark.usefixtures("aliases")
@pytest.mark.parametrize("name", ["Bad", "Odd"])
def test_an_alias_of_types_that_json_has_not_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be sent as JSON"):
        load_json_type(f"their.types:{name}")


# Fakes.


def test_a_fake_receives_and_returns_the_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = pipeline.build_package(DOCUMENT, "talk_refined", Report()).files
    (tmp_path / "talk_refined").mkdir()
    for name, text in files.items():
        (tmp_path / "talk_refined" / name).write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    from talk_refined import TalkRefined  # type: ignore[import-not-found]

    def chat(messages: list[Message], **_: object) -> Node:
        return Node(len(messages), first=messages[0])

    model = fake(TalkRefined, chat=chat)
    assert model.chat([{"role": "user", "content": "x"}]) == Node(
        1, first={"role": "user", "content": "x"}
    )


@pytest.mark.parametrize("future", ["from __future__ import annotations", ""])
@pytest.mark.parametrize(
    "module", ["import clarigen", "from clarigen import JSON, JSONValue, SequenceNotStr"]
)
def test_the_types_of_the_runtime_are_fields_of_a_typed_dict(
    future: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = "clarigen." if module == "import clarigen" else ""
    fields = ("{}JSON", "{}JSONValue", "{}SequenceNotStr[str]", "list[{}JSONValue] | None")
    lines = [f"    f{n}: {text.format(prefix)}" for n, text in enumerate(fields)]
    source = "\n".join(
        [future, module, "from typing import TypedDict", "class T(TypedDict):", *lines]
    )
    own: Any = types.ModuleType("their.module")
    monkeypatch.setitem(sys.modules, "their.module", own)
    exec(compile(source, "module.py", "exec", dont_inherit=True), vars(own))
    json_type = load_json_type("their.module:T")
    value = {"f0": {"a": [1]}, "f1": "x", "f2": ["a"], "f3": [{"a": None}]}
    assert json_type.to_json(value) == value == json_type.from_json(value)
    with pytest.raises(CodecError):
        json_type.to_json({**value, "f2": "abc"})
