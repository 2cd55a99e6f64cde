"""How values are shown: only what differs from its default, of files their size, and 32-bit floats as short as they are."""

from __future__ import annotations

import struct
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
            yield attribute.name, _Size(content) if isinstance(content, bytes) else shorten(content)


def format_named_tuple(value: Any) -> str:
    """Return the `repr` of a named tuple, with short floats."""
    pairs = zip(value._fields, value, strict=True)
    shown = ", ".join(f"{name}={shorten(content)!r}" for name, content in pairs)
    return f"{type(value).__name__}({shown})"


class _Float32(float):
    """A number that is a 32-bit float: its `repr` is the shortest that means this number with 32 bits."""

    def __repr__(self) -> str:
        for digits in range(1, 9):
            text = float(f"{float(self):.{digits}g}")
            if _round_to_float32(text) == self:
                return repr(text)
        return float.__repr__(self)


def _round_to_float32(number: float) -> float:
    try:
        (rounded,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        return number
    return float(rounded)


def shorten(value: Any) -> Any:
    """Return a value for `repr`: a number that has come as a 32-bit float is shown without the digits after it."""
    is_float, is_tuple = type(value) is float, type(value) is tuple
    if is_float and _round_to_float32(value) == value:
        return _Float32(value)
    return tuple(map(shorten, value)) if is_tuple else value
