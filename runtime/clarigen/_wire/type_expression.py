"""Type expressions: text that names the Python type of a JSON value, such as `list[app.types:Chat]`.

    T = str | int | float | bool | Any,  list[T],  dict[str, T],  T | None,  module.path:Name

An expression is parsed, never evaluated, and nothing is imported: it may come from a lock or a
configuration that somebody else wrote. The runtime and the generator share this parser.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_LENGTH: Final = 400
"""The maximum length of an expression, in characters."""
_MAX_LEVELS: Final = 16
_BUILTIN_NAMES: Final = ("str", "int", "float", "bool", "Any")
_EXPECTED: Final = (
    "expected str, int, float, bool, Any, list[T], dict[str, T], T | None or module:Name"
)


class TypeText(NamedTuple):
    """A parsed type expression.

    Attributes:
        name: `str`, `int`, `float`, `bool`, `Any`, `list`, `dict`, or the name of a class.
        module: The module of the class; empty if `name` is not that of a class.
        item: The type of the items of a list, or of the values of a dict; else None.
        optional: Whether None is allowed too.
    """

    name: str
    module: str = ""
    item: TypeText | None = None
    optional: bool = False

    @property
    def text(self) -> str:
        """The expression in its canonical spelling."""
        text = f"{self.module}:{self.name}" if self.module else self.name
        if self.item is not None:
            text = f"{text}[{'str, ' if self.name == 'dict' else ''}{self.item.text}]"
        return f"{text} | None" if self.optional else text

    def classes(self) -> frozenset[tuple[str, str]]:
        """Return the module and the name of each class in the expression."""
        inner = self.item.classes() if self.item else frozenset[tuple[str, str]]()
        return inner | {(self.module, self.name)} if self.module else inner


def parse_type(text: str) -> TypeText:
    """Parse a type expression.

    Raises:
        ValueError: The text does not match the grammar. The message needs the text as its subject:
            "is longer than 400 characters".
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    tokens = _tokenize(text)
    result = _parse_optional(tokens, _MAX_LEVELS)
    if tokens:
        raise ValueError(f"is not a type for JSON; {_EXPECTED}")
    return result


def _tokenize(text: str) -> list[str]:
    """Return the tokens in reverse order, so that `pop` takes the next one."""
    import re

    name = r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::[A-Za-z]\w*)?(?![\w.:])"
    token = re.compile(rf" *({name}|[\[\],|])", re.ASCII)
    tokens: list[str] = []
    rest = text.rstrip(" ")
    while rest:
        match = token.match(rest)
        if match is None:
            raise ValueError(f"is not a type for JSON; {_EXPECTED}")
        tokens.insert(0, match[1])
        rest = rest[match.end() :]
    return tokens


def _parse_optional(tokens: list[str], levels: int) -> TypeText:
    """Parse `T` or `T | None`, at most `levels` expressions deep, this one included."""
    if not levels:
        raise ValueError(f"is nested more than {_MAX_LEVELS} levels deep")
    result = _parse_operand(tokens, levels)
    if tokens[-1:] == ["|"]:
        tokens.pop()
        _expect(tokens, "None")
        return result._replace(optional=True)
    return result


def _parse_operand(tokens: list[str], levels: int) -> TypeText:
    """Parse the `T` of `T | None`."""
    token = tokens.pop() if tokens else ""
    if ":" in token:
        return _parse_class(token)
    if token in ("list", "dict"):
        _expect(tokens, "[")
        if token == "dict":
            _expect(tokens, "str")
            _expect(tokens, ",")
        item = _parse_optional(tokens, levels - 1)
        _expect(tokens, "]")
        return TypeText(token, item=item)
    if token not in _BUILTIN_NAMES:
        raise ValueError(
            f"has {token!r} in place of a type; {_EXPECTED}"
            if token
            else f"ends too early; {_EXPECTED}"
        )
    return TypeText(token)


def _parse_class(token: str) -> TypeText:
    from keyword import iskeyword

    module, _, name = token.partition(":")
    for part in (*module.split("."), name):
        if iskeyword(part):
            raise ValueError(f"has {part!r} as a name, which is a keyword of Python")
    return TypeText(name, module)


def _expect(tokens: list[str], token: str) -> None:
    """Take the next token; raise ValueError if it is not `token`."""
    if not tokens or tokens.pop() != token:
        raise ValueError(f"lacks {token!r}; {_EXPECTED}")
