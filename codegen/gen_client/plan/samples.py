"""Example values: what the examples of a package send.

What lives here: an expression for a value of each type, valid for its parameter. Knows shapes and the
interface's nouns; knows nothing of pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from clarigen.wire import TypeText
from gen_client.escape import Code, form, joined, literal, tuple_of
from gen_client.interface.model import KnownDefault, Parameter, TypeKind
from gen_client.plan import types

_FILES: Final = {
    TypeKind.IMAGE: Code('Image.from_file("picture.jpg")'),
    TypeKind.AUDIO: Code('Audio.from_file("speech.wav")'),
    TypeKind.VIDEO: Code('Video.from_file("clip.mp4")'),
}
_MADE: Final = {
    TypeKind.IMAGE: Code("IMAGE"),
    TypeKind.AUDIO: Code("AUDIO"),
    TypeKind.VIDEO: Code("VIDEO"),
}
_PLAIN: Final = {
    TypeKind.STR: Code('"Hello"'),
    TypeKind.TEXT: Code('"Hello"'),
    TypeKind.BYTES: Code('b"data"'),
    TypeKind.BOOL: Code("True"),
    TypeKind.INT: Code("1"),
    TypeKind.FLOAT: Code("1.0"),
    TypeKind.NDARRAY: Code("[1.0, 2.0]"),
    TypeKind.JSON_DATA: Code('{"key": "value"}'),
    TypeKind.CONCEPT: Code('Concept("cat")'),
    TypeKind.REGION: Code("Region(box=Box(0.1, 0.1, 0.9, 0.9))"),
}
_OWN: Final = {
    "str": _PLAIN[TypeKind.STR],
    "int": _PLAIN[TypeKind.INT],
    "float": _PLAIN[TypeKind.FLOAT],
    "bool": _PLAIN[TypeKind.BOOL],
    "Any": _PLAIN[TypeKind.JSON_DATA],
}
_MESSAGES: Final = {
    "openai_transport": '{"messages": [{"role": "user", "content": "Hello"}]}',
    "openai_stream_transport": '{"messages": [{"role": "user", "content": "Hello"}], "stream": true}',
    "mcp_transport": '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}',
}
"""What the platform's own transport methods take: JSON text."""
_CHAT: Final = frozenset({"messages", "chat_history"})
_TURN: Final = Code('{"role": "user", "content": "Hello"}')


def sample_argument(method: str, parameter: Parameter, its: types.Shape, *, files: bool) -> Code:
    """A value for a parameter.

    Args:
        method: The method's name on the wire.
        parameter: The parameter.
        its: Its type.
        files: Whether media are read from the reader's files, or made on the spot.
    """
    if method in _MESSAGES and its.kind is TypeKind.STR:
        one = literal(_MESSAGES[method])
    elif parameter.choices:
        one = literal(parameter.choices[0].value)
    elif parameter.range is not None:
        one = _within(parameter.range.lowest, parameter.range.highest, its.kind)
    else:
        one = _value(its, files, parameter.name in _CHAT)
    return form("[{}]", one) if parameter.stream else one


def is_simple_option(parameter: Parameter) -> bool:
    """Whether an example shows this option: a simple one whose default is known."""
    default = parameter.default
    return isinstance(default, KnownDefault) and isinstance(default.value, str | int | float | bool)


def _within(lowest: float | None, highest: float | None, kind: TypeKind) -> Code:
    number = 1.0
    if lowest is not None:
        number = max(number, lowest)
    if highest is not None:
        number = min(number, highest)
    if kind is TypeKind.INT:
        return literal(
            -int(-number // 1) if lowest is not None and number == lowest else int(number // 1)
        )
    return literal(float(types.shortest(number)))


def _value(its: types.Shape, files: bool, chat: bool = False) -> Code:
    match its.kind:
        case TypeKind.LIST:
            return form("[{}]", _value(its.items[0], files, chat))
        case TypeKind.TUPLE:
            return tuple_of([_value(item, files) for item in its.items])
        case TypeKind.NAMED_FIELDS:
            assert its.record is not None
            fields = (form("{}={}", name, _value(inner, files)) for name, inner in its.fields)
            return form("{}({})", its.record, joined(", ", fields))
        case TypeKind.FRAME:
            return form("Frame(image={})", (_FILES if files else _MADE)[TypeKind.IMAGE])
        case _ if its.type.json_type is not None:
            return _refined(its.type.json_type, files)
        case TypeKind.JSON_DATA if chat:
            return _TURN
        case kind if kind in _FILES:
            return (_FILES if files else _MADE)[kind]
        case kind:
            return _PLAIN[kind]


def _refined(its: TypeText, files: bool) -> Code:
    """A value of a type of the user's; what only the reader can make is left to the reader."""
    if its.module:
        return Code("..." if files else "YOURS")
    if its.item is not None:
        item = _refined(its.item, files)
        return form("[{}]" if its.name == "list" else '{{"key": {}}}', item)
    return _OWN[its.name]


def sample_classes(shapes: Sequence[types.Shape]) -> Iterator[Code]:
    """The runtime's classes and the records that the samples of these types use."""
    for its in shapes:
        yield from types.runtime_classes(its)
        for record in its.records():
            assert record.record is not None
            yield record.record
