"""The codec of JSON with a Python type of the user's.

This is the light half of typed JSON, loaded with every generated package. `json_types`, the other
half, imports the user's types, so it is loaded when the first value is encoded or decoded.
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
    """Return the codec of JSON that is a Python type.

    Args:
        text: The type, in the grammar of `type_expression`: `list[app.types:ChatMessage]`.
    """

    @cache
    def load() -> JsonType:
        from .json_types import load_json_type

        return load_json_type(text)

    def encode(value: Any, out: Buffers) -> int:
        try:
            content = load().to_json(value)
        except RecursionError:
            raise CodecError("is nested too deeply, or contains itself") from None
        return JSON.encode(content, out)

    def decode(data: Data, payloads: LargePayloads) -> Any:
        return load().from_json(JSON.decode(data, payloads))

    return Codec(JSON.label, encode, decode)
