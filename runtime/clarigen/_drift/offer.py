"""How the prompts and resources of an MCP model differ from those that a client was generated from.

One rule for `gen-client diff`, `verify=True` and the warning of a client. What is compared are the lists of the
protocol, as in the lock under `mcp`. Their texts are those of a stranger: they are values of a change, never part of its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from .._wire.codec import is_instance
from .changes import Change, Rule

_RESOURCE_LISTS: Final = (
    ("resources", "uri", "the resource"),
    ("resourceTemplates", "uriTemplate", "the template"),
)
"""The lists of resources: their keys, those of their entries' identities, and words for an entry."""


def compare_offers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Yield the changes of prompts, then those of resources and templates; the order is that of the lists.

    Args:
        before: What the client was generated from: `prompts`, `resources` and `resourceTemplates`.
        after: What the deployed model offers.
    """
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
) -> Iterator[Change]:
    """Yield the entries that are gone, and those that are new."""
    is_prompt = method == "prompt"
    removed = Rule.PROMPT_REMOVED if is_prompt else Rule.RESOURCE_REMOVED
    added = Rule.PROMPT_ADDED if is_prompt else Rule.RESOURCE_ADDED
    for name in old:
        if name not in new:
            yield Change(removed, method, "", f"{words} {{}} was removed", (name,))
    for name in new:
        if name not in old:
            yield Change(added, method, "", f"{words} {{}} is new", (name,))


def _compare_prompts(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    """Yield the changes of a prompt. Its arguments are always texts."""
    old, new = (_by_identity(prompt, "arguments", "name") for prompt in (before, after))
    for argument, entry in old.items():
        values = (name, argument)
        if argument not in new:
            template = "the argument {1} of the prompt {0} was removed"
            yield Change(Rule.PARAMETER_REMOVED, "prompt", "", template, values)
        elif _is_required(new[argument]) and not _is_required(entry):
            template = "the argument {1} of the prompt {0} is required now"
            yield Change(Rule.BECAME_REQUIRED, "prompt", "", template, values)
        elif _is_required(entry) and not _is_required(new[argument]):
            template = "the argument {1} of the prompt {0} can be left out now"
            yield Change(Rule.BECAME_OPTIONAL, "prompt", "", template, values)
    for argument, entry in new.items():
        if argument not in old:
            values = (name, argument)
            if _is_required(entry):
                template = "the argument {1} of the prompt {0} is new and required"
                yield Change(Rule.REQUIRED_PARAMETER_ADDED, "prompt", "", template, values)
            else:
                template = "the argument {1} of the prompt {0} is new"
                yield Change(Rule.OPTIONAL_PARAMETER_ADDED, "prompt", "", template, values)
    if _texts(before) != _texts(after) or any(
        _texts(old[argument]) != _texts(new[argument]) for argument in old.keys() & new.keys()
    ):
        template = "the description of the prompt {} changed"
        yield Change(Rule.DESCRIPTION_CHANGED, "prompt", "", template, (name,))


def _compare_resources(
    uri: str, before: Mapping[str, Any], after: Mapping[str, Any], words: str
) -> Iterator[Change]:
    """Yield the changes of a resource or a template."""
    old, new = _text(before, "mimeType"), _text(after, "mimeType")
    if old != new:
        template = f"{words} {{}} has another MIME type: {{}} now, not {{}}"
        yield Change(Rule.HINT_CHANGED, "read_resource", "", template, (uri, new, old))
    if (*_texts(before), _text(before, "name")) != (*_texts(after), _text(after, "name")):
        template = f"the description of {words.removeprefix('the ')} {{}} changed"
        yield Change(Rule.DESCRIPTION_CHANGED, "read_resource", "", template, (uri,))


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
