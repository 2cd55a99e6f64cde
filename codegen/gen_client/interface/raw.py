"""Lenient access to one JSON object of a signature.

`RawMessage` reads the JSON form of a protobuf message: keys in snake_case or camelCase, absent or null for zero values,
unknown keys ignored. A value of the wrong type is refused with its location. What a field means is not known here.
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
"""What messages call the types of JSON; the first that fits."""


class RawMessage:
    """One JSON object of a signature.

    Attributes:
        location: Where the object is, for messages: `detect.threshold`.
    """

    __slots__ = ("_content", "location")

    def __init__(self, content: object, location: str) -> None:
        """Wrap an object.

        Args:
            content: The parsed object.
            location: Where it is, for messages.

        Raises:
            Refusal: Exit 4: the content is not an object.
        """
        if not is_object(content):
            raise _refuse_type(location, "an object", content)
        self._content = content
        self.location = location

    def get_text(self, key: str, limit: int) -> str:
        """Return a text of at most `limit` characters; empty if absent."""
        value = self._get(key)
        if value is None:
            return ""
        location = f"{self.location}.{key}"
        if not isinstance(value, str):
            raise _refuse_type(location, "text", value)
        if len(value) > limit:
            raise Refusal(
                f"it has {len(value)} characters; the limit is {limit}",
                location=location,
                exit_code=UNUSABLE,
            )
        if not is_encodable(value):
            raise Refusal(
                "it has a lone surrogate, which no text on the wire has",
                location=location,
                exit_code=UNUSABLE,
            )
        return value

    def get_flag(self, key: str) -> bool:
        """Return a boolean; False if absent."""
        value = self._get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise _refuse_type(f"{self.location}.{key}", "a boolean", value)

    def get_enum(self, key: str, names: Sequence[str]) -> str:
        """Return the name of an enum's value.

        The value may be a name, which need not be in `names`, or a number.

        Args:
            key: The key.
            names: The names of the enum's values, by number.

        Returns:
            The name; the first one if the key is absent, `number N` for an unknown number.
        """
        value = self._get(key)
        if value is None:
            return names[0]
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refuse_type(f"{self.location}.{key}", "a name", value)
        return names[value] if 0 <= value < len(names) else f"number {value}"

    def get_float(self, key: str) -> float:
        """Return a 32-bit float as its shortest decimal; 0.0 if absent or not finite."""
        value = self._get(key)
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise _refuse_type(f"{self.location}.{key}", "a number", value) from None
        if value is None:
            return 0.0
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refuse_type(f"{self.location}.{key}", "a number", value)
        try:
            return _shortest_float32(float(value))
        except OverflowError:
            return 0.0

    def get_object(self, key: str) -> Mapping[object, object] | None:
        """Return an object whose keys are not those of a message; None if absent."""
        message = self.get_message(key)
        return None if message is None else message._content

    def get_objects(self, key: str, limit: int) -> list[Mapping[object, object]]:
        """Return an array of at most `limit` objects whose keys are not those of a message; empty if absent."""
        return [message._content for message in self.get_messages(key, limit)]

    def get_message(self, key: str) -> RawMessage | None:
        """Return an object; None if absent."""
        value = self._get(key)
        return None if value is None else RawMessage(value, f"{self.location}.{key}")

    def get_messages(self, key: str, limit: int) -> list[RawMessage]:
        """Return an array of at most `limit` objects; empty if absent."""
        value = self._get(key)
        if value is None:
            return []
        location = f"{self.location}.{key}"
        if not is_array(value):
            raise _refuse_type(location, "an array", value)
        if len(value) > limit:
            raise Refusal(
                f"there are {len(value)}; the limit is {limit}",
                location=location,
                exit_code=UNUSABLE,
            )
        return [RawMessage(item, f"{location}[{index}]") for index, item in enumerate(value)]

    def _get(self, key: str) -> object:
        """Return the value under a key in either spelling; None if absent."""
        camel = wire.to_camel_case(key)
        value, other = self._content.get(key), self._content.get(camel)
        if camel != key and value is not None and other is not None:
            raise Refusal(
                f"it is given twice, also as {camel}",
                location=f"{self.location}.{key}",
                exit_code=UNUSABLE,
            )
        return other if value is None else value


def _refuse_type(location: str, expected: str, value: object) -> Refusal:
    actual_type = type(value)
    matches = (name for type_, name in _JSON_NAMES if issubclass(actual_type, type_))
    actual = next(matches, f"a {actual_type.__name__}")
    remedy = "in YAML, write it in quotes" if expected == "text" and actual != "an object" else ""
    return Refusal(
        f"expected {expected}, not {actual}", location=location, remedy=remedy, exit_code=UNUSABLE
    )


def _shortest_float32(value: float) -> float:
    """Return the decimal of fewest digits for a 32-bit float: 0.9, not 0.8999999761581421.

    Returns:
        The decimal; 0.0 if the value is not finite.

    Raises:
        OverflowError: The value does not fit into 32 bits.
    """
    if not math.isfinite(value):
        return 0.0
    packed = struct.pack("<f", value)
    for digits in range(1, 9):
        candidate = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", candidate) == packed:
                return candidate + 0.0  # -0.0 becomes 0.0
        except OverflowError:
            continue
    rounded: float = struct.unpack("<f", packed)[0]
    return float(f"{rounded:.9g}") + 0.0
