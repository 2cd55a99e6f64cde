"""How values are shown: only what differs from its default, and of files their size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any


class _Size:
    """Stands for bytes: its `repr` is their number."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __repr__(self) -> str:
        return f"<{len(self._content):,} bytes>"


def changed_attributes(value: Any) -> Iterator[tuple[str, object]]:
    """Yield the name and the value of each attribute of a dataclass that differs from its default."""
    for attribute in fields(value):
        factory = attribute.default_factory
        default = attribute.default if factory is MISSING else factory()
        content = getattr(value, attribute.name, default)
        if type(content) is not type(default) or content != default:
            yield attribute.name, _Size(content) if isinstance(content, bytes) else content
