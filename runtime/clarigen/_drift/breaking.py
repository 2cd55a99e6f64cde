"""What breaks the callers of a package if they call the model that is deployed now: for `verify=True` and the warning.

What is compared is the lock, and what the model answers. The rules are those of `gen-client diff`, see `changes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from .._wire.json_rpc import TRANSPORT_METHOD
from .changes import Change, Impact
from .compare import compare_interfaces
from .interface import Method
from .lock import Lock
from .offer import compare_offers
from .tools import compare_tools

if TYPE_CHECKING:
    from .._wire.method import Method as CalledMethod
    from .offered import Offered

Breaks: TypeAlias = "dict[str, tuple[str, ...]]"
"""What breaks the callers of each method, in words; by the name on the wire, and only methods that break.

Requests for prompts and resources have the name of the method that carries them, and that of the client's method:
`mcp_transport.prompt`."""


def find_breaks(lock: Lock, methods: Mapping[str, Method], offered: Offered | None) -> Breaks:
    """Compare a lock with a deployed model.

    Args:
        lock: The lock.
        methods: The methods of the deployed model.
        offered: Its tools, prompts and resources; None if it was not asked for them.
    """
    changes = compare_interfaces(list(lock.methods.values()), list(methods.values()))
    names = {method.name: wire_name for wire_name, method in lock.methods.items()}
    breaks = _group(names, changes)
    if lock.tools is not None and offered is not None:
        tools = compare_tools(lock.tools, offered.tools)
        offers = list(compare_offers(lock.offer, offered.lists))
        breaks |= {name: _describe(own) for name, own in tools.items() if own}
        breaks |= _group({own.method: _name_request(own.method) for own in offers}, offers)
    return breaks


def select_breaks(breaks: Breaks, method: CalledMethod[Any]) -> tuple[str, ...]:
    """Return what breaks the callers of a method; nothing if it works as before."""
    is_request = method.wire_name == TRANSPORT_METHOD
    return breaks.get(_name_request(method.name) if is_request else method.wire_name, ())


def _name_request(method: str) -> str:
    return f"{TRANSPORT_METHOD}.{method}"


def _group(wire_names: Mapping[str, str], changes: Iterable[Change]) -> Breaks:
    """Return the breaking changes in words, by the method's name on the wire."""
    breaking: dict[str, list[Change]] = {}
    for change in changes:
        if change.impact is Impact.BREAKING:
            name = wire_names.get(change.method, change.method)
            breaking.setdefault(name, []).append(change)
    return {name: _describe(own) for name, own in breaking.items()}


def _describe(changes: Iterable[Change]) -> tuple[str, ...]:
    return tuple(change.describe() for change in changes)
