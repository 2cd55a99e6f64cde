"""The gate: proves that a finished file holds only what our templates can have written.

It is an allowlist: `statements`, `examples`, `expressions` and `imports` have the rules for code, and `COMMENTS` lists
the comments. Anything else is a bug or an attack, and nothing is written. The gate parses the final text with Python's
own parser. It knows neither templates nor filters, because it must not trust them: if you change what they produce, you
must allow it here.
"""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
import warnings
from collections.abc import Callable
from typing import NoReturn

from gen_client.characters import HIDDEN_CHARACTER
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.gate import examples, model_source, statements
from gen_client.gate.allowed import NOTHING_ALLOWED, Allowed, remove_allowed
from gen_client.gate.expressions import Rejected
from gen_client.identifiers import is_identifier
from gen_client.layout import FILE_KINDS, HEAD, FileKind
from gen_client.readers import find_docstring_command, has_editor_command
from gen_client.text import quote

COMMENTS = frozenset(
    [
        "# Fails with a clear message if the installed runtime does not support this package.",
        "# Wire descriptions of the methods: names, order, types and defaults as the model declares them.",
        "# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false",
        "# pyright: reportUnknownArgumentType=false",
    ]
)
"""The comments of our templates. A comment never holds text of a model."""

_SOURCE_COMMENTS = frozenset(
    [
        "# The SDK looks for these two before it calls `load_model`.",
        "# type: ignore[assignment]",
        *(
            f"# ruff: noqa: {', '.join(rules)}"
            for count in (1, 2, 3)
            for rules in itertools.combinations(("B006", "B008", "RUF013"), count)
        ),
    ]
)
"""The comments of the source of a model."""

MAX_CHARACTERS = 64_000_000

_RULES: dict[FileKind, Callable[[ast.Module, Allowed], None]] = {
    "client": lambda module, allowed: statements.check_client(
        module, allowed.classes, allowed.types
    ),
    "init": lambda module, _: statements.check_init(module),
    "examples": lambda module, _: examples.check_examples(module),
    "model": lambda module, _: model_source.check_model_source(module),
}


def check_file(text: str, kind: FileKind, allowed: Allowed = NOTHING_ALLOWED) -> None:
    """Check the final text of a file.

    Args:
        text: The text.
        kind: The kind of the file.
        allowed: What is accepted in addition.

    Raises:
        Refusal: The text holds something that our templates cannot have written (exit 4).
    """
    try:
        if kind == "model":
            _check_tokens(text, _SOURCE_COMMENTS, 0)
        elif not text.startswith(HEAD):
            raise Rejected(1, "the head is missing")
        else:
            comments = COMMENTS | allowed.comments
            _check_tokens(text.removeprefix(HEAD), comments, HEAD.count("\n"))
    except Rejected as rejected:
        _raise_refusal(kind, rejected)
    check_code(text, kind, allowed)


def check_code(text: str, kind: FileKind, allowed: Allowed = NOTHING_ALLOWED) -> None:
    """Check the code of a file that may be unformatted and have no head yet.

    The arguments and exceptions are those of `check_file`.
    """
    try:
        _check_characters(text)
        module = _parse(text)
        _check_docstrings(module)
        _RULES[kind](remove_allowed(module, allowed), allowed)
    except Rejected as rejected:
        _raise_refusal(kind, rejected)
    except RecursionError:
        _raise_refusal(kind, Rejected(0, "nested too deeply"))


def _raise_refusal(kind: FileKind, rejected: Rejected) -> NoReturn:
    file = next(name for name, file_kind in FILE_KINDS.items() if file_kind == kind)
    raise Refusal(
        f"{quote(rejected.reason)} is nothing that gen-client writes: a bug or an attack; nothing was written",
        exit_code=UNUSABLE,
        location=f"{file}, line {rejected.line}",
        remedy="please report it, together with the model's signatures",
    )


def _parse(text: str) -> ast.Module:
    """Parse a text; reject invalid syntax, and anything that Python warns about."""
    if len(text) > MAX_CHARACTERS:
        raise Rejected(0, "too long")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return ast.parse(text)
    except SyntaxError as error:
        raise Rejected(error.lineno or 0, f"not valid Python, {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Rejected(0, f"not valid Python, {type(error).__name__}") from None


def _check_characters(text: str) -> None:
    """Reject carriage returns, invisible characters, and those that change the reading direction."""
    match = HIDDEN_CHARACTER.search(text)
    if match is not None:
        line = text.count("\n", 0, match.start()) + 1
        raise Rejected(line, f"the character U+{ord(match[0]):04X}")


def _check_docstrings(node: ast.AST) -> None:
    """Reject docstrings with text that doctest, a documentation tool or an editor obeys.

    The rules accept statements only in the bodies of modules, classes, functions and blocks.
    """
    statements: list[ast.stmt] = getattr(node, "body", [])
    for statement in statements:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            text = statement.value.value
            if isinstance(text, str) and (command := find_docstring_command(text)):
                raise Rejected(statement.lineno, f"a docstring with {command}")
        elif not isinstance(statement, ast.Expr):
            _check_docstrings(statement)


def _check_tokens(text: str, comments: frozenset[str], head_lines: int) -> None:
    """Reject comments that are not in the set, names that are written unlike they are read, and modelines.

    Tokenizing is slow. It is needed only if a line with a `#` is not a comment of the set (the `#` may be in a literal),
    or if there may be such a name or a modeline.
    """
    suspects = (line.strip() for line in text.split("\n") if "#" in line)
    if comments.issuperset(suspects) and text.isascii() and not has_editor_command(text):
        return
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if reason := _find_token_fault(token, comments):
                raise Rejected(head_lines + token.start[0], reason)
    except (tokenize.TokenError, SyntaxError) as error:
        raise Rejected(head_lines, f"not valid Python, {type(error).__name__}") from None


def _find_token_fault(token: tokenize.TokenInfo, comments: frozenset[str]) -> str:
    """Return what is wrong with a token; empty if nothing is."""
    if token.type == tokenize.COMMENT:
        return "" if token.string in comments else "a comment"
    if token.type == tokenize.STRING:
        return "a modeline" if has_editor_command(token.string) else ""
    is_readable = token.string.isascii() or is_identifier(token.string)
    return "" if is_readable else "a name that is written unlike it is read"
