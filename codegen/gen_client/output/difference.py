"""Says which files of a package are out of date, and why: the model, gen-client, or somebody's hand.

What lives here: the comparison of what is there with what should be. It believes nothing that is written in the
package: what the lock says is made again, and only bytes that came of it count as "as generated". Pure.
"""

from __future__ import annotations

import ast
import difflib
import enum
import io
import json
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gen_client.layout import LOCK_FILE


class Cause(enum.Enum):
    """Why a file is not as it should be, in the words that are printed."""

    MODEL = "the model changed"
    SETTINGS = "the configuration changed"
    GENERATOR = "gen-client changed"
    EDITED = "edited by hand"
    MISSING = "missing"
    FOREIGN = "not written by gen-client"
    UNKNOWN = "out of date, and its lock does not say why"
    VERSION = "a new version of the model, with the same signatures"
    REFORMATTED = "only reformatted"


ACCEPTED = frozenset({Cause.VERSION, Cause.REFORMATTED})
"""What is worth a remark, and no more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as it should be.

    Attributes:
        file: Its name in the package.
        cause: Why.
    """

    file: str
    cause: Cause

    @property
    def is_accepted(self) -> bool:
        """Whether the check passes all the same."""
        return self.cause in ACCEPTED


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of the package that is there, from its lock.

    Attributes:
        made: The files that this gen-client makes of the lock; None if it is none, or was edited.
        same_format: Whether the lock is of the format that this gen-client writes.
        same_model: Whether the signatures of the lock are those of the model.
    """

    regenerated: Mapping[str, str] | None
    has_current_format: bool
    has_model_signatures: bool


def find_differences(
    found: Mapping[str, bytes | None], wanted: Mapping[str, str], origin: Origin
) -> list[Difference]:
    """The files that are not as they should be.

    Args:
        found: What is there: the bytes of each file, None for one that is none.
        wanted: What should be there.
        origin: What is known of what is there.
    """
    causes = {file: _cause(file, found.get(file), text, origin) for file, text in wanted.items()}
    causes |= dict.fromkeys((file for file in found if file not in wanted), Cause.FOREIGN)
    return [Difference(file, cause) for file, cause in causes.items() if cause is not None]


def format_unified_diff(file: str, found: bytes | None, wanted: str) -> list[str]:
    """The lines of a unified diff from what is there to what should be."""
    before = "" if found is None else found.decode("utf-8", "backslashreplace")
    old, new = (
        text.removesuffix("\n").split("\n") if text else list[str]() for text in (before, wanted)
    )
    return list(difflib.unified_diff(old, new, file, f"{file} (expected)", lineterm=""))


def _cause(file: str, found: bytes | None, wanted: str, origin: Origin) -> Cause | None:
    """Why a file is not as it should be; None if it is."""
    if found is None:
        return Cause.MISSING
    if found == wanted.encode():
        return None
    if _alike(file, found, wanted):
        return Cause.REFORMATTED
    if file == LOCK_FILE and _versions_apart(found, wanted):
        return Cause.VERSION
    if origin.regenerated is None:
        return Cause.EDITED if file == LOCK_FILE else Cause.UNKNOWN
    made = origin.regenerated.get(file, "")
    changed = Cause.SETTINGS if origin.has_model_signatures else Cause.MODEL
    if not origin.has_current_format:
        return Cause.GENERATOR if made == wanted else changed
    return changed if found == made.encode() or _alike(file, found, made) else Cause.EDITED


def _alike(file: str, found: bytes, wanted: str) -> bool:
    """Whether two texts say the same: formatters change nothing else."""
    form = _json if file.endswith(".json") else _python if file.endswith(".py") else str.strip
    try:
        return bool(form(found.decode()) == form(wanted))
    except (ValueError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError):
        return False


def _json(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str)


def _python(text: str) -> tuple[list[str], list[str], list[str]]:
    """What a module imports, what it does, and its comments."""
    imported: list[str] = []
    rest: list[str] = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            level = getattr(node, "level", 0)
            imported += [f"{level} {module} {its.name} {its.asname}" for its in node.names]
        else:
            rest.append(ast.dump(node))
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return sorted(imported), rest, comments


def _versions_apart(found: bytes, wanted: str) -> bool:
    """Whether two locks differ in the version that was seen, and in nothing else."""
    try:
        locks = [_json(found.decode()), _json(wanted)]
        for lock in locks:
            lock["model"].pop("version_id", None)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return False
    return bool(locks[0] == locks[1])
