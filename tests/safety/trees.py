"""The shape of generated code: its syntax trees without literals, docstrings and the model's names.

Two packages of the same shape run the same code, whatever the texts of their models are.
"""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from gen_client.gate import expressions, imports

OURS = (
    {name for names in imports.IMPORTS.values() for name in names}
    | set(imports.IMPORTS)
    | expressions.PLAIN_TYPES
    | expressions.ARRAYS
    | expressions.CODECS
    | expressions.METHOD_FUNCTIONS
    | {
        "self",
        "model",
        "piece",
        "print",
        "client",
        "npt",
        "numpy.typing",
        "builtins",
        "wire",
        "overload",
    }
    | {
        "_unary",
        "_stream",
        "_unary_or_batch",
        "_batch",
        "_many",
        "field",
        "list_of",
        "tuple_of",
        "output",
        "outputs",
        "record",
        "returns",
        "default",
    }
    | {
        "name",
        "choices",
        "ge",
        "le",
        "stream",
        "end",
        "flush",
        "text",
        "__all__",
        "__name__",
        "frozen",
        "slots",
    }
    | {"inputs", "progress", "box", "image", "main"}
    | {"tool", "argument", "wrapped", "defaults"}
)
"""The names that our templates write. Every other name is the model's."""
SOURCE_NAMES = expressions.PLAIN_TYPES | {
    *("self", "load_model", "method", "NotImplementedError", "ModelClass", "Param", "Image"),
    *("default", "description", "min_value", "max_value", "choices", "is_param"),
}
"""The names that the template of a model's source writes."""


def shape(files: Mapping[str, str]) -> str:
    """Return the code of a package, with the model's names numbered in order of appearance."""
    trees = {name: ast.parse(text) for name, text in files.items() if name.endswith(".py")}
    seen: dict[str, str] = {}
    return "\n".join(
        ast.dump(_Plain(seen).visit(trees[name]))
        for name in ("client.py", "__init__.py", "examples.py")
    )


def shape_source(text: str) -> str:
    """Return the code of the source of a model, with the model's names numbered in order of appearance."""
    return ast.dump(_Plain({}, SOURCE_NAMES).visit(ast.parse(text)))


class _Plain(ast.NodeTransformer):
    """Replaces literals by a constant and the model's names by numbers, and removes docstrings."""

    def __init__(self, seen: dict[str, str], ours: Collection[str] = OURS) -> None:
        self._seen = seen
        self._ours = ours

    def generic_visit(self, node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [statement for statement in body if not _is_doc(statement)]  # type: ignore[attr-defined]
        if isinstance(node, ast.ImportFrom) and node.module == "client":
            node.names = [ast.alias("NAMES")]
            return node
        if isinstance(node, ast.ImportFrom):
            node.names.sort(key=lambda alias: alias.name)
        if isinstance(node, ast.expr) and _is_plain(node):
            return ast.Constant(0)
        for field in ("id", "arg", "attr", "name"):
            word = getattr(node, field, None)
            if isinstance(word, str):
                assert word == _plain_word(word)
                setattr(node, field, word if word in self._ours else self._number(word))
        return super().generic_visit(node)

    def _number(self, word: str) -> str:
        return self._seen.setdefault(word, f"name{len(self._seen)}")


def _plain_word(word: str) -> str:
    """Return a name, after checking that Python does not normalize it and gives it no meaning."""
    assert word.isidentifier()
    assert not keyword.iskeyword(word)
    assert word in ("__all__", "__name__") or not word.startswith("__")
    return word


def _is_doc(node: Any) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_plain(node: ast.expr) -> bool:
    """Return whether a node holds only values."""
    match node:
        case ast.Constant(value=value):
            return value is not None and value is not ...
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_plain(operand)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(isinstance(item, ast.Constant) or _is_plain(item) for item in items)
        case ast.Dict(keys=keys, values=values):
            return all(key is not None and _is_plain(key) for key in keys) and all(
                isinstance(item, ast.Constant) or _is_plain(item) for item in values
            )
        case _:
            return False


def names(files: Mapping[str, str]) -> Iterator[str]:
    """Return the names in a package's code that our templates do not write."""
    for name, text in files.items():
        if name.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                for field in ("id", "arg", "attr", "name"):
                    word = getattr(node, field, None)
                    if isinstance(word, str) and word not in OURS and not hasattr(builtins, word):
                        yield word
