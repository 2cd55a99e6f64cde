"""The files of a package that differ from what they should be, and why: the model, gen-client, or a person's edit.

What a package says of itself is not trusted: its lock is generated again, and only files that equal the result count
as generated. This module does no I/O.
"""

from __future__ import annotations

import ast
import difflib
import enum
import io
import json
import tokenize
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gen_client.layout import LOCK_FILE


class Cause(enum.Enum):
    """Why a file differs, in the words that are printed."""

    MODEL = "the model changed"
    TOOLS = "the model's tools changed"
    SETTINGS = "the configuration changed"
    GENERATOR = "gen-client changed"
    EDITED = "edited by hand"
    MISSING = "missing"
    FOREIGN = "not written by gen-client"
    UNKNOWN = "out of date, and its lock does not say why"
    VERSION = "a new version of the model, with the same signatures"
    REFORMATTED = "only reformatted"


ACCEPTED: Final = frozenset({Cause.VERSION, Cause.REFORMATTED})
"""The causes that a check reports, but accepts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that differs from what it should be.

    Attributes:
        file: Its name in the package.
        cause: Why it differs.
    """

    file: str
    cause: Cause

    @property
    def is_accepted(self) -> bool:
        """Whether the check passes in spite of it."""
        return self.cause in ACCEPTED


@dataclass(frozen=True, slots=True)
class Origin:
    """What the present package was generated from, as far as its lock tells.

    Attributes:
        regenerated: The files that this gen-client generates from the lock; None if the lock is missing, edited or
            unusable.
        has_current_format: Whether the lock has the format version that this gen-client writes.
        has_model_signatures: Whether the signatures of the lock are those of the model.
        has_model_tools: Whether the tools of the lock are those of the model, if it is an MCP model.
    """

    regenerated: Mapping[str, str] | None
    has_current_format: bool
    has_model_signatures: bool
    has_model_tools: bool = True

    @property
    def changed_input(self) -> Cause:
        """What gen-client gets now that is not what the package was generated from."""
        if not self.has_model_signatures:
            return Cause.MODEL
        return Cause.SETTINGS if self.has_model_tools else Cause.TOOLS


def find_differences(
    contents: Mapping[str, bytes | None], expected: Mapping[str, str], origin: Origin
) -> list[Difference]:
    """Return the files that differ.

    Args:
        contents: The bytes of each present file; None for an entry that is not a regular file.
        expected: The text that each file should have.
        origin: What the present package was generated from.
    """
    causes = {
        file: _find_cause(file, contents.get(file), text, origin) for file, text in expected.items()
    }
    causes |= dict.fromkeys((file for file in contents if file not in expected), Cause.FOREIGN)
    return [Difference(file, cause) for file, cause in causes.items() if cause is not None]


def format_unified_diff(file: str, content: bytes | None, expected: str) -> list[str]:
    """Return the lines of the unified diff from a file's content to its expected text."""
    present = "" if content is None else content.decode("utf-8", "backslashreplace")
    old, new = (
        text.removesuffix("\n").split("\n") if text else list[str]() for text in (present, expected)
    )
    return list(difflib.unified_diff(old, new, file, f"{file} (expected)", lineterm=""))


def _find_cause(file: str, content: bytes | None, expected: str, origin: Origin) -> Cause | None:
    """Return why a file differs; None if it does not."""
    if content is None:
        return Cause.MISSING
    if content == expected.encode():
        return None
    if _is_equivalent(file, content, expected):
        return Cause.REFORMATTED
    if file == LOCK_FILE and _differs_in_version_only(content, expected):
        return Cause.VERSION
    if origin.regenerated is None:
        return Cause.EDITED if file == LOCK_FILE else Cause.UNKNOWN
    regenerated = origin.regenerated.get(file, "")
    if not origin.has_current_format:
        return Cause.GENERATOR if regenerated == expected else origin.changed_input
    is_generated = content == regenerated.encode() or _is_equivalent(file, content, regenerated)
    return origin.changed_input if is_generated else Cause.EDITED


def _is_equivalent(file: str, content: bytes, text: str) -> bool:
    """Return whether a file's content means the same as a text, so that only a formatter can have changed it."""
    parse: Callable[[str], Any] = str.strip
    if file.endswith(".json"):
        parse = _parse_json
    elif file.endswith(".py"):
        parse = _parse_python
    try:
        return bool(parse(_decode(content)) == parse(text))
    except (ValueError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError):
        return False


def _decode(content: bytes) -> str:
    """Return the text of a file, without the byte order mark that some editors add."""
    return content.decode("utf-8-sig")


def _parse_json(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str)


def _parse_python(text: str) -> tuple[list[list[str]], list[str]]:
    """Return the statements of a module, and its comments.

    The names that consecutive statements import are sorted, because formatters change their order. Where an import
    stands among the other statements counts, as it does for `from __future__`.
    """
    statements: list[list[str]] = []
    imports: list[str] | None = None
    for node in ast.parse(text).body:
        module = getattr(node, "module", None)
        if isinstance(node, ast.Import | ast.ImportFrom) and module != "__future__":
            if imports is None:
                statements.append(imports := [])
            level = getattr(node, "level", 0)
            imports += [f"{level} {module} {alias.name} {alias.asname}" for alias in node.names]
            imports.sort()
        else:
            imports = None
            statements.append([ast.dump(node)])
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return statements, comments


def _differs_in_version_only(content: bytes, expected: str) -> bool:
    """Return whether two locks are equal apart from the version of the model."""
    try:
        locks = [_parse_json(_decode(content)), _parse_json(expected)]
        for lock in locks:
            lock["model"].pop("version_id", None)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return False
    return bool(locks[0] == locks[1])
