"""The two filters, which turn untrusted text into a literal or a docstring, and into nothing else.

`Code` is the only text that templates write unchanged. Untrusted text becomes `Code` only by `format_literal`, by
`format_docstring`, or as a name that `naming` has checked; the other functions here combine code that exists.
Characters that are invisible, change the reading direction or end a line are always escaped. They are listed here,
because the tables of `unicodedata` change with the Python version. This module knows nothing of models.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, LiteralString, cast

LINE_LENGTH: Final = 100
"""The longest line of a generated file, in characters."""


class Code(str):
    """Python source that is safe to write unchanged. Templates write nothing else."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return the source itself, for Jinja."""
        return str(self)


# Line ends and control characters; soft hyphen, fillers, zero-width characters, directions,
# separators, joiners, variation selectors and tags; surrogates, private use, non-characters.
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
_SHORT_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape_match(match: re.Match[str]) -> str:
    character = match[0]
    code_point = ord(character)
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    if code_point < 0x100:
        return f"\\x{code_point:02x}"
    return f"\\u{code_point:04x}" if code_point < 0x10000 else f"\\U{code_point:08x}"


def _escape_or_expand(match: re.Match[str]) -> str:
    return "    " if match[0] == "\t" else _escape_match(match)


def escape_invisible(text: str) -> str:
    r"""Replace each invisible character by its escape (`\u202e`).

    The line ends of all platforms become newlines and a tab becomes four spaces. The function is idempotent.
    """
    return _INVISIBLE.sub(_escape_or_expand, text.replace("\r\n", "\n").replace("\r", "\n"))


def format_docstring(text: str, indent: int = 0) -> Code:
    """Format a docstring in a form that black does not change.

    Args:
        text: The text. Trailing spaces, the blank lines around it and the common margin of the lines after the first
            are removed.
        indent: The indentation of the statement, in spaces.

    Raises:
        ValueError: The text is empty or blank.
    """
    lines = _trim_docstring(escape_invisible(text))
    if len(lines) == 1:
        gap = " " if lines[0].endswith('"') else ""
        return Code(f'"""{_escape_first_line(lines[0])}{gap}"""')
    pad = " " * indent
    body = "".join(f"{pad}{_escape_docstring_line(line)}\n" if line else "\n" for line in lines[1:])
    return Code(f'"""{_escape_first_line(lines[0])}\n{body}{pad}"""')


def _trim_docstring(text: str) -> list[str]:
    """Return the lines of a text as `inspect.cleandoc` shows them."""
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
    """Escape a line inside triple quotes: every backslash, and quotes that could end the docstring."""
    line = line.replace("\\", "\\\\")
    return re.sub('"{3,}', lambda quotes: '\\"' * len(quotes[0]), line)


def _escape_first_line(line: str) -> str:
    """Escape the line after the opening quotes, which must not start with a quote."""
    line = _escape_docstring_line(line)
    return f"\\{line}" if line.startswith('"') else line


def format_literal(value: object, float_: Code = _FLOAT) -> Code:
    """Format the Python literal of a value.

    Args:
        value: None, `bool`, `int`, `float`, `str`, `bytes`, and lists, tuples and dicts of them. A list is written as a
            tuple, which callers cannot change.
        float_: How the code refers to `float`, for `float("inf")`.

    Raises:
        TypeError: The value has another type.
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
            return format_tuple([format_literal(item, float_) for item in items])
        case dict():
            pairs = cast("Mapping[object, object]", value).items()
            inside = [
                f"{format_literal(key)}: {format_literal(item, float_)}" for key, item in pairs
            ]
            return Code("{" + ", ".join(inside) + "}")
        case _:
            raise TypeError(f"no literal for {type(value).__name__}")


def _string_literal(value: str) -> Code:
    """Format a string in double quotes, or in single quotes if they save escapes, as black does."""
    body = _ESCAPED_IN_LITERALS.sub(_escape_match, value)
    if '"' in value and "'" not in value:
        return Code("'" + body.replace('\\"', '"') + "'")
    return Code(f'"{body}"')


def _float_literal(value: float, float_: Code) -> Code:
    if math.isfinite(value):
        return Code(repr(value))
    name = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return Code(f'{float_}("{name}")')


def format_tuple(items: Iterable[Code]) -> Code:
    """Format a tuple of expressions."""
    items = list(items)
    return Code(f"({items[0]},)") if len(items) == 1 else Code(f"({', '.join(items)})")


def format_code(pattern: LiteralString, *parts: Code) -> Code:
    """Format a pattern (`{}`) with code.

    The pattern is a constant of ours, and the parts are code: the type checker proves both.
    """
    return Code(pattern.format(*parts))


def join_code(separator: LiteralString, parts: Iterable[Code]) -> Code:
    """Join code with a constant separator."""
    return Code(separator.join(parts))


def finalize(value: object) -> object:
    """Return the value of an expression in a template; raise TypeError if it is not code."""
    if not hasattr(value, "__html__"):
        raise TypeError(f"a template writes raw text: {str(value)[:80]!r}")
    return value


FILTERS: Final[Mapping[str, Callable[..., Code]]] = {"py": format_literal, "doc": format_docstring}
"""The two filters, by their names in templates."""
