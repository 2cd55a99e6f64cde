"""Programs are rewritten as a whole variable or not at all, and a second run changes nothing."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client.migrate.findings import Level
from gen_client.migrate.migrate import Migration, Unreadable, migrate
from unit.generator.migrate.programs import CERTAIN, EYE, IMPORT, KEPT, NEVER, REMARKED, packages


def run(
    text: str, *, with_remarks: bool = False, exported: frozenset[str] = frozenset()
) -> Migration:
    return migrate(text, list(packages().values()), with_remarks=with_remarks, exported=exported)


def places(migration: Migration) -> set[tuple[int, str]]:
    return {(f.line, f.code.value) for use in migration.uses for f in use.findings}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_certain_is_rewritten(name: str) -> None:
    before, after = CERTAIN[name]
    migration = run(before)
    assert migration.text == after
    assert not any(use.needs_consent for use in migration.uses)
    assert run(after).text == after


@pytest.mark.parametrize("name", REMARKED)
def test_what_has_a_remark_needs_consent(name: str) -> None:
    before, after, line, code = REMARKED[name]
    assert run(before).text == before
    migration = run(before, with_remarks=True)
    assert migration.text == after
    assert (line, code) in places(migration)
    assert run(after, with_remarks=True).text == after


@pytest.mark.parametrize("name", KEPT)
def test_what_is_not_certain_stays_with_the_reason(name: str) -> None:
    text, line, code = KEPT[name]
    migration = run(text, with_remarks=True)
    assert migration.text == text
    assert (line, code) in places(migration)
    assert all(f.level is Level.KEPT for use in migration.uses for f in use.findings)


@pytest.mark.parametrize("name", NEVER)
def test_what_is_not_the_sdk_is_not_named(name: str) -> None:
    migration = run(NEVER[name], with_remarks=True)
    assert migration.text == NEVER[name]
    assert not migration.uses
    assert not migration.findings


def test_a_variable_that_another_file_imports_stays() -> None:
    text = CERTAIN["options by position"][0]
    migration = run(text, exported=frozenset({"m"}))
    assert migration.text == text
    assert (2, "escapes") in places(migration)


def test_the_model_of_an_unknown_url_can_be_given() -> None:
    text = f"{IMPORT}m = Model(args.url, deployment_id=d)\nm.predict(i, 0.5)\n"
    package = packages()["detector"]
    migration = migrate(text, [], given={2: package})
    assert migration.text == (
        "from detector import Detector\nm = Detector(model=args.url, deployment_id=d)\n"
        "m.predict(i, threshold=0.5)\n"
    )


def test_a_box_may_be_none() -> None:
    text = f"{IMPORT}for r in {EYE}.predict(i):\n    print(r.box[0])\n"
    assert (3, "box-may-be-none") in places(run(text))


def test_a_workflow_is_named() -> None:
    text = "from clarifai.client.workflow import Workflow\nw = Workflow('u')\n"
    migration = run(text)
    assert [(f.line, f.code.value) for f in migration.findings] == [(2, "workflow")]


@pytest.mark.parametrize("operator", ["(", "-", "not ", "[", "f("])
def test_deep_nesting_is_said_and_does_not_end_the_process(operator: str) -> None:
    close = {"(": ")", "[": "]", "f(": ")"}.get(operator, "")
    text = f"{IMPORT}x = {operator * 5_000}1{close * 5_000}\n"
    with pytest.raises(Unreadable):
        run(text)


PROGRAMS = [text for text, *_ in (*CERTAIN.values(), *REMARKED.values(), *KEPT.values())]


@settings(max_examples=25)
@given(st.lists(st.sampled_from(PROGRAMS), min_size=2, max_size=3, unique=True), st.booleans())
def test_programs_in_one_file_do_not_disturb_each_other(texts: list[str], consent: bool) -> None:
    """Every name that a rewritten file uses is bound in it."""
    text = "\n".join(texts).replace("\r\n", "\n")
    check_stable(text, with_remarks=consent)


@settings(max_examples=25)
@given(st.sampled_from(PROGRAMS), st.data())
def test_programs_with_lines_missing_or_twice_stay_whole(text: str, data: st.DataObject) -> None:
    lines = text.replace("\r\n", "\n").split("\n")
    count = data.draw(st.integers(0, 2))
    for _ in range(count):
        position = data.draw(st.integers(0, len(lines) - 1))
        if data.draw(st.booleans()):
            del lines[position]
        else:
            lines.insert(position, lines[data.draw(st.integers(0, len(lines) - 1))])
        lines = lines or [""]
    check_stable("\n".join(lines), with_remarks=True)


OURS = {"Gpt5_1", "AsyncGpt5_1", "Detector", "SpeechStudio", "Flowers", "Box", "ClarigenError"}


def check_stable(text: str, *, with_remarks: bool) -> None:
    try:
        migration = run(text, with_remarks=with_remarks)
    except Unreadable:
        return
    if migration.text == text:
        return
    assert run(migration.text, with_remarks=with_remarks).text == migration.text
    tree = ast.parse(migration.text)
    old = ast.parse(text)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bound = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
    } | {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    assert names & OURS <= bound
    if "Model" in names and "Model" not in bound:  # it was unbound before, too
        before = {a.name for n in ast.walk(old) if isinstance(n, ast.ImportFrom) for a in n.names}
        assert "Model" not in before
