"""The values that describe a change: its kind, its impact and its message.

`Rule` lists all kinds of changes with their impact on callers. It is the only place that says what *breaking* means:
`gen-client diff`, `verify=True` and the warning of a client whose model has changed all go by it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from .._text import escape_unprintable, shorten


class Impact(enum.Enum):
    """What a change means for callers of the generated code, the worst first."""

    BREAKING = "breaking"
    """Code that calls the model and was valid may be rejected, by a type checker, at run time, or by the model; or
    clients that were generated before exchange other values with it."""
    COMPATIBLE = "compatible"
    """Code that calls the model and was valid stays valid; the model may behave differently."""
    DOCUMENTATION = "documentation"
    """Only docstrings or the order of declarations differ."""


class Rule(enum.Enum):
    """The kinds of changes. The values are stable: scripts compare them."""

    METHOD_REMOVED = "method-removed"
    METHOD_RENAMED = "method-renamed"
    METHOD_KIND_CHANGED = "method-kind-changed"
    BATCH_REMOVED = "batch-removed"
    PARAMETER_REMOVED = "parameter-removed"
    PARAMETER_RENAMED = "parameter-renamed"
    REQUIRED_PARAMETER_ADDED = "required-parameter-added"
    BECAME_REQUIRED = "became-required"
    POSITION_CHANGED = "position-changed"
    TYPE_CHANGED = "type-changed"
    TYPE_RENAMED = "type-renamed"
    TYPE_REMOVED = "type-removed"
    CHOICES_NARROWED = "choices-narrowed"
    LIMITS_NARROWED = "limits-narrowed"
    ABSENCE_REFUSED = "absence-refused"
    RESULT_CHANGED = "result-changed"
    FIELD_REMOVED = "field-removed"
    FIELD_RENAMED = "field-renamed"
    REQUIRED_FIELD_ADDED = "required-field-added"
    FIELDS_REORDERED = "fields-reordered"
    PATH_CHANGED = "path-changed"
    ENCODING_CHANGED = "encoding-changed"
    PROMPT_REMOVED = "prompt-removed"
    RESOURCE_REMOVED = "resource-removed"

    METHOD_ADDED = "method-added"
    OPTIONAL_PARAMETER_ADDED = "optional-parameter-added"
    BECAME_OPTIONAL = "became-optional"
    TYPE_WIDENED = "type-widened"
    RESULT_NARROWED = "result-narrowed"
    CHOICES_WIDENED = "choices-widened"
    LIMITS_WIDENED = "limits-widened"
    ABSENCE_TAKEN = "absence-taken"
    DEFAULT_CHANGED = "default-changed"
    FIELD_ADDED = "field-added"
    PROMPT_ADDED = "prompt-added"
    RESOURCE_ADDED = "resource-added"

    DESCRIPTION_CHANGED = "description-changed"
    ORDER_CHANGED = "order-changed"
    HINT_CHANGED = "hint-changed"

    @property
    def impact(self) -> Impact:
        """The impact of changes of this kind on callers."""
        if self in _DOCUMENTATION:
            return Impact.DOCUMENTATION
        return Impact.COMPATIBLE if self in _COMPATIBLE else Impact.BREAKING


_MAX_LENGTH: Final = 200
"""Maximum length of a name or value in a message, in characters."""

_COMPATIBLE: Final = frozenset(
    {
        Rule.METHOD_ADDED,
        Rule.OPTIONAL_PARAMETER_ADDED,
        Rule.BECAME_OPTIONAL,
        Rule.TYPE_WIDENED,
        Rule.RESULT_NARROWED,
        Rule.CHOICES_WIDENED,
        Rule.LIMITS_WIDENED,
        Rule.ABSENCE_TAKEN,
        Rule.DEFAULT_CHANGED,
        Rule.FIELD_ADDED,
        Rule.PROMPT_ADDED,
        Rule.RESOURCE_ADDED,
    }
)
_DOCUMENTATION: Final = frozenset({Rule.DESCRIPTION_CHANGED, Rule.ORDER_CHANGED, Rule.HINT_CHANGED})


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        rule: Its kind.
        method: The method, by its name in Python; empty for the model as a whole.
        field: A parameter of the method, `return`, or a field inside one of them (`options.depth`); empty for the
            method itself.
        template: The message, with a gap (`{}`) for each value.
        values: Names, types and values, as Python writes them. They contain text of the model's author.
    """

    rule: Rule
    method: str
    field: str
    template: str
    values: tuple[str, ...] = ()

    @property
    def impact(self) -> Impact:
        """The impact on callers."""
        return self.rule.impact

    @property
    def location(self) -> str:
        """The method and the field: `predict.options.depth`."""
        return ".".join(part for part in (self.method, self.field) if part)

    def format_message(self, quote: Callable[[str], str]) -> str:
        """Return the message of the change.

        Args:
            quote: Quotes text of the model's author for the output format.
        """
        return self.template.format(*map(quote, self.values))

    def describe(self) -> str:
        """Return the change in one line, as `gen-client diff` prints it: where it is, and its message."""
        location = shorten(escape_unprintable(self.location), _MAX_LENGTH)
        message = self.format_message(_quote)
        return f"{location}: {message}" if location else message


def _quote(value: str) -> str:
    return f"`{shorten(escape_unprintable(value), _MAX_LENGTH)}`"


def match_renamed(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, str]:
    """Return the new names of what is equal apart from its name, by the old names.

    An old name is left out if more than one new name would match it, or if two old ones are equal.

    Args:
        before: The old names, each with everything else.
        after: The new ones.
    """
    removed = {name: before[name] for name in before if name not in after}
    added = {name: after[name] for name in after if name not in before}
    renamed: dict[str, str] = {}
    for name, declaration in removed.items():
        matches = [new_name for new_name, new in added.items() if new == declaration]
        if len(matches) == 1 and list(removed.values()).count(declaration) == 1:
            renamed[name] = matches[0]
    return renamed
