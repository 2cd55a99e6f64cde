"""How a model's methods differ from those that a client was generated from, in words.

Only what can break a caller or change the meaning of a call is a difference. Descriptions, limits (which are only
hints), the order of parameters, and additions do not count. Names and defaults were written by the model's author, so
messages escape and shorten them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from .._text import escape_unprintable, shorten
from .signature import Parameter, Signature, Type

_MAX_LENGTH: Final = 120
"""Maximum length of a name or value in a message, in characters."""

_BOOLS: Final = {"True": True, "true": True, "False": False, "false": False}
"""The spellings of booleans in defaults."""


def describe_differences(
    before: Mapping[str, Signature], after: Mapping[str, Signature]
) -> list[str]:
    """Return the differences, one line each; an empty list if calls work as before.

    Args:
        before: The methods that the client was generated from.
        after: The methods of the deployed model.
    """
    differences: list[str] = []
    for name, method in before.items():
        label = f"method {_show(name)}"
        if name not in after:
            differences.append(f"{label} is gone")
        else:
            changes = _compare_methods(method, after[name])
            differences += [f"{label}: {change}" for change in changes]
    return differences


def _compare_methods(before: Signature, after: Signature) -> Iterator[str]:
    if after.kind not in (before.kind, "UNKNOWN"):
        yield f"its kind was {before.kind}, and is {_show(after.kind)}"
    yield from _compare_names(before, after)
    for name, parameter in before.parameters.items():
        if name in after.parameters:
            changes = _compare_parameters(parameter, after.parameters[name])
            yield from (f"parameter {_show(name)}: {change}" for change in changes)
    if after.result_path != before.result_path:
        paths = _show(before.result_path), _show(after.result_path)
        yield "its result travelled at {}, and travels at {}".format(*paths)
    if not _is_compatible(before.result, after.result, is_result=True):
        yield f"it returned {_show(before.result)}, and returns {_show(after.result)}"


def _compare_names(before: Signature, after: Signature) -> Iterator[str]:
    """Describe the parameters that are gone, renamed, or new and required."""
    gone = [name for name in before.parameters if name not in after.parameters]
    added = [name for name in after.parameters if name not in before.parameters]
    renamed = _find_renamed(before, after, gone, added)
    for name in gone:
        if name in renamed:
            new_name = _show(renamed[name])
            yield f"parameter {_show(name)} is gone; {new_name} seems to be its new name"
        else:
            yield f"parameter {_show(name)} is gone"
    for name in added:
        if after.parameters[name].required and name not in renamed.values():
            yield f"parameter {_show(name)} is new, and required"


def _find_renamed(
    before: Signature, after: Signature, gone: list[str], added: list[str]
) -> dict[str, str]:
    """Guess which parameters were renamed: those that are gone, with a new one of the same type at their position.

    Returns:
        The new names, by the old ones.
    """
    names = list(after.parameters)
    return {
        name: names[position]
        for position, name in enumerate(before.parameters)
        if name in gone
        and position < len(names)
        and names[position] in added
        and after.parameters[names[position]].type == before.parameters[name].type
    }


def _compare_parameters(before: Parameter, after: Parameter) -> Iterator[str]:
    if not _is_compatible(before.type, after.type, is_result=False):
        yield f"its type was {_show(before.type)}, and is {_show(after.type)}"
        return
    if after.path != before.path:
        yield f"it travelled at {_show(before.path)}, and travels at {_show(after.path)}"
    if after.required and not before.required:
        yield "it is required now"
    if not (before.required or after.required):
        old, new = (_parse_default(p.type.name, p.default) for p in (before, after))
        if old != new or isinstance(old, bool) != isinstance(new, bool):
            yield f"its default was {_show(old)}, and is {_show(new)}"
    if after.choices:
        # The default is accepted even if it is not one of the choices, so losing it as a choice is no change.
        lost = [c for c in before.choices if c not in after.choices and c != before.default]
        if not before.choices:
            yield f"it may only be {_show_all(after.choices)} now"
        elif lost:
            yield f"it may not be {_show_all(lost)} any more"


def _is_compatible(before: Type, after: Type, *, is_result: bool) -> bool:
    """Return whether code for the old type works with the new type. A record in a result may get more fields."""
    if before.name != after.name:
        return False
    if before.name != "NAMED_FIELDS":
        return len(before.parts) == len(after.parts) and all(
            _is_compatible(old, new, is_result=is_result)
            for (_, old), (_, new) in zip(before.parts, after.parts, strict=True)
        )
    old_fields, new_fields = dict(before.parts), dict(after.parts)
    if is_result:
        has_fields = old_fields.keys() <= new_fields.keys()
    else:
        has_fields = old_fields.keys() == new_fields.keys()
    return has_fields and all(
        _is_compatible(type, new_fields[name], is_result=is_result)
        for name, type in old_fields.items()
    )


def _parse_default(type_name: str, text: str) -> object:
    """Return the value of a default from its text. Versions of the SDK spell the same value differently."""
    if text == "null" or (not text and type_name != "STR"):
        return None
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    if type_name == "STR" and not is_quoted:
        return text
    if type_name == "BOOL":
        return _BOOLS.get(text, text)
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    is_nan = value != value
    return text if is_nan else value  # a NaN would not equal itself


def _show_all(texts: Sequence[str]) -> str:
    return _show(", ".join(map(repr, texts)))


def _show(value: object) -> str:
    """Return a value as text for a message: escaped, on one line, and shortened."""
    text = escape_unprintable(value if isinstance(value, (str, Type)) else repr(value))
    return shorten(text, _MAX_LENGTH)
