"""The two filters, which turn untrusted text into a literal or a docstring, and into nothing else.

`Code` is the only text that templates write unchanged. Untrusted text becomes `Code` only by `format_literal`, by
`format_docstring`, or as a name that `naming` has checked; the other functions here combine code that exists.
`characters` lists what is invisible, `readers` what other programs than Python would obey: both are always escaped.
This module knows nothing of models.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, LiteralString, cast

from gen_client.characters import BLANKS, HIDDEN, HIDDEN_CHARACTER
from gen_client.readers import escape_docstring_commands, escape_editor_commands

LINE_LENGTH: Final = 100
"""The longest line of a generated file, in characters."""


class Code(str):
    """Python source that is safe to write unchanged. Templates write nothing else."""

    __slots__ = ()

    def __html__(self) -> str:
        """Return the source itself, for Jinja."""
        return str(self)


_ESCAPED_IN_LITERALS: Final = re.compile(rf'[\\"\n{HIDDEN}{BLANKS}]')
_MARGIN: Final = re.compile(rf"^[ {BLANKS}]+", re.MULTILINE)
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
    return HIDDEN_CHARACTER.sub(_escape_or_expand, text.replace("\r\n", "\n").replace("\r", "\n"))


def escape_docstring_text(text: str) -> str:
    """Return a text without invisible characters, and without commands for the readers of docstrings.

    The function is idempotent.
    """
    return escape_docstring_commands(escape_invisible(text))


def format_docstring(text: str, indent: int = 0) -> Code:
    """Format a docstring in a form that black does not change.

    Args:
        text: The text. Trailing spaces, the blank lines around it and the common margin of the lines after the first
            are removed.
        indent: The indentation of the statement, in spaces.

    Raises:
        ValueError: The text is empty or blank.
    """
    lines = _trim_docstring(escape_docstring_text(text))
    if len(lines) == 1:
        gap = " " if lines[0].endswith('"') else ""
        return Code(f'"""{_escape_first_line(lines[0])}{gap}"""')
    pad = " " * indent
    body = "".join(f"{pad}{_escape_docstring_line(line)}\n" if line else "\n" for line in lines[1:])
    return Code(f'"""{_escape_first_line(lines[0])}\n{body}{pad}"""')


def format_exact_docstring(text: str, indent: int = 0) -> Code | None:
    """Format a docstring that `inspect.cleandoc` reads as exactly this text; None if there is none that is safe.

    Args:
        text: The text.
        indent: The indentation of the statement, in spaces.
    """
    lines = text.split("\n")
    if not text.strip() or escape_docstring_text(text) != text:
        return None
    if inspect.cleandoc(text) != text:
        return None
    # A last line of blanks stays only if nothing else is indented.
    is_one_line = len(lines) == 1 or not lines[-1].strip()
    is_quoted = is_one_line and text.endswith('"')
    body = [_escape_docstring_line(line) for line in (lines if not is_quoted else [text[:-1]])]
    if body[0].startswith('"'):
        body[0] = f"\\{body[0]}"
    # Formatters remove blanks at the end of a line, and add one after a quote at the end.
    body = [re.sub(rf"[ {BLANKS}]$", _escape_match, line) for line in body]
    body[-1] += r"\x22" if is_quoted else ""
    if is_one_line:
        joined = r"\n".join(body)
        return Code(f'"""{joined}"""')
    pad = " " * indent
    rest = "".join(f"{pad}{line}\n" if line else "\n" for line in body[1:])
    return Code(f'"""{body[0]}\n{rest}{pad}"""')


def _trim_docstring(text: str) -> list[str]:
    """Return the lines of a text as `inspect.cleandoc` shows them."""
    text = _MARGIN.sub(lambda margin: " " * len(margin[0]), text)
    lines = [line.rstrip(f" {BLANKS}") for line in text.split("\n")]
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
            return Code(escape_editor_commands(repr(value)))
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
    body = escape_editor_commands(_ESCAPED_IN_LITERALS.sub(_escape_match, value))
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


FILTERS: Final[Mapping[str, Callable[..., Code]]] = {"py": format_literal, "doc": format_docstring}
"""The two filters, by their names in templates."""
