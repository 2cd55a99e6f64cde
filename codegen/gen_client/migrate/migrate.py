"""The migration of one program: what it calls, what is certain, and the rewritten text.

A variable is rewritten with all of its uses, or stays with all of them. The SDK's data types stand or fall with the
variables that exchange them. The new text is parsed again, and a second migration of it must change nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import libcst as cst
from libcst.metadata import GlobalScope

from clarigen import ModelRef
from gen_client.migrate import sdk
from gen_client.migrate.edits import Edits
from gen_client.migrate.findings import Code, Finding, Kept, Level
from gen_client.migrate.group_plan import GroupPlan, make_edits, plan_group
from gen_client.migrate.imports import plan_imports
from gen_client.migrate.naming import Names
from gen_client.migrate.program import Program, Unreadable
from gen_client.migrate.surroundings import edit_handlers, note_handlers, note_import_guard
from gen_client.migrate.target import Package
from gen_client.migrate.values import check_values, is_data_type, plan_values
from gen_client.migrate.variables import find_groups

_IMPORT: Final = re.compile(rf"\b(?:from|import)\b[^\n]*\b{sdk.ROOT}\b")
_WORDS: Final = ("Model", "Workflow")
"""A program without one of these words makes no model. It is not parsed, which takes 40 ms per 1,000 characters."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A variable of a program that holds a model.

    Attributes:
        line: Where the model is made first.
        reference: The model; None if it is not known.
        text: The text of the expression that names it.
        module: The package of the model; empty if there is none.
        calls: The methods that are called, each with its line.
        is_rewritten: Whether the new text has it.
        needs_consent: Whether it is rewritten only if the user says so.
        findings: What somebody should know about it, or why it stays.
        constructor_lines: Where the model is made.
    """

    line: int
    reference: ModelRef | None
    text: str
    module: str
    calls: tuple[tuple[str, int], ...]
    is_rewritten: bool
    needs_consent: bool
    findings: tuple[Finding, ...]
    constructor_lines: tuple[int, ...] = ()


@dataclass(slots=True)
class Migration:
    """The migration of one program.

    Attributes:
        text: The new text; the old one if nothing changes.
        uses: The variables that hold models.
        findings: What is about the file and no variable.
    """

    text: str
    uses: list[ModelUse] = field(default_factory=list[ModelUse])
    findings: list[Finding] = field(default_factory=list[Finding])


def migrate(
    text: str,
    packages: Sequence[Package],
    *,
    given: Mapping[int, Package] | None = None,
    with_remarks: bool = False,
    exported: frozenset[str] = frozenset(),
) -> Migration:
    """Plan the migration of a program.

    Args:
        text: The program.
        packages: The packages that there are.
        given: The packages of the models that are made on these lines, as the user says.
        with_remarks: Whether what may behave differently is rewritten, too.
        exported: The names that other files import from this one, and what they use of attributes, such as
            `model.predict`.

    Raises:
        Unreadable: The text cannot be parsed.
    """
    if not _IMPORT.search(text) or not any(word in text for word in _WORDS):
        return Migration(text)
    migration = _Migrator(text, packages, given or {}, with_remarks, exported).run()
    if migration.text != text and not _is_stable(
        migration.text, packages, given or {}, with_remarks, exported
    ):
        migration.text = text
        finding = Finding(
            1, Code.DYNAMIC, "the rewritten file would not be stable, so all of it stays"
        )
        migration.findings.append(finding)
    return migration


def _is_stable(
    text: str,
    packages: Sequence[Package],
    given: Mapping[int, Package],
    with_remarks: bool,
    exported: frozenset[str],
) -> bool:
    """Return whether a text is a program that a second migration leaves as it is."""
    try:
        ast.parse(text)
        return _Migrator(text, packages, given, with_remarks, exported).run().text == text
    except (SyntaxError, ValueError, RecursionError, MemoryError, Unreadable):
        return False


class _Migrator:
    def __init__(
        self,
        text: str,
        packages: Sequence[Package],
        given: Mapping[int, Package],
        with_remarks: bool,
        exported: frozenset[str],
    ) -> None:
        self._program = Program(text)
        self._text = text
        self._packages = packages
        self._given = given
        self._with_remarks = with_remarks
        self._exported = exported
        self._names = Names(self._program)

    def run(self) -> Migration:
        """Plan the migration."""
        program = self._program
        try:
            plans = [
                plan_group(program, group, self._packages, self._given, self._names)
                for group in find_groups(program)
            ]
            for plan in plans:
                note_handlers(program, plan)
                note_import_guard(program, plan)
            self._keep_exported(plans)
            self._keep_in_models(plans)
            values = self._plan_values(plans)
            chosen = [plan for plan in plans if self._is_chosen(plan)]
            text = self._rewrite(chosen, values) if chosen else self._text
        except RecursionError:
            raise Unreadable("it is nested too deeply") from None
        uses = [self._describe(plan, plan in chosen) for plan in plans]
        return Migration(text, uses, self._find_others())

    def _is_chosen(self, plan: GroupPlan) -> bool:
        return not plan.kept and (self._with_remarks or not plan.needs_consent)

    # What stays

    def _keep_exported(self, plans: Sequence[GroupPlan]) -> None:
        """Keep the variables that other files import: their uses there cannot be seen."""
        for plan in plans:
            for kind, scope, name in plan.group.keys:
                names = {name}
                if kind == "attribute":
                    names = {f"{name}.{use.name}" for use in plan.group.uses}
                elif isinstance(scope, cst.FunctionDef):
                    names = {scope.name.value}
                elif not isinstance(scope, GlobalScope):
                    continue
                for used in sorted(names & self._exported):
                    message = f"another file uses {used}"
                    plan.kept.append(Finding(self._line(plan), Code.ESCAPES, message))

    def _keep_in_models(self, plans: Sequence[GroupPlan]) -> None:
        """Keep everything in a file that defines a model: the values there are the SDK's."""
        program = self._program
        for reference in program.references:
            base = program.parent(reference.node)
            is_base = isinstance(base, cst.Arg) and isinstance(program.parent(base), cst.ClassDef)
            if is_base and reference.symbol.startswith(sdk.MODEL_CLASSES):
                for plan in plans:
                    plan.kept.append(
                        Finding(
                            program.line(reference.node),
                            Code.IN_A_MODEL,
                            "the file defines a model, whose values are the SDK's",
                        )
                    )

    def _plan_values(self, plans: Sequence[GroupPlan]) -> Edits | None:
        """Plan the change of the SDK's data types, and keep the variables that need them if they stay.

        Returns:
            The edits; None if the types stay.
        """
        program = self._program
        references = [r for r in program.references if is_data_type(r)]
        users = [plan for plan in plans if self._is_chosen(plan) and plan.exchanges_values]
        if not users:
            return None
        try:
            check_values(program)
            edits = plan_values(program, references, self._names)
        except Kept as kept:
            finding = kept.finding
        else:
            stay = [
                plan for plan in plans if not self._is_chosen(plan) and plan.may_exchange_values
            ]
            if not references or not stay:
                return edits
            finding = Finding(
                self._line(stay[0]),
                Code.ESCAPES,
                "a model that stays may exchange values with this one",
            )
        for plan in users:
            plan.kept.append(finding)
        return None

    # The new text

    def _rewrite(self, chosen: Sequence[GroupPlan], values: Edits | None) -> str:
        program = self._program
        edits = Edits()
        for plan in chosen:
            edits.extend(make_edits(program, plan, self._names))
            edit_handlers(program, plan, self._names, edits)
        if values is not None:
            edits.extend(values)
        plan_imports(program, edits, self._names, self._exported)
        return edits.apply(program.module).code

    # The report

    def _line(self, plan: GroupPlan) -> int:
        return self._program.line(plan.group.constructions[0].call)

    def _describe(self, plan: GroupPlan, is_rewritten: bool) -> ModelUse:
        references = plan.references
        findings = plan.kept if plan.kept else plan.findings
        return ModelUse(
            self._line(plan),
            references[0] if len(references) == 1 else None,
            plan.constructors[0].text,
            "" if plan.package is None else plan.package.module,
            tuple((use.name, self._program.line(use.attribute)) for use in plan.group.uses),
            is_rewritten,
            plan.needs_consent and not plan.kept,
            tuple(sorted(set(findings))),
            tuple(self._program.line(c.call) for c in plan.group.constructions),
        )

    def _find_others(self) -> list[Finding]:
        """Return the places that use the SDK for something that no client does."""
        findings: list[Finding] = []
        for reference in self._program.references:
            parent = self._program.parent(reference.node)
            if reference.symbol in sdk.WORKFLOW and isinstance(parent, cst.Call):
                findings.append(
                    Finding(
                        self._program.line(reference.node),
                        Code.WORKFLOW,
                        "workflows have no generated clients",
                    )
                )
        return findings


__all__ = ["Finding", "Level", "Migration", "ModelUse", "Unreadable", "migrate"]
