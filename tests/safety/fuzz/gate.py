"""Random changes of accepted files: the gate lets nothing through that calls, imports or defines anything new."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

from gen_client.diagnostics import Refusal
from gen_client.gate import check
from gen_client.layout import HEAD, SOURCE_FILES, FileKind
from support import ROOT

TEXTS = (
    *("#x", "# noqa", "\\\n", ";", "\n", "\t", "\f", "\x00", "\r", "\u2028", "'", '"', '"""', "("),
    *(
        ")",
        "[",
        "]",
        "{",
        "}",
        "f",
        "r",
        "b",
        "rb",
        'f"{evil()}"',
        "\\N{DIGIT ONE}",
        "\\",
        "evil()",
    ),
    *(
        "import os",
        "os",
        "__import__('os')",
        "eval",
        "@evil\n",
        "lambda: 0",
        "await ",
        "yield ",
        ":=",
    ),
    *("*", "**", "->", "...", ",", "=", ".", "1e999", "None", "if 1: evil()", "pass", "global x"),
    *(
        "class X: pass",
        "print",
        "self",
        "wire",
        "__class__",
        "_unary",
        "\uff41",
        "\u3164",
        "\ufe0f",
    ),
    *("\u202e", "\u200b", "\ue000", "\U000e0041", "\xa0", "type X = int", "from os import system"),
    *(
        "from .client import *",
        "import builtins",
        "    ",
        ">>> evil()",
        ".. raw:: html",
        "<script>",
    ),
    *("![x](y)", " vim: set ft=evil:", "-*- mode: evil -*-", "```python", "In [1]: evil()"),
)
EXPRESSIONS = (
    *(
        "evil",
        "evil()",
        "os.system('x')",
        "self",
        "self._unary",
        "wire.json_as('os:x')",
        "lambda: evil()",
    ),
    *(
        "(y := evil())",
        "f'{evil()}'",
        "[e for e in x]",
        "{**x}",
        "a if b else c",
        "...",
        "1j",
        "b'x'",
    ),
    *("1e999", "x[0]", "print(1)", "__import__('os')", "float('1')", "Client()", "builtins.eval"),
    *(
        "npt.evil",
        "main(evil)",
        "Literal[evil]",
        "not x",
        "getattr(wire, 'x')",
        "model.x()",
        "type",
    ),
)
NAMES = (
    *(
        "evil",
        "__class__",
        "__init_subclass__",
        "_unary",
        "_repr_html_",
        "eval",
        "exec",
        "print",
        "wire",
    ),
    *(
        "self",
        "Client",
        "main",
        "Final",
        "close",
        "x\u3164",
        "\uff45val",
        "mro",
        "float",
        "x y",
        "",
    ),
)


def load_files() -> list[tuple[FileKind, str]]:
    """Return the files of all generated packages, without their heads, and their kinds."""
    folders = sorted((ROOT / "generated").glob("*/"))
    return [
        (kind, (folder / name).read_text("utf-8").removeprefix(HEAD))
        for folder in folders
        for name, kind in SOURCE_FILES.items()
        if Path(folder / name).exists()
    ]


def collect_code(text: str) -> set[str]:
    """Return what a file calls, imports, inherits from and is decorated with."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="model"))):
                found.add("a method of the model")
            case ast.Call():
                found.add(f"call {ast.unparse(node.func)}")
            case ast.Import() | ast.ImportFrom(level=0):
                module = getattr(node, "module", "")
                found |= {f"import {module} {alias.name} {alias.asname}" for alias in node.names}
            case ast.ClassDef():
                found |= {
                    f"base {ast.unparse(base)}" for base in (*node.bases, *node.decorator_list)
                }
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                found |= {f"decorator {ast.unparse(it)}" for it in node.decorator_list}
                found |= {"private"} if node.name.startswith("_") else set()
            case ast.Lambda() | ast.NamedExpr() | ast.JoinedStr() | ast.ListComp():
                found.add(type(node).__name__)
    return found


def change_text(rng: random.Random, text: str) -> str:
    """Return a text with some characters inserted, replaced or removed."""
    for _ in range(rng.choice((1, 1, 2))):
        start = rng.randrange(len(text))
        end = start + rng.choice((0, 0, 1, 5, 40))
        text = text[:start] + rng.choice((*TEXTS, "")) + text[end:]
    return text


def change_tree(rng: random.Random, text: str) -> str:
    """Return a file in whose tree one expression or one name is another."""
    tree = ast.parse(text)
    places: list[tuple[ast.AST, str, int | None]] = list(_find_places(tree))
    node, field, index = rng.choice(places)
    old = getattr(node, field)
    if index is not None:
        old[index] = ast.parse(rng.choice(EXPRESSIONS), mode="eval").body
    elif isinstance(old, str):
        setattr(node, field, rng.choice(NAMES))
    else:
        setattr(node, field, ast.parse(rng.choice(EXPRESSIONS), mode="eval").body)
    return ast.unparse(tree)


def _find_places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) or (isinstance(value, str) and field != "kind"):
                yield node, field, None
            elif isinstance(value, list):
                for index, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield node, field, index


def run(rng: random.Random, attempts: Iterator[int]) -> str:
    """Change files until the attempts are used up; return the first fault, or nothing."""
    files = load_files()
    ours = {kind: set[str]() for kind, _ in files}
    for kind, text in files:
        ours[kind] |= collect_code(text)
    accepted = 0
    for number in attempts:
        kind, text = rng.choice(files)
        changed = (change_text if number % 2 else change_tree)(rng, text)
        try:
            changed.encode()
            check.check_code(changed, kind)
        except (Refusal, UnicodeEncodeError):
            continue
        accepted += 1
        if new := _without_records(collect_code(changed), changed) - ours[kind]:
            return f"the gate accepts {sorted(new)} in\n{changed}"
    print(f"gate: {accepted} changes accepted, nothing new")
    return ""


def _without_records(found: set[str], text: str) -> set[str]:
    """Leave out the calls of classes of the file itself, and of its clients."""
    tree = ast.parse(text)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    own |= {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    }
    return {item for item in found if item.removeprefix("call ") not in own}
