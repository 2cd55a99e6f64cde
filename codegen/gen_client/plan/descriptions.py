"""What the author of a model wrote: descriptions, taken apart.

What lives here: lines of text from a description, and the author's own `Args:` and `Returns:`, so that
no section stands twice in a docstring. Every pattern is bounded: the text is a stranger's. Knows
nothing of models and nothing of Python.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from gen_client.escape import escape_invisible

_HEADER: Final = re.compile(
    r"(args|arguments|parameters|params|returns?|yields)[ ]?:[ ]*", re.IGNORECASE
)
_ITEM: Final = re.compile(
    r"(?:[*-][ ]+)?[`*]{0,2}(\w{1,128})[`*]{0,2}[ ]*(?:\([^()]{0,200}(?:\([^()]{0,99}\)[^()]{0,99})?\))?[ ]*:(?:[ ]+|$)"
)
_RETURNED: Final = re.compile(
    r"(?:str|int|float|bool|bytes|dict|list|tuple|any|text|image|audio|video|concept|region|frame|iterator|iterable|"
    r"generator|optional|np\.ndarray)(?:\[[\w, .\[\]]{0,99}\])?[ ]*:[ ]+",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Description:
    """A description, taken apart.

    Attributes:
        text: What stands outside of the sections.
        args: What it says of each parameter.
        returns: What it says of the result.
    """

    text: list[str] = field(default_factory=list[str])
    args: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    returns: list[str] = field(default_factory=list[str])


def parse_description(description: str, parameters: Iterable[str]) -> Description:
    """Take a description in Google's style apart.

    Args:
        description: The author's text.
        parameters: The wire names of the parameters. What is said of others stays in the text.
    """
    known = frozenset(parameters)
    found = Description()
    lines = [
        line.rstrip()
        for line in textwrap.dedent(escape_invisible(description)).strip("\n").split("\n")
    ]
    start = 0
    while start < len(lines):
        header = _HEADER.fullmatch(lines[start])
        end = start + 1
        if header is None:
            found.text.append(lines[start])
            start = end
            continue
        while end < len(lines) and (not lines[end] or lines[end].startswith(" ")):
            end += 1
        body = _dedented(lines[start + 1 : end])
        found.text.append("")
        if header[1].lower().startswith(("return", "yield")):
            found.returns = found.returns or _untyped(body)
        else:
            _items(body, known, found)
            found.text.append("")
        start = end
    return found


def _items(body: Sequence[str], known: frozenset[str], found: Description) -> None:
    """The entries of an `Args:` section; those of no parameter stay in the text, as a list."""
    entry: list[str] = found.text
    for line in body:
        item = None if line.startswith(" ") else _ITEM.match(line)
        if item is not None and item[1] in known and item[1] not in found.args:
            entry = found.args[item[1]] = [line[item.end() :]]
        elif item is not None:
            entry = found.text
            entry.append(line if line.startswith(("* ", "- ")) else f"* {line}")
        else:
            if line and not line.startswith(" "):
                entry = found.text
            entry.append(line)
    for name, lines in found.args.items():
        found.args[name] = _filled(lines)


def _filled(lines: Sequence[str]) -> list[str]:
    """An entry whose first line may be empty and whose others may be indented."""
    first, rest = (lines[0], _dedented(lines[1:])) if lines else ("", [])
    return strip_blank_lines([first, *rest])


def _dedented(lines: Sequence[str]) -> list[str]:
    return strip_blank_lines(textwrap.dedent("\n".join(lines)).split("\n"))


def strip_blank_lines(lines: Sequence[str]) -> list[str]:
    """Without the blank lines around it, and with one where there are several."""
    full = [index for index, line in enumerate(lines) if line.strip()]
    if not full:
        return []
    inner = lines[full[0] : full[-1] + 1]
    return [
        line
        for line, before in zip(inner, ["", *inner], strict=False)
        if line.strip() or before.strip()
    ]


def _untyped(lines: list[str]) -> list[str]:
    """A `Returns:` without the type in front: the signature says it."""
    match = _RETURNED.match(lines[0]) if lines else None
    return [lines[0][match.end() :], *lines[1:]] if match else lines


def split_lines(description: str) -> list[str]:
    """The lines of a description."""
    return _dedented([line.rstrip() for line in escape_invisible(description).split("\n")])
