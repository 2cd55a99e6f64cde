"""What may be given for a parameter, and what leaving it out means: how that changed.

What lives here: required or not, defaults, choices, limits and what is only said of a parameter. Types are compared in
`shapes`. Knows one parameter at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from gen_client.diff.changes import Change, Rule
from gen_client.escape import escape_invisible, literal
from gen_client.interface.model import (
    Choice,
    KnownDefault,
    NoDefault,
    NullDefault,
    Parameter,
    Range,
    Scalar,
)
from gen_client.plan import build, types
from gen_client.plan.named import NamedParameter
from gen_client.plan.types import Shape

_SHOWN: Final = 8
"""How many choices a change lists."""

_SIDES: Final = (
    ("must be at least {} now", "may be as low as {} now", "has no lower limit any more"),
    ("must be at most {} now", "may be as high as {} now", "has no upper limit any more"),
)

_Make = Callable[..., Change]


def compare_options(
    method: str, old: NamedParameter, new: NamedParameter, *, alike: bool
) -> Iterator[Change]:
    """The changes of a parameter beside those of its type.

    Args:
        method: The method, for the changes.
        old: The parameter that was.
        new: The parameter that is.
        alike: Whether values of the old type are values of the new one.
    """
    make: _Make = partial(_made, method, old.name)
    yield from _absence(make, old, new)
    if alike:
        yield from _choices(make, old, new)
        yield from _limits(make, old.wire.range, new.wire.range, new.shape)
    if _told(old.wire) != _told(new.wire):
        yield make(Rule.DESCRIPTION_CHANGED, "its description changed")
    if (old.wire.internal_only, old.wire.is_param) != (new.wire.internal_only, new.wire.is_param):
        yield make(Rule.HINT_CHANGED, "is marked in another way by the model's author")


def _made(method: str, called: str, rule: Rule, words: str, *values: str) -> Change:
    return Change(rule, method, called, words, values)


def _told(parameter: Parameter) -> tuple[str, dict[Scalar, str]]:
    """What is said of a parameter and of its choices."""
    return parameter.description, {
        choice.value: choice.description for choice in parameter.choices if choice.description
    }


# Leaving it out


def _absence(make: _Make, old: NamedParameter, new: NamedParameter) -> Iterator[Change]:
    if new.wire.required and not old.wire.required:
        yield make(Rule.BECAME_REQUIRED, "is required now")
    elif old.wire.required and not new.wire.required:
        yield make(Rule.BECAME_OPTIONAL, "can be left out now; it is {} then", _meaning(new))
    elif not old.wire.required:
        yield from _default(make, old, new)


def _default(make: _Make, old: NamedParameter, new: NamedParameter) -> Iterator[Change]:
    before, after = _absent(old), _absent(new)
    if before and before != after:
        yield make(Rule.ABSENCE_REFUSED, "does not take {} any more", before)
    elif after != before:
        yield make(Rule.ABSENCE_TAKEN, "takes {} as well", after)
    if _meaning(old) != _meaning(new):
        words = "left out, it is {} now, not {}"
        yield make(Rule.DEFAULT_CHANGED, words, _meaning(new), _meaning(old))
    elif old.wire.default_text != new.wire.default_text:
        yield make(Rule.HINT_CHANGED, "its default is written in another way")


def _absent(parameter: NamedParameter) -> str:
    """What a caller may write for leaving it out."""
    absent = str(build.build_parameter(parameter).absent)
    return "SERVER_DEFAULT" if absent == "Default" else absent


def _meaning(parameter: NamedParameter) -> str:
    """What leaving a parameter out means, as an expression or in the words of its author."""
    match parameter.wire.default:
        case NoDefault():
            return ""
        case NullDefault():
            return "None"
        case KnownDefault(value):
            return str(types.format_value(value, parameter.shape))
        case its:
            return " ".join(escape_invisible(its.text).split()) or "SERVER_DEFAULT"


# What may be given


def _choices(make: _Make, old: NamedParameter, new: NamedParameter) -> Iterator[Change]:
    before, after = old.wire.choices, new.wire.choices
    if before and not after:
        kind = str(types.format_annotation(new.shape, types.Use.PARAM))
        yield make(Rule.CHOICES_WIDENED, "takes any {} now", kind)
    elif after and not before:
        yield make(Rule.CHOICES_NARROWED, "takes nothing but {} now", _listed(after))
    else:
        lost, won = _without(before, after), _without(after, before)
        if lost:
            yield make(Rule.CHOICES_NARROWED, "does not take {} any more", _listed(lost))
        if won:
            yield make(Rule.CHOICES_WIDENED, "takes {} as well", _listed(won))
        ids = [choice.id for choice in before], [choice.id for choice in after]
        if not lost and not won and ids[0] != ids[1]:
            yield make(Rule.ORDER_CHANGED, "its choices are listed in another way")


def _without(choices: Sequence[Choice], others: Sequence[Choice]) -> list[Choice]:
    values = {(type(choice.value), choice.value) for choice in others}
    return [choice for choice in choices if (type(choice.value), choice.value) not in values]


def _listed(choices: Sequence[Choice]) -> str:
    shown = ", ".join(str(literal(choice.value)) for choice in choices[:_SHOWN])
    more = len(choices) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _limits(make: _Make, old: Range | None, new: Range | None, shape: Shape) -> Iterator[Change]:
    nothing = (None, None)
    before = nothing if old is None else old.enforced
    after = nothing if new is None else new.enforced
    for was, now, sign, (narrower, wider, none) in zip(before, after, (1, -1), _SIDES, strict=True):
        if now is None and was is not None:
            yield make(Rule.LIMITS_WIDENED, none)
        elif now is not None and was != now:
            narrowed = was is None or now * sign > was * sign
            rule, words = (
                (Rule.LIMITS_NARROWED, narrower) if narrowed else (Rule.LIMITS_WIDENED, wider)
            )
            yield make(rule, words, str(types.range_bound(now, shape.kind)))
    if old != new and before == after:
        yield make(Rule.HINT_CHANGED, "its range is described in another way")
