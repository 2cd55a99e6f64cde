"""The package of a model without signatures, as users have it: fakes, the local server, verify, show, the docs."""

from __future__ import annotations

import asyncio
import json
import re
import textwrap
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from clarigen import Concept, Frame, Image, InputError, SignatureMismatchError, Video
from clarigen._drift.breaking import find_breaks
from clarigen._drift.lock import Lock
from clarigen._drift.signature import read_signatures
from clarigen.examples import IMAGE, VIDEO
from clarigen.testing import Samples, Server, calls, fake, serve
from gen_client import cli
from generated.flowers import AsyncFlowers, Flowers
from support import MODEL_TYPES, ROOT

LOCK: dict[str, Any] = json.loads((ROOT / "generated" / "flowers" / "signatures.json").read_text())
PAGE = (ROOT / "docs" / "models-without-signatures.md").read_text("utf-8")


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Samples(LOCK["method_signatures"], model_type=LOCK["model_type"])) as server:
        yield server


def test_a_fake_gets_the_arguments() -> None:
    def predict(image: Image, max_concepts: int, **options: object) -> list[Concept]:
        return [Concept(image.url, value=0.5)] * max_concepts

    model = fake(Flowers, predict=predict, predict_video=[Frame(time=1.0)])
    picture = Image(url="a")
    assert model.predict(picture, max_concepts=1) == [Concept("a", value=0.5)]
    assert model.predict([{"image": picture, "max_concepts": 0}]) == [[]]
    assert model.predict_video(Video(url="b"))[0].time == 1.0
    assert calls(model)[0].arguments == {
        "image": picture,
        "max_concepts": 1,
        "min_value": 0.0,
        "select_concepts": None,
        "language": None,
    }
    with pytest.raises(InputError, match="`min_value` must be at most"):
        model.predict(picture, min_value=2)


def test_the_local_server_answers_and_records(server: Server) -> None:
    with Flowers(base_url=server.url, timeout=30) as model:
        concepts = model.predict(IMAGE, max_concepts=3, select_concepts=["a"], language="de")
        assert all(isinstance(concept, Concept) for concept in concepts)
        assert model.predict_video(VIDEO, sample_ms=500)[0].image == IMAGE
        assert len(model.predict_batch({"image": IMAGE} for _ in range(9)).collect()) == 9
    first, second = server.calls[:2]
    assert (first.method, second.method) == ("predict", "predict_video")
    assert first.arguments["select_concepts"] == ["a"]
    assert second.arguments["sample_ms"] == 500


def test_the_asyncio_client_calls_the_local_server(server: Server) -> None:
    async def call() -> list[Concept]:
        async with AsyncFlowers(base_url=server.url, timeout=30) as model:
            return await model.predict(IMAGE)

    assert asyncio.run(call())


def test_verify_compares_with_the_model_type(server: Server) -> None:
    with Flowers(base_url=server.url, timeout=30, verify=True) as model:
        model.predict(IMAGE)
    changed = {**LOCK["model_type"], "output_fields": ["regions"]}
    server.deploy(Samples(LOCK["method_signatures"], model_type=changed))
    with (
        Flowers(base_url=server.url, timeout=30, verify=True) as model,
        pytest.raises(
            SignatureMismatchError,
            match=r"predict.return: is `list\[Region\]` now, not `list\[Concept\]`",
        ),
    ):
        model.predict(IMAGE)


def move_option(field: Any) -> None:
    if field["name"] == "language":
        field["path"] = "output_info.params.language"


def test_an_option_that_travels_elsewhere_is_a_difference(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = deepcopy(LOCK)
    for method in changed["method_signatures"]:
        for field in method["input_fields"]:
            move_option(field)
    del changed["sha256"]
    (tmp_path / "new.json").write_text(json.dumps(changed))
    monkeypatch.chdir(tmp_path)
    old = ROOT / "generated" / "flowers" / "signatures.json"
    assert cli.main(["diff", str(old), "new.json", "--fail-on", "breaking"]) == 1
    places = "`output_info.params.language` now, not `output_info.output_config.language`"
    assert f"breaking       predict.language: travels at {places}" in capsys.readouterr().out
    old_methods, new_methods = (
        read_signatures(content["method_signatures"]) for content in (LOCK, changed)
    )
    breaks = find_breaks(Lock(None, "", old_methods), new_methods, None)
    assert breaks["predict"] == (f"predict.language: travels at {places}",)


def test_a_lock_covers_the_model_type(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = MODEL_TYPES / "visual-classifier.json"
    content = json.loads(source.read_text())
    options = ["--name", "flowers", "--no-cache"]
    assert cli.main(["--signatures", str(source), *options]) == 0
    content["model_type"]["description"] = "Another text."
    Path("new.json").write_text(json.dumps(content))
    capsys.readouterr()
    assert cli.main(["--signatures", "new.json", *options, "--check"]) == 1
    assert "signatures.json: the model changed" in capsys.readouterr().out
    assert cli.main(["--signatures", "new.json", *options, "--frozen"]) == 1
    lock = json.loads(Path("flowers", "signatures.json").read_text())
    lock["model_type"]["title"] = "Edited"
    Path("edited.json").write_text(json.dumps(lock))
    capsys.readouterr()
    assert cli.main(["show", "edited.json"]) == 0
    assert "sha256: it was edited by hand" in capsys.readouterr().err


def test_show_lists_the_methods(capsys: pytest.CaptureFixture[str]) -> None:
    package = str(ROOT / "generated" / "flowers")
    assert cli.main(["show", package]) == 0
    assert "predict_video(" in capsys.readouterr().out
    assert cli.main(["show", package, "--json-schema"]) == 0
    assert "max_concepts" in capsys.readouterr().out


def test_a_workflow_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--url", "https://clarifai.com/acme/vision/workflows/flow"]) == 2
    assert "workflow" in capsys.readouterr().err


def test_the_code_on_the_page_runs(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLARIFAI_API_BASE", server.url)
    Path("rose.jpg").write_bytes(IMAGE.bytes)
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    program = textwrap.dedent(code).replace("app.models.flowers", "generated.flowers")
    exec(compile(program, "page", "exec"), {})
    assert server.calls[-1].arguments["max_concepts"] == 3
