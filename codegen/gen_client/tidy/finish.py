"""Turns the text of a template into the final bytes of a file: imports, format, head, and the gate.

Same text, same bytes. libcst sees the block of imports alone, which is constant text; it removes names and orders
what is left, and can add nothing. It is imported here, inside functions, as black is by `style`: a run that has
nothing to do needs neither.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from gen_client.gate import check
from gen_client.gate.allowed import NOTHING_ALLOWED, Allowed
from gen_client.gate.check import HEAD, FileKind
from gen_client.tidy.black import format_source

if TYPE_CHECKING:
    import libcst

_SECTIONS = ("__future__", "stdlib", "clarigen", "relative")


def finish(text: str, kind: FileKind, also: Allowed = NOTHING_ALLOWED) -> str:
    """The finished file for the text that a template made.

    Raises `Refusal` (exit 4) when the text, or what became of it, holds anything that our templates cannot produce
    and that is not allowed besides.
    """
    check.check_code(text, kind, also)  # before libcst, whose parser does not survive deep nesting
    final = HEAD + format_source(_with_tidy_imports(text))
    check.check_file(final, kind, also)
    return final


# Imports


def _with_tidy_imports(text: str) -> str:
    """The text with its blocks of imports reduced to what is used, in order."""
    module = ast.parse(text)
    lines, used = text.split("\n"), _used(module)
    for first, last in reversed(list(_blocks(module))):
        lines[first:last] = [_imports("\n".join(lines[first:last]) + "\n", used)]
    return "\n".join(lines)


def _blocks(module: ast.Module) -> Iterator[tuple[int, int]]:
    """Where imports stand together: the places of their first line and of what follows their last."""
    for together, nodes in groupby(module.body, _is_import):
        if together:
            block = list(nodes)
            yield block[0].lineno - 1, block[-1].end_lineno or block[-1].lineno


def _is_import(node: ast.stmt) -> bool:
    """Whether it is an import, or `if TYPE_CHECKING:` around one."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name)
    return isinstance(node, ast.Import | ast.ImportFrom)


def _used(module: ast.Module) -> frozenset[str]:
    """The names that the code reads, by the scopes of our files: only parameters hide a name."""
    used: set[str] = set()
    for node in module.body:
        if not _is_import(node):
            _gather(node, frozenset(), used)
    for node in module.body:
        if isinstance(node, ast.If) and _is_import(node) and used & _bound(node):
            used.add("TYPE_CHECKING")
    return frozenset(used)


def _bound(node: ast.If) -> set[str]:
    """The names that the imports in it bind."""
    imports = [one for one in node.body if isinstance(one, ast.Import | ast.ImportFrom)]
    return {alias.asname or alias.name for one in imports for alias in one.names}


def _gather(node: ast.AST, hidden: frozenset[str], used: set[str]) -> None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in hidden:
        used.add(node.id)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):  # __all__
        used.update(str(ast.literal_eval(item)) for item in node.value.elts)
    if isinstance(node, ast.FunctionDef):
        inside = hidden | {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
        for statement in node.body:
            _gather(statement, inside, used)
        children = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        _gather(child, hidden, used)


@lru_cache(maxsize=256)
def _imports(block: str, used: frozenset[str]) -> str:
    """The lines of the block that are used, in order, a blank line between sections."""
    import libcst

    lines: list[tuple[int, bool, str]] = []
    for statement in libcst.parse_module(block).body:
        if isinstance(statement, libcst.If):
            kept = list(_kept_for_types(statement.body, used))
            if kept:
                block = "".join(f"    {line}" for line in kept)
                lines.append((len(_SECTIONS), True, f"if {_code(statement.test)}:\n{block}"))
        elif isinstance(statement, libcst.SimpleStatementLine):
            lines += _kept(statement.body[0], used)
    sections = [
        "".join(code for its_section, _, code in sorted(lines) if its_section == section)
        for section in sorted({section for section, _, _ in lines})
    ]
    return "\n".join(sections)


def _kept_for_types(body: libcst.BaseSuite, used: frozenset[str]) -> Iterator[str]:
    """The imports that only type checkers see, in their order."""
    import libcst

    for statement in body.body:
        if isinstance(statement, libcst.SimpleStatementLine):
            node = statement.body[0]
            if isinstance(node, libcst.ImportFrom):
                yield from (code for _, _, code in _kept(node, used))
            elif isinstance(node, libcst.Import) and "npt" in used:
                yield _code(node) + "\n"


def _kept(node: libcst.BaseSmallStatement, used: frozenset[str]) -> Iterator[tuple[int, bool, str]]:
    """The import without the names that nothing reads: section, whether it is a `from`, code."""
    import libcst

    if isinstance(node, libcst.Import):
        if str(node.names[0].evaluated_name) in used:
            yield _SECTIONS.index("stdlib"), False, _code(node) + "\n"
    elif isinstance(node, libcst.ImportFrom) and not isinstance(node.names, libcst.ImportStar):
        module = _code(node.module) if node.module else ""
        names = [str(alias.evaluated_name) for alias in node.names]
        names = [name for name in names if name in used or module == "__future__"]
        if names:
            plain = node.with_changes(
                lpar=None,
                rpar=None,
                names=[libcst.ImportAlias(libcst.Name(name)) for name in sorted(names, key=_order)],
            )
            yield _section(module, len(node.relative)), True, _code(plain) + "\n"


def _section(module: str, level: int) -> int:
    root = "relative" if level else module.partition(".")[0]
    return _SECTIONS.index(root if root in _SECTIONS else "stdlib")


def _order(name: str) -> tuple[int, str, str]:
    """Constants, then classes, then the rest; each by the alphabet, as linters order them."""
    rank = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return rank, name.casefold(), name


def _code(node: libcst.CSTNode) -> str:
    import libcst

    return libcst.Module([]).code_for_node(node)
