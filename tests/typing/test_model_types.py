"""Clients of models without signatures under the strict type checkers: right calls pass, each wrong one is refused."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

from gen_client import cli
from support import MODEL_TYPES
from type_checkers import Checker, mypy, pyright

UNUSABLE = {"clusterer", "several-sources"}
CALLER = """
from typing import assert_type

from clarigen import AsyncBatch, Audio, Batch, Concept, Embedding, Frame, Image, Region, Text, Video
from audio_to_text import AudioToText
from concept_synonym_mapper import ConceptSynonymMapper
from image_analyzer import ImageAnalyzer, PredictResult
from multimodal_to_text import MultimodalToText
from text_to_image import TextToImage
from text_to_text import PredictMode, TextToText
from visual_classifier import AsyncVisualClassifier, PredictInput, VisualClassifier
from visual_detector import VisualDetector
from visual_embedder import VisualEmbedder

image, video, audio = Image(url="u"), Video(url="u"), Audio(url="u")


def right_classifier(model: VisualClassifier, detector: VisualDetector) -> None:
    assert_type(model.predict(image), list[Concept])
    assert_type(model.predict(image, max_concepts=1, min_value=1, select_concepts=["a"], language="de"), list[Concept])
    assert_type(model.predict(image, select_concepts=("a",), language=None), list[Concept])
    assert_type(model.predict_video(video, sample_ms=100), list[Frame])
    inputs: list[PredictInput] = [{"image": image}, {"image": image, "max_concepts": 2}]
    assert_type(model.predict(inputs), list[list[Concept]])
    assert_type(model.predict_batch(inputs), Batch[list[Concept]])
    assert_type(detector.predict(image)[0], Region)


async def right_async(model: AsyncVisualClassifier) -> None:
    assert_type(await model.predict(image), list[Concept])
    assert_type(await model.predict_video(video), list[Frame])
    assert_type(model.predict_batch([{"image": image}]), AsyncBatch[list[Concept]])


def right_others(
    text: TextToText, both: MultimodalToText, embedder: VisualEmbedder, mapper: ConceptSynonymMapper,
    listener: AudioToText, painter: TextToImage, analyzer: ImageAnalyzer,
) -> None:
    mode: PredictMode = "raw"
    assert_type(text.predict("a", mode=mode, temperature=1, stop=["."], weights=[1, 0.5], extra={"a": 1}), str)
    assert_type(text.predict(Text("a"), echo=True, system_prompt="b"), str)
    assert_type(both.predict(image, "a", max_tokens=5), str)
    assert_type(embedder.predict(image)[0], Embedding)
    assert_type(mapper.predict([Concept("a")]), list[Concept])
    assert_type(listener.predict(audio), str)
    assert_type(painter.predict("a"), Image)
    assert_type(analyzer.predict(image, "a", params_text="b"), PredictResult)
    assert_type(analyzer.predict(image, "a", params_text="b").embeddings, list[Embedding])


def wrong(
    model: VisualClassifier, text: TextToText, both: MultimodalToText, mapper: ConceptSynonymMapper,
    analyzer: ImageAnalyzer,
) -> None:
    model.predict()  # WRONG
    model.predict(video)  # WRONG
    model.predict(b"bytes")  # WRONG
    model.predict(image, 5)  # WRONG
    model.predict(image, max_concepts="5")  # WRONG
    model.predict(image, max_concepts=None)  # WRONG
    model.predict(image, select_concepts="cat")  # WRONG
    model.predict(image, select_concepts=[Concept("cat")])  # WRONG
    model.predict(image, sample_ms=5)  # WRONG
    model.predict(image, num_epochs=5)  # WRONG
    model.predict([{"image": video}])  # WRONG
    model.predict([{"image": image, "limit": 5}])  # WRONG
    model.predict_video(image)  # WRONG
    model.predict(image).name  # WRONG
    text.predict("a", mode="debug")  # WRONG
    text.predict("a", trace="b")  # WRONG
    text.predict("a", stop="b")  # WRONG
    text.predict("a", echo="yes")  # WRONG
    text.predict("a").text  # WRONG
    both.predict(image)  # WRONG
    both.predict("a", image)  # WRONG
    mapper.predict(Concept("a"))  # WRONG
    analyzer.predict(image, "a")  # WRONG
    analyzer.predict(image, "a", params_text="b").regions  # WRONG
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of each model type, and a caller."""
    folder = tmp_path_factory.mktemp("model_types")
    refused: set[str] = set()
    for path in sorted(MODEL_TYPES.glob("*.json")):
        name = path.stem.replace("-", "_")
        command = ["--signatures", str(path), "--out", str(folder), "--name", name]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            if cli.main(command):
                refused.add(path.stem)
    assert refused == UNUSABLE
    (folder / "caller.py").write_text(CALLER, "utf-8")
    return folder


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_right_calls_pass_and_wrong_ones_are_refused(packages: Path, checker: Checker) -> None:
    lines = CALLER.split("\n")
    wrong = {
        ("caller.py", number) for number, line in enumerate(lines, 1) if line.endswith("# WRONG")
    }
    assert len(wrong) == 24
    found = checker(packages, ())
    assert set(found) == wrong, found
