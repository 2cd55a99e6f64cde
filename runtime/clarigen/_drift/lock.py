"""The lock of a generated package: the signatures that it was generated from.

The file is not trusted: somebody may have edited it, or left it out of a wheel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .._model_ref import ModelRef
from .._wire.codec import is_instance
from ..errors import ConfigError
from .interface import Method
from .signature import read_signatures

LOCK_NAME: Final = "signatures.json"


@dataclass(frozen=True, slots=True)
class Lock:
    """The model that a package was generated from.

    Attributes:
        reference: The model; None if the package names none.
        version_id: The version of the model; empty if unknown.
        methods: The signatures of the model's methods, by name.
        tools: The tools of an MCP model, as in `tools/list`; None for another model.
        offer: What else an MCP model offers: `prompts`, `resources` and `resourceTemplates`, as far as there are any.
    """

    reference: ModelRef | None
    version_id: str
    methods: Mapping[str, Method]
    tools: list[dict[str, Any]] | None = None
    offer: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict[str, Any])


def read_lock(package: str) -> Lock:
    """Read the lock of a package.

    Args:
        package: The package's full name; empty if the client's class belongs to no package.

    Raises:
        ConfigError: There is no lock, or it cannot be read.
    """
    import json
    from importlib.resources import files

    if not package:
        raise ConfigError(f"the client's class belongs to no package, so it has no {LOCK_NAME}")
    try:
        content = json.loads(files(package).joinpath(LOCK_NAME).read_bytes())
        model: dict[str, str] = content.get("model", {})
        ids = [model.get(key, "") for key in ModelRef._fields]
        return Lock(
            ModelRef(*ids) if all(ids) else None,
            model.get("version_id", ""),
            read_signatures(content["method_signatures"]),
            _read_tools(content),
            _read_offer(content),
        )
    except (OSError, ImportError):
        raise ConfigError(
            f"{package} has no {LOCK_NAME}: include it, as package data, in what you deploy"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ConfigError(
            f"{package}: its {LOCK_NAME} cannot be read: run gen-client again"
        ) from None


def _read_tools(content: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the tools in a lock; raise `TypeError` if they cannot be read."""
    return None if "mcp" not in content else _read_list(content["mcp"], "tools")


def _read_offer(content: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return what a lock has of an MCP model besides tools; raise `TypeError` if it cannot be read."""
    lists = {
        key: _read_list(content.get("mcp", {}), key)
        for key in ("prompts", "resources", "resourceTemplates")
    }
    return {key: entries for key, entries in lists.items() if entries}


def _read_list(mcp: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = mcp.get(key, [])
    if not is_instance(entries, list) or not all(is_instance(entry, dict) for entry in entries):
        raise TypeError("not an array of objects")
    return entries
