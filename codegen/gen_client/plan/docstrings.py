"""The docstrings of methods, batches and inputs: sections made from descriptions, ranges, defaults and choices.

The results are text for the docstring filter, never code. This module knows nothing of pages or templates.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gen_client.escape import LINE_LENGTH, escape_invisible
from gen_client.interface.model import (
    KnownDefault,
    NullDefault,
    Parameter,
    Range,
    ServerDefault,
    TypeKind,
)
from gen_client.plan import types
from gen_client.plan.descriptions import split_lines
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Shape

MAX_DEFAULT_LENGTH: Final = 200
"""Maximum length of a default that is shown because the signature does not have it, in characters."""

_ACCEPTS_LIST: Final = "Also accepts a list of `{}` and then returns a list of results."
_VALUE_OR_LIST: Final = "One value, or a list of `{}` to get a list of results."
"""The sentence in place of the one above if the docstring says nothing else about the parameter."""
_MIN_BROKEN_LENGTH: Final = 60
"""The author may have broken a line of this length, in characters, to fit; a shorter line ends there on purpose."""
_OBJECT_REPR: Final = re.compile(r"^<.{0,200} at 0x[0-9a-f]+>$", re.IGNORECASE)
_BULLET: Final = re.compile(r"[ ]*(?:[*+-]|[0-9]{1,3}[.)])[ ]+")


METHOD_WIDTH: Final = LINE_LENGTH - 8
"""The longest line of a method's docstring in a client, in characters without its indentation."""


def format_method(method: NamedMethod, width: int = METHOD_WIDTH) -> str:
    """Format the docstring of a method of the client, without its indentation.

    Args:
        method: The method.
        width: The longest line, in characters.
    """
    return format_sections(
        method.description or (f"Call the model's `{method.wire.name}`.",),
        list(_describe_parameters(method)),
        method.returns or _describe_result(method.result),
        width,
    )


def format_sections(
    text: Sequence[str],
    entries: Sequence[tuple[str, Sequence[str]]],
    returns: Sequence[str],
    width: int,
) -> str:
    """Format a docstring in Google's style, without its indentation.

    Args:
        text: The lines before the sections.
        entries: The parameters, each with at least one line.
        returns: The lines about the result; may be empty.
        width: The longest line, in characters.
    """
    sections = [wrap(_end_summary(text), width)]
    args = [line for name, lines in entries for line in _format_entry(name, lines, width)]
    if args:
        sections.append(["Args:", *args])
    if returns:
        sections.append(["Returns:", *indent(wrap(end_last_line(returns), width - 4))])
    return _fit_one_line("\n\n".join("\n".join(lines) for lines in sections), width)


def _format_entry(name: str, lines: Sequence[str], width: int) -> list[str]:
    return indent(wrap([f"{name}: {lines[0]}", *indent(lines[1:])], width - 4, hang=4))


def _describe_parameters(method: NamedMethod) -> Iterator[tuple[str, list[str]]]:
    """Yield each parameter about which there is something to say, with the lines about it."""
    for index, parameter in enumerate(method.parameters):
        is_hidden = isinstance(parameter.wire.default, KnownDefault) and not types.fits_signature(
            parameter.wire.default.value, parameter.shape
        )
        accepts_list = method.accepts_list and index == 0
        lines = _describe_parameter(
            parameter,
            is_first=index == 0,
            is_default_shown=is_hidden,
            list_item=method.input if accepts_list else None,
        )
        if lines:
            yield parameter.name, lines


def format_inputs(method: NamedMethod) -> list[str]:
    """Format the docstring of each parameter as a key of an input; empty if there is nothing to say."""
    return [
        format_lines(_describe_parameter(parameter, is_first=index == 0, is_default_shown=True), 4)
        for index, parameter in enumerate(method.parameters)
    ]


def format_batch(name: str) -> str:
    """Format the docstring of the batch method that belongs to the method `name`."""
    summary = f"Call `{name}` for many inputs and iterate over the results in input order."
    return format_lines([summary], 8)


def format_paragraph(text: str, indent: int) -> str:
    """Format a docstring that consists of one description.

    Args:
        text: The description.
        indent: The indentation of the docstring.
    """
    return format_lines(end_last_line(split_lines(text)), indent)


def format_lines(lines: Sequence[str], indent: int) -> str:
    """Format a docstring that has no sections, at an indentation."""
    width = LINE_LENGTH - indent
    return _fit_one_line("\n".join(wrap(lines, width)), width)


def _fit_one_line(text: str, width: int) -> str:
    """Wrap a docstring of one line if it and its six quotes are too long for a line."""
    fits = "\n" in text or len(text) <= width - 6
    return text if fits else "\n".join(wrap([text], width - 3))


# Parameters


def _describe_parameter(
    parameter: NamedParameter,
    *,
    is_first: bool,
    is_default_shown: bool,
    list_item: str | None = None,
) -> list[str]:
    """Return the author's lines about a parameter, followed by the facts that its type does not express.

    Args:
        parameter: The parameter.
        is_first: Whether it is the first parameter of the method.
        is_default_shown: Whether a known default is among the facts.
        list_item: The type of the items if a list may be passed in its place; None if not.
    """
    facts = [*_iter_facts(parameter, is_first=is_first, is_default_shown=is_default_shown)]
    lines = end_last_line(parameter.description)
    if list_item:
        sentence = _ACCEPTS_LIST if facts or lines else _VALUE_OR_LIST
        facts.append(sentence.format(list_item))
    if facts and len(lines) <= 1:
        lines = [" ".join([*lines, *facts])]
    elif facts:
        lines = [*lines, " ".join(facts)]
    return [*lines, *_describe_choices(parameter.wire)]


def _iter_facts(
    parameter: NamedParameter, *, is_first: bool, is_default_shown: bool
) -> Iterator[str]:
    """Yield a sentence each on the range, on what an omitted argument means, and on the mark as internal."""
    wire = parameter.wire
    if wire.range is not None:
        yield f"{format_range(wire.range, wire.type.kind)}."
    if wire.is_stream:
        yield "Each item is sent as soon as the iterable yields it."
    elif is_first and (misread := _describe_omitted_first(wire)):
        yield misread
    elif isinstance(wire.default, ServerDefault):
        yield _describe_server_default(wire.default.text)
    elif is_default_shown and isinstance(wire.default, KnownDefault):
        value = types.format_value(wire.default.value, parameter.shape)
        yield f"Default: `{shorten(escape_invisible(value))}`."
    if wire.internal_only:
        yield "Marked as internal by the model's author."


def format_range(range_: Range, kind: TypeKind) -> str:
    """Format the bounds of an INT or FLOAT in words, without a period."""
    lowest = None if range_.lowest is None else types.range_bound(range_.lowest, kind)
    highest = None if range_.highest is None else types.range_bound(range_.highest, kind)
    if lowest is not None:
        return f"At least {lowest}" if highest is None else f"{lowest} to {highest}"
    if highest is not None:
        return f"At most {highest}"
    return f"In steps of {types.range_bound(range_.step, kind)}"


def _describe_omitted_first(parameter: Parameter) -> str:
    """Describe what the model receives instead of its default if the first argument is omitted; may be empty."""
    is_unknown = isinstance(parameter.default, ServerDefault)
    is_absent = is_unknown or isinstance(parameter.default, NullDefault)
    match parameter.type.kind:
        case TypeKind.FLOAT if is_absent:
            return "If omitted, the model receives 0.0."
        case TypeKind.LIST if is_absent:
            return "If omitted, the model receives an empty list."
        case TypeKind.TUPLE | TypeKind.NAMED_FIELDS if is_unknown:
            return "If omitted, the model receives None."
        case _:
            return ""


def _describe_server_default(text: str) -> str:
    text = " ".join(escape_invisible(text).split())
    if not text or _OBJECT_REPR.search(text):
        return "If omitted, the model's own default applies."
    return f"If omitted, the model's own default applies: `{shorten(text)}`."


def shorten(text: str) -> str:
    """Return the text of a default, cut if it is long."""
    return text if len(text) <= MAX_DEFAULT_LENGTH else f"{text[:MAX_DEFAULT_LENGTH]}…"


def _describe_choices(parameter: Parameter) -> Iterator[str]:
    """Yield a bullet per choice if any has a description, or one line for choices that the annotation cannot list."""
    if any(choice.description.strip() for choice in parameter.choices):
        for choice in parameter.choices:
            description = " ".join(split_lines(choice.description))
            bullet = f"* `{escape_invisible(choice.id)}`"
            yield f"{bullet}: {description}" if description else bullet
    elif parameter.choices and parameter.type.kind is TypeKind.FLOAT:
        yield f"One of {', '.join(escape_invisible(choice.id) for choice in parameter.choices)}."


def _describe_result(shape: Shape) -> list[str]:
    if shape.kind is TypeKind.JSON_DATA and shape.type.json_type is None:
        return ["A JSON value; integers may be returned as floats."]
    return []


# Layout


def _end_summary(lines: Sequence[str]) -> list[str]:
    """End the summary with a period if it is a paragraph of one line."""
    is_one_line = len(lines) == 1 or not lines[1].strip()
    return [_end_sentence(lines[0]), *lines[1:]] if is_one_line else list(lines)


def end_last_line(lines: Sequence[str]) -> list[str]:
    """End the last line with a period if it ends in a word."""
    return [*lines[:-1], _end_sentence(lines[-1])] if lines else []


def _end_sentence(line: str) -> str:
    """Add a period to a line that ends in a word; a URL stays as it is."""
    last = line.rsplit(" ", 1)[-1]
    is_open = bool(re.search(r"[A-Za-z0-9)`']$", last)) and "://" not in last
    return f"{line}." if is_open else line


def indent(lines: Iterable[str]) -> list[str]:
    """Indent lines by four spaces, except empty ones."""
    return [f"    {line}" if line else "" for line in lines]


def wrap(lines: Sequence[str], width: int, hang: int = 0) -> list[str]:
    """Wrap the lines of a docstring and keep the author's line breaks where they fit.

    A line that is too long is wrapped together with the lines that continue its paragraph. The text of a bullet is
    aligned with its first line.

    Args:
        lines: The lines.
        width: The longest line, in characters. The first line is three shorter, for its quotes.
        hang: Minimum indentation of the continuation lines of the first line.
    """
    result: list[str] = []
    start = 0
    while start < len(lines):
        line = lines[start]
        room = width if result else width - 3
        margin = max(_margin(line), 0 if result else hang)
        end = start + 1
        if len(line) <= room:
            result.append(line)
        else:
            while end < len(lines) and _is_broken(lines[end - 1], lines[end], margin):
                end += 1
            result += textwrap.wrap(
                " ".join([line, *(continued.strip() for continued in lines[start + 1 : end])]),
                room,
                subsequent_indent=" " * margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
        start = end
    return result


def _margin(line: str) -> int:
    """Return the column where the text of a line begins, after its bullet."""
    bullet = _BULLET.match(line)
    return len(bullet[0]) if bullet else len(line) - len(line.lstrip(" "))


def _is_broken(line: str, following: str, margin: int) -> bool:
    """Return whether the author broke a line only to fit, so that `following` continues its paragraph."""
    continues = bool(following) and _BULLET.match(following) is None
    return len(line) >= _MIN_BROKEN_LENGTH and continues and _margin(following) == margin
