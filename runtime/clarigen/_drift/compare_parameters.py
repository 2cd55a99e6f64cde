"""The comparison of what may be passed for a parameter, and of what leaving it out means.

That is: whether it is required, its default, choices, range and hints; `compare_types` compares its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from .changes import Change, Rule
from .interface import Choice, Parameter

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
    method: str, old: Parameter, new: Parameter, *, has_same_values: bool
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
        yield from _compare_limits(make, old, new)
    if _descriptions(old) != _descriptions(new):
        yield make(Rule.DESCRIPTION_CHANGED, "its description changed")
    if old.hints != new.hints:
        yield make(Rule.HINT_CHANGED, "is marked in another way by the model's author")


def _make_parameter_change(
    method: str, field: str, rule: Rule, template: str, *values: str
) -> Change:
    return Change(rule, method, field, template, values)


def _descriptions(parameter: Parameter) -> tuple[str, dict[object, str]]:
    """Return the descriptions of a parameter and of its choices."""
    return parameter.description, {
        choice.value: choice.description for choice in parameter.choices if choice.description
    }


# Leaving it out


def _compare_absence(make: _MakeChange, old: Parameter, new: Parameter) -> Iterator[Change]:
    if new.is_required and not old.is_required:
        yield make(Rule.BECAME_REQUIRED, "is required now")
    elif old.is_required and not new.is_required:
        yield make(Rule.BECAME_OPTIONAL, "can be left out now; it is {} then", new.default)
    elif not old.is_required:
        yield from _compare_defaults(make, old, new)


def _compare_defaults(make: _MakeChange, old: Parameter, new: Parameter) -> Iterator[Change]:
    if refused := [value for value in old.absent if value not in new.absent]:
        yield make(Rule.ABSENCE_REFUSED, "does not take {} any more", " and ".join(refused))
    elif taken := [value for value in new.absent if value not in old.absent]:
        yield make(Rule.ABSENCE_TAKEN, "takes {} as well", " and ".join(taken))
    if old.default != new.default:
        template = "left out, it is {} now, not {}"
        yield make(Rule.DEFAULT_CHANGED, template, new.default, old.default)
    elif old.default_text != new.default_text:
        yield make(Rule.HINT_CHANGED, "its default is written in another way")


# Passing it


def _compare_choices(make: _MakeChange, old: Parameter, new: Parameter) -> Iterator[Change]:
    before, after = old.choices, new.choices
    if before and not after:
        yield make(Rule.CHOICES_WIDENED, "takes any {} now", new.type.parameter)
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
    text = ", ".join(choice.code for choice in choices[:_CHOICES_LISTED])
    more = len(choices) - _CHOICES_LISTED
    return f"{text} and {more} more" if more > 0 else text


def _compare_limits(make: _MakeChange, old: Parameter, new: Parameter) -> Iterator[Change]:
    rows = zip(old.limits, new.limits, (1, -1), _LIMIT_TEMPLATES, strict=True)
    for old_limit, new_limit, sign, (narrower, wider, removed) in rows:
        if new_limit is None and old_limit is not None:
            yield make(Rule.LIMITS_WIDENED, removed)
        elif new_limit is not None and (old_limit is None or old_limit.number != new_limit.number):
            is_narrower = old_limit is None or new_limit.number * sign > old_limit.number * sign
            rule = Rule.LIMITS_NARROWED if is_narrower else Rule.LIMITS_WIDENED
            yield make(rule, narrower if is_narrower else wider, new_limit.code)
    if old.range != new.range and old.limits == new.limits:
        yield make(Rule.HINT_CHANGED, "its range is described in another way")
