"""The two filters: how a stranger's text becomes a literal or a docstring, and nothing else.

What lives here: `Code`, the text that may stand in a file as it is, and the only ways to make some:
`literal`, `docstring`, and `form`, which puts code into a pattern of ours. What is invisible, or could
turn the reading direction or end a line, is always written as an escape. Which characters these are
is listed here, not asked of the running Python, whose tables grow. Knows nothing of models.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, LiteralString, cast

LINE_LENGTH: Final = 100
"""How long a line of a generated file gets, in characters."""


class Code(str):
    """Python source that is safe to write as it is. Templates write nothing else."""

    __slots__ = ()

    def __html__(self) -> str:
        """What a template writes: itself."""
        return str(self)


# Line ends and control characters; soft hyphen, fillers, zero widths, directions, separators,
# joiners, variation supplements and tags; surrogates, private use, non-characters.
_HIDDEN: Final = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\uf8ff"
    r"\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001345f"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
_BLANKS: Final = r"\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_INVISIBLE: Final = re.compile(f"[{_HIDDEN}]")
_ESCAPED_IN_LITERALS: Final = re.compile(rf'[\\"\n{_HIDDEN}{_BLANKS}]')
_MARGIN: Final = re.compile(rf"^[ {_BLANKS}]+", re.MULTILINE)
_TRAILING: Final = re.compile(rf"[ {_BLANKS}]+$")
_FLOAT: Final = Code("float")
_SHORT: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    point = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _escape_or_expand(match: re.Match[str]) -> str:
    return "    " if match[0] == "\t" else _escape(match)


def escape_invisible(text: str) -> str:
    r"""Text without invisible characters: each stands as the text of its escape (`\u202e`).

    Line ends of all platforms become newlines, a tab four blanks. Doing it twice changes nothing.
    """
    return _INVISIBLE.sub(_escape_or_expand, text.replace("\r\n", "\n").replace("\r", "\n"))


def docstring(text: str, indent: int = 0) -> Code:
    """A docstring with this text, in a form that black leaves alone.

    Args:
        text: What it says. Trailing blanks, the blank lines around it and the common margin of the
            lines after the first do not count.
        indent: How many blanks stand before the statement.

    Raises:
        ValueError: There is no text.
    """
    lines = _trim_docstring(escape_invisible(text))
    if len(lines) == 1:
        gap = " " if lines[0].endswith('"') else ""
        return Code(f'"""{_escape_first_line(lines[0])}{gap}"""')
    pad = " " * indent
    body = "".join(f"{pad}{_escape_docstring_line(line)}\n" if line else "\n" for line in lines[1:])
    return Code(f'"""{_escape_first_line(lines[0])}\n{body}{pad}"""')


def _trim_docstring(text: str) -> list[str]:
    """The lines of a text as a reader of the docstring gets to see them."""
    text = _MARGIN.sub(lambda margin: " " * len(margin[0]), text)
    lines = [_TRAILING.sub("", line) for line in text.split("\n")]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    if not lines:
        raise ValueError("a docstring without text")
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines[1:] if line), default=0)
    return [lines[0].lstrip(" "), *(line[margin:] for line in lines[1:])]


def _escape_docstring_line(line: str) -> str:
    """One line inside triple quotes: no backslash acts, no three quotes meet."""
    line = line.replace("\\", "\\\\")
    return re.sub('"{3,}', lambda quotes: '\\"' * len(quotes[0]), line)


def _escape_first_line(line: str) -> str:
    """The line behind the opening quotes, which begins with no quote of its own."""
    line = _escape_docstring_line(line)
    return f"\\{line}" if line.startswith('"') else line


def literal(value: object, float_: Code = _FLOAT) -> Code:
    """The Python literal of a value: it evaluates to exactly this value.

    Args:
        value: None, `bool`, `int`, `float`, `str`, `bytes`; lists and tuples of them, written as
            tuples, which nobody can change; mappings.
        float_: What `float` is called where the literal stands.
    """
    match value:
        case None | bool() | int():
            return Code(repr(value))
        case float():
            return _float_literal(value, float_)
        case str():
            return _string_literal(value)
        case bytes():
            return Code(repr(value))
        case list() | tuple():
            items = cast("Sequence[object]", value)
            return tuple_of([literal(item, float_) for item in items])
        case dict():
            pairs = cast("Mapping[object, object]", value).items()
            inside = [f"{literal(key)}: {literal(item, float_)}" for key, item in pairs]
            return Code("{" + ", ".join(inside) + "}")
        case _:
            raise TypeError(f"no literal for {type(value).__name__}")


def _string_literal(value: str) -> Code:
    """In double quotes, unless single ones save escapes: black would do the same."""
    body = _ESCAPED_IN_LITERALS.sub(_escape, value)
    if '"' in value and "'" not in value:
        return Code("'" + body.replace('\\"', '"') + "'")
    return Code(f'"{body}"')


def _float_literal(value: float, float_: Code) -> Code:
    if math.isfinite(value):
        return Code(repr(value))
    name = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return Code(f'{float_}("{name}")')


def tuple_of(items: Iterable[Code]) -> Code:
    """A tuple of expressions."""
    items = list(items)
    return Code(f"({items[0]},)") if len(items) == 1 else Code(f"({', '.join(items)})")


def form(pattern: LiteralString, *parts: Code) -> Code:
    """A pattern of ours with code in its gaps (`{}`): the type checker sees that nothing else gets in."""
    return Code(pattern.format(*parts))


def joined(separator: LiteralString, parts: Iterable[Code]) -> Code:
    """Code between separators of ours."""
    return Code(separator.join(parts))


def finalize(value: object) -> object:
    """The last check of every expression in a template: only code passes."""
    if not hasattr(value, "__html__"):
        raise TypeError(f"a template writes raw text: {str(value)[:80]!r}")
    return value


FILTERS: Final[Mapping[str, Callable[..., Code]]] = {"py": literal, "doc": docstring}
"""What templates call the two filters."""
