"""Templates of one's own: the files of a folder that stand in the place of ours, and what more they may write.

What lives here: `Custom`, and `read`, which makes one of the folder that `--templates` names. The owner of a
template is trusted, a model is not: such templates run in Jinja's sandbox, everything they write goes through
the two filters, and the gate stays. Knows files; knows nothing of models.

    client.py.jinja    each in the place of ours: __init__.py, client.py, examples.py, macros.jinja
    more.jinja         others, for them to include
    allow.toml         statements = ["import logging"], decorators = [...], comments = ["# Ours."]: what the gate
                       accepts besides, word for word
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE
from gen_client.gate.allowed import NOTHING_ALLOWED, Allowed, parse_allowed
from gen_client.json_text import is_array
from gen_client.text import escape_unprintable, quote

TEMPLATE_NAMES: Final = (
    "__init__.py.jinja",
    "client.py.jinja",
    "examples.py.jinja",
    "macros.jinja",
)
"""The templates that can be replaced."""
ALLOW_FILE: Final = "allow.toml"
_KEYS: Final = ("statements", "decorators", "comments")


@dataclass(frozen=True, slots=True)
class CustomTemplates:
    """Templates of one's own.

    Attributes:
        templates: Their texts, by name.
        allowed: What they may write besides.
    """

    templates: Mapping[str, str] = field(default_factory=dict[str, str])
    allowed: Allowed = NOTHING_ALLOWED


NO_CUSTOM_TEMPLATES: Final = CustomTemplates()
"""Ours alone."""


def read_custom_templates(folder: Path) -> CustomTemplates:
    """The templates in a folder.

    Raises:
        Refusal: Exit 2: there are none, or what is allowed cannot be read.
    """
    try:
        files = sorted(folder.glob("*.jinja"))
        texts = {file.name: file.read_text("utf-8") for file in files}
        allow = folder / ALLOW_FILE
        content = allow.read_text("utf-8") if allow.is_file() else ""
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "a file is not UTF-8"
        raise _usage_error(folder, f"the templates cannot be read: {why}") from None
    if not any(name in texts for name in TEMPLATE_NAMES):
        raise _usage_error(folder, f"none of {', '.join(TEMPLATE_NAMES)} is there")
    try:
        return CustomTemplates(texts, _parse_allow_file(tomllib.loads(content)))
    except ValueError as error:
        raise _usage_error(folder / ALLOW_FILE, escape_unprintable(str(error), 200)) from None


def _parse_allow_file(content: Mapping[str, object]) -> Allowed:
    lists: dict[str, list[str]] = {key: [] for key in _KEYS}
    for key, value in content.items():
        if key not in lists:
            raise ValueError(f"{quote(key)} is none of {', '.join(_KEYS)}")
        if not is_array(value):
            raise ValueError(f"{key} is no array of texts")
        for item in value:
            if not isinstance(item, str):
                raise ValueError(f"{key} is no array of texts")
            lists[key].append(item)
    return parse_allowed(*(lists[key] for key in _KEYS))


def _usage_error(place: Path, what: str) -> Refusal:
    return Refusal(what, location=quote(str(place), 200), remedy="--templates DIR", exit_code=USAGE)
