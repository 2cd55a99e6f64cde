"""Prompts and resources that change: one rule for `gen-client diff` and for clients."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final

import pytest

from clarigen._drift.breaking import find_breaks
from clarigen._drift.changes import Impact
from clarigen._drift.lock import Lock
from clarigen._drift.offer import compare_offers
from clarigen._drift.offered import Offered

OFFER: Final[dict[str, Any]] = {
    "prompts": [
        {
            "name": "review",
            "description": "Ask for a review.",
            "arguments": [{"name": "code", "required": True}, {"name": "language"}],
        }
    ],
    "resources": [{"uri": "config://app", "name": "config", "mimeType": "application/json"}],
    "resourceTemplates": [{"uriTemplate": "users://{id}", "name": "user"}],
}

CHANGES: Final[list[tuple[Any, list[str]]]] = [
    (lambda new: new.clear(), ["prompt-removed", "resource-removed", "resource-removed"]),
    (lambda new: new["prompts"].append({"name": "praise"}), ["prompt-added"]),
    (lambda new: new["prompts"][0].update(name="x"), ["prompt-removed", "prompt-added"]),
    (lambda new: arguments(new).pop(), ["parameter-removed"]),
    (lambda new: arguments(new)[1].update(required=True), ["became-required"]),
    (lambda new: arguments(new)[0].update(required=False), ["became-optional"]),
    (lambda new: arguments(new).append({"name": "style"}), ["optional-parameter-added"]),
    (
        lambda new: arguments(new).append({"name": "style", "required": True}),
        ["required-parameter-added"],
    ),
    (lambda new: arguments(new).reverse(), []),
    (lambda new: arguments(new)[0].update(description="Code."), ["description-changed"]),
    (lambda new: new["prompts"][0].update(title="Review"), ["description-changed"]),
    (lambda new: new["resources"].append({"uri": "a://b"}), ["resource-added"]),
    (lambda new: new["resources"][0].update(mimeType="text/plain"), ["hint-changed"]),
    (lambda new: new["resources"][0].update(name="settings"), ["description-changed"]),
    (lambda new: new["resourceTemplates"].clear(), ["resource-removed"]),
    (lambda new: None, []),
]


def describe_breaks(old: Any, new: Any) -> list[str]:
    """Return what breaks callers, line by line."""
    lock = Lock(None, "", {}, [], old)
    breaks = find_breaks(lock, {}, Offered([], new))
    assert breaks.keys() <= {"mcp_transport.prompt", "mcp_transport.read_resource"}
    return [line for lines in breaks.values() for line in lines]


def arguments(offer: dict[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = offer["prompts"][0]["arguments"]
    return entries


@pytest.mark.parametrize(("change", "rules"), CHANGES, ids=range(len(CHANGES)))
def test_changes(change: Any, rules: list[str]) -> None:
    new = deepcopy(OFFER)
    change(new)
    changes = list(compare_offers(OFFER, new))
    assert [entry.rule.value for entry in changes] == rules
    breaking = describe_breaks(OFFER, new)
    assert len(breaking) == sum(entry.impact is Impact.BREAKING for entry in changes)


def test_changes_of_prompts_have_the_order_of_the_list() -> None:
    names = tuple(f"prompt-{number}" for number in range(20))
    old, new = (
        {"prompts": [{"name": name, "description": text} for name in names]} for text in "ab"
    )
    assert [change.values for change in compare_offers(old, new)] == [(name,) for name in names]


def test_messages_show_names_without_control_characters() -> None:
    old = {"prompts": [{"name": "\x1b]0;\n" + "x" * 500}], "resources": [{"uri": "a://{0}{x}"}]}
    first, second = describe_breaks(old, {})
    assert first.startswith("prompt: the prompt `\\x1b]0;\\n")
    assert first.isprintable()
    assert len(first) < 300
    assert second == "read_resource: the resource `a://{0}{x}` was removed"


@pytest.mark.parametrize(
    "broken", [None, 1, [1], [{"name": 1}], [{}], [{"name": "a", "arguments": [None]}]]
)
def test_lists_that_cannot_be_read_are_empty(broken: Any) -> None:
    assert list(compare_offers({"prompts": broken}, {"prompts": broken})) == []
