"""The imports of a rewritten program: a name of the SDK goes once nothing uses it, and others come in its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import libcst as cst

from gen_client.migrate.edits import Edits, Import
from gen_client.migrate.naming import Names
from gen_client.migrate.program import Program, dotted_name

_Statement = cst.Import | cst.ImportFrom


def plan_imports(program: Program, edits: Edits, names: Names, exported: frozenset[str]) -> None:
    """Add the edits of the import statements.

    Args:
        program: The program.
        edits: The edits of the program, with the names of the SDK that go.
        names: The names of the program.
        exported: The names that other files import from this one, which stay.
    """
    gone = {reference.node for reference, _ in edits.imports}
    used: dict[cst.ImportAlias, bool] = defaultdict(bool)
    for reference in program.references:
        for _, alias in reference.imports:
            used[alias] |= reference.node not in gone
    needs: dict[_Statement, set[Import]] = defaultdict(set)
    aliases: dict[_Statement, set[cst.ImportAlias]] = defaultdict(set)
    for reference, imports in edits.imports:
        for statement, alias in reference.imports:
            needs[statement] |= set(imports) - names.imported
            if not used[alias] and not _is_public(program, alias, exported):
                aliases[statement].add(alias)
    _place(program, edits, needs, aliases)


def _is_public(program: Program, alias: cst.ImportAlias, exported: frozenset[str]) -> bool:
    """Return whether other files may import a name from this one."""
    name = dotted_name(alias.name if alias.asname is None else alias.asname.name)
    if name in exported:
        return True
    return "__all__" in program.names and any(
        isinstance(node, cst.SimpleString) and node.evaluated_value == name
        for node in program.nodes
    )


def _place(
    program: Program,
    edits: Edits,
    needs: dict[_Statement, set[Import]],
    aliases: dict[_Statement, set[cst.ImportAlias]],
) -> None:
    """Put each import at the first statement of its block that it comes in the place of."""
    placed: dict[cst.CSTNode, set[Import]] = defaultdict(set)
    shared: dict[cst.CSTNode, set[Import]] = defaultdict(set)
    for statement, imports in needs.items():
        block = program.parent(program.parent(statement))
        shared[block] |= {new for new in imports if new.module == "clarigen" and new.name}
    for statement in sorted(needs, key=program.line):
        line = program.parent(statement)
        block = program.parent(line)
        imports = set(needs[statement])
        if any(new.module == "clarigen" and new.name for new in imports):
            imports |= shared[block]
        new = imports - placed[block]
        placed[block] |= imports
        remaining = _without(statement, aliases[statement])
        if not new and remaining is None and _has_comment(line):
            new = needs[statement]
        _replace(program, edits, line, statement, remaining, _format(new))


def _without(statement: _Statement, gone: set[cst.ImportAlias]) -> _Statement | None:
    """Return an import without some of its names; None if nothing is left."""
    assert not isinstance(statement.names, cst.ImportStar)
    kept = [alias for alias in statement.names if alias not in gone]
    if not kept:
        return None
    if len(kept) < len(statement.names):
        kept[-1] = kept[-1].with_changes(comma=statement.names[-1].comma)
    return statement.with_changes(names=kept)


def _has_comment(line: cst.CSTNode) -> bool:
    if not isinstance(line, cst.SimpleStatementLine):
        return False
    lines = [line.trailing_whitespace.comment, *(empty.comment for empty in line.leading_lines)]
    return any(comment is not None for comment in lines)


def _format(imports: Iterable[Import]) -> list[cst.BaseSmallStatement]:
    """Return the statements of imports, one for each module."""
    names: dict[str, list[cst.ImportAlias]] = defaultdict(list)
    statements: list[cst.BaseSmallStatement] = []
    for new in sorted(imports):
        if not new.name:
            alias = None if new.alias == new.module else _as(new.alias)
            statements.append(cst.Import([cst.ImportAlias(cst.Name(new.module), alias)]))
            continue
        alias = None if new.alias == new.name else _as(new.alias)
        names[new.module].append(cst.ImportAlias(cst.Name(new.name), alias))
    for module, listed in names.items():
        expression = cst.parse_expression(module)
        assert isinstance(expression, cst.Name | cst.Attribute)
        statements.append(cst.ImportFrom(expression, listed))
    return statements


def _as(name: str) -> cst.AsName:
    return cst.AsName(
        cst.Name(name),
        whitespace_before_as=cst.SimpleWhitespace(" "),
        whitespace_after_as=cst.SimpleWhitespace(" "),
    )


def _replace(
    program: Program,
    edits: Edits,
    line: cst.CSTNode,
    statement: _Statement,
    remaining: _Statement | None,
    new: Sequence[cst.BaseSmallStatement],
) -> None:
    """Add the edit that puts statements in the place of an import."""
    statements = [*([] if remaining is None else [remaining]), *new]
    is_alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
    if is_alone and statements:
        first, *others = statements
        if isinstance(statement.semicolon, cst.Semicolon):
            first = first.with_changes(semicolon=statement.semicolon)
        lines = [cst.SimpleStatementLine([other]) for other in others]
        edits.add(line, lambda node: cst.FlattenSentinel([node.with_changes(body=[first]), *lines]))
    elif is_alone and len(getattr(program.parent(line), "body", ())) > 1:
        edits.add(line, lambda _: cst.RemoveFromParent())
    else:
        if statements:
            statements[-1] = statements[-1].with_changes(semicolon=statement.semicolon)
        else:
            statements = [cst.Pass(semicolon=statement.semicolon)]
        edits.add(statement, lambda _: cst.FlattenSentinel(statements))
