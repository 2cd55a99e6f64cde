"""The text of a type that JSON is given: `list[app.types:ChatMessage]`, read and written.

What lives here: a grammar of five rules, and nothing that is done with what it reads. A text is a stranger's: it is
short, its names are plain, and nothing in it is imported or evaluated here. The generator reads it with the same words.

    T = str | int | float | bool | Any,  list[T],  dict[str, T],  T | None,  module.path:Name
"""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_LENGTH: Final = 400
"""Characters that a text may have."""
_LEVELS: Final = 16
_PLAIN: Final = ("str", "int", "float", "bool", "Any")
_FORMS: Final = (
    "expected str, int, float, bool, Any, list[T], dict[str, T], T | None or module:Name"
)


class TypeText(NamedTuple):
    """A type.

    Attributes:
        name: `str`, `int`, `float`, `bool`, `Any`, `list`, `dict`, or the name of a class.
        module: The module of that class; empty for the others.
        item: What a list holds, or a dict under its keys.
        optional: Whether None is a value too.
    """

    name: str
    module: str = ""
    item: TypeText | None = None
    optional: bool = False

    @property
    def text(self) -> str:
        """Its one spelling."""
        text = f"{self.module}:{self.name}" if self.module else self.name
        if self.item is not None:
            text = f"{text}[{'str, ' if self.name == 'dict' else ''}{self.item.text}]"
        return f"{text} | None" if self.optional else text

    def classes(self) -> frozenset[tuple[str, str]]:
        """The classes that it names: module and name."""
        inside = self.item.classes() if self.item else frozenset[tuple[str, str]]()
        return inside | {(self.module, self.name)} if self.module else inside


def parse_type(text: str) -> TypeText:
    """The type that a text says.

    Raises:
        ValueError: It is none.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"is longer than {MAX_LENGTH} characters")
    words = _words(text)
    found = _type(words, _LEVELS)
    if words:
        raise ValueError(f"is no type that JSON can be given; {_FORMS}")
    return found


def _words(text: str) -> list[str]:
    """Names and marks, the last first."""
    import re

    name = r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)*(?::[A-Za-z]\w*)?(?![\w.:])"
    word = re.compile(rf" *({name}|[\[\],|])", re.ASCII)
    words: list[str] = []
    rest = text.rstrip(" ")
    while rest:
        found = word.match(rest)
        if found is None:
            raise ValueError(f"is no type that JSON can be given; {_FORMS}")
        words.insert(0, found[1])
        rest = rest[found.end() :]
    return words


def _type(words: list[str], levels: int) -> TypeText:
    if not levels:
        raise ValueError(f"is nested more than {_LEVELS} levels deep")
    found = _single(words, levels)
    if words[-1:] == ["|"]:
        words.pop()
        _expect(words, "None")
        return found._replace(optional=True)
    return found


def _single(words: list[str], levels: int) -> TypeText:
    word = words.pop() if words else ""
    if ":" in word:
        return _named(word)
    if word in ("list", "dict"):
        _expect(words, "[")
        if word == "dict":
            _expect(words, "str")
            _expect(words, ",")
        item = _type(words, levels - 1)
        _expect(words, "]")
        return TypeText(word, item=item)
    if word not in _PLAIN:
        raise ValueError(
            f"has {word!r} where a type is wanted; {_FORMS}" if word else f"ends early; {_FORMS}"
        )
    return TypeText(word)


def _named(word: str) -> TypeText:
    from keyword import iskeyword

    module, _, name = word.partition(":")
    for part in (*module.split("."), name):
        if iskeyword(part):
            raise ValueError(f"has {part!r} for a name, and that is a keyword of Python")
    return TypeText(name, module)


def _expect(words: list[str], wanted: str) -> None:
    if not words or words.pop() != wanted:
        raise ValueError(f"lacks {wanted!r} where it is wanted; {_FORMS}")
