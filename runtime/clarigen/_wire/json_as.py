"""The codec of JSON that has been given a type of the user's.

What lives here: `json_as`, the way between the codec of JSON and the types. Nothing is imported or looked at before
the first value travels: a package that is generated with such types imports nothing of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from .codec import Codec, CodecError
from .json import JSON

if TYPE_CHECKING:
    from .._proto import Data
    from .json_types import JsonType
    from .large_payloads import LargePayloads
    from .protobuf_writer import Buffers


def json_as(text: str) -> Codec[Any]:
    """The codec of JSON of a type.

    Args:
        text: The type, in the words of `_type_text`: `list[app.types:ChatMessage]`.
    """

    @cache
    def shape() -> JsonType:
        from .json_types import json_type

        return json_type(text)

    def encode(value: Any, out: Buffers) -> int:
        try:
            given = shape().to_json(value)
        except RecursionError:
            raise CodecError("is nested too deeply, or contains itself") from None
        return JSON.encode(given, out)

    def decode(data: Data, payloads: LargePayloads) -> Any:
        return shape().from_json(JSON.decode(data, payloads))

    return Codec(JSON.label, encode, decode)
