"""The plan for one variable: which package it gets, what becomes of all of its uses, or why they stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import libcst as cst

from clarigen import ModelRef
from gen_client.migrate import sdk
from gen_client.migrate.calls import CallPlan, plan_call
from gen_client.migrate.constructors import Constructor, read_constructor
from gen_client.migrate.edits import Edits, Import
from gen_client.migrate.findings import Code, Finding, Kept, Level
from gen_client.migrate.group import Group, Use
from gen_client.migrate.naming import Names
from gen_client.migrate.old_calls import OldCall, is_old
from gen_client.migrate.program import Program
from gen_client.migrate.results import Results
from gen_client.migrate.target import Package, exchanges_values


@dataclass(slots=True)
class GroupPlan:
    """The plan for one variable.

    Attributes:
        group: The variable.
        constructors: Where its model is made.
        package: The package of its model; None if there is none.
        calls: Its calls.
        findings: What somebody should know about the rewriting.
        kept: Why it stays; empty if it is rewritten.
        is_given: Whether the user has said which package it has.
        media: The classes of the runtime that the new calls need.
        results: What becomes of the uses of its results.
    """

    group: Group
    constructors: list[Constructor]
    package: Package | None = None
    calls: list[CallPlan] = field(default_factory=list[CallPlan])
    findings: list[Finding] = field(default_factory=list[Finding])
    kept: list[Finding] = field(default_factory=list[Finding])
    is_given: bool = False
    media: set[Import] = field(default_factory=set[Import])
    results: Edits = field(default_factory=Edits)

    @property
    def references(self) -> list[ModelRef]:
        """The models that it may hold, as far as they are known."""
        return list(
            dict.fromkeys(c.reference for c in self.constructors if c.reference is not None)
        )

    @property
    def needs_consent(self) -> bool:
        """Whether it is rewritten only if the user says so."""
        return any(finding.level is Level.REMARK for finding in self.findings)

    @property
    def exchanges_values(self) -> bool:
        """Whether one of its calls takes or returns values that the SDK has classes for."""
        return any(exchanges_values(call.method) for call in self.calls)

    @property
    def may_exchange_values(self) -> bool:
        """Whether values of the SDK may go in or come out while the variable stays as it is."""
        is_known = len(self.calls) == len(self.group.uses)
        return self.exchanges_values if is_known else not all(map(is_old, self.group.uses))


def plan_group(
    program: Program,
    group: Group,
    packages: Sequence[Package],
    given: Mapping[int, Package],
    names: Names,
) -> GroupPlan:
    """Plan a variable.

    Args:
        program: The program.
        group: The variable.
        packages: The packages that there are.
        given: The packages of the models that are made on these lines, as the user says.
        names: The names of the program.
    """
    plan = GroupPlan(group, [read_constructor(program, c) for c in group.constructions])
    plan.kept += group.obstacles
    _choose_package(program, plan, packages, given)
    for constructor in plan.constructors:
        plan.findings += constructor.findings
    if plan.package is not None:
        for use in group.uses:
            try:
                if use.name in sdk.OLD_METHODS:
                    _plan_old_call(program, plan, use, names)
                else:
                    plan.calls.append(plan_call(program, use, plan.package))
            except Kept as kept:
                plan.kept.append(kept.finding)
        plan.findings += [finding for call in plan.calls for finding in call.findings]
        _check_modes(program, plan)
        try:
            plan.results, findings = Results(program, plan.calls).plan()
            plan.findings += findings
        except Kept as kept:
            plan.kept.append(kept.finding)
    plan.kept = sorted(set(plan.kept))
    return plan


def _plan_old_call(program: Program, plan: GroupPlan, use: Use, names: Names) -> None:
    assert plan.package is not None
    media = {name: names.choose("clarigen", name) for name in sorted(sdk.MEDIA)}
    call = OldCall(program, use, plan.package, {name: new.alias for name, new in media.items()})
    plan.calls.append(call.plan)
    if call.media:
        plan.media.add(media[call.media])


def _choose_package(
    program: Program, plan: GroupPlan, packages: Sequence[Package], given: Mapping[int, Package]
) -> None:
    """Find the package of the model, or keep the variable."""
    chosen: list[Package] = []
    for constructor in plan.constructors:
        call = constructor.construction.call
        line = program.line(call)
        package = given.get(line)
        if package is not None:
            plan.is_given = True
            chosen.append(package)
            plan.findings.append(
                Finding(
                    line, Code.MODEL_NOT_KNOWN, f"you say that it is {package.module}", Level.NOTE
                )
            )
        elif constructor.obstacle is not None:
            plan.kept.append(constructor.obstacle)
    references = plan.references
    if len(references) > 1:
        plan.kept.append(
            Finding(_line(program, plan), Code.DYNAMIC, "the variable holds more than one model")
        )
        return
    if not chosen and references:
        chosen = [package for package in packages if package.reference == references[0]]
        if len(chosen) > 1:
            names = " and ".join(sorted(package.module for package in chosen))
            plan.kept.append(
                Finding(
                    _line(program, plan),
                    Code.NO_PACKAGE,
                    f"the model has more than one package: {names}; --as says which",
                )
            )
            return
        if not chosen:
            plan.kept.append(
                Finding(_line(program, plan), Code.NO_PACKAGE, "there is no package of this model")
            )
    if len(set(map(id, chosen))) == 1:
        plan.package = chosen[0]
    elif not chosen and not plan.kept:
        plan.kept.append(
            Finding(
                _line(program, plan),
                Code.MODEL_NOT_KNOWN,
                "which model runs there cannot be seen here",
            )
        )


def _line(program: Program, plan: GroupPlan) -> int:
    return program.line(plan.group.constructions[0].call)


# Sync and async


def _check_modes(program: Program, plan: GroupPlan) -> None:
    """Keep a variable that is used both ways, unless a second variable can stand beside it."""
    modes = {call.is_async for call in plan.calls}
    if len(modes) < 2:
        return
    group = plan.group
    lines = [_simple_assignment(program, plan, c.construction.call) for c in plan.constructors]
    is_plain = (
        len(group.keys) == 1
        and not group.annotations
        and next(iter(group.keys))[0] in ("name", "attribute")
        and len(group.values) == len(lines)
        and all(line is not None for line in lines)
    )
    if not is_plain:
        line = next(program.line(c.use.attribute) for c in plan.calls if c.is_async)
        plan.kept.append(
            Finding(line, Code.DYNAMIC, "the variable is used with and without asyncio")
        )


def _simple_assignment(
    program: Program, plan: GroupPlan, call: cst.Call
) -> cst.SimpleStatementLine | None:
    """Return the line `NAME = Model(…)` that a constructor stands on; None if evaluating it twice is not the same."""
    assign = program.parent(call)
    line = program.parent(assign)
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    allowed = ("os.environ.get", "os.getenv")
    inner = [argument.value for argument in call.args]
    is_repeatable = all(
        not isinstance(value, cst.Call | cst.Await | cst.NamedExpr)
        or (isinstance(value, cst.Call) and program.code(value.func) in allowed)
        for value in inner
    )
    return line if is_repeatable else None


# Edits


def make_edits(program: Program, plan: GroupPlan, names: Names) -> Edits:
    """Return the edits of a variable that is rewritten."""
    package = plan.package
    assert package is not None
    edits = Edits()
    modes = {call.is_async for call in plan.calls} or {False}
    client = names.choose(
        package.module, package.async_client if modes == {True} else package.client
    )
    twin = names.choose(package.module, package.async_client) if len(modes) > 1 else None
    for call in plan.calls:
        edits.extend(call.edits)
    edits.extend(plan.results)
    for constructor in plan.constructors:
        _edit_constructor(program, edits, plan, constructor, client, twin)
    if twin is not None:
        _add_twin(program, edits, plan, client, twin, names)
    for reference in plan.group.annotations:
        edits.replace(reference, client)
    return edits


def _edit_constructor(
    program: Program,
    edits: Edits,
    plan: GroupPlan,
    constructor: Constructor,
    client: Import,
    twin: Import | None,
) -> None:
    call = constructor.construction.call
    given = plan.is_given and constructor.reference is None

    def change(node: cst.Call) -> cst.Call:
        func = cst.Name(client.alias)
        return constructor.rewrite(node, model_given=given).with_changes(func=func)

    edits.add(call, change)
    imports = {client, *plan.media, *([] if twin is None else [twin])}
    edits.imports.append((constructor.construction.reference, tuple(sorted(imports))))


def _add_twin(
    program: Program, edits: Edits, plan: GroupPlan, client: Import, twin: Import, names: Names
) -> None:
    """Add a variable for the asyncio twin beside that of the client, and use it where calls are awaited."""
    key = next(iter(plan.group.keys))
    name = names.claim(f"{key[2]}_async")

    def rename(node: cst.BaseExpression) -> cst.BaseExpression:
        if isinstance(node, cst.Attribute):
            return node.with_changes(attr=cst.Name(name))
        return node.with_changes(value=name)

    for call in plan.calls:
        if call.is_async:
            edits.add(call.use.attribute, lambda node: node.with_changes(value=rename(node.value)))

    def duplicate(line: cst.SimpleStatementLine) -> cst.FlattenSentinel[cst.SimpleStatementLine]:
        assign = line.body[0]
        assert isinstance(assign, cst.Assign)
        assert isinstance(assign.value, cst.Call)
        target = assign.targets[0]
        second = assign.with_changes(
            targets=[target.with_changes(target=rename(target.target))],
            value=assign.value.with_changes(func=cst.Name(twin.alias)),
            semicolon=cst.MaybeSentinel.DEFAULT,
        )
        return cst.FlattenSentinel([line, cst.SimpleStatementLine([second])])

    for constructor in plan.constructors:
        line = _simple_assignment(program, plan, constructor.construction.call)
        assert line is not None
        edits.add(line, duplicate)
