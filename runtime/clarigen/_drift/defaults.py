"""The meaning of a default's text and of the text of a choice, as far as callers notice a change of it.

The generator reads them in the same way, with checks and warnings; a test keeps the two together.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

_BOOLS: Final = {"true": True, "True": True, "false": False, "False": False}
_ESCAPE: Final = r"""\\(?:[\\'"abfnrtv]|x[0-9a-fA-F]{2}|[0-7]{1,3})"""
_BYTES: Final = re.compile(rf"""b(?:'(?:[^'\\]|{_ESCAPE})*+'|"(?:[^"\\]|{_ESCAPE})*+")""")
"""A bytes literal. `ast` would read more, but two threads that use it may break each other (Python 3.11)."""
_JSON_TYPES: Final[dict[str, tuple[type[Any], ...]]] = {
    "INT": (int,),
    "FLOAT": (float,),
    "JSON_DATA": (dict, list),
    "LIST": (list,),
    "TUPLE": (list,),
    "NAMED_FIELDS": (dict,),
}
"""The types of JSON values that defaults of a data type have."""


class Default(NamedTuple):
    """What leaving out an optional parameter means.

    Attributes:
        is_known: Whether the signature tells it; if not, only the model's own code knows.
        value: The value, if it is known.
        text: How a message writes it.
    """

    is_known: bool
    value: object
    text: str


def read_default(type_name: str, text: str) -> Default:
    """Return what leaving out an optional parameter means.

    Args:
        type_name: The platform's name of the parameter's type.
        text: The signature's text.
    """
    if text == "null" or (not text and type_name != "STR"):
        return Default(True, None, "None")  # older SDKs wrote nothing for None
    if not text:
        return Default(
            False, None, "SERVER_DEFAULT"
        )  # SDK 11.3 wrote nothing for None, later ones nothing for ""
    try:
        value = _parse(type_name, text)
    except (ValueError, OverflowError, RecursionError):
        return Default(False, None, " ".join(text.split()))
    return Default(True, value, format_value(value))


def read_scalar(type_name: str, text: str) -> object:
    """Return the value of a choice; raise `ValueError` if it is none of the type."""
    return text if type_name == "STR" else _parse(type_name, text)


def format_value(value: object) -> str:
    """Return a value as Python code writes it."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _parse(type_name: str, text: str) -> object:
    if type_name == "STR":
        return _parse_string(text)
    if type_name == "BYTES" and _BYTES.fullmatch(text):
        return text[2:-1].encode("ascii").decode("unicode_escape").encode("latin-1")
    if type_name == "BOOL" and text in _BOOLS:
        return _BOOLS[text]
    value: Any = json.loads(text)
    if type_name == "FLOAT" and isinstance(value, int):
        value = float(value)
    if type_name == "INT" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, _JSON_TYPES.get(type_name, ())):
        raise ValueError(type_name)
    return value


def _parse_string(text: str) -> str:
    """Return the default of a STR: the text itself, or what it quotes."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return text
        if isinstance(value, str):
            return value
    return text
