"""What the names of a module stand for, as far as each is bound once: for what is read beside the signatures of methods."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator
from typing import Final

from gen_client import limits
from gen_client.source.model_file.findings import unsure

_TEXT_UNIT: Final = 64
"""Characters of text, or nodes of a value, that count as one step."""


class Names:
    """The names of a module.

    Args:
        tree: The module.
        siblings: The names of the modules beside it, of which nothing is known.
    """

    def __init__(self, tree: ast.Module, siblings: Collection[str]) -> None:
        self._siblings = frozenset(siblings)
        self._bindings: dict[str, list[ast.AST | str]] = {}
        self._has_star = False
        self._steps = 0
        for node in ast.walk(tree):
            for name, binding in self._iterate_bindings(node):
                self._bindings.setdefault(name, []).append(binding)

    def _iterate_bindings(self, node: ast.AST) -> Iterator[tuple[str, ast.AST | str]]:
        """Yield the names that a node binds, in any scope: a name that is also a local one is not sure."""
        match node:
            case ast.Import(names=names):
                for alias in names:
                    path = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or path, path
            case ast.ImportFrom(module=module, names=names, level=level):
                for alias in names:
                    self._has_star |= alias.name == "*"
                    path = "" if level else f"{module}.{alias.name}"
                    yield alias.asname or alias.name, path
            case (
                ast.ClassDef(name=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
            ):
                yield name, node
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=value):
                yield name, value or node
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name, node
            case ast.arg(arg=name) | ast.ExceptHandler(name=str(name)):
                yield name, node
            case _:
                return

    def spend(self, steps: int, line: int) -> None:
        """Count work: a class may stand in many others, and so may they.

        Raises:
            Problem: The source asks for too much.
        """
        self._steps += steps
        if self._steps > limits.OFFER_STEPS:
            raise unsure("its tools are too large to be read", line)

    def _get_binding(self, name: str) -> ast.AST | str | None:
        """Return the one binding of a name: the path of an import, or a node; None if it is not sure, or none."""
        bindings = self._bindings.get(name, [])
        self.spend(1 + len(bindings), 0)
        # The target of an assignment is a binding beside the assignment itself.
        others = [
            b for b in bindings if not (isinstance(b, ast.Name) and isinstance(b.ctx, ast.Store))
        ]
        targets = len(bindings) - len(others)
        assigned = [b for b in others if isinstance(b, ast.expr)]
        return others[0] if len(others) == 1 and targets == len(assigned) else None

    def resolve(self, node: ast.expr) -> str | None:
        """Return the path of what a name or an attribute stands for, such as `typing.List`; None if it is not known."""
        match node:
            case ast.Name(id=name):
                binding = self._get_binding(name)
                if isinstance(binding, str):
                    return None if binding.partition(".")[0] in self._siblings else binding or None
                is_builtin = name not in self._bindings and not self._has_star
                return f"builtins.{name}" if is_builtin and hasattr(builtins, name) else None
            case ast.Attribute(value=value, attr=name):
                base = self.resolve(value)
                return None if base is None or base.startswith("builtins.") else f"{base}.{name}"
            case _:
                return None

    def find_class(self, node: ast.expr) -> ast.ClassDef | None:
        """Return the class of the module that a name stands for; None if it is not known, or no class."""
        binding = self._get_binding(node.id) if isinstance(node, ast.Name) else None
        return binding if isinstance(binding, ast.ClassDef) else None

    def read_constant(self, node: ast.expr) -> object:
        """Return a value that the source writes out, or that a name stands for.

        Raises:
            Problem: It is computed.
        """
        if isinstance(node, ast.Name):
            binding = self._get_binding(node.id)
            node = binding if isinstance(binding, ast.Constant) else node
        try:
            value: object = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            raise unsure(
                f"`{_shorten(node)}` is computed when the file is imported", node.lineno
            ) from None
        size = len(value) if isinstance(value, str | bytes) else sum(1 for _ in ast.walk(node))
        self.spend(1 + size // _TEXT_UNIT, node.lineno)
        return value


def _shorten(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else f"{text[:60]}…"
