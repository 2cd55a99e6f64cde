"""How the methods of a model differ from those that a client was generated from, in words.

What lives here: `differences`, which knows what matters: whatever can break a caller, or change what a
call means. Descriptions, limits (which are hints), the order of parameters, and what only adds to what
there was are none. Names and defaults are a stranger's text: they are shown escaped, and cut.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from .._log import escape_unprintable
from .signature import Parameter, Signature, Type

_MAX_LENGTH: Final = 120
"""How much of a text is shown, in characters."""


def describe_differences(
    before: Mapping[str, Signature], now: Mapping[str, Signature]
) -> list[str]:
    """What is different, a line each; nothing for methods that may be called as before.

    Args:
        before: The methods that a client was generated from.
        now: Those of the model that answers.
    """
    found: list[str] = []
    for name, was in before.items():
        where = f"method {_shorten(name)}"
        if name not in now:
            found.append(f"{where} is gone")
        else:
            found += [f"{where}: {words}" for words in _compare_methods(was, now[name])]
    return found


def _compare_methods(was: Signature, now: Signature) -> Iterator[str]:
    if now.kind not in (was.kind, "UNKNOWN"):
        yield f"its kind was {was.kind}, and is {_shorten(now.kind)}"
    gone = [name for name in was.parameters if name not in now.parameters]
    added = [name for name in now.parameters if name not in was.parameters]
    renamed = _find_renames(was, now, gone, added)
    for name in gone:
        if name in renamed:
            yield f"parameter {_shorten(name)} is gone; {_shorten(renamed[name])} seems to be its new name"
        else:
            yield f"parameter {_shorten(name)} is gone"
    for name in added:
        if now.parameters[name].required and name not in renamed.values():
            yield f"parameter {_shorten(name)} is new, and required"
    for name, parameter in was.parameters.items():
        if name in now.parameters:
            words = _compare_parameters(parameter, now.parameters[name])
            yield from (f"parameter {_shorten(name)}: {text}" for text in words)
    if not _is_compatible(was.result, now.result, result=True):
        yield f"it returned {_shorten(was.result)}, and returns {_shorten(now.result)}"


def _find_renames(
    was: Signature, now: Signature, gone: list[str], added: list[str]
) -> dict[str, str]:
    """The parameters that stand, with the same type, where another one stood."""
    places = list(now.parameters)
    return {
        name: places[place]
        for place, name in enumerate(was.parameters)
        if name in gone
        and place < len(places)
        and places[place] in added
        and now.parameters[places[place]].type == was.parameters[name].type
    }


def _compare_parameters(was: Parameter, now: Parameter) -> Iterator[str]:
    if not _is_compatible(was.type, now.type, result=False):
        yield f"its type was {_shorten(was.type)}, and is {_shorten(now.type)}"
        return
    if now.required and not was.required:
        yield "it is required now"
    if not (was.required or now.required):
        before, after = (_parse_default(its.type.name, its.default) for its in (was, now))
        if before != after or isinstance(before, bool) != isinstance(after, bool):
            yield f"its default was {_shorten(before)}, and is {_shorten(after)}"
    if now.choices:
        # A default that was no choice is taken for one.
        less = [one for one in was.choices if one not in now.choices and one != was.default]
        if not was.choices:
            yield f"it may only be {_quote_all(now.choices)} now"
        elif less:
            yield f"it may not be {_quote_all(less)} any more"


def _is_compatible(was: Type, now: Type, *, result: bool) -> bool:
    """Whether values of one type still do. Of a record that is returned, more fields do no harm."""
    if was.name != now.name:
        return False
    if was.name != "NAMED_FIELDS":
        return len(was.parts) == len(now.parts) and all(
            _is_compatible(old, new, result=result)
            for (_, old), (_, new) in zip(was.parts, now.parts, strict=True)
        )
    before, after = dict(was.parts), dict(now.parts)
    return (before.keys() <= after.keys() if result else before.keys() == after.keys()) and all(
        _is_compatible(type, after[name], result=result) for name, type in before.items()
    )


def _parse_default(word: str, text: str) -> object:
    """What the text of a default means, as far as it matters: SDKs of different age spell it differently."""
    if text == "null" or (not text and word != "STR"):
        return None
    quoted = len(text) > 1 and text[0] == text[-1] == '"'
    if word == "STR" and not quoted:
        return text
    if word == "BOOL":
        return {"True": True, "true": True, "False": False, "false": False}.get(text, text)
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if value == value else text  # NaN equals nothing


def _quote_all(texts: tuple[str, ...] | list[str]) -> str:
    return _shorten(", ".join(map(repr, texts)))


def _shorten(value: object) -> str:
    """A stranger's text, in one line that is not too long."""
    text = escape_unprintable(value if isinstance(value, (str, Type)) else repr(value))
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}…"
