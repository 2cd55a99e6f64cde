"""Custom templates: a folder of files that replace our templates, named by `--templates`.

    client.py.jinja    replaces ours, as do __init__.py.jinja, examples.py.jinja, macros.jinja
    more.jinja         any other name: a template that the others include
    allow.toml         statements = ["import logging"], decorators = [...], comments = ["# Ours."]: what the gate
                       accepts in addition, word for word

The owner of a template is trusted, a model is not. Custom templates run in Jinja's sandbox, everything they write goes
through the two filters, and the gate checks the result. This module reads files; it knows nothing of models.
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
    """The templates of a folder.

    Attributes:
        templates: Their texts, by name.
        allowed: What the gate accepts in addition.
    """

    templates: Mapping[str, str] = field(default_factory=dict[str, str])
    allowed: Allowed = NOTHING_ALLOWED


NO_CUSTOM_TEMPLATES: Final = CustomTemplates()
"""No custom templates: all templates are ours."""


def read_custom_templates(folder: Path) -> CustomTemplates:
    """Read the custom templates in a folder.

    Raises:
        Refusal: Exit 2: the folder has no template that replaces ours, or a file cannot be read.
    """
    try:
        files = sorted(folder.glob("*.jinja"))
        texts = {file.name: file.read_text("utf-8") for file in files}
        allow = folder / ALLOW_FILE
        content = allow.read_text("utf-8") if allow.is_file() else ""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "a file is not UTF-8"
        raise _refuse_folder(folder, f"the templates cannot be read: {reason}") from None
    if not any(name in texts for name in TEMPLATE_NAMES):
        raise _refuse_folder(folder, f"the folder has none of {', '.join(TEMPLATE_NAMES)}")
    try:
        return CustomTemplates(texts, _parse_allow_file(tomllib.loads(content)))
    except ValueError as error:
        raise _refuse_folder(folder / ALLOW_FILE, escape_unprintable(str(error), 200)) from None


def _parse_allow_file(content: Mapping[str, object]) -> Allowed:
    lists: dict[str, list[str]] = {key: [] for key in _KEYS}
    for key, value in content.items():
        if key not in lists:
            raise ValueError(f"{quote(key)} is none of {', '.join(_KEYS)}")
        if not is_array(value):
            raise ValueError(f"{key} is not an array of strings")
        for item in value:
            if not isinstance(item, str):
                raise ValueError(f"{key} is not an array of strings")
            lists[key].append(item)
    return parse_allowed(*(lists[key] for key in _KEYS))


def _refuse_folder(path: Path, problem: str) -> Refusal:
    return Refusal(
        problem, location=quote(str(path), 200), remedy="--templates DIR", exit_code=USAGE
    )
