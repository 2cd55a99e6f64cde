"""The contexts of `clarifai login`: credentials that the official command line keeps in a file.

The file is read only if somebody names a context. Its form is that of SDK 12.5: YAML, with `contexts`, each a mapping of
`CLARIFAI_PAT` and other variables. No message repeats anything of it but the names of contexts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final, cast

from .._text import show
from ..errors import ConfigError

FILE: Final = "~/.config/clarifai/config"
"""Where the official command line keeps its contexts."""
_MAX_BYTES: Final = 1 << 20
_FROM_ENVIRONMENT: Final = "ENVVAR"
"""In place of a value: it is in the variable of this name."""


class LoginContext:
    """A context of `clarifai login`. Its repr does not show the credential.

    Attributes:
        name: Its name.
        pat: The personal access token; empty if it has none.
        session_token: The session token; empty if it has none.
        base_url: The base URL of its platform; empty for the public one.
    """

    __slots__ = ("base_url", "name", "pat", "session_token")

    def __init__(self, name: str, variables: dict[str, Any]) -> None:
        self.name = name
        self.pat = _get_variable(variables, "CLARIFAI_PAT")
        self.session_token = "" if self.pat else _get_variable(variables, "CLARIFAI_SESSION_TOKEN")
        self.base_url = _get_variable(variables, "CLARIFAI_API_BASE")

    def __repr__(self) -> str:
        return f"LoginContext({self.name!r})"

    def __reduce__(self) -> str:
        raise TypeError("a credential cannot be pickled")


def has_login_file() -> bool:
    """Return whether there is a file with contexts. It is not read."""
    try:
        return Path(FILE).expanduser().is_file()
    except (OSError, RuntimeError):  # this user has no home
        return False


def read_context(name: str) -> LoginContext:
    """Read a context of `clarifai login`.

    Raises:
        ConfigError: There is no such context, it has no credential, or the file cannot be read.
    """
    _, contexts = read_contexts()
    for context in contexts:
        if context.name == name:
            if context.pat or context.session_token:
                return context
            raise ConfigError(
                f"the context {show(name)} has no credential: log in with `clarifai login --context …`"
            )
    names = ", ".join(show(context.name) for context in contexts[:8]) or "none"
    raise ConfigError(f"there is no context {show(name)} in {FILE}; it has {names}")


def read_contexts() -> tuple[str, list[LoginContext]]:
    """Return the name of the current context, and all contexts.

    Raises:
        ConfigError: The file cannot be read.
    """
    try:
        import yaml
    except ImportError:
        raise ConfigError(
            "the contexts of `clarifai login` are read with PyYAML: pip install pyyaml, or set CLARIFAI_PAT"
        ) from None
    try:
        with Path(FILE).expanduser().open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        document: object = yaml.safe_load(content[:_MAX_BYTES])
    except FileNotFoundError:
        raise ConfigError(f"there is no {FILE}: log in with `clarifai login`") from None
    except (OSError, ValueError, RuntimeError, yaml.YAMLError):
        raise ConfigError(f"{FILE} cannot be read as YAML") from None  # the cause may quote a PAT
    root = _as_mapping(document)
    entries = _as_mapping(root.get("contexts"))
    current = root.get("current_context")
    contexts = [LoginContext(name, _as_mapping(entry)) for name, entry in entries.items()]
    return current if isinstance(current, str) else "", contexts


def _as_mapping(value: object) -> dict[str, Any]:
    items = cast("dict[object, Any]", value) if isinstance(value, dict) else {}
    return {key: item for key, item in items.items() if isinstance(key, str)}


def _get_variable(context: dict[str, Any], name: str) -> str:
    """Return a variable of a context; empty if it has none. Older files have shorter keys, or all under `env`."""
    variables = _as_mapping(context.get("env")) or context
    value = variables.get(name) or variables.get(name.removeprefix("CLARIFAI_").lower())
    text = value if isinstance(value, str) else ""
    return os.environ.get(name, "") if text == _FROM_ENVIRONMENT else text.strip()
