"""Clients of models without signatures, called on the official model server with a class of the proto style."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest

from clarigen import (
    Audio,
    Box,
    Concept,
    DecodeError,
    Embedding,
    Image,
    InputError,
    ModelError,
    Video,
)
from gen_client import cli
from support import MODEL_TYPES

pytestmark = pytest.mark.official_server

IMAGE = Image(bytes=b"pixels")
EMBEDDING = Embedding((0.5, -1.0, 6.0), 3)
REGION_BOX = Box(0.25, 0.0, 0.75, 0.0)


@dataclass(frozen=True)
class Deployed:
    """A model on the official server, and the package that was generated from its model type."""

    url: str
    implementation: Any
    package: Any
    name: str

    def client(self, **options: Any) -> Any:
        return getattr(self.package, self.name)(base_url=self.url, timeout=30, **options)

    def async_client(self, **options: Any) -> Any:
        return getattr(self.package, f"Async{self.name}")(base_url=self.url, timeout=30, **options)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of packages, from which they can be imported."""
    folder = tmp_path_factory.mktemp("without_signatures")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def deployed(request: pytest.FixtureRequest, packages: Path) -> Iterator[Deployed]:
    from clarifai.runners.models.model_servicer import ModelServicer
    from clarifai_grpc.grpc.api import service_pb2_grpc

    from server.inline_model import InlineModel

    model_type: str = request.param
    implementation = InlineModel(model_type)
    server = grpc.server(ThreadPoolExecutor(4))
    service_pb2_grpc.add_V2Servicer_to_server(ModelServicer(implementation), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    file = MODEL_TYPES / f"{model_type}.json"
    package_name = model_type.replace("-", "_")
    assert (
        cli.main(["--signatures", str(file), "--out", str(packages), "--name", package_name]) == 0
    )
    package = importlib.import_module(package_name)
    name = package_name.title().replace("_", "")
    yield Deployed(f"grpc://127.0.0.1:{port}", implementation, package, name)
    server.stop(None).wait()


def of_type(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("deployed", [name], indirect=True)


@pytest.mark.item(58)
@of_type("visual-classifier")
def test_options_reach_the_output_config(deployed: Deployed) -> None:
    with deployed.client() as model:
        assert [concept.name for concept in model.predict(IMAGE)] == ["dog", "cat", "car"]
        (dog,) = model.predict(IMAGE, max_concepts=1)
        assert dog == Concept("dog", id="ai_dog", value=dog.value)
        assert dog.value == pytest.approx(0.9)
        assert len(model.predict(IMAGE, min_value=0.5)) == 2
        assert [c.name for c in model.predict(IMAGE, select_concepts=["cat"])] == ["cat"]
    last = deployed.implementation.requests[-1]
    config = last.model.model_version.output_info.output_config
    assert config.max_concepts == 20
    assert [concept.name for concept in config.select_concepts] == ["cat"]
    assert not last.model.HasField("output_info")


@pytest.mark.item(60)
@of_type("visual-classifier")
def test_values_are_inline_and_the_method_is_not_named(deployed: Deployed) -> None:
    with deployed.client() as model:
        model.predict(IMAGE)
    (received,) = deployed.implementation.requests[-1].inputs
    assert received.data.image.base64 == b"pixels"
    assert not received.data.parts
    assert not received.data.HasField("metadata")


@of_type("visual-classifier")
def test_a_video_becomes_frames(deployed: Deployed) -> None:
    with deployed.client() as model:
        (frame,) = model.predict_video(Video(bytes=b"film"), sample_ms=250)
    assert frame.time == 0.25
    assert frame.regions[0].box == REGION_BOX


@pytest.mark.item(69)
@of_type("visual-classifier")
def test_a_batch_has_partial_results(deployed: Deployed) -> None:
    """The server answers MIXED_STATUS: each input has its own status."""
    inputs = [{"image": IMAGE}, {"image": Image(bytes=b"broken")}, {"image": IMAGE}]
    with deployed.client() as model:
        one_request = model.with_options(batch_size=3)
        first, failed, last = one_request.predict_batch(inputs).outcomes()
        assert first == last == model.predict(IMAGE)
        assert isinstance(failed, ModelError)
        assert "not an image" in str(failed)
        with pytest.raises(ModelError, match="not an image"):
            one_request.predict(inputs)


@pytest.mark.item(69)
@of_type("visual-classifier")
def test_if_all_inputs_fail_each_says_why(deployed: Deployed) -> None:
    """The server answers FAILURE, and the outputs have the reasons."""
    broken = Image(bytes=b"broken")
    with deployed.client() as model:
        with pytest.raises(ModelError, match="not an image") as caught:
            model.predict(broken)
        assert caught.value.code == 30002
        batch = model.with_options(batch_size=2).predict_batch([{"image": broken}] * 2)
        outcomes: list[Any] = list(batch.outcomes())
    assert [outcome.code for outcome in outcomes] == [30002, 30002]


@pytest.mark.item(68)
@of_type("visual-classifier")
def test_inputs_share_a_request_only_if_their_options_are_equal(deployed: Deployed) -> None:
    inputs = [
        {"image": IMAGE, "max_concepts": 1 + n % 2, "select_concepts": ["a", "b"]} for n in range(6)
    ]
    with deployed.client() as model:
        results = model.with_options(batch_size=6).predict_batch(inputs).collect()
    assert [len(concepts) for concepts in results] == [1, 2, 1, 2, 1, 2]
    requests = deployed.implementation.requests
    assert [len(request.inputs) for request in requests] == [3, 3]
    for request in requests:
        config = request.model.model_version.output_info.output_config
        assert [concept.name for concept in config.select_concepts] == ["a", "b"]


@of_type("visual-classifier")
def test_the_asyncio_client_is_the_same(deployed: Deployed) -> None:
    async def call() -> None:
        async with deployed.async_client() as model:
            assert len(await model.predict(IMAGE, max_concepts=2)) == 2
            frames = await model.predict_video(Video(bytes=b"film"))
            assert frames[0].time == 1.0
            batch = model.predict_batch([{"image": IMAGE}, {"image": Image(bytes=b"broken")}])
            outcomes = [outcome async for outcome in batch.outcomes()]
            assert isinstance(outcomes[1], ModelError)

    asyncio.run(call())


@of_type("visual-classifier")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_concepts": -1}, "`max_concepts` must be an int from 0"),
        ({"max_concepts": "1"}, "`max_concepts` must be an int, not str '1'"),
        ({"min_value": 1.5}, r"`min_value` must be at most 1\.0"),
        ({"select_concepts": "cat"}, "`select_concepts` must be a list"),
        ({"select_concepts": [1]}, r"`select_concepts\[0\]` must be a str"),
    ],
)
def test_invalid_options_are_not_sent(
    deployed: Deployed, options: dict[str, Any], message: str
) -> None:
    with deployed.client() as model, pytest.raises(InputError, match=message):
        model.predict(IMAGE, **options)
    assert not deployed.implementation.requests


@of_type("visual-detector")
def test_regions(deployed: Deployed) -> None:
    with deployed.client() as model:
        (region,) = model.predict(IMAGE)
    assert region.box == REGION_BOX
    assert region.concepts == (Concept("dog", value=0.5),)


@of_type("visual-embedder")
def test_embeddings(deployed: Deployed) -> None:
    with deployed.client() as model:
        assert model.predict(IMAGE) == [EMBEDDING]


@of_type("text-to-text")
def test_parameters_reach_the_params(deployed: Deployed) -> None:
    with deployed.client() as model:
        plain = model.predict("Hi")
        assert plain == (
            "Hi [('echo', False), ('max_tokens', 256.0), ('mode', 'chat'), ('system_prompt', ''),"
            " ('temperature', 0.7)]"
        )
        everything = model.predict(
            "Hi", temperature=2, stop=["."], weights=[1, 0.5], extra={"a": [None]}, mode="raw"
        )
        assert "('extra', {'a': [None]})" in everything
        assert "('stop', ['.'])" in everything
        assert "('temperature', 2.0)" in everything
        assert "('weights', [1.0, 0.5])" in everything
        with pytest.raises(
            InputError, match="`mode` must be one of 'chat', 'raw', not str 'debug'"
        ):
            model.predict("Hi", mode="debug")
        with pytest.raises(InputError, match=r"`temperature` must be at most 2\.0"):
            model.predict("Hi", temperature=2.5)


@of_type("text-to-image")
def test_media_as_a_result(deployed: Deployed) -> None:
    with deployed.client() as model:
        assert model.predict("a cat") == Image(bytes=b"a cat")


@of_type("audio-to-text")
def test_audio_as_an_input(deployed: Deployed) -> None:
    with deployed.client() as model:
        assert model.predict(Audio(bytes=b"sound")) == "5 bytes"


@pytest.mark.item(59)
@of_type("multimodal-to-text")
def test_several_inputs_are_in_one_data(deployed: Deployed) -> None:
    with deployed.client() as model:
        assert model.predict(IMAGE, "a question") == "a question about 6 bytes"
        with pytest.raises(InputError, match="`text` is required"):
            model.predict(IMAGE)


@of_type("concept-synonym-mapper")
def test_concepts_as_an_input(deployed: Deployed) -> None:
    with deployed.client() as model:
        assert model.predict([Concept("dog", value=0.5)]) == [Concept("DOG", value=0.5)]


@of_type("image-analyzer")
def test_several_outputs_are_a_record(deployed: Deployed) -> None:
    with deployed.client() as model:
        result = model.predict(IMAGE, "a", params_text="b")
    assert [concept.name for concept in result.concepts] == ["dog", "cat", "car"]
    assert result.embeddings == [EMBEDDING]
    assert result.text == "ab"


@of_type("text-classifier")
def test_an_answer_of_another_form_says_which(deployed: Deployed) -> None:
    with deployed.client() as model, pytest.raises(DecodeError) as caught:
        model.predict("Hi")
    assert "has no 'concepts'; the model answered with clusters, text" in str(caught.value)
