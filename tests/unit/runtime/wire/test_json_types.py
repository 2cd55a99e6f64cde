"""Typed JSON: expressions, conversion, places in signatures, and what the gate accepts."""

from __future__ import annotations

import sys
import types
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import pytest
from pydantic import BaseModel, Field

from clarigen import ConfigError, ModelRef, wire
from clarigen._wire.codec import CodecError
from clarigen._wire.json_types import load_json_type
from clarigen.testing import fake
from gen_client import config, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.gate import check
from gen_client.gate.allowed import Allowed
from gen_client.interface.read import read_model
from gen_client.output import lock
from gen_client.source import Document


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


# Expressions.


@pytest.mark.parametrize(
    "text",
    [
        "dict[str, float]",
        "list[a.b:C]",
        "a:B | None",
        "dict[str, list[int | None]]",
        "Any",
    ],
)
def test_a_type_has_one_spelling(text: str) -> None:
    assert wire.parse_type(text).text == text
    assert wire.parse_type(f" {text.replace(',', ' ,  ')} ").text == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "list", "list[]", "dict[int, str]", "int | str", "None", "a.b.C", "a:b:C", "a:_B"),
        *("a:class", "if:C", ".a:B", "a.:B", "__import__('os')", "a:B()", "a:B.c", "list[int]]"),
        *("a:B\n", "a\u2024b:C", "\u00e4:B", "a" * 401, "list[" * 50 + "int" + "]" * 50),
        "a" * 399 + "-",
    ],
)
def test_text_outside_of_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|lacks|ends)"):
        wire.parse_type(text)


# Conversion.


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


# Places in signatures.

JSON = {"type": "JSON_DATA"}
SIGNATURE = {
    "name": "chat",
    "method_type": "UNARY_UNARY",
    "input_fields": [
        {"name": "messages", "type": "LIST", "type_args": [JSON], "required": True},
        {"name": "options", **JSON, "default": "{}"},
        {"name": "text", "type": "STR", "default": ""},
    ],
    "output_fields": [{"name": "return", **JSON}],
}
TYPES = (
    ("chat.messages", "list[their.types:Message]"),
    ("chat.options", "dict[str, int | None]"),
    ("chat.return", "their.types:Node"),
)
DOCUMENT = Document(ModelRef("a", "b", "c"), "", (SIGNATURE,), json_types=TYPES)


def test_signatures_name_the_types_and_importing_needs_none() -> None:
    client = pipeline.build(DOCUMENT, "talk", Report()).files["client.py"]
    assert "if TYPE_CHECKING:\n    from their.types import Message, Node\n" in client
    assert "messages: Sequence[Message],\n" in client
    assert "options: Mapping[str, int | None] | Default = SERVER_DEFAULT" in client
    assert ") -> Node:" in client
    assert 'returns=wire.json_as("their.types:Node")' in client


def test_the_lock_gives_the_same_package_again(tmp_path: Path) -> None:

    files = pipeline.build(DOCUMENT, "talk", Report()).files
    (tmp_path / "signatures.json").write_text(files["signatures.json"], "utf-8")
    found = lock.read_lock(tmp_path / "signatures.json")
    assert found is not None
    assert found.document.json_types == TYPES
    assert pipeline.build(found.document, "talk", Report()).files == files
    plain = read_model(replace(DOCUMENT, json_types=()), Report())
    assert lock.format_lock(plain) != files["signatures.json"]


@pytest.mark.parametrize(
    ("key", "text", "message", "remedy"),
    [
        ("chta.messages", "Any", "there is no method 'chta'", "did you mean 'chat'?"),
        ("chat.mesages", "Any", "'chat' has no parameter 'mesages'", "did you mean 'messages'?"),
        ("chat.zzz", "Any", "has no parameter", "expected one of messages, options, text, return"),
        ("chat", "Any", "has no parameter ''", "expected one of"),
        ("chat.text", "Any", "only JSON can be given a type, and it is STR", ""),
        ("chat.messages", "a:B", "write list[a:B]", ""),
        ("chat.options", "int", "an object or an array", ""),
        ("chat.return", "a:B()", "is not a type", ""),
        ("chat.return", "a:Client", "has a name that the generated code needs", "another name"),
        ("chat.return", "a:ChatInput", "has a name", "another name"),
        ("chat.return", "a:chat", "has a name", "another name"),
        ("chat.return", "a:list", "has a name", "another name"),
        ("chat.return", "a:Talk", "has a name", "another name"),
        ("chat.return", "other:Message", "has a name", "another name"),
    ],
)
def test_a_key_that_means_nothing_is_refused(
    key: str, text: str, message: str, remedy: str
) -> None:
    first = [pair for pair in TYPES[:1] if pair[0] != key]
    with pytest.raises(Refusal) as caught:
        pipeline.build(replace(DOCUMENT, json_types=(*first, (key, text))), "talk", Report())
    its = caught.value.diagnostic
    assert its.exit_code == USAGE
    assert message in its.message
    assert remedy in its.remedy


def test_the_gate_accepts_the_types_of_the_configuration_and_no_others() -> None:
    client = pipeline.build(DOCUMENT, "talk", Report()).files["client.py"]
    classes = frozenset({("their.types", "Message"), ("their.types", "Node")})
    texts = frozenset({"their.types:Message", "their.types:Node", "dict[str, int | None]"})
    check.check_file(client, "client", Allowed(classes=classes, types=texts))
    for narrower in (
        Allowed(),
        Allowed(classes=classes),
        Allowed(types=texts),
        Allowed(classes=classes - {("their.types", "Node")}, types=texts),
        Allowed(classes=classes, types=texts - {"dict[str, int | None]"}),
    ):
        _refused(client, narrower)
    whole = Allowed(classes=classes, types=texts)
    for old, new in (
        ("import Message, Node", "import Message as Node"),
        ("    from their.types", "    import os\n    from their.types"),
        ("    from their.types", "    from .types"),
        ("if TYPE_CHECKING:\n    from", "from"),
        ("if TYPE_CHECKING:\n    ", "if TYPE_CHECKING or True:\n    "),
        ("Default = SERVER_DEFAULT", "Default = Node(1)"),
        ("[wire.Unary[Node]]", "[wire.Unary[exit()]]"),
        ("[wire.Unary[Node]]", "[wire.field[Node]]"),
        ('json_as("their.types:Node")', 'json_as("os:Node")'),
        ('json_as("their.types:Node")', "json_as(Node)"),
    ):
        assert old in client, old
        _refused(client.replace(old, new, 1), whole)


def _refused(text: str, allowed: Allowed) -> None:
    with pytest.raises(Refusal) as caught:
        check.check_file(text, "client", allowed)
    assert caught.value.diagnostic.exit_code == UNUSABLE


# Configuration.


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configured(repository: Path, types_: str) -> config.ModelEntry:
    text = f'[[tool.gen-client.models]]\nurl = "a/b/models/c"\n[tool.gen-client.models.types]\n{types_}\n'
    (repository / "pyproject.toml").write_text(text, "utf-8")
    return config.load_settings(repository).entries[0]


def test_types_come_from_the_configuration(repository: Path) -> None:
    entry = configured(repository, '"b.return"="dict[str,float]"\n"a.x" = "app.types:T"')
    assert entry.json_types == (("a.x", "app.types:T"), ("b.return", "dict[str, float]"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('"a.x" = "T"', "types.'a.x' has 'T' in place of a type; expected str, int"),
        ('a.x = "app:T"', 'types.a names no parameter; write "METHOD.PARAMETER"'),
        ('"a.x" = 3', "types.'a.x' is not text"),
        ('"ax" = "Any"', "types.ax names no parameter"),
    ],
)
def test_a_malformed_type_is_refused_with_its_line(
    repository: Path, line: str, message: str
) -> None:
    with pytest.raises(Refusal) as caught:
        configured(repository, line)
    said = str(caught.value.diagnostic).replace("\n ", ";").replace(";;", ";")
    assert caught.value.diagnostic.exit_code == USAGE
    assert "line 4" in said
    assert message.split(";", maxsplit=1)[0] in said


# Fakes.


def test_a_fake_receives_and_returns_the_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = pipeline.build(DOCUMENT, "talk_refined", Report()).files
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
