"""Removes the unused imports of a file and sorts the rest.

The templates import whatever a page may need, in blocks that are constant text apart from the user's own classes. A
block has no comments, so `ast` is enough to write it again with fewer names: loading libcst took a fifth of the
benchmark "one model, cold".
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby

_SECTIONS = ("__future__", "stdlib", "clarigen", "user", "relative")
_STDLIB = ("builtins", "collections", "typing")

_Line = tuple[int, bool, str]
"""An import: its section, whether it is a `from` import, its code. Lines sort in this order."""


def tidy_imports(text: str) -> str:
    """Reduce the blocks of imports to the names that are used, and sort them."""
    module = ast.parse(text)
    lines, used = text.split("\n"), _used_names(module)
    for first, end in reversed(list(_import_blocks(module))):
        block = _tidy_block("\n".join(lines[first:end]) + "\n", used)
        lines[first:end] = [block.removesuffix("\n")]
    return "\n".join(lines)


def _import_blocks(module: ast.Module) -> Iterator[tuple[int, int]]:
    """Yield for each block of imports the index of its first line and of the line after its last."""
    for are_imports, nodes in groupby(module.body, _is_import):
        if are_imports:
            block = list(nodes)
            yield block[0].lineno - 1, block[-1].end_lineno or block[-1].lineno


def _is_import(node: ast.stmt) -> bool:
    """Return whether a statement is an import or `if TYPE_CHECKING:`."""
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name)
    return isinstance(node, ast.Import | ast.ImportFrom)


# Names


def _used_names(module: ast.Module) -> frozenset[str]:
    """Return the global names that the code reads. In our files, only parameters hide a global name."""
    used: set[str] = set()
    for node in module.body:
        if not _is_import(node):
            _collect_names(node, frozenset(), used)
    for node in module.body:
        if isinstance(node, ast.If) and _is_import(node) and used & _imported_names(node):
            used.add("TYPE_CHECKING")
    return frozenset(used)


def _imported_names(node: ast.If) -> set[str]:
    imports = (inner for inner in node.body if isinstance(inner, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name for inner in imports for alias in inner.names}


def _collect_names(node: ast.AST, hidden: frozenset[str], used: set[str]) -> None:
    """Add the names that a node reads to `used`, except those that parameters hide."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in hidden:
        used.add(node.id)
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):  # __all__
        used.update(str(ast.literal_eval(item)) for item in node.value.elts)
    if isinstance(node, ast.FunctionDef):
        inside = hidden | {argument.arg for argument in [*node.args.args, *node.args.kwonlyargs]}
        for statement in node.body:
            _collect_names(statement, inside, used)
        children = [*node.decorator_list, node.args, *([node.returns] if node.returns else [])]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        _collect_names(child, hidden, used)


# Lines


@lru_cache(maxsize=256)
def _tidy_block(block: str, used: frozenset[str]) -> str:
    """Return the imports of a block that are used, sorted, with a blank line between sections."""
    lines: list[_Line] = []
    for node in ast.parse(block).body:
        if isinstance(node, ast.If):
            kept = list(_keep_typing_imports(node.body, used))
            if kept:
                body = "".join(f"    {line}" for line in kept)
                lines.append((len(_SECTIONS), True, f"if {ast.unparse(node.test)}:\n{body}"))
        else:
            lines += _keep_import(node, used)
    sections = groupby(sorted(lines), lambda line: line[0])
    return "\n".join("".join(code for _, _, code in section) for _, section in sections)


def _keep_typing_imports(body: list[ast.stmt], used: frozenset[str]) -> Iterator[str]:
    """Yield the used imports of `if TYPE_CHECKING:`, in their order."""
    for node in body:
        if "npt" in used:
            yield ast.unparse(node) + "\n"


def _keep_import(node: ast.stmt, used: frozenset[str]) -> Iterator[_Line]:
    """Yield an import without its unused names; nothing if none is used."""
    if isinstance(node, ast.Import):
        if node.names[0].name in used:
            yield _SECTIONS.index("stdlib"), False, ast.unparse(node) + "\n"
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        names = [alias.name for alias in node.names]
        names = [name for name in names if name in used or module == "__future__"]
        if names:
            source, sorted_names = "." * node.level + module, sorted(names, key=_sort_key)
            code = f"from {source} import {', '.join(sorted_names)}\n"
            yield _section(module, node.level), True, code


def _section(module: str, level: int) -> int:
    root = "relative" if level else module.partition(".")[0]
    section = root if root in _SECTIONS else "stdlib" if root in _STDLIB else "user"
    return _SECTIONS.index(section)


def _sort_key(name: str) -> tuple[int, str, str]:
    """Return the key that sorts names as linters do: constants, classes, then the rest."""
    rank = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return rank, name.casefold(), name
