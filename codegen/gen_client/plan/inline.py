"""The wire descriptions of inline methods: those of models without signatures.

Their values are fields of `Data`, each with the codec of its own. This module knows nothing of pages or templates.
"""

from __future__ import annotations

from typing import Final

from gen_client.escape import Code, format_code, format_literal, join_code
from gen_client.plan import types
from gen_client.plan.named import NamedMethod
from gen_client.plan.types import NamedField

WIRE_FUNCTION: Final = Code("wire.inline_unary")
"""The function that describes an inline method."""


def format_result_codec(method: NamedMethod) -> Code:
    """Format the codec of the result of an inline method: one field of `Data`, or a record of several."""
    shape, path = method.result, method.wire.result.path
    if path:
        return format_code("wire.output({}, {})", format_literal(path), types.format_codec(shape))
    assert shape.record is not None
    fields = map(_format_field, shape.fields)
    return format_code("wire.outputs({})", join_code(", ", (shape.record, *fields)))


def _format_field(field: NamedField) -> Code:
    name = field.wire.name
    parts = [format_literal(name), types.format_codec(field.shape)]
    if field.name != name:
        parts.append(format_code("name={}", format_literal(str(field.name))))
    return format_code("wire.field({})", join_code(", ", parts))
