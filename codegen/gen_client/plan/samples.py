"""Sample values: expressions that examples pass, each valid for its parameter.

This module knows nothing of pages or of how an example is laid out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from clarigen.wire import TypeText
from gen_client.escape import Code, format_code, format_literal, format_tuple, join_code
from gen_client.interface.model import KnownDefault, Range, TypeKind
from gen_client.plan import types
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Shape

_FILES: Final = {
    TypeKind.IMAGE: Code('Image.from_file("picture.jpg")'),
    TypeKind.AUDIO: Code('Audio.from_file("speech.wav")'),
    TypeKind.VIDEO: Code('Video.from_file("clip.mp4")'),
}
_CONSTANTS: Final = {
    TypeKind.IMAGE: Code("IMAGE"),
    TypeKind.AUDIO: Code("AUDIO"),
    TypeKind.VIDEO: Code("VIDEO"),
}
"""The sample media of `clarigen.examples`: an example that uses them runs without a file."""
_VALUES: Final = {
    TypeKind.STR: Code('"Hello"'),
    TypeKind.TEXT: Code('"Hello"'),
    TypeKind.BYTES: Code('b"data"'),
    TypeKind.BOOL: Code("True"),
    TypeKind.INT: Code("1"),
    TypeKind.FLOAT: Code("1.0"),
    TypeKind.NDARRAY: Code("[1.0, 2.0]"),
    TypeKind.JSON_DATA: Code('{"key": "value"}'),
    TypeKind.CONCEPT: Code('Concept("cat")'),
    TypeKind.EMBEDDING: Code("Embedding([0.1, 0.2])"),
    TypeKind.REGION: Code("Region(box=Box(0.1, 0.1, 0.9, 0.9))"),
}
_JSON_TYPE_VALUES: Final = {
    "str": _VALUES[TypeKind.STR],
    "int": _VALUES[TypeKind.INT],
    "float": _VALUES[TypeKind.FLOAT],
    "bool": _VALUES[TypeKind.BOOL],
    "Any": _VALUES[TypeKind.JSON_DATA],
}
_TRANSPORT_MESSAGES: Final = {
    "openai_transport": '{"messages": [{"role": "user", "content": "Hello"}]}',
    "openai_stream_transport": '{"messages": [{"role": "user", "content": "Hello"}], "stream": true}',
    "mcp_transport": '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}',
}
"""The JSON texts that the platform's own transport methods take."""
_CHAT_PARAMETERS: Final = frozenset({"messages", "chat_history"})
_CHAT_MESSAGE: Final = Code('{"role": "user", "content": "Hello"}')


def sample_argument(method: NamedMethod, parameter: NamedParameter, *, has_files: bool) -> Code:
    """Return a value for a parameter: its default if that is a value, else a sample.

    Args:
        method: The method.
        parameter: One of its parameters.
        has_files: Whether media are read from files of the reader; otherwise they are constants of `clarigen.examples`.
    """
    wire, shape = parameter.wire, parameter.shape
    if isinstance(wire.default, KnownDefault) and wire.default.value and not wire.is_stream:
        return types.format_value(wire.default.value, shape)
    if method.wire.name in _TRANSPORT_MESSAGES and shape.kind is TypeKind.STR:
        value = format_literal(_TRANSPORT_MESSAGES[method.wire.name])
    elif wire.choices:
        value = format_literal(wire.choices[0].value)
    elif wire.range is not None:
        value = _sample_in_range(wire.range, shape.kind)
    else:
        value = _sample_value(shape, has_files, is_chat=wire.name in _CHAT_PARAMETERS)
    return format_code("[{}]", value) if wire.is_stream else value


def is_simple_option(parameter: NamedParameter) -> bool:
    """Return whether examples pass an optional parameter: its default is a known scalar.

    A filter of a model type (`min_value`) that is off by default stays off.
    """
    default = parameter.wire.default
    if not isinstance(default, KnownDefault) or (parameter.wire.path and not default.value):
        return False
    return isinstance(default.value, str | int | float | bool)


def _sample_in_range(range_: Range, kind: TypeKind) -> Code:
    """Return the number in a range that is nearest to 1."""
    number, is_lowest = 1.0, False
    if range_.lowest is not None:
        number = max(number, range_.lowest)
    if range_.highest is not None:
        number = min(number, range_.highest)
    if range_.lowest is not None:
        is_lowest = number == range_.lowest
    if kind is TypeKind.INT:
        return format_literal(-int(-number // 1) if is_lowest else int(number // 1))
    return format_literal(float(number))


def _sample_value(shape: Shape, has_files: bool, *, is_chat: bool = False) -> Code:
    match shape.kind:
        case TypeKind.LIST:
            return format_code("[{}]", _sample_value(shape.items[0], has_files, is_chat=is_chat))
        case TypeKind.TUPLE:
            return format_tuple([_sample_value(item, has_files) for item in shape.items])
        case TypeKind.NAMED_FIELDS:
            assert shape.record is not None
            fields = (
                format_code("{}={}", field.name, _sample_value(field.shape, has_files))
                for field in shape.fields
            )
            return format_code("{}({})", shape.record, join_code(", ", fields))
        case TypeKind.FRAME:
            return format_code(
                "Frame(image={})", (_FILES if has_files else _CONSTANTS)[TypeKind.IMAGE]
            )
        case _ if shape.type.json_type is not None:
            return _sample_json_type(shape.type.json_type, has_files)
        case TypeKind.JSON_DATA if is_chat:
            return _CHAT_MESSAGE
        case kind if kind in _FILES:
            return (_FILES if has_files else _CONSTANTS)[kind]
        case kind:
            return _VALUES[kind]


def _sample_json_type(type_: TypeText, has_files: bool) -> Code:
    """Return a value for JSON that has a type of the user's; a placeholder if that is a class of the user's."""
    if type_.module:
        return Code("..." if has_files else "YOURS")
    if type_.item is not None:
        item = _sample_json_type(type_.item, has_files)
        return format_code("[{}]" if type_.name == "list" else '{{"key": {}}}', item)
    return _JSON_TYPE_VALUES[type_.name]


def sample_classes(shape: Shape) -> Iterator[Code]:
    """Yield the classes that samples of a type may need: the runtime's, and records."""
    yield from types.runtime_classes(shape)
    for name, _ in shape.iter_records():
        yield name
