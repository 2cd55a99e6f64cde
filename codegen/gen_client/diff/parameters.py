"""The comparison of what may be passed for a parameter, and of what leaving it out means.

That is: whether it is required, its default, choices, range and hints; `shapes` compares its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from gen_client.diff.changes import Change, Rule
from gen_client.escape import escape_invisible, format_literal
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

_CHOICES_LISTED: Final = 8
"""The number of choices that a change lists."""

_LIMIT_TEMPLATES: Final = (
    ("must be at least {} now", "may be as low as {} now", "has no lower limit any more"),
    ("must be at most {} now", "may be as high as {} now", "has no upper limit any more"),
)
"""For the lower and the upper limit: the messages if it is narrower, if it is wider, and if it is gone."""

_MakeChange = Callable[..., Change]
"""Makes a change of the parameter from a rule, a template and its values."""


def compare_parameter_details(
    method: str, old: NamedParameter, new: NamedParameter, *, has_same_values: bool
) -> Iterator[Change]:
    """Yield the changes of a parameter, except those of its name, position and type.

    Args:
        method: The method's name.
        old: The parameter that callers know.
        new: The parameter that there is now.
        has_same_values: Whether values of the old type are values of the new type; if not, choices and
            ranges are not compared.
    """
    make: _MakeChange = partial(_make_parameter_change, method, old.name)
    yield from _compare_absence(make, old, new)
    if has_same_values:
        yield from _compare_choices(make, old, new)
        yield from _compare_ranges(make, old.wire.range, new.wire.range, new.shape)
    if _descriptions(old.wire) != _descriptions(new.wire):
        yield make(Rule.DESCRIPTION_CHANGED, "its description changed")
    if (old.wire.internal_only, old.wire.is_param) != (new.wire.internal_only, new.wire.is_param):
        yield make(Rule.HINT_CHANGED, "is marked in another way by the model's author")


def _make_parameter_change(
    method: str, field: str, rule: Rule, template: str, *values: str
) -> Change:
    return Change(rule, method, field, template, values)


def _descriptions(parameter: Parameter) -> tuple[str, dict[Scalar, str]]:
    """Return the descriptions of a parameter and of its choices."""
    return parameter.description, {
        choice.value: choice.description for choice in parameter.choices if choice.description
    }


# Leaving it out


def _compare_absence(
    make: _MakeChange, old: NamedParameter, new: NamedParameter
) -> Iterator[Change]:
    if new.wire.required and not old.wire.required:
        yield make(Rule.BECAME_REQUIRED, "is required now")
    elif old.wire.required and not new.wire.required:
        yield make(
            Rule.BECAME_OPTIONAL, "can be left out now; it is {} then", _describe_default(new)
        )
    elif not old.wire.required:
        yield from _compare_defaults(make, old, new)


def _compare_defaults(
    make: _MakeChange, old: NamedParameter, new: NamedParameter
) -> Iterator[Change]:
    old_absent, new_absent = _absent_values(old), _absent_values(new)
    if refused := [value for value in old_absent if value not in new_absent]:
        yield make(Rule.ABSENCE_REFUSED, "does not take {} any more", " and ".join(refused))
    elif taken := [value for value in new_absent if value not in old_absent]:
        yield make(Rule.ABSENCE_TAKEN, "takes {} as well", " and ".join(taken))
    old_default, new_default = _describe_default(old), _describe_default(new)
    if old_default != new_default:
        template = "left out, it is {} now, not {}"
        yield make(Rule.DEFAULT_CHANGED, template, new_default, old_default)
    elif old.wire.default_text != new.wire.default_text:
        yield make(Rule.HINT_CHANGED, "its default is written in another way")


def _absent_values(parameter: NamedParameter) -> list[str]:
    """Return the extra values that a caller can pass to leave the parameter out."""
    absent = str(build.build_parameter(parameter).default_type).replace("Default", "SERVER_DEFAULT")
    return absent.split(" | ") if absent else []


def _describe_default(parameter: NamedParameter) -> str:
    """Return what leaving the parameter out means: an expression, or the text of the model's author."""
    match parameter.wire.default:
        case NoDefault():
            return ""
        case NullDefault():
            return "None"
        case KnownDefault(value):
            return str(types.format_value(value, parameter.shape))
        case server_default:
            text = " ".join(escape_invisible(server_default.text).split())
            return text or "SERVER_DEFAULT"


# Passing it


def _compare_choices(
    make: _MakeChange, old: NamedParameter, new: NamedParameter
) -> Iterator[Change]:
    before, after = old.wire.choices, new.wire.choices
    if before and not after:
        annotation = str(types.format_annotation(new.shape, types.Use.PARAM))
        yield make(Rule.CHOICES_WIDENED, "takes any {} now", annotation)
    elif after and not before:
        yield make(Rule.CHOICES_NARROWED, "takes nothing but {} now", _list_choices(after))
    else:
        removed, added = _choices_without(before, after), _choices_without(after, before)
        if removed:
            yield make(Rule.CHOICES_NARROWED, "does not take {} any more", _list_choices(removed))
        if added:
            yield make(Rule.CHOICES_WIDENED, "takes {} as well", _list_choices(added))
        old_ids, new_ids = ([choice.id for choice in choices] for choices in (before, after))
        if not removed and not added and old_ids != new_ids:
            yield make(Rule.ORDER_CHANGED, "its choices are listed in another way")


def _choices_without(choices: Sequence[Choice], others: Sequence[Choice]) -> list[Choice]:
    values = {(type(choice.value), choice.value) for choice in others}
    return [choice for choice in choices if (type(choice.value), choice.value) not in values]


def _list_choices(choices: Sequence[Choice]) -> str:
    text = ", ".join(str(format_literal(choice.value)) for choice in choices[:_CHOICES_LISTED])
    more = len(choices) - _CHOICES_LISTED
    return f"{text} and {more} more" if more > 0 else text


def _compare_ranges(
    make: _MakeChange, old: Range | None, new: Range | None, shape: Shape
) -> Iterator[Change]:
    old_limits = (None, None) if old is None else old.enforced
    new_limits = (None, None) if new is None else new.enforced
    rows = zip(old_limits, new_limits, (1, -1), _LIMIT_TEMPLATES, strict=True)
    for old_limit, new_limit, sign, (narrower, wider, removed) in rows:
        if new_limit is None and old_limit is not None:
            yield make(Rule.LIMITS_WIDENED, removed)
        elif new_limit is not None and old_limit != new_limit:
            is_narrower = old_limit is None or new_limit * sign > old_limit * sign
            rule = Rule.LIMITS_NARROWED if is_narrower else Rule.LIMITS_WIDENED
            limit = str(types.range_bound(new_limit, shape.kind))
            yield make(rule, narrower if is_narrower else wider, limit)
    if old != new and old_limits == new_limits:
        yield make(Rule.HINT_CHANGED, "its range is described in another way")
