"""Types for JSON: their places in signatures, the configuration, the lock, and what the gate accepts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from clarigen import ModelRef
from gen_client import config, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.gate import check
from gen_client.gate.allowed import Allowed
from gen_client.interface.read import read_model
from gen_client.output import lock_file
from gen_client.source import Document

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


def test_signatures_name_the_types_which_are_imported() -> None:
    client = pipeline.build_package(DOCUMENT, "talk", Report()).files["client.py"]
    assert "wire\n\nfrom their.types import Message, Node\n\n_MODEL" in client
    assert "TYPE_CHECKING" not in client
    assert "messages: Sequence[Message],\n" in client
    assert "options: Mapping[str, int | None] | Default = SERVER_DEFAULT" in client
    assert ") -> Node:" in client
    assert 'returns=wire.json_as("their.types:Node")' in client


def test_the_lock_gives_the_same_package_again(tmp_path: Path) -> None:

    files = pipeline.build_package(DOCUMENT, "talk", Report()).files
    (tmp_path / "signatures.json").write_text(files["signatures.json"], "utf-8")
    lock = lock_file.read_lock(tmp_path / "signatures.json")
    assert lock is not None
    assert lock.document.json_types == TYPES
    assert pipeline.build_package(lock.document, "talk", Report()).files == files
    plain = read_model(replace(DOCUMENT, json_types=()), Report())
    assert lock_file.format_lock(plain) != files["signatures.json"]


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
        pipeline.build_package(
            replace(DOCUMENT, json_types=(*first, (key, text))), "talk", Report()
        )
    diagnostic = caught.value.diagnostic
    assert diagnostic.exit_code == USAGE
    assert message in diagnostic.message
    assert remedy in diagnostic.remedy


def test_the_gate_accepts_the_types_of_the_configuration_and_no_others() -> None:
    client = pipeline.build_package(DOCUMENT, "talk", Report()).files["client.py"]
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
        ("from their.types", "import os\nfrom their.types"),
        ("from their.types", "import their.types\nfrom their.types"),
        ("from their.types", "from .types"),
        ("from their.types import Message, Node", "from their.types import *"),
        ("from their.types", "from their import types\nfrom their.types"),
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
