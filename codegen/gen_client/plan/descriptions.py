"""The descriptions that a model's author wrote, split into text, `Args:` and `Returns:`.

Generated docstrings have sections of their own, and each section must occur only once. The text is untrusted, so every
pattern is bounded. This module knows nothing of models or of Python.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gen_client.escape import escape_invisible
from gen_client.identifiers import is_word

_HEADER: Final = re.compile(
    r"(args|arguments|parameters|params|returns?|yields)[ ]?:[ ]*", re.IGNORECASE
)
_ENTRY: Final = re.compile(
    r"(?:[*-][ ]+)?[`*]{0,2}(\w{1,128})[`*]{0,2}[ ]*(?:\([^()]{0,200}(?:\([^()]{0,99}\)[^()]{0,99})?\))?[ ]*:(?:[ ]+|$)"
)
_RETURN_TYPE: Final = re.compile(
    r"(?:str|int|float|bool|bytes|dict|list|tuple|any|text|image|audio|video|concept|region|frame|iterator|iterable|"
    r"generator|optional|np\.ndarray)(?:\[[\w, .\[\]]{0,99}\])?[ ]*:[ ]+",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Description:
    """A description in Google's style, split into its sections.

    Attributes:
        text: The lines outside the sections, without blank lines around them.
        args: The lines about each parameter, by its name on the wire.
        returns: The lines about the result.
    """

    text: tuple[str, ...]
    args: Mapping[str, tuple[str, ...]]
    returns: tuple[str, ...]


def parse_description(description: str, parameters: Iterable[str]) -> Description:
    """Split a description into its sections.

    Args:
        description: The author's text.
        parameters: The parameters' names on the wire. Entries about other names stay in the text.
    """
    text: list[str] = []
    args: dict[str, list[str]] = {}
    returns: tuple[str, ...] = ()
    parameter_names = frozenset(parameters)
    dedented = textwrap.dedent(escape_invisible(description)).strip("\n")
    lines = [line.rstrip() for line in dedented.split("\n")]
    start = 0
    while start < len(lines):
        header = _HEADER.fullmatch(lines[start])
        end = start + 1
        if header is None:
            text.append(lines[start])
            start = end
            continue
        while end < len(lines) and (not lines[end] or lines[end].startswith(" ")):
            end += 1
        body = _dedent(lines[start + 1 : end])
        text.append("")
        if header[1].lower().startswith(("return", "yield")):
            returns = returns or _drop_return_type(body)
        else:
            _parse_args(body, parameter_names, text, args)
            text.append("")
        start = end
    entries = {name: _dedent_entry(entry) for name, entry in args.items()}
    return Description(strip_blank_lines(text), entries, returns)


def _parse_args(
    body: Sequence[str],
    parameter_names: frozenset[str],
    text: list[str],
    args: dict[str, list[str]],
) -> None:
    """Add the entries of an `Args:` section to `args`, and those about unknown names to `text`, as a bullet list."""
    entry = text
    for line in body:
        item = None if line.startswith(" ") else _match_entry(line)
        if item is not None and item[1] in parameter_names and item[1] not in args:
            entry = args[item[1]] = [line[item.end() :]]
        elif item is not None:
            entry = text
            entry.append(line if line.startswith(("* ", "- ")) else f"* {line}")
        else:
            if line and not line.startswith(" "):
                entry = text
            entry.append(line)


def _match_entry(line: str) -> re.Match[str] | None:
    r"""Match the start of an entry: a word on every supported Python, unlike `\w`."""
    match = _ENTRY.match(line)
    return match if match is not None and is_word(match[1]) else None


def _dedent_entry(lines: Sequence[str]) -> tuple[str, ...]:
    """Dedent the lines after the first, which follows the parameter's name and may be empty."""
    return strip_blank_lines([lines[0], *_dedent(lines[1:])])


def _dedent(lines: Sequence[str]) -> tuple[str, ...]:
    return strip_blank_lines(textwrap.dedent("\n".join(lines)).split("\n"))


def strip_blank_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """Remove the blank lines around a text, and replace several in a row by one."""
    filled = [index for index, line in enumerate(lines) if line.strip()]
    if not filled:
        return ()
    inner = lines[filled[0] : filled[-1] + 1]
    return tuple(
        line
        for line, before in zip(inner, ["", *inner], strict=False)
        if line.strip() or before.strip()
    )


def _drop_return_type(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Remove the type at the start of a `Returns:` section; the annotation has it already."""
    match = _RETURN_TYPE.match(lines[0]) if lines else None
    return (lines[0][match.end() :], *lines[1:]) if match else lines


def split_lines(description: str) -> tuple[str, ...]:
    """Return the lines of a description without their common margin and the blank lines around them."""
    return _dedent([line.rstrip() for line in escape_invisible(description).split("\n")])
