"""The codec of JSON that has been given a type of the user's.

What lives here: `json_as`, the way between the codec of JSON and the types. Nothing is imported or looked at before
the first value travels: a package that is generated with such types imports nothing of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from .codec import Codec, Misfit
from .json import JSON

if TYPE_CHECKING:
    from .._proto import Data
    from .json_types import Shape
    from .large_payloads import Views
    from .protobuf_writer import Pieces


def json_as(text: str) -> Codec[Any]:
    """The codec of JSON of a type.

    Args:
        text: The type, in the words of `_type_text`: `list[app.types:ChatMessage]`.
    """

    @cache
    def shape() -> Shape:
        from .json_types import shape_of

        return shape_of(text)

    def encode(value: Any, out: Pieces) -> int:
        try:
            given = shape().give(value)
        except RecursionError:
            raise Misfit("is nested too deeply, or contains itself") from None
        return JSON.encode(given, out)

    def decode(data: Data, views: Views) -> Any:
        return shape().take(JSON.decode(data, views))

    return Codec(JSON.label, encode, decode)
