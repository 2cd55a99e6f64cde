"""Lenient access to a signature as it came: a mapping in the JSON form of protobuf messages.

What lives here: `Raw`. Keys may be in snake_case or camelCase, absent or null where the value is
zero; unknown ones are not looked at. A value of the wrong type is refused with its place. Knows
nothing of what the fields mean.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Final

from clarigen import wire
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE
from gen_client.json_text import is_array, is_encodable, is_object

_JSON_NAMES: Final[tuple[tuple[type, str], ...]] = (
    (type(None), "null"),
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
    (str, "text"),
    (Mapping, "an object"),
    (Sequence, "an array"),
)


class RawMessage:
    """One object of a signature.

    Attributes:
        where: Its place, for messages: `detect.threshold`.
    """

    __slots__ = ("_content", "where")

    def __init__(self, content: object, where: str) -> None:
        if not is_object(content):
            raise _refusal(where, "an object", content)
        self._content = content
        self.where = where

    def get_text(self, key: str, limit: int) -> str:
        """A text of at most `limit` characters; empty if absent."""
        value = self._get(key)
        if value is None:
            return ""
        place = f"{self.where}.{key}"
        if not isinstance(value, str):
            raise _refusal(place, "text", value)
        if len(value) > limit:
            raise Refusal(
                f"it has {len(value)} characters; at most {limit} are taken",
                location=place,
                exit_code=UNUSABLE,
            )
        if not is_encodable(value):
            raise Refusal(
                "it has a lone surrogate, which no text on the wire has",
                location=place,
                exit_code=UNUSABLE,
            )
        return value

    def get_flag(self, key: str) -> bool:
        """A boolean; False if absent."""
        value = self._get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise _refusal(f"{self.where}.{key}", "a boolean", value)

    def get_enum(self, key: str, names: Sequence[str]) -> str:
        """The name of an enum's value, which may stand as its number: its place in `names`.

        Absent is the first name; an unknown one is given back in words.
        """
        value = self._get(key)
        if value is None:
            return names[0]
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refusal(f"{self.where}.{key}", "a name", value)
        return names[value] if 0 <= value < len(names) else f"number {value}"

    def get_float(self, key: str) -> float:
        """A 32-bit float, as the shortest number that stands for it; 0.0 if absent or not finite."""
        value = self._get(key)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise _refusal(f"{self.where}.{key}", "a number", value) from None
        if value is None:
            return 0.0
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refusal(f"{self.where}.{key}", "a number", value)
        try:
            return _shortest(float(value))
        except OverflowError:
            return 0.0

    def get_message(self, key: str) -> RawMessage | None:
        """An object; None if absent."""
        value = self._get(key)
        return None if value is None else RawMessage(value, f"{self.where}.{key}")

    def get_messages(self, key: str, limit: int) -> list[RawMessage]:
        """An array of at most `limit` objects; empty if absent."""
        value = self._get(key)
        if value is None:
            return []
        place = f"{self.where}.{key}"
        if not is_array(value):
            raise _refusal(place, "an array", value)
        if len(value) > limit:
            raise Refusal(
                f"there are {len(value)}; at most {limit} are taken",
                location=place,
                exit_code=UNUSABLE,
            )
        return [RawMessage(item, f"{place}[{index}]") for index, item in enumerate(value)]

    def _get(self, key: str) -> object:
        camel = wire.camel_case(key)
        value, other = self._content.get(key), self._content.get(camel)
        if camel != key and value is not None and other is not None:
            raise Refusal(
                f"it is given twice, also as {camel}",
                location=f"{self.where}.{key}",
                exit_code=UNUSABLE,
            )
        return other if value is None else value


def _refusal(where: str, wanted: str, value: object) -> Refusal:
    given_type = type(value)
    words = (word for kind, word in _JSON_NAMES if issubclass(given_type, kind))
    given = next(words, f"a {given_type.__name__}")
    remedy = "in YAML, write it in quotes" if wanted == "text" and given != "an object" else ""
    return Refusal(
        f"expected {wanted}, not {given}", location=where, remedy=remedy, exit_code=UNUSABLE
    )


def _shortest(value: float) -> float:
    """The number of fewest digits that is the same 32-bit float; 0.0 if it is none."""
    if not math.isfinite(value):
        return 0.0
    single = struct.pack("<f", value)
    for digits in range(1, 9):
        candidate = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", candidate) == single:
                return candidate + 0.0  # -0.0 is 0.0
        except OverflowError:
            continue
    rounded: float = struct.unpack("<f", single)[0]
    return float(f"{rounded:.9g}") + 0.0
