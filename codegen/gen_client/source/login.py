"""The contexts of `clarifai login`, for the option `--context`.

A context is used as `eval "$(clarifai config env)"` would use it: its variables count for this run of the command. The
variable CLARIFAI_CONTEXT is read by the runtime.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

from clarigen import errors
from clarigen._tooling import login
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import USAGE

_VARIABLES: Final = ("CLARIFAI_PAT", "CLARIFAI_SESSION_TOKEN", "CLARIFAI_API_BASE")


@contextmanager
def use_context(name: str | None) -> Generator[None]:
    """Let the variables of a context replace those of the environment for the block.

    Args:
        name: The name of the context; None for none.

    Raises:
        Refusal: Exit 2: there is no such context, or it has no credential.
    """
    if name is None:
        yield
        return
    try:
        context = login.read_context(name)
    except errors.ConfigError as error:
        raise Refusal(str(error), exit_code=USAGE) from None
    values = (context.pat, context.session_token, context.base_url)
    old = {key: os.environ.get(key) for key in _VARIABLES}
    _set_variables(dict(zip(_VARIABLES, values, strict=True)))
    try:
        yield
    finally:
        _set_variables(old)


def _set_variables(variables: Mapping[str, str | None]) -> None:
    for key, value in variables.items():
        if value:
            os.environ[key] = value
        else:
            os.environ.pop(key, None)


def find_usable_context() -> str:
    """Return the name of a context that has a credential, the current one first; empty if there is none."""
    if not login.has_login_file():
        return ""
    try:
        current, contexts = login.read_contexts()
    except errors.ConfigError:
        return ""
    usable = [context.name for context in contexts if context.pat or context.session_token]
    if not usable:
        return ""
    return current if current in usable else usable[0]
