"""Docstrings: what a generated package says about a model.

What lives here: the text of a method's docstring, in sections, from the author's descriptions and
what the signature knows beside the types: ranges, defaults, choices. All of it is text for the docstring
filter, never code. Knows the interface's nouns; knows nothing of annotations or pages.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from gen_client.escape import LINE_LENGTH, escape_invisible
from gen_client.interface.model import (
    DataType,
    Method,
    NullDefault,
    Parameter,
    Range,
    ServerDefault,
    TypeKind,
)
from gen_client.plan import descriptions, types

_LISTED: Final = "A list of `{}` in place of the arguments gives a list of results."
MAX_DEFAULT_LENGTH: Final = 200
"""How much is shown of a default that the signature does not show, in characters."""

_BROKEN: Final = 60
"""From which length on a line looks broken by its author to fit, and not ended."""
_ADDRESS: Final = re.compile(r"^<.{0,200} at 0x[0-9a-f]+>$", re.IGNORECASE)
_BULLET: Final = re.compile(r"[ ]*(?:[*+-]|\d{1,3}[.)])[ ]+")


def format_method(
    its: Method, names: Sequence[str], shown_defaults: Mapping[str, str], inputs: str | None = None
) -> str:
    """The text of a method's docstring.

    Args:
        its: The method.
        names: What its parameters are called in Python.
        shown_defaults: The defaults that the signature cannot show, by parameter (wire name to the
            expression).
        inputs: What one input is called, if the method takes a list of them as well.

    Returns:
        Lines that fit into a class's methods.
    """
    told = _told(its)
    width = LINE_LENGTH - 8
    text = descriptions.strip_blank_lines(told.text) or [f"Call the model's `{its.name}`."]
    sections = [wrap(_summarized(text), width)]
    if inputs is not None:
        sections.append(wrap([_LISTED.format(inputs)], width))
    entries: list[str] = []
    for name, entry in zip(names, _parameters(its, told, shown_defaults), strict=True):
        if entry:
            entries += _entry(name, entry, width)
    if entries:
        sections.append(["Args:", *entries])
    returned = (
        descriptions.split_lines(its.result.description)
        or told.returns
        or list(_returned(its.result.type))
    )
    if returned:
        sections.append(["Returns:", *_indented(wrap(_ended(returned), width - 4))])
    return _alone("\n\n".join("\n".join(lines) for lines in sections), width)


def format_inputs(its: Method, defaults: Mapping[str, str]) -> list[str]:
    """The text of a docstring for each parameter where it is a key of an input; empty for none.

    Args:
        its: The method.
        defaults: The defaults, by parameter (wire name to the expression).
    """
    return [_alone_in(lines, 4) for lines in _parameters(its, _told(its), defaults)]


def format_batch(name: str) -> str:
    """The text of a docstring for the method that takes any number of inputs for another."""
    first = f"`{name}` for any number of inputs: results in their order, as they come."
    args = [
        "    inputs: Any iterable of inputs; taken as they are needed.",
        "    progress: Whether to draw a progress bar; it takes rich.",
    ]
    return "\n".join([*wrap([first], LINE_LENGTH - 8), "", "Args:", *args])


def format_paragraph(description: str, indent: int, fallback: str = "") -> str:
    """The text of a docstring that is one description.

    Args:
        description: The author's text.
        indent: How far the docstring is indented.
        fallback: What is said instead of nothing.
    """
    return _alone_in(
        _ended(descriptions.split_lines(description) or descriptions.split_lines(fallback)), indent
    )


def _alone_in(lines: Sequence[str], indent: int) -> str:
    """The text of a docstring that is these lines."""
    return _alone("\n".join(wrap(lines, LINE_LENGTH - indent)), LINE_LENGTH - indent)


def _alone(text: str, width: int) -> str:
    """A docstring of one line has six quotes in it."""
    fits = "\n" in text or len(text) <= width - 6
    return text if fits else "\n".join(wrap([text], width - 3))


def _told(its: Method) -> descriptions.Description:
    return descriptions.parse_description(
        its.description, (parameter.name for parameter in its.parameters)
    )


def _parameters(
    its: Method, told: descriptions.Description, shown_defaults: Mapping[str, str]
) -> Iterator[list[str]]:
    """What is said of each parameter: the author's words, and what the signature knows."""
    for index, parameter in enumerate(its.parameters):
        own = descriptions.split_lines(parameter.description) or told.args.get(parameter.name, [])
        facts = list(_facts(parameter, index == 0, shown_defaults.get(parameter.name)))
        yield [*_with_facts(own, facts), *_choices(parameter)]


def _entry(name: str, lines: Sequence[str], width: int) -> list[str]:
    """`name: text`, what follows the first line further in."""
    first, *rest = wrap(
        [f"{name}: {lines[0]}", *(f"    {line}" if line else "" for line in lines[1:])],
        width - 4,
        4,
    )
    return _indented([first, *rest])


def _with_facts(lines: Sequence[str], facts: Sequence[str]) -> list[str]:
    """A description, and behind it what the signature knows."""
    if not facts:
        return _ended(lines)
    ended = _ended(lines)
    if len(ended) <= 1:
        return [" ".join([*ended, *facts])]
    return [*ended, " ".join(facts)]


def _facts(parameter: Parameter, first: bool, shown_default: str | None) -> Iterator[str]:
    if parameter.range is not None:
        yield f"{format_range(parameter.range, parameter.type.kind)}."
    if parameter.stream:
        yield "Its items are sent as they are taken."
    elif first and (trap := _misread_note(parameter)):
        yield trap
    elif isinstance(parameter.default, ServerDefault):
        yield _server_default(parameter.default.text)
    elif shown_default is not None:
        yield f"Default: `{_cut(escape_invisible(shown_default))}`."
    if parameter.internal_only:
        yield "Marked as internal by the model's author."


def format_range(range_: Range, kind: TypeKind) -> str:
    """The bounds of an INT or FLOAT in words, without a full stop."""
    lowest = None if range_.lowest is None else types.range_bound(range_.lowest, kind)
    highest = None if range_.highest is None else types.range_bound(range_.highest, kind)
    if lowest is None:
        return (
            f"At most {highest}"
            if highest is not None
            else f"In steps of {types.range_bound(range_.step, kind)}"
        )
    return f"At least {lowest}" if highest is None else f"{lowest} to {highest}"


def _server_default(text: str) -> str:
    text = " ".join(escape_invisible(text).split())
    if not text or _ADDRESS.search(text):  # an object of the model's, as its process showed it
        return "Left out, the model's own default applies."
    return f"Left out, the model's own default applies: `{_cut(text)}`."


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DEFAULT_LENGTH else f"{text[:MAX_DEFAULT_LENGTH]}…"


def _misread_note(parameter: Parameter) -> str:
    """A server that does not find the first parameter reads another value than its default."""
    unknown = isinstance(parameter.default, ServerDefault)
    missing = unknown or isinstance(parameter.default, NullDefault)
    match parameter.type.kind:
        case TypeKind.FLOAT if missing:
            return "Left out, the model receives 0.0."
        case TypeKind.LIST if missing:
            return "Left out, the model receives an empty list."
        case TypeKind.TUPLE | TypeKind.NAMED_FIELDS if unknown:
            return "Left out, the model receives None."
        case _:
            return ""


def _choices(parameter: Parameter) -> Iterator[str]:
    """The choices that have a description, and all of those that the annotation cannot list."""
    told = any(choice.description.strip() for choice in parameter.choices)
    floats = parameter.type.kind is TypeKind.FLOAT
    if floats and parameter.choices and not told:
        yield f"One of {', '.join(escape_invisible(choice.id) for choice in parameter.choices)}."
    if told:
        for choice in parameter.choices:
            said = " ".join(descriptions.split_lines(choice.description))
            yield (
                f"* `{escape_invisible(choice.id)}`: {said}"
                if said
                else f"* `{escape_invisible(choice.id)}`"
            )


def _returned(type_: DataType) -> Iterator[str]:
    if type_.kind is TypeKind.JSON_DATA and type_.json_type is None:
        yield "A JSON value; its numbers may come back as floats."


# Layout


def _summarized(lines: list[str]) -> list[str]:
    """With a full stop at the end of the summary, if a paragraph of one line is the summary."""
    alone = len(lines) == 1 or not lines[1].strip()
    return [_stopped(lines[0]), *lines[1:]] if alone else lines


def _ended(lines: Sequence[str]) -> list[str]:
    return [*lines[:-1], _stopped(lines[-1])] if lines else []


def _stopped(line: str) -> str:
    """With a full stop, if it ends in a word of its own."""
    last = line.rsplit(" ", 1)[-1]
    ends_open = bool(re.search(r"[A-Za-z0-9)`']$", last)) and "://" not in last
    return f"{line}." if ends_open else line


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]


def wrap(lines: Sequence[str], width: int, hang: int = 0) -> list[str]:
    """Lines that fit, the author's line breaks kept where they can be; a bullet's text stays beside
    its bullet. A line that is too long takes the lines along that it was broken into.

    Args:
        lines: The lines.
        width: How long one may be.
        hang: How far what follows the very first line is indented, at least.
    """
    result: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        room = width - 3 if not result else width  # three quotes stand before the first
        margin = max(_margin(line), 0 if result else hang)
        end = index + 1
        if len(line) <= room:
            result.append(line)
        else:
            while (
                end < len(lines)
                and len(lines[end - 1]) >= _BROKEN
                and _continues(lines[end], margin)
            ):
                end += 1
            whole = " ".join([line, *(more.strip() for more in lines[index + 1 : end])])
            result += textwrap.wrap(
                whole,
                room,
                subsequent_indent=" " * margin,
                break_long_words=False,
                break_on_hyphens=False,
            )
        index = end
    return result


def _margin(line: str) -> int:
    """Where the text of a line begins, behind its bullet."""
    bullet = _BULLET.match(line)
    return len(bullet[0]) if bullet else len(line) - len(line.lstrip(" "))


def _continues(line: str, margin: int) -> bool:
    """Whether a line goes on in the paragraph before it."""
    return bool(line) and _BULLET.match(line) is None and _margin(line) == margin
