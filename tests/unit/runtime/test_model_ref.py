"""References to models, in all their forms."""

from __future__ import annotations

import pytest

from clarigen import ConfigError, ModelRef

REF = ModelRef("acme", "vision", "detector")


@pytest.mark.item(10)
@pytest.mark.parametrize(
    "text",
    [
        "https://clarifai.com/acme/vision/models/detector",
        "http://clarifai.com/acme/vision/models/detector",
        "https://www.clarifai.com/acme/vision/models/detector/",
        "https://example.org/acme/vision/models/detector",
        "clarifai.com/acme/vision/models/detector",
        "localhost:8080/acme/vision/models/detector",
        "acme/vision/models/detector",
        " acme/vision/models/detector/ ",
        "https://clarifai.com/acme/vision/models/detector?tab=api#top",
        "https://clarifai.com/acme/vision/models/detect%6Fr",
        "https://api.clarifai.com/v2/users/acme/apps/vision/models/detector",
    ],
)
def test_accepted_forms_name_the_same_model(text: str) -> None:
    assert ModelRef.parse(text) == (REF, "")


@pytest.mark.parametrize("word", ["versions", "version", "model_versions", "model_version"])
def test_reference_may_name_a_version(word: str) -> None:
    assert ModelRef.parse(f"https://clarifai.com/acme/vision/models/detector/{word}/V1") == (
        REF,
        "V1",
    )
    assert ModelRef.parse(f"acme/vision/models/detector/{word}/V1") == (REF, "V1")


def test_ids_keep_case_and_dots() -> None:
    assert ModelRef.parse("Acme.Inc/vision/models/Gpt-4.1")[0] == ("Acme.Inc", "vision", "Gpt-4.1")


@pytest.mark.item(10)
@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("https://clarifai.com/acme/vision/workflows/flow", "workflow"),
        ("acme/vision/workflows/flow", "workflow"),
        ("https://clarifai.com/acme/vision/detector", "does not name a model"),
        ("https://clarifai.com/acme/vision/models/detector/versions", "does not name a model"),
        ("https://clarifai.com/acme/vision/models/detector/tabs/V1", "does not name a version"),
        ("https://clarifai.com/acme//models/detector", "empty part"),
        ("https://clarifai.com/acme/a%2Fb/models/detector", "empty part"),
        ("https://me:secret@clarifai.com/acme/vision/models/detector", "user:password@"),
        ("ftp://clarifai.com/acme/vision/models/detector", "does not name a model"),
        ("https://[clarifai.com/acme/vision/models/detector", "is not a URL"),
        ("detector", "does not name a model"),
        ("", "does not name a model"),
        ("\x1b[31m", "'\\x1b[31m'"),
    ],
)
def test_other_forms_are_rejected_with_the_expected_form(text: str, form: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ModelRef.parse(text)
    assert form in str(caught.value)
    assert "secret" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_reference_knows_its_web_page() -> None:
    assert ModelRef.parse(REF.url) == (REF, "")
