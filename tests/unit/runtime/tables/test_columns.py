"""Types of columns: for every result of the corpus, the schema known before is that of the results, both ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clarigen import Box, Frame, Image, Keypoint, Point, Region, Text, ToolResult, wire
from clarigen._tables.describe import describe_codec
from clarigen._tables.types import ColumnType
from clarigen._wire.codec import CodecError
from clarigen.examples import IMAGE
from clarigen.testing._sample_values import Sampler
from gen_client.call.describe import describe_method
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import Code
from gen_client.interface.model import MethodKind
from gen_client.interface.read import read_model
from gen_client.plan.named import name_interface
from gen_client.source.file import SignatureFile
from support import CORPUS

FILES = [
    path
    for folder in ("docs", "kitchen_sink", "real")
    for path in sorted((CORPUS / folder).glob("*.json"))
]


def codecs_of(path: Path) -> Iterator[wire.Codec[Any]]:
    """Yield the codec of each value of a model's unary methods."""
    document = SignatureFile(str(path), Report()).fetch()
    try:
        interface = name_interface(read_model(document, Report()), Code("model"), Report())
    except Refusal:  # of a model without methods
        return
    for method in interface.methods:
        if method.wire.kind is MethodKind.UNARY:
            description = describe_method(method).wire
            yield from (field.codec for field in description.fields)
            yield description.returns


def make_sample(codec: wire.Codec[Any], sampler: Sampler) -> Any:
    match codec.kind:
        case "LIST":
            return [make_sample(codec.parts[0], sampler) for _ in range(2)]
        case "TUPLE":
            return tuple(make_sample(part, sampler) for part in codec.parts)
        case "NAMED_FIELDS":
            assert codec.cls is not None
            return codec.cls(**{name: make_sample(part, sampler) for name, part in codec.parts})
        case "NDARRAY":
            return np.asarray(sampler.make_value({"type": "NDARRAY"}), np.float32)
        case kind:
            value = sampler.make_value({"type": kind})
            return str(value) if kind == "STR" else value


def through_a_file(column: ColumnType, values: list[Any]) -> list[Any]:
    """Return values that were written to a Parquet file and read again."""
    type_ = column.make_arrow_type()
    array = pa.array([None if v is None else column.to_plain(v) for v in values], type_)
    assert array.type == type_
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"value": array}), sink)
    table = pq.read_table(pa.BufferReader(sink.getvalue()))
    assert table.schema.field("value").type == type_
    return [None if v is None else column.from_plain(v) for v in table["value"].to_pylist()]


def comparable(value: Any) -> Any:
    """Return a value whose equality is that of its content."""
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.tolist())
    if isinstance(value, list):
        return list(map(comparable, value))
    if isinstance(value, tuple):
        return tuple(map(comparable, value))
    if hasattr(value, "__dataclass_fields__") and not hasattr(value, "extra"):
        return [comparable(getattr(value, name)) for name in value.__dataclass_fields__]
    return value.text if isinstance(value, Text) else value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_value_of_the_corpus_passes_through_a_table(path: Path) -> None:
    sampler = Sampler(path.stem, lambda _, __: None)
    for codec in codecs_of(path):
        values = [None, make_sample(codec, sampler), make_sample(codec, sampler)]
        back = through_a_file(describe_codec(codec), values)
        assert comparable(back) == comparable(values)


def test_all_that_the_platform_says_of_a_frame_is_kept() -> None:
    region = Region(
        box=Box(0.0, 0.25, 0.5, 1.0),
        point=Point(0.5, 0.25),
        mask=IMAGE,
        text="stop",
        polygon=(Point(0.0, 1.0), Keypoint(0.5, 1.0, visibility=2)),
        keypoints=(Keypoint(0.25, 0.5),),
        metadata={"a": [1.5, None]},
    )
    frames = [Frame(image=Image(url="https://x.example/1.png"), regions=(region,), index=3)]
    assert through_a_file(describe_codec(wire.FRAME), frames) == frames


def test_json_is_text_that_utf_8_can_encode() -> None:
    values = [{"b": [1, "ü"], "a": "\ud800"}, []]
    column = describe_codec(wire.JSON)
    assert through_a_file(column, values) == values
    assert column.to_plain({"a": "ü"}) == '{"a":"ü"}'
    with pytest.raises(CodecError, match="must be JSON text"):
        column.from_plain("{")


@dataclass(frozen=True)
class Person:
    name: str


def test_json_of_a_type_of_ones_own_is_json_again() -> None:
    codec = wire.json_as("list[dict[str, int]]")
    assert describe_codec(codec).to_plain([{"a": 1}]) == '[{"a":1}]'


# Media and structs as arguments


@pytest.mark.parametrize(
    ("plain", "image"),
    [
        (b"\x89PNG", Image(bytes=b"\x89PNG")),
        ("https://x.example/a", Image(url="https://x.example/a")),
        ({"bytes": b"x", "path": "a.png"}, Image(bytes=b"x")),
        ({"bytes": None, "url": "https://x.example/a"}, Image(url="https://x.example/a")),
    ],
)
def test_an_image_is_binary_a_url_or_a_struct(plain: Any, image: Image) -> None:
    assert describe_codec(wire.IMAGE).from_plain(plain) == image


@pytest.mark.parametrize(
    ("codec", "plain", "problem"),
    [
        (wire.IMAGE, "a.png", "must be binary or a URL"),
        (wire.IMAGE, {"bytes": None, "path": "a.png"}, "must have `bytes` or `url`"),
        (wire.IMAGE, 7, "must be binary, a URL"),
        (wire.REGION, {"bax": 1}, "has no member 'bax'"),
        (wire.REGION, "x", "must be a struct"),
        (wire.NDARRAY, {"dtype": "object", "shape": [1], "data": b"x" * 8}, "must be lists of"),
        (wire.list_of(wire.IMAGE), ["https://x.example", "a.png"], "must be binary"),
    ],
)
def test_what_stands_for_no_argument_is_refused(
    codec: wire.Codec[Any], plain: Any, problem: str
) -> None:
    with pytest.raises(CodecError, match=problem):
        describe_codec(codec).from_plain(plain)


def test_a_record_that_lacks_a_member_says_which() -> None:
    codec = wire.record(Person, wire.field("name", wire.STR))
    with pytest.raises(CodecError, match="lacks name"):
        describe_codec(codec).from_plain({"name": None})


# Tools


class Leaf(TypedDict):
    kind: Literal["leaf"]
    size: NotRequired[int | None]


class Tree(TypedDict):
    leaf: Leaf
    children: list[Tree]
    tags: dict[str, str]
    value: int | str


def column_of(annotation: object) -> ColumnType:
    return describe_codec(wire.tool("t", returns=annotation).returns)


def test_objects_of_tools_are_structs_as_far_as_they_have_a_form() -> None:
    column = column_of(Tree)
    tree = {
        "leaf": {"kind": "leaf"},
        "children": [{"leaf": {"kind": "leaf", "size": 1}, "children": [], "tags": {}, "value": 1}],
        "tags": {"a": "b"},
        "value": "x",
    }
    assert column.make_arrow_type() == pa.struct(
        [
            ("leaf", pa.struct([("kind", pa.string()), ("size", pa.int64())])),
            ("children", pa.list_(pa.string())),
            ("tags", pa.string()),
            ("value", pa.string()),
        ]
    )
    plain = column.to_plain(tree)
    assert json.loads(plain["children"][0]) == tree["children"][0]  # type: ignore[index]
    assert (plain["tags"], plain["value"]) == ('{"a":"b"}', '"x"')
    assert column.from_plain(plain | {"value": "x"}) == tree


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, "x"),
        (list[float], [0.5]),
        (tuple[int, str], (1, "a")),
        (Literal[1, 2], 2),
        (list[int] | None, [3]),
        (dict[str, int], {"a": 1}),
        (ToolResult, ToolResult([{"type": "text", "text": "hi"}], {"a": 1})),
    ],
)
def test_values_of_tools_pass_through_a_table(annotation: object, value: Any) -> None:
    column = column_of(annotation)
    plain = column.to_plain(value)
    assert pa.array([plain], column.make_arrow_type()).to_pylist() == [plain]
    if annotation is ToolResult:
        assert plain["text"] == "hi"
    else:
        assert column.from_plain(plain) == value
