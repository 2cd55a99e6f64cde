"""Meanings of a default's text: each row of the platform's own table, and the spellings of old SDKs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client.interface import defaults
from gen_client.interface.model import (
    DataType,
    Default,
    KnownDefault,
    Member,
    NoDefault,
    NullDefault,
    ServerDefault,
    TypeKind,
)

KINDS = {kind: DataType(kind) for kind in TypeKind}
STR, INT, FLOAT, BOOL = (
    KINDS[kind] for kind in (TypeKind.STR, TypeKind.INT, TypeKind.FLOAT, TypeKind.BOOL)
)
BYTES, JSON, IMAGE = (KINDS[kind] for kind in (TypeKind.BYTES, TypeKind.JSON_DATA, TypeKind.IMAGE))


def list_of(item: DataType) -> DataType:
    return DataType(TypeKind.LIST, (item,))


def tuple_of(*items: DataType) -> DataType:
    return DataType(TypeKind.TUPLE, items)


def record(**members: DataType) -> DataType:
    return DataType(
        TypeKind.NAMED_FIELDS, members=tuple(Member(name, type) for name, type in members.items())
    )


def read_optional(type: DataType, text: str) -> Default:
    return defaults.read_default(type, False, text)


@pytest.mark.item(18, 19)
@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        # str: the text itself
        (STR, "abc", KnownDefault("abc")),
        (STR, "", ServerDefault("")),
        (STR, "null", NullDefault()),
        (STR, "5", KnownDefault("5")),
        (STR, "true", KnownDefault("true")),
        (STR, "None", KnownDefault("None")),
        (STR, "{}", KnownDefault("{}")),
        (STR, " padded ", KnownDefault(" padded ")),
        (STR, 'say "hi"', KnownDefault('say "hi"')),
        # str of SDKs before June 2025: a JSON string
        (STR, '"low"', KnownDefault("low")),
        (STR, '""', KnownDefault("")),
        (STR, '"null"', KnownDefault("null")),
        (STR, '"a" and "b"', KnownDefault('"a" and "b"')),
        (STR, '"', KnownDefault('"')),
        (STR, r'"\ud800"', KnownDefault(r'"\ud800"')),
        # bool
        (BOOL, "true", KnownDefault(True)),
        (BOOL, "false", KnownDefault(False)),
        (BOOL, "True", KnownDefault(True)),
        (BOOL, "False", KnownDefault(False)),
        (BOOL, "null", NullDefault()),
        (BOOL, "", NullDefault()),
        (BOOL, "1", ServerDefault("1")),
        (BOOL, '"true"', ServerDefault('"true"')),
        # int
        (INT, "3", KnownDefault(3)),
        (INT, "-5", KnownDefault(-5)),
        (INT, "5.0", KnownDefault(5)),
        (INT, "9223372036854775807", KnownDefault(2**63 - 1)),
        (INT, "-9223372036854775808", KnownDefault(-(2**63))),
        (INT, "9223372036854775808", ServerDefault("9223372036854775808")),
        (INT, "9" * 5000, ServerDefault("9" * 5000)),
        (INT, "0.7", ServerDefault("0.7")),
        (INT, "true", ServerDefault("true")),
        (INT, "abc", ServerDefault("abc")),
        (INT, "Infinity", ServerDefault("Infinity")),
        (INT, "NaN", ServerDefault("NaN")),
        (INT, "null", NullDefault()),
        (INT, "", NullDefault()),
        # float
        (FLOAT, "1.0", KnownDefault(1.0)),
        (FLOAT, "1e-07", KnownDefault(1e-07)),
        (FLOAT, "1", KnownDefault(1.0)),
        (FLOAT, "Infinity", KnownDefault(math.inf)),
        (FLOAT, "-Infinity", KnownDefault(-math.inf)),
        (FLOAT, "NaN", KnownDefault(math.nan)),
        (FLOAT, "1e999", ServerDefault("1e999")),
        (FLOAT, "9" * 400, ServerDefault("9" * 400)),
        (FLOAT, "true", ServerDefault("true")),
        (FLOAT, "null", NullDefault()),
        (FLOAT, "", NullDefault()),
        # bytes: the `repr` of Python
        (BYTES, "b''", KnownDefault(b"")),
        (BYTES, "b'ab'", KnownDefault(b"ab")),
        (BYTES, 'b"it\'s"', KnownDefault(b"it's")),
        (BYTES, r"b'\x00\xff\n\\'", KnownDefault(b"\x00\xff\n\\")),
        (BYTES, "null", NullDefault()),
        (BYTES, "", NullDefault()),
        (BYTES, "ab", ServerDefault("ab")),
        (BYTES, "b'a' + b'b'", ServerDefault("b'a' + b'b'")),
        (BYTES, "rb'a'", ServerDefault("rb'a'")),
        (BYTES, r"b'\d'", ServerDefault(r"b'\d'")),
        (BYTES, "b'é'", ServerDefault("b'é'")),
        # JSON
        (JSON, "{}", KnownDefault({})),
        (JSON, "[]", KnownDefault([])),
        (JSON, '{"k": [1, 2.5, null, true, "x"]}', KnownDefault({"k": [1, 2.5, None, True, "x"]})),
        (JSON, "null", NullDefault()),
        (JSON, "", NullDefault()),
        (JSON, "5", ServerDefault("5")),
        (JSON, '"x"', ServerDefault('"x"')),
        (JSON, "[NaN]", ServerDefault("[NaN]")),
        (JSON, '{"a": -Infinity}', ServerDefault('{"a": -Infinity}')),
        (JSON, '{"a": 1, "a": 2}', ServerDefault('{"a": 1, "a": 2}')),
        (JSON, r'["\ud800"]', ServerDefault(r'["\ud800"]')),
        (JSON, r'{"\ud800": 1}', ServerDefault(r'{"\ud800": 1}')),
        (JSON, "[9007199254740993]", ServerDefault("[9007199254740993]")),
        (JSON, '{"_list": [1]}', ServerDefault('{"_list": [1]}')),
        (JSON, "{bad", ServerDefault("{bad")),
        (JSON, "{'a': 1}", ServerDefault("{'a': 1}")),
        # containers
        (list_of(STR), "[]", KnownDefault([])),
        (list_of(STR), '["x", "y"]', KnownDefault(["x", "y"])),
        (list_of(STR), "[1]", ServerDefault("[1]")),
        (list_of(STR), "[null]", ServerDefault("[null]")),
        (list_of(STR), r'["\ud800"]', ServerDefault(r'["\ud800"]')),
        (list_of(STR), "['x']", ServerDefault("['x']")),
        (list_of(STR), "{}", ServerDefault("{}")),
        (list_of(INT), "[1, 2.0]", KnownDefault([1, 2])),
        (list_of(INT), "[1.5]", ServerDefault("[1.5]")),
        (list_of(FLOAT), "[1, Infinity]", KnownDefault([1.0, math.inf])),
        (list_of(BOOL), "[true]", KnownDefault([True])),
        (list_of(BOOL), "[1]", ServerDefault("[1]")),
        (list_of(JSON), '[{}, [{"a": 1}]]', KnownDefault([{}, [{"a": 1}]])),
        (list_of(JSON), "[5]", ServerDefault("[5]")),
        (list_of(list_of(FLOAT)), "[[1.0], [2.0]]", KnownDefault([[1.0], [2.0]])),
        (list_of(IMAGE), "[]", KnownDefault([])),
        (list_of(IMAGE), '["x"]', ServerDefault('["x"]')),
        (list_of(BYTES), '["x"]', ServerDefault('["x"]')),
        (list_of(IMAGE), "null", NullDefault()),
        (list_of(IMAGE), "", NullDefault()),
        (tuple_of(INT, STR), '[1, "a"]', KnownDefault((1, "a"))),
        (tuple_of(INT, STR), "[1]", ServerDefault("[1]")),
        (tuple_of(INT, STR), '(1, "a")', ServerDefault('(1, "a")')),
        (tuple_of(INT, STR), "null", NullDefault()),
        (record(x=INT, y=STR), '{"y": "a", "x": 1}', KnownDefault({"x": 1, "y": "a"})),
        (record(x=INT), "{}", ServerDefault("{}")),
        (record(x=INT), '{"x": 1, "z": 2}', ServerDefault('{"x": 1, "z": 2}')),
        (record(x=INT), "null", NullDefault()),
    ],
)
def test_the_meaning_of_each_text(type: DataType, text: str, expected: Default) -> None:
    default = read_optional(type, text)
    assert default == expected
    if isinstance(default, KnownDefault) and isinstance(expected, KnownDefault):
        assert repr(default.value) == repr(expected.value)  # True is not 1, nor 1 1.0


@pytest.mark.parametrize(
    "kind",
    [
        *(TypeKind.NDARRAY, TypeKind.TEXT, TypeKind.IMAGE, TypeKind.AUDIO, TypeKind.VIDEO),
        *(TypeKind.CONCEPT, TypeKind.REGION, TypeKind.FRAME),
    ],
)
def test_media_and_arrays_have_no_readable_default_except_null(kind: TypeKind) -> None:
    assert read_optional(DataType(kind), "null") == NullDefault()
    assert read_optional(DataType(kind), "") == NullDefault()
    for text in ("[1. 2.]", "Text(text='tt', url=None)", "hello", "{}"):
        assert read_optional(DataType(kind), text) == ServerDefault(text)


@pytest.mark.parametrize("kind", TypeKind)
@pytest.mark.parametrize("text", ["", "null", "5", "abc"])
def test_a_required_parameter_has_no_default(kind: TypeKind, text: str) -> None:
    assert defaults.read_default(DataType(kind, (STR,)), True, text) == NoDefault()


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("type", [JSON, list_of(STR), INT, FLOAT, STR])
def test_deep_nesting_is_not_parsed(type: DataType, opening: str) -> None:
    text = opening * 100_000
    assert read_optional(type, text) == (KnownDefault(text) if type is STR else ServerDefault(text))


def test_brackets_in_strings_do_not_count_as_nesting() -> None:
    text = '["' + "[" * 1000 + r"\"" + "[" * 1000 + '"]'
    assert read_optional(JSON, text) == KnownDefault(["[" * 1000 + '"' + "[" * 1000])


def test_a_text_of_quotes_is_parsed_in_linear_time() -> None:
    text = '"' + '\\"' * 50_000
    assert read_optional(JSON, text) == ServerDefault(text)


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_the_repr_of_bytes_is_read(value: bytes) -> None:
    assert read_optional(BYTES, repr(value)) == KnownDefault(value)


@settings(deadline=None)
@given(st.sampled_from(TypeKind), st.text(max_size=30))
def test_any_text_has_a_meaning(kind: TypeKind, text: str) -> None:
    type = DataType(kind, (STR,) if kind in (TypeKind.LIST, TypeKind.TUPLE) else ())
    assert isinstance(read_optional(type, text), NullDefault | KnownDefault | ServerDefault)


@pytest.mark.parametrize(
    ("type", "expected"),
    [(INT, True), (JSON, True), (IMAGE, False), (list_of(STR), True), (list_of(IMAGE), False)],
)
def test_types_with_readable_defaults(type: DataType, expected: bool) -> None:
    assert defaults.is_readable(type) is expected


def test_a_list_is_not_a_scalar() -> None:
    with pytest.raises(ValueError, match="LIST"):
        defaults.parse_scalar(TypeKind.LIST, "[]")
