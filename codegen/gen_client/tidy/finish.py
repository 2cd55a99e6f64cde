"""Turns a rendered text into the final bytes of a file: imports, format, head, and the gate.

The same text gives the same bytes. black is imported inside functions, because a run that has nothing to do does not
need it.
"""

from __future__ import annotations

from gen_client.gate.allowed import NOTHING_ALLOWED, Allowed
from gen_client.gate.check import check_code, check_file
from gen_client.layout import HEAD, FileKind
from gen_client.tidy.black import Formatter, format_for_author, format_source
from gen_client.tidy.imports import tidy_imports


def finish(
    text: str,
    kind: FileKind,
    allowed: Allowed = NOTHING_ALLOWED,
    formatter: Formatter = format_source,
) -> str:
    """Finish the text of a file.

    Args:
        text: The rendered text.
        kind: The kind of the file.
        allowed: What the gate accepts in addition.
        formatter: Formats the source. Tests that do not look at the layout leave black out.

    Raises:
        Refusal: The text, or the finished file, holds something that our templates cannot have written (exit 4).
    """
    check_code(text, kind, allowed)  # before black, whose parser crashes on deep nesting
    final = HEAD + formatter(tidy_imports(text))
    check_file(final, kind, allowed)
    return final


def finish_model_source(text: str, formatter: Formatter = format_for_author) -> str:
    """Finish the source of a model, which has no head; it imports only what it uses.

    Args:
        text: The rendered text.
        formatter: Formats the source.

    Raises:
        Refusal: The text holds something that our template cannot have written (exit 4).
    """
    check_code(text, "model")
    final = formatter(text)
    check_file(final, "model")
    return final
