"""The codec of JSON with a user-defined Python type.

Every generated package loads this module, so it is small. The conversion is in `json_types`, which
imports the user's types and is therefore loaded when the first value is encoded or decoded.
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
    """Return the codec that converts between JSON and a Python type.

    Args:
        text: The type expression, such as `list[app.types:ChatMessage]`; see `type_expression`.
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
