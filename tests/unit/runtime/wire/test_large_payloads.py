"""Large payloads: a response without them, once they are put back, equals what protobuf parses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from clarigen import Frame, Image, Region, wire
from clarigen._calls.call import CallContext, call_chunk, call_stream, call_unary, encode_input
from clarigen._calls.response import Response
from clarigen._proto import Data, MultiOutputResponse, Output, ProtobufDecodeError, Status
from clarigen._wire.large_payloads import (
    MIN_PAYLOAD_BYTES,
    NO_PAYLOADS,
    PAYLOAD_FIELDS,
    extract_large_payloads,
)
from clarigen._wire.method import Streaming, Unary
from clarigen._wire.protobuf_writer import encode_len_field, encode_varint, len_tag
from unit.runtime.calls.test_call import ONCE

SMALL = 4
"""The size from which on a payload is large in these tests."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    lower_thresholds(monkeypatch)


def lower_thresholds(patch: pytest.MonkeyPatch) -> None:
    """Let payloads be large from a few bytes on, and the scan budget last for every field."""
    patch.setattr("clarigen._wire.large_payloads.MIN_PAYLOAD_BYTES", SMALL)
    patch.setattr("clarigen._wire.large_payloads.BYTES_PER_FIELD", 1)


# Random messages.


@st.composite
def fields(draw: st.DrawFn, fields_inside: Mapping[int, Any], depth: int = 8) -> bytes:
    """Return a message with fields that lead to payloads, some repeated, among other fields."""
    parts = draw(st.lists(NOISE, max_size=2))
    for number in draw(st.lists(st.sampled_from(sorted(fields_inside)), min_size=1, max_size=2)):
        inner = fields_inside[number]
        if inner and depth:
            content = draw(fields(inner, depth - 1))
        else:
            content = draw(st.binary(max_size=3 * SMALL))
        parts.append(encode_len_field(len_tag(number), content))
    return b"".join(draw(st.permutations(parts)))


def _number(field: int, value: int) -> bytes:
    return encode_varint(field << 3) + encode_varint(value)


NOISE = st.one_of(
    st.builds(_number, st.integers(1, 200), st.integers(0, 2**64 - 1)),
    st.builds(encode_len_field, st.integers(100, 200).map(len_tag), st.binary(max_size=12)),
    st.builds(lambda field: encode_varint(field << 3 | 5) + b"four", st.integers(100, 200)),
    st.builds(lambda field: encode_varint(field << 3 | 1) + b"eight by", st.integers(100, 200)),
)
"""Fields of other wire types, and unknown fields."""


def responses() -> st.SearchStrategy[bytes]:
    return fields(PAYLOAD_FIELDS)


def parse(response: bytes) -> MultiOutputResponse | None:
    try:
        return MultiOutputResponse.FromString(response)
    except ProtobufDecodeError:
        return None


def restore(message: Message, payloads: Mapping[bytes, memoryview]) -> None:
    """Replace the markers in a message by their payloads."""
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_BYTES:
            setattr(message, field.name, bytes(payloads.get(value, value)))
        elif field.message_type is not None and field.message_type.full_name.startswith("clarigen"):
            for each in [value] if isinstance(value, Message) else value:
                restore(each, payloads)


def check_content(response: bytes) -> int:
    """Check that a response keeps its content; return the number of extracted payloads."""
    rest, payloads = extract_large_payloads(response)
    whole, remaining = parse(response), parse(rest)
    assert (whole is None) == (remaining is None)
    if whole is not None and remaining is not None:
        restore(remaining, payloads)
        assert remaining.SerializeToString(deterministic=True) == whole.SerializeToString(
            deterministic=True
        )
    return len(payloads)


@settings(max_examples=300, deadline=None)
@given(responses())
def test_random_responses_keep_their_content(response: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lower_thresholds(patch)
        check_content(response)


@settings(max_examples=150, deadline=None)
@given(responses(), st.integers(0, 200), st.binary(max_size=3))
def test_broken_responses_keep_their_content(response: bytes, position: int, other: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        lower_thresholds(patch)
        check_content(response[:position] + other + response[position + len(other) :])
        check_content(response[:position])


@pytest.mark.usefixtures("small")
def test_the_last_of_two_fields_counts() -> None:
    payload = encode_len_field(len_tag(2), b"first one") + encode_len_field(len_tag(2), b"x")
    assert check_content(_around(encode_len_field(len_tag(1), payload))) == 1
    image = encode_len_field(
        len_tag(1), encode_len_field(len_tag(2), b"first one")
    ), encode_len_field(len_tag(1), encode_len_field(len_tag(2), b"second"))
    for pair in (image, image[::-1]):
        assert check_content(_around(b"".join(pair))) == 2
        assert check_content(_around(pair[0]) + _around(pair[1])) == 2


def _around(data: bytes) -> bytes:
    return encode_len_field(len_tag(2), encode_len_field(len_tag(6), data))


@pytest.mark.usefixtures("small")
def test_a_payload_ends_within_its_message() -> None:
    beyond = encode_len_field(len_tag(20), len_tag(1) + encode_varint(9) + b"four")
    assert check_content(_around(beyond + encode_len_field(len_tag(2), b"more than enough"))) == 0


@pytest.mark.usefixtures("small")
def test_unusual_responses_stay_whole() -> None:
    payload = encode_len_field(len_tag(23), b"a payload")
    assert check_content(_around(payload)) == 1
    group = encode_varint(150 << 3 | 3) + encode_varint(150 << 3 | 4)
    assert check_content(_around(payload + group)) == 0
    assert (
        check_content(_around(payload + len_tag(150) + b"\x80\x00")) == 1
    )  # a length of more bytes than necessary
    assert check_content(_around(payload + len_tag(150) + b"\x80\x80\x80\x80\x80\x00")) == 0
    deep = payload
    for _ in range(60):
        deep = encode_len_field(len_tag(19), encode_len_field(len_tag(1), deep))
    assert check_content(_around(deep)) == 0
    assert extract_large_payloads(b"no message at all") == (b"no message at all", NO_PAYLOADS)


def test_responses_of_many_small_fields_stay_whole() -> None:
    payload = encode_len_field(len_tag(23), b"x" * MIN_PAYLOAD_BYTES)
    assert check_content(_around(_number(21, 5) * 25 + payload)) == 1
    assert check_content(_around(_number(21, 5) * 60 + payload)) == 0


# Values.


@dataclass(frozen=True, slots=True)
class Pair:
    """A record."""

    array: Any
    images: Any


ARRAY = np.arange(MIN_PAYLOAD_BYTES, dtype="uint8").reshape(-1, 256)
PICTURE = Image(
    bytes=bytes(range(256)) * (MIN_PAYLOAD_BYTES // 256), url="https://example.com/a.png"
)
PAIR = wire.record(
    Pair, wire.field("array", wire.NDARRAY), wire.field("images", wire.list_of(wire.IMAGE))
)
VALUES: list[tuple[wire.Codec[Any], Any, int]] = [
    (wire.NDARRAY, ARRAY, 1),
    (wire.BYTES, PICTURE.bytes, 1),
    (wire.IMAGE, PICTURE, 1),
    (wire.list_of(wire.NDARRAY), [ARRAY, ARRAY[:1], ARRAY + 1], 2),
    (PAIR, Pair(ARRAY, [PICTURE, Image(bytes=b"small"), PICTURE]), 3),
    (wire.tuple_of(wire.STR, wire.NDARRAY), ("a", ARRAY), 1),
    (wire.FRAME, Frame(image=PICTURE, regions=[Region(mask=PICTURE)], time=1.5), 2),
    (wire.list_of(wire.REGION), [Region(mask=PICTURE), Region(text="x")], 1),
]


def encode_response(codec: wire.Codec[Any], *values: Any, form: str) -> bytes:
    """Encode a response that holds its results in a part, or in the output itself."""
    response = MultiOutputResponse(status=Status(code=10000))
    for value in values:
        out: list[Any] = []
        codec.encode(value, out)
        data = Data.FromString(b"".join(out))
        output = Output(status=Status(code=10000), data=data)
        if form == "part":
            output = Output(status=output.status)
            output.data.parts.add(id="return", data=data)
        response.outputs.append(output)
    return response.SerializeToString()


def decode_unary(method: Unary[Any], response: bytes, context: CallContext = ONCE) -> Any:
    flow = call_unary(method, [], context)
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(response)
    return end.value.value


def method_of(codec: wire.Codec[Any]) -> Unary[Any]:
    return wire.unary("predict", returns=codec)


def leaves(value: Any) -> Iterator[Any]:
    """Yield the leaves of a value, arrays as lists."""
    if isinstance(value, Pair):
        value = [value.array, value.images]
    if isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value.tolist() if isinstance(value, np.ndarray) else value


@pytest.mark.parametrize(
    ("codec", "value", "count", "form"),
    [(*case, "part") for case in VALUES] + [(*case, "output") for case in VALUES[:3]],
    ids=lambda each: str(each)[:20],
)
def test_a_value_with_large_payloads_is_decoded(
    codec: wire.Codec[Any], value: Any, count: int, form: str
) -> None:
    response = encode_response(codec, value, form=form)
    assert check_content(response) == count
    assert list(leaves(decode_unary(method_of(codec), response))) == list(leaves(value))


def memory_address(content: Any) -> int:
    return int(np.frombuffer(content, "uint8").__array_interface__["data"][0])


def test_an_array_is_a_view_of_the_response() -> None:
    response = encode_response(wire.NDARRAY, ARRAY, form="part")
    array = decode_unary(method_of(wire.NDARRAY), response)
    assert (
        memory_address(response)
        < array.__array_interface__["data"][0]
        < memory_address(response) + len(response)
    )
    assert not array.flags.writeable


def test_payloads_are_extracted_in_streams_and_batches() -> None:
    method: Streaming[Any] = wire.server_stream("watch", returns=wire.NDARRAY)
    flow = call_stream(method, [], ONCE)
    next(flow)
    next(flow)
    for number in range(3):
        delivered: Any = flow.send(encode_response(wire.NDARRAY, ARRAY + number, form="part"))
        assert (delivered.result == ARRAY + number).all()
        next(flow)
    array_method = method_of(wire.NDARRAY)
    batch = call_chunk(array_method, [encode_input(array_method, [])] * 2, 2, ONCE)
    next(batch)
    with pytest.raises(StopIteration) as end:
        batch.send(encode_response(wire.NDARRAY, ARRAY, ARRAY + 1, form="part"))
    first, second = end.value.value[0]
    assert (first == ARRAY).all()
    assert (second == ARRAY + 1).all()


def test_observers_receive_the_whole_response() -> None:
    observed: list[Response] = []
    context = ONCE._replace(observers=(observed.append,))
    response = encode_response(wire.NDARRAY, ARRAY, form="part")
    assert (decode_unary(method_of(wire.NDARRAY), response, context) == ARRAY).all()
    assert observed[0].raw.SerializeToString() == response
