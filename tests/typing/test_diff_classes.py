"""The impact that `gen-client diff` gives each rule is right: mypy or a call agrees.

Each rule has an interface before and after the change, and a caller. mypy accepts every caller before the change. After
it, mypy rejects the callers of breaking changes and accepts the others. A change that no type checker sees is called.
"""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clarigen._drift.breaking import find_breaks
from clarigen._drift.lock import Lock
from clarigen._drift.signature import read_signatures
from clarigen.errors import InputError, TransportError
from gen_client import pipeline
from gen_client.diagnostics import Report
from gen_client.diff import compare
from gen_client.diff.changes import Impact, Rule
from gen_client.escape import Code
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from gen_client.plan.named import name_methods
from gen_client.source import Document
from support import SOURCES, run

Signature = dict[str, Any]


def f(name: str, type_: str = "STR", **more: Any) -> dict[str, Any]:
    """Return a field; it is required unless it has a default."""
    return {"name": name, "type": type_, "required": "default" not in more, **more}


def record(name: str, *members: tuple[str, str], **more: Any) -> dict[str, Any]:
    """Return a field whose type is a record."""
    inner = [{"name": member, "type": type_} for member, type_ in members]
    return f(name, "NAMED_FIELDS", type_args=inner, **more)


def m(name: str, *fields: dict[str, Any], returns: Any = "STR", **more: Any) -> Signature:
    """Return a method; `returns` is a type or a field."""
    output = {"type": returns} if isinstance(returns, str) else dict(returns)
    output["name"] = "return"
    return {
        "name": name,
        "method_type": "UNARY_UNARY",
        "input_fields": list(fields),
        "output_fields": [output],
        **more,
    }


def choices(*ids: str) -> dict[str, Any]:
    """Return the choices of a field."""
    return {"model_type_enum_options": [{"id": id} for id in ids]}


@dataclass(frozen=True)
class Case:
    """A change and a caller.

    Attributes:
        rule: The rule that it shows.
        old: The signatures before.
        new: The signatures after.
        caller: The caller's code, which uses `model`.
        imports: The names that it imports from the package, next to the client.
        also: The other rules that the change breaks.
        called: Whether only a call shows the change.
    """

    rule: Rule
    old: list[Signature]
    new: list[Signature]
    caller: str
    imports: str = ""
    also: frozenset[Rule] = frozenset()
    called: bool = False


def case(rule: Rule, old: Any, new: Any, caller: str, *also: Rule, **more: Any) -> Case:
    """Return a case; a single method may be passed instead of a list."""
    olds = old if isinstance(old, list) else [old]
    news = new if isinstance(new, list) else [new]
    return Case(rule, olds, news, caller, also=frozenset(also), **more)


R = Rule
LOST = R.ENCODING_CHANGED
STREAM = {"method_type": "UNARY_STREAMING"}
BACKEND = choices("fast", "good")
POINTS = record("p", ("x", "FLOAT"), ("y", "STR"))
ITEMS = {"type": "LIST", "type_args": [{"type": "FLOAT"}]}

CASES = [
    # Breaking
    case(R.METHOD_REMOVED, [m("a"), m("b", f("x"))], m("a"), "model.b('x')"),
    case(R.METHOD_RENAMED, [m("a"), m("b", f("x"))], [m("a"), m("c", f("x"))], "model.b('x')"),
    case(
        R.METHOD_RENAMED,
        m("_a", f("x")),
        [m("_a", f("x")), m("a_", f("y", "INT"))],
        "model.a_(x='x')",
        R.METHOD_ADDED,
    ),
    case(R.METHOD_KIND_CHANGED, m("a"), m("a", **STREAM), "model.a().upper()"),
    case(
        R.BATCH_REMOVED,
        m("a", f("x", default="d")),
        m("a"),
        "model.a_batch([{}]).collect()",
        R.PARAMETER_REMOVED,
    ),
    case(R.PARAMETER_REMOVED, m("a", f("x"), f("y")), m("a", f("x")), "model.a('x', y='y')"),
    case(R.PARAMETER_REMOVED, m("a", f("x"), f("y")), m("a", f("x")), "model.a('x', 'y')"),
    case(R.PARAMETER_RENAMED, m("a", f("x")), m("a", f("z")), "model.a(x='x')"),
    case(
        R.PARAMETER_RENAMED,
        m("a", f("_x")),
        m("a", f("_x"), f("x_", "INT", default="1")),
        "model.a(x_='x')",
        R.OPTIONAL_PARAMETER_ADDED,
    ),
    case(R.REQUIRED_PARAMETER_ADDED, m("a", f("x")), m("a", f("x"), f("y")), "model.a('x')"),
    case(
        R.REQUIRED_PARAMETER_ADDED,
        m("a", f("x")),
        m("a", f("x"), f("y")),
        "model.a_batch([{'x': 'x'}])",
    ),
    case(R.BECAME_REQUIRED, m("a", f("x", default="d")), m("a", f("x")), "model.a()"),
    case(
        R.POSITION_CHANGED,
        m("a", f("x"), f("n", "INT")),
        m("a", f("n", "INT"), f("x")),
        "model.a('x', 1)",
    ),
    case(
        R.POSITION_CHANGED,
        m("a", f("x"), f("y")),
        m("a", f("x"), f("y", default="d")),
        "model.a('x', 'y')",
        R.BECAME_OPTIONAL,
    ),
    case(
        R.POSITION_CHANGED,
        m("a", f("x")),
        m("a", f("n", "INT", default="1"), f("x")),
        "model.a('x')",
        R.OPTIONAL_PARAMETER_ADDED,
    ),
    case(R.TYPE_CHANGED, m("a", f("x")), m("a", f("x", "INT")), "model.a('x')"),
    case(R.TYPE_CHANGED, m("a", f("x", "FLOAT")), m("a", f("x", "INT")), "model.a(0.5)"),
    case(R.TYPE_CHANGED, m("a", f("x", "TEXT")), m("a", f("x")), "model.a(clarigen.Text('x'))"),
    case(
        R.TYPE_CHANGED,
        m("a", f("x"), f("n", "INT"), returns="INT", **STREAM),
        m(
            "a",
            f("x"),
            f("n", "INT", iterator=True),
            returns="INT",
            method_type="STREAMING_STREAMING",
        ),
        "model.a('x', 1)",
        R.METHOD_KIND_CHANGED,
    ),
    case(
        R.TYPE_RENAMED,
        m("a", f("x", **BACKEND)),
        [m("a", f("x", **BACKEND)), m("AX")],
        "x: AX = 'fast'",
        R.METHOD_ADDED,
        imports="AX",
    ),
    case(
        R.TYPE_REMOVED,
        m("a", f("x", **BACKEND)),
        m("a", f("x")),
        "x: AX = 'fast'; model.a(x)",
        R.CHOICES_WIDENED,
        imports="AX",
    ),
    case(
        R.CHOICES_NARROWED,
        m("a", f("x", **BACKEND)),
        m("a", f("x", **choices("good"))),
        "model.a('fast')",
    ),
    case(R.CHOICES_NARROWED, m("a", f("x")), m("a", f("x", **BACKEND)), "model.a('other')"),
    case(
        R.CHOICES_NARROWED,
        m("a", f("x", "FLOAT", **choices("0.5", "1.0"))),
        m("a", f("x", "FLOAT", **choices("1.0"))),
        "model.a(0.5)",
        called=True,
    ),
    case(
        R.LIMITS_NARROWED,
        m("a", f("x", "INT", model_type_range_info={"min": 1, "max": 9})),
        m("a", f("x", "INT", model_type_range_info={"min": 1, "max": 8})),
        "model.a(9)",
        called=True,
    ),
    case(
        R.LIMITS_NARROWED,
        m("a", f("x", "INT")),
        m("a", f("x", "INT", model_type_range_info={"min": -3})),
        "model.a(-4)",
        called=True,
    ),
    case(
        R.TYPE_CHANGED,
        m("a", f("x", "INT")),
        m("a", f("x", "BOOL")),
        "model.a(1)",
    ),
    case(
        R.TYPE_CHANGED,
        m("a", f("x", "BOOL")),
        m("a", f("x", "INT")),
        "model.a(True)",
        called=True,
    ),
    case(
        R.ABSENCE_REFUSED,
        m("a", f("x", "INT", default="null")),
        m("a", f("x", "INT", default="1")),
        "model.a(x=None)",
        R.DEFAULT_CHANGED,
    ),
    case(
        R.ABSENCE_REFUSED,
        m("a", f("x", "INT", default="many")),
        m("a", f("x", "INT", default="1")),
        "model.a(x=clarigen.SERVER_DEFAULT)",
        R.DEFAULT_CHANGED,
    ),
    case(R.RESULT_CHANGED, m("a"), m("a", returns="INT"), "model.a().upper()"),
    case(R.RESULT_CHANGED, m("a", returns="INT"), m("a", returns="FLOAT"), "n: int = model.a()"),
    case(
        R.RESULT_CHANGED,
        m("a", returns=ITEMS),
        m("a", returns={"type": "LIST", "type_args": [{"type": "INT"}]}),
        "n: list[float] = model.a()",
    ),
    case(
        R.RESULT_CHANGED,
        m("a", returns={"type": "TUPLE", "type_args": [{"type": "INT"}]}),
        m("a", returns={"type": "TUPLE", "type_args": [{"type": "INT"}, {"type": "INT"}]}),
        "(n,) = model.a()",
    ),
    case(
        R.FIELD_REMOVED,
        m("a", returns=POINTS),
        m("a", returns=record("p", ("y", "STR"))),
        "model.a().x + 1",
    ),
    case(
        R.FIELD_RENAMED,
        m("a", returns=record("p", ("_x", "STR"))),
        m("a", returns=record("p", ("_x", "STR"), ("x_", "INT"))),
        "model.a().x_.upper()",
        R.FIELD_ADDED,
    ),
    case(
        R.REQUIRED_FIELD_ADDED,
        m("a", POINTS),
        m("a", record("p", ("x", "FLOAT"), ("y", "STR"), ("z", "INT"))),
        "model.a(AP(x=1, y=''))",
        imports="AP",
    ),
    case(
        R.FIELDS_REORDERED,
        m("a", POINTS),
        m("a", record("p", ("y", "STR"), ("x", "FLOAT"))),
        "model.a(AP(1, ''))",
        imports="AP",
    ),
    # Compatible
    case(R.METHOD_ADDED, m("a"), [m("b"), m("a")], "model.a().upper()"),
    case(
        R.OPTIONAL_PARAMETER_ADDED,
        m("a", f("x")),
        m("a", f("x"), f("y", default="d")),
        "model.a('x'), model.a_batch([{'x': 'x'}]), model.a(x='x')",
    ),
    case(
        R.BECAME_OPTIONAL,
        m("a", f("x"), f("y", default="d")),
        m("a", f("x", default="d"), f("y", default="d")),
        "model.a('x', y='y'), model.a_batch([{'x': 'x'}])",
    ),
    case(R.TYPE_WIDENED, m("a", f("x", "INT")), m("a", f("x", "FLOAT")), "model.a(1)", LOST),
    case(R.TYPE_WIDENED, m("a", f("x")), m("a", f("x", "TEXT")), "model.a('x')", LOST),
    case(
        R.TYPE_WIDENED,
        m("a", f("x", "LIST", type_args=[{"type": "STR"}])),
        m("a", f("x", "LIST", type_args=[{"type": "TEXT"}])),
        "x: list[str] = ['']; model.a(x)",
        LOST,
    ),
    case(
        R.TYPE_WIDENED,
        m("a", f("x", "LIST", type_args=[{"type": "INT"}])),
        m("a", f("x", "LIST", type_args=[{"type": "FLOAT"}])),
        "x: list[int] = [1]; model.a(x)",
        LOST,
    ),
    case(
        R.RESULT_NARROWED,
        m("a", returns="FLOAT"),
        m("a", returns="INT"),
        "n: float = model.a()",
        LOST,
    ),
    case(
        R.CHOICES_WIDENED,
        m("a", f("x", **BACKEND)),
        m("a", f("x", **choices("new", "good", "fast"))),
        "x: AX = 'fast'; model.a(x); model.a('good')",
        imports="AX",
    ),
    case(
        R.LIMITS_WIDENED,
        m("a", f("x", "INT", model_type_range_info={"min": 2, "max": 9})),
        m("a", f("x", "INT", model_type_range_info={"min": 1, "max": 10})),
        "model.a(2)",
        called=True,
    ),
    case(
        R.LIMITS_WIDENED,
        m("a", f("x", "INT", model_type_range_info={"min": 2, "max": 9})),
        m("a", f("x", "INT")),
        "model.a(9)",
        called=True,
    ),
    case(
        R.ABSENCE_TAKEN,
        m("a", f("x", "INT", default="1")),
        m("a", f("x", "INT", default="null")),
        "model.a(), model.a(1), model.a(x=1), model.a_batch([{'x': 1}])",
        R.DEFAULT_CHANGED,
    ),
    case(
        R.DEFAULT_CHANGED,
        m("a", f("x", "INT", default="1")),
        m("a", f("x", "INT", default="2")),
        "model.a(), model.a(1)",
    ),
    case(
        R.FIELD_ADDED,
        m("a", returns=POINTS),
        m("a", returns=record("p", ("z", "INT"), ("x", "FLOAT"), ("y", "STR"))),
        "r: AResult = model.a(); r.x + 1; r.y.upper()",
        imports="AResult",
    ),
    # Documentation
    case(
        R.DESCRIPTION_CHANGED,
        m("a", f("x"), description="Old."),
        m("a", f("x", description="It."), description="New."),
        "model.a('x')",
    ),
    case(
        R.ORDER_CHANGED,
        m("a", f("x"), f("y", default=""), f("z", default="")),
        m("a", f("x"), f("z", default=""), f("y", default="")),
        "model.a('x', y='y', z='z')",
    ),
    case(
        R.ORDER_CHANGED,
        [m("a"), m("b", returns=POINTS)],
        [m("b", returns=record("p", ("y", "STR"), ("x", "FLOAT"))), m("a")],
        "model.a().upper(); model.b().x + 1",
    ),
    case(
        R.HINT_CHANGED,
        m("a", f("x", "INT", default="1", model_type_range_info={"step": 1})),
        m("a", f("x", "INT", default="1.0", model_type_range_info={"step": 2})),
        "model.a(1)",
    ),
]
CALLER = """\
import clarigen
from {package} import {names}


def use(model: {client}) -> None:
    {body}
"""


UNSEEN = {
    Rule.ENCODING_CHANGED,
    Rule.PATH_CHANGED,
    Rule.PROMPT_ADDED,
    Rule.PROMPT_REMOVED,
    Rule.RESOURCE_ADDED,
    Rule.RESOURCE_REMOVED,
}
"""The rules about what generated code does not show, so that no type checker can. `tests/unit` has their cases."""


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(Rule) - UNSEEN


def _name(index: int, side: str) -> str:
    return f"c{index}_{side}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of all interfaces, and the callers."""
    folder = tmp_path_factory.mktemp("packages")
    for index, case in enumerate(CASES):
        for side, signatures in (("old", case.old), ("new", case.new)):
            package = pipeline.build_package(
                Document(None, "", tuple(signatures)), _name(index, side), Report()
            )
            (folder / package.name).mkdir()
            for file, text in package.files.items():
                (folder / package.name / file).write_text(text, "utf-8")
            names = ", ".join(word for word in (package.client, case.imports) if word)
            (folder / f"use_{package.name}.py").write_text(
                CALLER.format(
                    package=package.name, names=names, client=package.client, body=case.caller
                )
            )
    return folder


@pytest.fixture(scope="module")
def refused(folder: Path) -> set[str]:
    """The callers that mypy rejects; it runs once."""
    command = [sys.executable, "-m", "mypy", "--cache-dir", str(folder / ".mypy_cache")]
    callers = sorted(path.name for path in folder.glob("use_*.py"))
    done = run(*command, *callers, cwd=folder, env={"MYPYPATH": SOURCES})
    assert done.returncode in (0, 1), done.stderr
    names = re.findall(r"^(\w+)(?:\.py|/\w+\.py):\d+: error", done.stdout, re.MULTILINE)
    assert all(name.startswith("use_") for name in names), done.stdout
    return {name.removeprefix("use_") for name in names}


def _ids(index: int) -> str:
    return f"{index}-{CASES[index].rule.value}"


@pytest.mark.parametrize("index", range(len(CASES)), ids=_ids)
def test_mypy_agrees(index: int, refused: set[str]) -> None:
    case = CASES[index]
    assert _name(index, "old") not in refused, "the caller is wrong before"
    breaking = case.rule.impact is Impact.BREAKING and not case.called
    assert (_name(index, "new") in refused) is breaking


@pytest.mark.parametrize(
    "index", [index for index, case in enumerate(CASES) if case.called], ids=_ids
)
def test_call_agrees(index: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server listens on the port, so a call whose arguments are accepted fails to connect."""
    monkeypatch.syspath_prepend(str(folder))
    breaking = CASES[index].rule.impact is Impact.BREAKING
    for side in ("old", "new"):
        package = importlib.import_module(_name(index, side))
        client = next(getattr(package, name) for name in package.__all__ if name[0] == "C")
        use = importlib.import_module(f"use_{_name(index, side)}").use
        error = InputError if breaking and side == "new" else TransportError
        with (
            client(base_url="grpc://127.0.0.1:1", max_retries=0, timeout=5) as model,
            pytest.raises(error),
        ):
            use(model)


@pytest.mark.parametrize("index", range(len(CASES)), ids=_ids)
def test_diff_reports_the_rule(index: int) -> None:
    case = CASES[index]
    old, new = (
        name_methods(
            read_model(Document(None, "", tuple(signatures)), Report()),
            Code("package"),
            Report(),
        )
        for signatures in (case.old, case.new)
    )
    assert {change.rule for change in compare.compare_interfaces(old, new)} == {
        case.rule,
        *case.also,
    }
    assert compare.compare_interfaces(old, old) == compare.compare_interfaces(new, new) == []


_COLLISIONS = {"_a", "_x", "AX"}
"""Names that become another one's name in Python: only generated code tells them apart."""

_TOLD_APART = [
    index
    for index, case in enumerate(CASES)
    if not _COLLISIONS & set(re.findall(r"'name': '(\w+)'", repr(case.new)))
]


@pytest.mark.parametrize("index", _TOLD_APART, ids=_ids)
def test_a_client_says_the_same(index: int) -> None:
    """A client that verifies, or watches, finds the same breaking changes in the same words: in a lock and an answer."""
    case = CASES[index]
    models = [
        read_model(Document(None, "", tuple(signatures)), Report())
        for signatures in (case.old, case.new)
    ]
    old, new = (name_methods(model, Code("package"), Report()) for model in models)
    said = [
        change.describe()
        for change in compare.compare_interfaces(old, new)
        if change.impact is Impact.BREAKING
    ]
    lock = Lock(None, "", read_signatures(write_signatures(models[0])))
    breaks = find_breaks(lock, read_signatures(case.new), None)
    assert [line for lines in breaks.values() for line in lines] == said
