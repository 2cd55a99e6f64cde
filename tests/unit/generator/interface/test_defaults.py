"""What the text of a default means: each row of the platform's own table, and what old SDKs wrote."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gen_client.interface import defaults
from gen_client.interface.model import (
    DataType,
    Default,
    Kind,
    Known,
    Member,
    Null,
    Required,
    ServerOnly,
)

KINDS = {kind: DataType(kind) for kind in Kind}
STR, INT, FLOAT, BOOL = (KINDS[kind] for kind in (Kind.STR, Kind.INT, Kind.FLOAT, Kind.BOOL))
BYTES, JSON, IMAGE = (KINDS[kind] for kind in (Kind.BYTES, Kind.JSON_DATA, Kind.IMAGE))


def list_of(item: DataType) -> DataType:
    return DataType(Kind.LIST, (item,))


def tuple_of(*items: DataType) -> DataType:
    return DataType(Kind.TUPLE, items)


def record(**members: DataType) -> DataType:
    return DataType(
        Kind.NAMED_FIELDS, members=tuple(Member(name, type) for name, type in members.items())
    )


def of(type: DataType, text: str) -> Default:
    return defaults.read(type, False, text)


@pytest.mark.item(18, 19)
@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        # str: the text itself
        (STR, "abc", Known("abc")),
        (STR, "", Known("")),
        (STR, "null", Null()),
        (STR, "5", Known("5")),
        (STR, "true", Known("true")),
        (STR, "None", Known("None")),
        (STR, "{}", Known("{}")),
        (STR, " padded ", Known(" padded ")),
        (STR, 'say "hi"', Known('say "hi"')),
        # str of SDKs before June 2025: a JSON string
        (STR, '"low"', Known("low")),
        (STR, '""', Known("")),
        (STR, '"null"', Known("null")),
        (STR, '"a" and "b"', Known('"a" and "b"')),
        (STR, '"', Known('"')),
        (STR, r'"\ud800"', Known(r'"\ud800"')),
        # bool
        (BOOL, "true", Known(True)),
        (BOOL, "false", Known(False)),
        (BOOL, "True", Known(True)),
        (BOOL, "False", Known(False)),
        (BOOL, "null", Null()),
        (BOOL, "", Null()),
        (BOOL, "1", ServerOnly("1")),
        (BOOL, '"true"', ServerOnly('"true"')),
        # int
        (INT, "3", Known(3)),
        (INT, "-5", Known(-5)),
        (INT, "5.0", Known(5)),
        (INT, "9223372036854775807", Known(2**63 - 1)),
        (INT, "-9223372036854775808", Known(-(2**63))),
        (INT, "9223372036854775808", ServerOnly("9223372036854775808")),
        (INT, "9" * 5000, ServerOnly("9" * 5000)),
        (INT, "0.7", ServerOnly("0.7")),
        (INT, "true", ServerOnly("true")),
        (INT, "abc", ServerOnly("abc")),
        (INT, "Infinity", ServerOnly("Infinity")),
        (INT, "NaN", ServerOnly("NaN")),
        (INT, "null", Null()),
        (INT, "", Null()),
        # float
        (FLOAT, "1.0", Known(1.0)),
        (FLOAT, "1e-07", Known(1e-07)),
        (FLOAT, "1", Known(1.0)),
        (FLOAT, "Infinity", Known(math.inf)),
        (FLOAT, "-Infinity", Known(-math.inf)),
        (FLOAT, "NaN", Known(math.nan)),
        (FLOAT, "1e999", ServerOnly("1e999")),
        (FLOAT, "9" * 400, ServerOnly("9" * 400)),
        (FLOAT, "true", ServerOnly("true")),
        (FLOAT, "null", Null()),
        (FLOAT, "", Null()),
        # bytes: what Python shows
        (BYTES, "b''", Known(b"")),
        (BYTES, "b'ab'", Known(b"ab")),
        (BYTES, 'b"it\'s"', Known(b"it's")),
        (BYTES, r"b'\x00\xff\n\\'", Known(b"\x00\xff\n\\")),
        (BYTES, "null", Null()),
        (BYTES, "", Null()),
        (BYTES, "ab", ServerOnly("ab")),
        (BYTES, "b'a' + b'b'", ServerOnly("b'a' + b'b'")),
        (BYTES, "rb'a'", ServerOnly("rb'a'")),
        (BYTES, r"b'\d'", ServerOnly(r"b'\d'")),
        (BYTES, "b'é'", ServerOnly("b'é'")),
        # JSON
        (JSON, "{}", Known({})),
        (JSON, "[]", Known([])),
        (JSON, '{"k": [1, 2.5, null, true, "x"]}', Known({"k": [1, 2.5, None, True, "x"]})),
        (JSON, "null", Null()),
        (JSON, "", Null()),
        (JSON, "5", ServerOnly("5")),
        (JSON, '"x"', ServerOnly('"x"')),
        (JSON, "[NaN]", ServerOnly("[NaN]")),
        (JSON, '{"a": -Infinity}', ServerOnly('{"a": -Infinity}')),
        (JSON, '{"a": 1, "a": 2}', ServerOnly('{"a": 1, "a": 2}')),
        (JSON, r'["\ud800"]', ServerOnly(r'["\ud800"]')),
        (JSON, r'{"\ud800": 1}', ServerOnly(r'{"\ud800": 1}')),
        (JSON, "[9007199254740993]", ServerOnly("[9007199254740993]")),
        (JSON, '{"_list": [1]}', ServerOnly('{"_list": [1]}')),
        (JSON, "{bad", ServerOnly("{bad")),
        (JSON, "{'a': 1}", ServerOnly("{'a': 1}")),
        # containers
        (list_of(STR), "[]", Known([])),
        (list_of(STR), '["x", "y"]', Known(["x", "y"])),
        (list_of(STR), "[1]", ServerOnly("[1]")),
        (list_of(STR), "[null]", ServerOnly("[null]")),
        (list_of(STR), r'["\ud800"]', ServerOnly(r'["\ud800"]')),
        (list_of(STR), "['x']", ServerOnly("['x']")),
        (list_of(STR), "{}", ServerOnly("{}")),
        (list_of(INT), "[1, 2.0]", Known([1, 2])),
        (list_of(INT), "[1.5]", ServerOnly("[1.5]")),
        (list_of(FLOAT), "[1, Infinity]", Known([1.0, math.inf])),
        (list_of(BOOL), "[true]", Known([True])),
        (list_of(BOOL), "[1]", ServerOnly("[1]")),
        (list_of(JSON), '[{}, [{"a": 1}]]', Known([{}, [{"a": 1}]])),
        (list_of(JSON), "[5]", ServerOnly("[5]")),
        (list_of(list_of(FLOAT)), "[[1.0], [2.0]]", Known([[1.0], [2.0]])),
        (list_of(IMAGE), "[]", Known([])),
        (list_of(IMAGE), '["x"]', ServerOnly('["x"]')),
        (list_of(BYTES), '["x"]', ServerOnly('["x"]')),
        (list_of(IMAGE), "null", Null()),
        (list_of(IMAGE), "", Null()),
        (tuple_of(INT, STR), '[1, "a"]', Known((1, "a"))),
        (tuple_of(INT, STR), "[1]", ServerOnly("[1]")),
        (tuple_of(INT, STR), '(1, "a")', ServerOnly('(1, "a")')),
        (tuple_of(INT, STR), "null", Null()),
        (record(x=INT, y=STR), '{"y": "a", "x": 1}', Known({"x": 1, "y": "a"})),
        (record(x=INT), "{}", ServerOnly("{}")),
        (record(x=INT), '{"x": 1, "z": 2}', ServerOnly('{"x": 1, "z": 2}')),
        (record(x=INT), "null", Null()),
    ],
)
def test_each_row(type: DataType, text: str, expected: Default) -> None:
    found = of(type, text)
    assert found == expected
    if isinstance(found, Known) and isinstance(expected, Known):
        assert repr(found.value) == repr(expected.value)  # True is not 1, nor 1 1.0


@pytest.mark.parametrize(
    "kind",
    [
        *(Kind.NDARRAY, Kind.TEXT, Kind.IMAGE, Kind.AUDIO, Kind.VIDEO),
        *(Kind.CONCEPT, Kind.REGION, Kind.FRAME),
    ],
)
def test_media_and_arrays_have_no_readable_default_but_none(kind: Kind) -> None:
    assert of(DataType(kind), "null") == Null()
    assert of(DataType(kind), "") == Null()
    for text in ("[1. 2.]", "Text(text='tt', url=None)", "hello", "{}"):
        assert of(DataType(kind), text) == ServerOnly(text)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("text", ["", "null", "5", "abc"])
def test_required_wins(kind: Kind, text: str) -> None:
    assert defaults.read(DataType(kind, (STR,)), True, text) == Required()


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("type", [JSON, list_of(STR), INT, FLOAT, STR])
def test_deep_nesting_is_not_parsed(type: DataType, opening: str) -> None:
    text = opening * 100_000
    assert of(type, text) == (Known(text) if type is STR else ServerOnly(text))


def test_brackets_in_strings_are_no_nesting() -> None:
    text = '["' + "[" * 1000 + r"\"" + "[" * 1000 + '"]'
    assert of(JSON, text) == Known(["[" * 1000 + '"' + "[" * 1000])


def test_a_text_of_quotes_takes_no_quadratic_time() -> None:
    text = '"' + '\\"' * 50_000
    assert of(JSON, text) == ServerOnly(text)


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_bytes_survive(value: bytes) -> None:
    assert of(BYTES, repr(value)) == Known(value)


@settings(deadline=None)
@given(st.sampled_from(Kind), st.text(max_size=30))
def test_any_text_has_a_meaning(kind: Kind, text: str) -> None:
    type = DataType(kind, (STR,) if kind in (Kind.LIST, Kind.TUPLE) else ())
    assert isinstance(of(type, text), Null | Known | ServerOnly)


@pytest.mark.parametrize(
    ("type", "expected"),
    [(INT, True), (JSON, True), (IMAGE, False), (list_of(STR), True), (list_of(IMAGE), False)],
)
def test_which_types_have_readable_defaults(type: DataType, expected: bool) -> None:
    assert defaults.literal(type) is expected


def test_a_scalar_of_no_scalar_type() -> None:
    with pytest.raises(ValueError, match="LIST"):
        defaults.scalar(Kind.LIST, "[]")
