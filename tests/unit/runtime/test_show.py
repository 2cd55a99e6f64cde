"""What objects say of themselves: clients, streams and batches what they are, values no more digits than they have."""

from __future__ import annotations

import importlib
import math
import struct
from typing import Any

import pytest

import clarigen
from clarigen import Box, Concept, Embedding, Keypoint, ModelRef, Point, Region
from clarigen.testing import fake
from golden.packages import GENERATED


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(GENERATED)
    return importlib.import_module("detector")


def to_float32(number: float) -> float:
    (rounded,) = struct.unpack("f", struct.pack("f", number))
    return float(rounded)


@pytest.mark.parametrize(
    "number", [0.9, 0.1, 1 / 3, 2 / 3, 1e-40, 16777217.0, 0.0, -0.0, 1.0, 3e38, math.inf]
)
def test_a_32_bit_float_is_shown_as_short_as_it_is(number: float) -> None:
    text = repr(Point(to_float32(number), 1.0)).removeprefix("Point(x=").partition(",")[0]
    assert struct.pack("f", float(text)) == struct.pack("f", number)
    assert len(text) <= len(repr(number))


def test_other_floats_keep_their_digits() -> None:
    assert repr(Point(1 / 3, 1e300)) == "Point(x=0.3333333333333333, y=1e+300, z=0.0)"
    assert repr(Box(math.nan, 0, 1, True)) == "Box(left=nan, top=0, right=1, bottom=True)"


def test_values_are_shown_with_short_floats() -> None:
    number = to_float32(0.9)
    assert repr(Keypoint(number, 0.5)) == "Keypoint(x=0.9, y=0.5, z=0.0, visibility=0)"
    assert repr(Embedding((number,))) == "Embedding(vector=(0.9,), num_dimensions=None)"
    region = Region(box=Box(number, 0.0, 1.0, 1.0), concepts=[Concept("a", value=number)])
    assert repr(region) == (
        "Region(box=Box(left=0.9, top=0.0, right=1.0, bottom=1.0),"
        " concepts=(Concept(name='a', value=0.9, id='a'),))"
    )
    assert region.box is not None
    assert region.box.left == number


def test_a_client_tells_its_model_its_version_and_its_server(
    detector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLARIGEN_API_BASE", raising=False)
    monkeypatch.delenv("CLARIFAI_API_BASE", raising=False)
    model = detector.Detector(pat="secret")
    assert repr(model) == (
        "<Detector for example-user/example-app/detector at https://api.clarifai.com>"
    )
    assert model.options.model == ModelRef("example-user", "example-app", "detector")
    assert model.options.version_id == ""
    other = detector.AsyncDetector(
        model="https://clarifai.com/a/b/models/c/versions/v1",
        base_url="https://example.com:8443",
        pat="secret",
        timeout=5,
    ).with_options(max_retries=0)
    assert repr(other) == "<AsyncDetector for a/b/c, version v1 at https://example.com:8443>"
    options = other.options
    assert (options.model, options.version_id) == (ModelRef("a", "b", "c"), "v1")
    assert (options.timeout, options.max_retries) == (5, 0)
    assert "secret" not in repr(options)
    runner = detector.Detector(base_url="grpc://127.0.0.1:8000")
    assert runner.options.base_url == "grpc://127.0.0.1:8000"
    again = detector.Detector(base_url=runner.options.base_url)
    assert again.options == runner.options


def test_streams_batches_and_methods_say_what_they_are(detector: Any) -> None:
    model = fake(detector.Detector, predict=[], generate=[])
    batch, stream = model.predict_batch([]), model.generate(clarigen.Video(bytes=b"x"))
    assert (repr(batch), repr(stream)) == ("<Batch of predict_batch>", "<Stream of generate>")
    assert list(batch) == list(stream) == []
    assert repr(batch) == "<Batch of predict_batch, started>"
    assert repr(stream) == "<Stream of generate, ended>"
    assert repr(model) == "<fake Detector>"
    client: Any = importlib.import_module("detector.client")
    assert repr(vars(client)["_PREDICT"]) == "<Unary predict>"
