"""What stands around the calls of a model: handlers of errors, retries, guarded imports."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from gen_client.migrate import sdk
from gen_client.migrate.edits import Edits
from gen_client.migrate.findings import Code, Finding, Level
from gen_client.migrate.group_plan import GroupPlan
from gen_client.migrate.naming import Names
from gen_client.migrate.program import Program, Reference, dotted_name

_BROAD = frozenset({"Exception", "BaseException"})
_RETRY_DECORATORS = frozenset({"retry", "on_exception", "retrying"})


def find_handlers(
    program: Program, plan: GroupPlan
) -> list[tuple[cst.ExceptHandler, list[Reference]]]:
    """Return the handlers around a variable's calls, each with the errors of the SDK that it names."""
    handlers: dict[cst.ExceptHandler, list[Reference]] = {}
    for handler in (h for node in _places(plan) for h in _handlers_of(program, node)):
        handlers[handler] = [
            reference
            for reference in program.references
            if reference.symbol in sdk.ERRORS
            and handler.type is not None
            and any(
                node is handler.type
                for node in (reference.node, *program.ancestors(reference.node))
            )
        ]
    return list(handlers.items())


def _places(plan: GroupPlan) -> Iterator[cst.CSTNode]:
    yield from (construction.call for construction in plan.group.constructions)
    yield from (use.call for use in plan.group.uses)


def _handlers_of(program: Program, node: cst.CSTNode) -> Iterator[cst.ExceptHandler]:
    """Yield the handlers of the innermost functions' `try` statements around a node."""
    inner = node
    for ancestor in program.ancestors(node):
        if isinstance(ancestor, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            return
        if isinstance(ancestor, cst.Try) and ancestor.body is inner:
            yield from ancestor.handlers
        inner = ancestor


def note_handlers(program: Program, plan: GroupPlan) -> None:
    """Add the findings about handlers of errors and about retries."""
    for handler, references in find_handlers(program, plan):
        line = program.line(handler)
        if references:
            plan.findings.append(
                Finding(
                    line,
                    Code.OTHER_ERRORS,
                    "an error of the SDK becomes ClarigenError, which has more causes",
                    Level.REMARK,
                )
            )
        is_broad = handler.type is None or dotted_name(handler.type) in _BROAD
        if (is_broad or references) and _is_in_loop(program, handler) and _sleeps(handler):
            plan.findings.append(
                Finding(
                    line,
                    Code.OWN_RETRIES,
                    "the client retries what is worth it by itself",
                    Level.NOTE,
                )
            )
    for node in {program.function(place) for place in _places(plan)}:
        for decorator in node.decorators if isinstance(node, cst.FunctionDef) else ():
            call = decorator.decorator
            name = dotted_name(call.func if isinstance(call, cst.Call) else call)
            if name.rpartition(".")[2] in _RETRY_DECORATORS:
                line = program.line(decorator)
                plan.findings.append(
                    Finding(
                        line,
                        Code.OWN_RETRIES,
                        "the client retries what is worth it by itself",
                        Level.NOTE,
                    )
                )


def _is_in_loop(program: Program, node: cst.CSTNode) -> bool:
    for ancestor in program.ancestors(node):
        if isinstance(ancestor, cst.For | cst.While):
            return True
        if isinstance(ancestor, cst.FunctionDef | cst.ClassDef):
            return False
    return False


def _sleeps(handler: cst.ExceptHandler) -> bool:
    pending: list[cst.CSTNode] = [handler.body]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Call) and dotted_name(node.func).rpartition(".")[2] == "sleep":
            return True
        pending.extend(node.children)
    return False


def edit_handlers(program: Program, plan: GroupPlan, names: Names, edits: Edits) -> None:
    """Replace the errors of the SDK in the handlers around a variable's calls."""
    for _, references in find_handlers(program, plan):
        for reference in references:
            if all(reference.node is not other.node for other, _ in edits.imports):
                edits.replace(reference, names.choose("clarigen", "ClarigenError"))


def note_import_guard(program: Program, plan: GroupPlan) -> None:
    """Add a finding for an import of the SDK in a `try` statement: its message is about the SDK."""
    for construction in plan.group.constructions:
        for statement, _ in construction.reference.imports:
            for handler in _handlers_of(program, statement):
                lines = [
                    node for node in handler.body.body if "clarifai" in program.code(node).lower()
                ]
                node = lines[0] if lines else handler.body.body[0]
                finding = Finding(
                    program.line(node),
                    Code.IMPORT_GUARD,
                    "what happens without the library is yours to say",
                    Level.NOTE,
                )
                if finding not in plan.findings:
                    plan.findings.append(finding)
