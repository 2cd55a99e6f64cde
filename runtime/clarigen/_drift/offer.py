"""How the prompts and resources of an MCP model differ from those that a client was generated from.

One rule for `gen-client diff` and for `verify=True`. What is compared are the lists of the protocol, as in the lock under
`mcp`. Their texts are those of a stranger: they are values of a change, never part of its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from .._text import escape_unprintable, shorten
from .._wire.codec import is_instance

_MAX_LENGTH: Final = 120
"""Maximum length of a name in a message, in characters."""

_RESOURCE_LISTS: Final = (
    ("resources", "uri", "the resource"),
    ("resourceTemplates", "uriTemplate", "the template"),
)
"""The lists of resources: their keys, those of their entries' identities, and words for an entry."""


class OfferChange(NamedTuple):
    """One change.

    Attributes:
        rule: Its kind, in the words of `gen-client diff`.
        method: The method of the client that it concerns: `prompt` or `read_resource`.
        template: The message, with a gap (`{}`) for each value.
        values: Names that the server gives.
        is_breaking: Whether a call that worked may fail.
    """

    rule: str
    method: str
    template: str
    values: tuple[str, ...]
    is_breaking: bool = False


def describe_offer_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return what may break a caller, one line each.

    Args:
        before: What the client was generated from: `prompts`, `resources` and `resourceTemplates`.
        after: What the deployed model offers.
    """
    return [
        f"{change.method}: {change.template.format(*map(_show, change.values))}"
        for change in compare_offers(before, after)
        if change.is_breaking
    ]


def compare_offers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[OfferChange]:
    """Yield the changes of prompts, then those of resources and templates; see `describe_offer_differences`."""
    old, new = _by_identity(before, "prompts", "name"), _by_identity(after, "prompts", "name")
    yield from _compare_presence(old, new, "prompt", "the prompt")
    for name in [name for name in old if name in new]:
        yield from _compare_prompts(name, old[name], new[name])
    for key, identity, words in _RESOURCE_LISTS:
        old, new = _by_identity(before, key, identity), _by_identity(after, key, identity)
        yield from _compare_presence(old, new, "read_resource", words)
        for uri in [uri for uri in old if uri in new]:
            yield from _compare_resources(uri, old[uri], new[uri], words)


def _compare_presence(
    old: Mapping[str, object], new: Mapping[str, object], method: str, words: str
) -> Iterator[OfferChange]:
    """Yield the entries that are gone, and those that are new."""
    kind = "prompt" if method == "prompt" else "resource"
    for name in old:
        if name not in new:
            yield OfferChange(f"{kind}-removed", method, f"{words} {{}} was removed", (name,), True)
    for name in new:
        if name not in old:
            yield OfferChange(f"{kind}-added", method, f"{words} {{}} is new", (name,))


def _compare_prompts(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[OfferChange]:
    """Yield the changes of a prompt. Its arguments are always texts."""
    old, new = (_by_identity(prompt, "arguments", "name") for prompt in (before, after))
    for argument, entry in old.items():
        values = (name, argument)
        if argument not in new:
            template = "the argument {1} of the prompt {0} was removed"
            yield OfferChange("parameter-removed", "prompt", template, values, True)
        elif _is_required(new[argument]) and not _is_required(entry):
            template = "the argument {1} of the prompt {0} is required now"
            yield OfferChange("became-required", "prompt", template, values, True)
        elif _is_required(entry) and not _is_required(new[argument]):
            template = "the argument {1} of the prompt {0} can be left out now"
            yield OfferChange("became-optional", "prompt", template, values)
    for argument, entry in new.items():
        if argument not in old:
            values = (name, argument)
            if _is_required(entry):
                template = "the argument {1} of the prompt {0} is new and required"
                yield OfferChange("required-parameter-added", "prompt", template, values, True)
            else:
                template = "the argument {1} of the prompt {0} is new"
                yield OfferChange("optional-parameter-added", "prompt", template, values)
    if _texts(before) != _texts(after) or any(
        _texts(old[argument]) != _texts(new[argument]) for argument in old.keys() & new.keys()
    ):
        template = "the description of the prompt {} changed"
        yield OfferChange("description-changed", "prompt", template, (name,))


def _compare_resources(
    uri: str, before: Mapping[str, Any], after: Mapping[str, Any], words: str
) -> Iterator[OfferChange]:
    """Yield the changes of a resource or a template."""
    old, new = _text(before, "mimeType"), _text(after, "mimeType")
    if old != new:
        template = f"{words} {{}} has another MIME type: {{}} now, not {{}}"
        yield OfferChange("hint-changed", "read_resource", template, (uri, new, old))
    if (*_texts(before), _text(before, "name")) != (*_texts(after), _text(after, "name")):
        template = f"the description of {words.removeprefix('the ')} {{}} changed"
        yield OfferChange("description-changed", "read_resource", template, (uri,))


def _by_identity(holder: Mapping[str, Any], key: str, identity: str) -> dict[str, dict[str, Any]]:
    """Return the entries of a list by their identity, in the list's order; those without one are left out."""
    entries: Any = holder.get(key)
    if not is_instance(entries, list):
        return {}
    objects: list[Any] = [entry for entry in entries if is_instance(entry, dict)]
    return {entry[identity]: entry for entry in objects if isinstance(entry.get(identity), str)}


def _is_required(argument: Mapping[str, Any]) -> bool:
    return argument.get("required") is True


def _texts(entry: Mapping[str, Any]) -> tuple[str, str]:
    return _text(entry, "title"), _text(entry, "description")


def _text(entry: Mapping[str, Any], key: str) -> str:
    text = entry.get(key)
    return text if isinstance(text, str) else ""


def _show(value: str) -> str:
    """Return a name for a message: escaped, on one line, and shortened."""
    return shorten(escape_unprintable(repr(value)), _MAX_LENGTH)
