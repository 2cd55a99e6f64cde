"""The values that models take and return."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clarigen import SERVER_DEFAULT, Audio, Concept, Image, Region, Text
from clarigen.examples import AUDIO, IMAGE


def test_images_convert_to_pillow_and_numpy_and_back() -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    image = Image.from_numpy(pixels)
    assert (image.to_numpy() == pixels).all()
    assert Image.from_pil(image.to_pil()).to_pil().size == (4, 4)


def test_files_are_read_and_written(tmp_path: Path) -> None:
    IMAGE.save(tmp_path / "picture.png")
    assert Image.from_file(tmp_path / "picture.png") == IMAGE
    assert IMAGE.to_pil().size == (64, 64)


def test_an_image_without_bytes_cannot_be_converted(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only a URL"):
        Image.from_url("https://x/y.png").to_pil()
    with pytest.raises(ValueError, match="only a URL"):
        Audio.from_url("https://x/y.wav").save(tmp_path / "y.wav")
    assert not list(tmp_path.iterdir())


def test_reprs_omit_the_bytes() -> None:
    assert repr(IMAGE) == f"Image(bytes=<{len(IMAGE.bytes):,} bytes>)"
    assert repr(Image(url="u")) == "Image(url='u')"
    assert repr(AUDIO).startswith("Audio(bytes=<")
    assert repr(SERVER_DEFAULT) == "SERVER_DEFAULT"


def test_the_id_of_a_concept_is_derived_as_on_the_platform() -> None:
    assert Concept("Fire truck (red)").id == "Fire-truck-red"
    assert Concept("x", id="kept").id == "kept"


def test_values_are_equal_by_content() -> None:
    assert Region(concepts=[Concept("a")]) == Region(concepts=(Concept("a"),))
    assert Text("a") != Text("b")
    assert str(Text("a")) == "a"


def test_the_audio_example_is_a_wav_file(tmp_path: Path) -> None:
    import wave

    AUDIO.save(tmp_path / "tone.wav")
    with wave.open(str(tmp_path / "tone.wav")) as sound:
        assert sound.getnframes() == 4000
        assert sound.getframerate() == 8000


def test_conversions_name_the_package_to_install() -> None:
    code = """
import sys
sys.modules["numpy"] = sys.modules["PIL"] = sys.modules["PIL.Image"] = None
from clarigen import ConfigError, Image
from clarigen.examples import IMAGE
for convert in (IMAGE.to_pil, IMAGE.to_numpy, lambda: Image.from_numpy(None)):
    try:
        convert()
    except ConfigError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("pip install 'clarigen[") == 3


@pytest.mark.parametrize(
    ("junk", "words"),
    [
        (b"not an image", "are text: 'not an image'"),
        (b"iVBORw0KGgoAAAANSUhEUg==", "look like base64; decode them with base64.b64decode"),
        (b"<!DOCTYPE html><html>", "look like HTML or XML"),
        (b"data:image/png;base64,iVBORw0KGgo=", "are a data: URL"),
        (b"https://example.com/a.png", "are a URL; use Image.from_url"),
        (b"\x00\x01\x02", "begin with"),
    ],
)
def test_bytes_that_are_no_image_are_described(junk: bytes, words: str) -> None:
    for convert in (Image(bytes=junk).to_pil, Image(bytes=junk).to_numpy):
        with pytest.raises(ValueError, match="not one that Pillow can read") as caught:
            convert()
        assert words in str(caught.value)
        assert "BytesIO" not in str(caught.value)


def test_a_damaged_image_says_so() -> None:
    with pytest.raises(ValueError, match="this Image cannot be decoded"):
        Image(bytes=IMAGE.bytes[:2000]).to_numpy()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((2, 2, 3)), "use (array * 255).astype('uint8')"),
        (np.zeros((3, 4, 5), np.uint8), "use array.transpose(1, 2, 0)"),
        (np.zeros((2, 2, 3), np.int64), "use array.astype('uint8')"),
        ([[1]], "not list"),
    ],
)
def test_an_array_that_is_no_image_is_refused_with_a_remedy(array: Any, words: str) -> None:
    with pytest.raises(ValueError, match="must be uint8 pixels") as caught:
        Image.from_numpy(array)
    assert words in str(caught.value)


def test_an_image_that_a_format_cannot_hold_is_refused_with_a_remedy() -> None:
    transparent = Image.from_numpy(np.zeros((2, 2, 4), np.uint8)).to_pil()
    with pytest.raises(ValueError, match=r"image\.convert\('RGB'\)"):
        Image.from_pil(transparent, format="JPEG")
    with pytest.raises(ValueError, match="knows no format 'NOPE'"):
        Image.from_pil(transparent, format="NOPE")
    with pytest.raises(ValueError, match=r"use Image\.from_numpy"):
        Image.from_pil(np.zeros((2, 2)))  # type: ignore[arg-type]
