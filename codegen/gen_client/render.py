"""The files of a package, and the source of a model, rendered from a page with the Jinja templates.

Every expression in a template is `Code` or goes through one of the two filters; anything else is an error. The filter
`fold` only moves line breaks. `tidy` adds heads, formats, and removes unused imports: the templates import whatever a
page may need. This module knows nothing of models.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2 import nodes, runtime
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gen_client.diagnostics import Refusal
from gen_client.escape import FILTERS, Code
from gen_client.exit_codes import USAGE
from gen_client.fold import fold
from gen_client.layout import MODEL_SOURCE, SOURCE_FILES
from gen_client.plan.page import Page
from gen_client.plan.skeleton.page import SourcePage
from gen_client.templates import find_template_folder
from gen_client.text import QUOTE_LIMIT, escape_unprintable

_NO_TEMPLATES: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Twin:
    """The words that differ between a client and its asyncio twin.

    Attributes:
        base: The base class.
        prefix: The prefix of the client's name.
        def_: The keywords that start the definition of a unary method.
        await_: The prefix of a call of a unary method: `await` or nothing.
        stream: The class of a stream.
        batch: The class of a batch.
        iterables: What can be passed as a stream.
        async_: The prefix of `def`, `with` and `for` in examples.
    """

    base: Code
    prefix: Code
    def_: Code
    await_: Code
    stream: Code
    batch: Code
    iterables: tuple[Code, ...]
    async_: Code


SYNC: Final = Twin(
    base=Code("Client"),
    prefix=Code(""),
    def_=Code("def"),
    await_=Code(""),
    stream=Code("Stream"),
    batch=Code("Batch"),
    iterables=(Code("Iterable"),),
    async_=Code(""),
)
ASYNC: Final = Twin(
    base=Code("AsyncClient"),
    prefix=Code("Async"),
    def_=Code("async def"),
    await_=Code("await "),
    stream=Code("AsyncStream"),
    batch=Code("AsyncBatch"),
    iterables=(Code("Iterable"), Code("AsyncIterable")),
    async_=Code("async "),
)


def render_files(page: Page, custom: Mapping[str, str] = _NO_TEMPLATES) -> dict[str, str]:
    """Render the files of a package, without heads and not yet formatted.

    Args:
        page: The page.
        custom: Custom templates by name; each replaces one of ours or is included by another.

    Returns:
        The text of each file, by its name.

    Raises:
        Refusal: Exit 2: a custom template fails, or writes text that is neither code nor filtered.
    """
    environment = _prepare_environment(frozenset(custom.items()), find_template_folder())
    try:
        return {
            name: environment.get_template(f"{name}.jinja").render(page=page, twins=(SYNC, ASYNC))
            for name in SOURCE_FILES
        }
    except Exception as error:
        if not custom:
            raise
        raise _refuse_template(error, custom) from None


def render_model_source(page: SourcePage) -> str:
    """Render the source of a model, not yet formatted."""
    environment = _prepare_environment(frozenset(), find_template_folder())
    return environment.get_template(f"{MODEL_SOURCE}.jinja").render(page=page)


def _refuse_template(error: Exception, custom: Mapping[str, str]) -> Refusal:
    """Return the refusal for an error in custom templates, with the template and line where it was raised."""
    name, line = getattr(error, "name", None) or "templates", getattr(error, "lineno", None)
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in custom:
            name, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return Refusal(
        f"the template fails: {escape_unprintable(str(error), 200)}",
        location=escape_unprintable(f"{name}, line {line}" if line else str(name), QUOTE_LIMIT),
        remedy="code, or text through `py` or `doc`, is all that a template may write",
        exit_code=USAGE,
    )


def _prepare_environment(custom: frozenset[tuple[str, str]], folder: Path) -> jinja2.Environment:
    """Return an environment with the current filters; only the compiled templates are cached."""
    environment = _make_environment(custom, folder)
    environment.filters = {**FILTERS, "fold": fold}
    return environment


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, in which code can be written but not taken apart or put together.

    Jinja gives `Code` and what macros return to methods, operators and `~` that make "safe" text of raw text.
    """

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "%", "**"])

    def is_safe_attribute(self, obj: object, attr: str, value: object) -> bool:
        """Return whether a template may use an attribute: none of texts."""
        return not isinstance(obj, str) and super().is_safe_attribute(obj, attr, value)

    def unsafe_undefined(self, obj: Any, attribute: str) -> jinja2.Undefined:
        """Return what stands for an attribute that a template may not use; it raises when it is used."""
        if isinstance(obj, str):
            message = f"a template writes raw text: the method {attribute} of a text"
            return self.undefined(message, obj=obj, name=attribute, exc=SecurityError)
        return super().unsafe_undefined(obj, attribute)

    def call_binop(self, context: runtime.Context, operator: str, left: Any, right: Any) -> Any:
        """Apply an operator to numbers; raise TypeError for texts."""
        if isinstance(left, str) or isinstance(right, str):
            raise TypeError(f"a template writes raw text: the operator {operator} on a text")
        return super().call_binop(context, operator, left, right)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an item; raise TypeError for a part of a text."""
        if isinstance(obj, str):
            raise TypeError("a template writes raw text: a part of a text")
        return super().getitem(obj, argument)

    def _generate(
        self,
        source: nodes.Template,
        name: str | None,
        filename: str | None,
        defer_init: bool = False,
    ) -> str:
        """Compile a template; raise TypeError if it joins texts with `~`."""
        if source.find(nodes.Concat) is not None:
            raise TypeError("a template writes raw text: the operator ~")
        return super()._generate(source, name, filename, defer_init)


def finalize(value: object) -> object:
    """Return the value of an expression in a template; raise TypeError if it is neither code nor rendered text."""
    if type(value) not in (Code, Markup):
        raise TypeError(f"a template writes raw text: {str(value)[:80]!r}")
    return value


@lru_cache(maxsize=2)
def _make_environment(custom: frozenset[tuple[str, str]], folder: Path) -> jinja2.Environment:
    texts = dict(custom)

    def load_custom(name: str) -> tuple[str, str, None] | None:
        return (texts[name], name, None) if name in texts else None

    loaders = [jinja2.FunctionLoader(load_custom), jinja2.FileSystemLoader(folder)]
    environment = _Sandbox(
        loader=jinja2.ChoiceLoader(loaders),
        autoescape=True,  # so that the result of a macro is marked as safe
        finalize=finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals = {}
    return environment
