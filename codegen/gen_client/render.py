"""Lays a page out: the templates, and what they may write.

What lives here: the Jinja environment and the words in which the twins differ. Every expression in a
template is code or goes through one of the two filters; anything else is an error. A third one, `folded`, moves
line ends alone. The head of the files, their format and their imports' order are `tidy`'s: the templates import
whatever some page may need. Knows `page`'s nouns; knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gen_client.diagnostics import Refusal
from gen_client.escape import FILTERS, Code, finalize
from gen_client.exit_codes import USAGE
from gen_client.fold import fold
from gen_client.plan.page import Page
from gen_client.templates import find_templates
from gen_client.text import QUOTE_LIMIT, escape_unprintable

FILES: Final = ("__init__.py", "client.py", "examples.py")
"""What is laid out by templates."""
NO_TEMPLATES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Twin:
    """The words in which a client and its twin differ.

    Attributes:
        base: The class it stands on.
        prefix: What stands before the client's name.
        define: How a method begins that gives one result.
        wait: What stands before its call.
        stream: What a stream is.
        batch: What the results of many inputs are.
        iterables: What may be passed as a stream.
        start: What stands before the words that wait for a stream or for the end of a block.
    """

    base: Code
    prefix: Code
    define: Code
    wait: Code
    stream: Code
    batch: Code
    iterables: tuple[Code, ...]
    start: Code


SYNC: Final = Twin(
    base=Code("Client"),
    prefix=Code(""),
    define=Code("def"),
    wait=Code(""),
    stream=Code("Stream"),
    batch=Code("Batch"),
    iterables=(Code("Iterable"),),
    start=Code(""),
)
ASYNC: Final = Twin(
    base=Code("AsyncClient"),
    prefix=Code("Async"),
    define=Code("async def"),
    wait=Code("await "),
    stream=Code("AsyncStream"),
    batch=Code("AsyncBatch"),
    iterables=(Code("Iterable"), Code("AsyncIterable")),
    start=Code("async "),
)


def render_files(page: Page, custom: Mapping[str, str] = NO_TEMPLATES) -> dict[str, str]:
    """The files of a package: name to text, without their head and not yet formatted.

    Args:
        page: What it shows.
        custom: Templates in the place of ours, and those that they include: name to text.

    Raises:
        Refusal: Exit 2: a template of others fails, or writes what is neither code nor filtered.
    """
    environment = _environment(frozenset(custom.items()), find_templates())
    try:
        return {
            name: environment.get_template(f"{name}.jinja").render(page=page, twins=(SYNC, ASYNC))
            for name in FILES
        }
    except Exception as error:
        if not custom:
            raise
        raise _template_error(error, custom) from None


def _template_error(error: Exception, custom: Mapping[str, str]) -> Refusal:
    """An error of somebody's templates, in words."""
    place, line = getattr(error, "name", None) or "templates", getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in custom:
            place, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return Refusal(
        f"the template fails: {escape_unprintable(str(error), 200)}",
        location=escape_unprintable(f"{place}, line {line}" if line else str(place), QUOTE_LIMIT),
        remedy="code, or text through `py` or `doc`, is all that a template may write",
        exit_code=USAGE,
    )


def _environment(custom: frozenset[tuple[str, str]], ours: Path) -> jinja2.Environment:
    """Jinja as we use it; it keeps what it has compiled, and the filters are those of the moment."""
    environment = _make_environment(custom, ours)
    environment.filters = {**FILTERS, "fold": fold}
    return environment


@lru_cache(maxsize=2)
def _make_environment(custom: frozenset[tuple[str, str]], ours: Path) -> jinja2.Environment:
    texts = dict(custom)

    def theirs(name: str) -> tuple[str, str, None] | None:
        return (texts[name], name, None) if name in texts else None

    loaders = [jinja2.FunctionLoader(theirs), jinja2.FileSystemLoader(ours)]
    environment = ImmutableSandboxedEnvironment(  # autoescape: what macros return is marked as done
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals = {}
    return environment
