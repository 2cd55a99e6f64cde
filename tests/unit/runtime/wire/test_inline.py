"""Requests and results of inline methods, read with the official messages."""

from __future__ import annotations

from typing import Any

import pytest

from clarigen import SERVER_DEFAULT, Concept, DecodeError, Embedding, Image, InputError, wire
from clarigen._proto import Data, Text
from clarigen._wire.large_payloads import NO_PAYLOADS
from support import ROOT, run_python

CONFIG, PARAMS = "output_info.output_config.", "output_info.params."
METHOD = wire.inline_unary(
    "predict",
    wire.field("image", wire.IMAGE),
    wire.field(f"{CONFIG}max_concepts", wire.INT, name="max_concepts", default=20),
    wire.field(f"{CONFIG}sample_ms", wire.INT, name="sample_ms", default=None),
    wire.field(f"{CONFIG}language", wire.STR, name="language", default=None),
    wire.field(f"{PARAMS}top-k", wire.FLOAT, name="top_k", default=SERVER_DEFAULT, ge=1, le=9),
    returns=wire.output("concepts", wire.list_of(wire.CONCEPT)),
)
IMAGE = Image(bytes=b"pixels")


def encode(*values: Any) -> Any:
    """Return the official message of a request; omitted values are left to their defaults."""
    from clarifai_grpc.grpc.api import service_pb2

    filled = [*values, *[SERVER_DEFAULT] * (len(METHOD.fields) - len(values))]
    return service_pb2.PostModelOutputsRequest.FromString(b"".join(METHOD.encode_request(filled)))


def decode(**fields: Any) -> Any:
    return METHOD.decode_result(Data(**fields), NO_PAYLOADS)


def test_a_known_default_is_sent_and_an_unknown_one_is_not() -> None:
    request = encode(IMAGE)
    assert request.inputs[0].data.image.base64 == b"pixels"
    info = request.model.model_version.output_info
    assert info.output_config.max_concepts == 20
    assert not info.HasField("params")


def test_options_are_written_where_their_paths_say() -> None:
    info = encode(IMAGE, 0, 250, "de", 3).model.model_version.output_info
    config = info.output_config
    assert (config.max_concepts, config.sample_ms, config.language) == (0, 250, "de")
    assert dict(info.params) == {"top-k": 3.0}


def test_a_method_without_options_sends_no_model() -> None:
    method = wire.inline_unary(
        "predict", wire.field("text", wire.TEXT), returns=wire.output("text", wire.STR)
    )
    from clarifai_grpc.grpc.api import service_pb2

    request = service_pb2.PostModelOutputsRequest.FromString(b"".join(method.encode_request(["a"])))
    assert not request.HasField("model")
    assert request.inputs[0].data.text.raw == "a"


@pytest.mark.parametrize("size", [1, 100, 200, 20_000, 3_000_000])
def test_inputs_of_any_size_are_joined(size: int) -> None:
    from clarifai_grpc.grpc.api import service_pb2

    image = Image(bytes=b"x" * size)
    values = [[image, count, None, None, SERVER_DEFAULT] for count in (1, 2, 1)]
    requests = {n: b"".join(METHOD.encode_request(row)) for n, row in enumerate(values)}
    joined = list(METHOD.join_requests(requests))
    assert [indexes for indexes, _ in joined] == [[0, 2], [1]]
    first = service_pb2.PostModelOutputsRequest.FromString(b"".join(joined[0][1]))
    assert [len(message.data.image.base64) for message in first.inputs] == [size, size]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([b"pixels"], "`image` must be an Image"),
        ([IMAGE, 2**32], "`max_concepts` must be an int from 0"),
        ([IMAGE, True], "`max_concepts` must be an int, not bool"),
        ([IMAGE, 1, None, 5], "`language` must be a str"),
        ([IMAGE, 1, None, "\ud800"], "`language` must be text that UTF-8 can encode"),
        ([IMAGE, 1, None, None, 10], "`top_k` must be at most 9"),
        ([IMAGE, 1, None, None, "a"], "`top_k` must be a float"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(values: list[Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        encode(*values)
    assert message in str(caught.value)


def test_an_empty_answer_is_an_empty_list() -> None:
    assert decode() == []
    assert decode(metadata={}) == []
    assert decode(concepts=[{"name": "a", "value": 0.5}]) == [Concept("a", value=0.5, id="")]


@pytest.mark.parametrize(
    ("fields", "answered"),
    [
        ({"regions": [{}]}, "regions"),
        ({"text": {"raw": "a"}, "clusters": [{}]}, "clusters, text"),
        ({"hits": [{}]}, "hits"),
        ({"string_value": "a"}, "string_value"),
    ],
)
def test_another_answer_is_named(fields: dict[str, Any], answered: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(**fields)
    assert str(caught.value) == (
        f"predict: the result has no 'concepts'; the model answered with {answered}"
    )


def test_a_text_is_read_from_either_field() -> None:
    codec = wire.output("text", wire.STR)
    assert codec.decode(Data(text=Text(raw="a")), NO_PAYLOADS) == "a"
    assert codec.decode(Data(string_value="b"), NO_PAYLOADS) == "b"


def test_embeddings() -> None:
    codec = wire.list_of(wire.EMBEDDING)
    buffers: list[Any] = []
    codec.encode([Embedding([0.5, 1.0])], buffers)
    data = Data.FromString(b"".join(buffers))
    assert codec.decode(data, NO_PAYLOADS) == [Embedding((0.5, 1.0), 2)]


@pytest.mark.parametrize(("package", "is_loaded"), [("detector", False), ("flowers", True)])
def test_only_packages_of_such_models_load_the_module(package: str, is_loaded: bool) -> None:
    program = (
        f"import sys; sys.path.append({str(ROOT / 'generated')!r}); import {package};"
        " print('clarigen._wire.inline' in sys.modules)"
    )
    assert run_python(program).stdout.strip() == str(is_loaded)
