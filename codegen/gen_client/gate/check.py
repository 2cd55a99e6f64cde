"""The gate: proves that a finished file holds only what our templates can have written.

It is an allowlist: `statements`, `examples`, `expressions` and `imports` have the rules for code, and `COMMENTS` lists
the comments. Anything else is a bug or an attack, and nothing is written. The gate parses the final text with Python's
own parser. It knows neither templates nor filters, because it must not trust them: if you change what they produce, you
must allow it here.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import unicodedata
import warnings
from collections.abc import Callable
from typing import NoReturn

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.gate import examples, statements
from gen_client.gate.allowed import NOTHING_ALLOWED, Allowed, remove_allowed
from gen_client.gate.expressions import Rejected
from gen_client.layout import HEAD, SOURCE_FILES, FileKind
from gen_client.text import quote

COMMENTS = frozenset(
    [
        "# Fails with a clear message if the installed runtime does not support this package.",
        "# Wire descriptions of the methods: names, order, types and defaults as the model declares them.",
    ]
)
"""The comments of our templates. A comment never holds text of a model."""

MAX_CHARACTERS = 64_000_000

_RULES: dict[FileKind, Callable[[ast.Module, Allowed], None]] = {
    "client": lambda module, allowed: statements.check_client(
        module, allowed.classes, allowed.types
    ),
    "init": lambda module, _: statements.check_init(module),
    "examples": lambda module, _: examples.check_examples(module),
}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_SUSPECT_CHARACTER = re.compile(r"[^\n\x20-\x7e]")


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
        if not text.startswith(HEAD):
            raise Rejected(1, "the head is missing")
        _check_comments(text.removeprefix(HEAD), COMMENTS | allowed.comments)
    except Rejected as rejected:
        _raise_refusal(kind, rejected)
    check_code(text, kind, allowed)


def check_code(text: str, kind: FileKind, allowed: Allowed = NOTHING_ALLOWED) -> None:
    """Check the code of a file that may be unformatted and have no head yet.

    The arguments and exceptions are those of `check_file`.
    """
    try:
        _check_characters(text)
        _RULES[kind](remove_allowed(_parse(text), allowed), allowed)
    except Rejected as rejected:
        _raise_refusal(kind, rejected)
    except RecursionError:
        _raise_refusal(kind, Rejected(0, "nested too deeply"))


def _raise_refusal(kind: FileKind, rejected: Rejected) -> NoReturn:
    file = next(name for name, file_kind in SOURCE_FILES.items() if file_kind == kind)
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
    for match in _SUSPECT_CHARACTER.finditer(text):
        if unicodedata.category(match[0]) in _HIDDEN_CATEGORIES:
            line = text.count("\n", 0, match.start()) + 1
            raise Rejected(line, f"the character U+{ord(match[0]):04X}")


def _check_comments(text: str, comments: frozenset[str]) -> None:
    """Reject every comment that is not in the set.

    Tokenizing is slow. It is needed only if a line with a `#` is not a comment of the set: the `#` may be in a literal.
    """
    suspects = (line.strip() for line in text.split("\n") if "#" in line)
    if comments.issuperset(suspects):
        return
    head_lines = HEAD.count("\n")
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and token.string not in comments:
                raise Rejected(head_lines + token.start[0], "a comment")
    except (tokenize.TokenError, SyntaxError) as error:
        raise Rejected(head_lines, f"not valid Python, {type(error).__name__}") from None
