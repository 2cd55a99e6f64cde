"""How notebooks and rich display values."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from clarigen import Box, Concept, Frame, Image, Point, Region, Response, Usage
from clarigen._calls.response import Recording
from clarigen._notebook import MAX_IMAGE_BYTES, MAX_MARKS, MAX_ROWS
from clarigen._proto import MultiOutputResponse
from clarigen.examples import IMAGE
from support import run_python

DOG = Region(box=Box(0.1, 0.2, 0.5, 0.6), concepts=[Concept("dog", value=0.9)])


def encode_image(form: str) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (4, 4), "red").save(buffer, format=form)
    return buffer.getvalue()


class Tags(HTMLParser):
    """The tags and the text of an HTML document."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


RESPONSE = Response("predict", Usage(3, 4), "r", 10000, 0.25, 1, MultiOutputResponse())


# Images.


def test_a_png_is_displayed_unchanged() -> None:
    assert IMAGE._repr_png_() == IMAGE.bytes
    assert IMAGE._repr_jpeg_() is None


def test_a_jpeg_is_displayed_unchanged() -> None:
    image = Image(bytes=encode_image("JPEG"))
    assert image._repr_jpeg_() == image.bytes
    assert image._repr_png_() is None


@pytest.mark.parametrize("form", ["WEBP", "GIF", "BMP", "TIFF"])
def test_other_formats_are_converted(form: str) -> None:
    converted = Image(bytes=encode_image(form))._repr_png_()
    assert converted is not None
    assert PIL.Image.open(io.BytesIO(converted)).size == (4, 4)


@pytest.mark.parametrize(
    "image",
    [
        Image(url="https://example.com/x.png"),
        Image(bytes=b"<svg onload='alert(1)'/>"),
        Image(bytes=b"\x89PNG\r\n\x1a\n" + b"x" * MAX_IMAGE_BYTES),
    ],
    ids=["a URL is not fetched", "not an image", "too large"],
)
def test_an_image_that_cannot_be_displayed_has_its_repr(image: Image) -> None:
    assert image._repr_png_() is None
    assert image._repr_jpeg_() is None
    assert image.with_regions([DOG])._repr_html_() is None


def test_without_pillow_other_formats_have_their_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image(bytes=encode_image("BMP"))
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert image._repr_png_() is None


def test_displaying_a_png_does_not_import_pillow() -> None:
    code = "import sys, clarigen.examples as e; e.IMAGE._repr_png_(); print('PIL' in sys.modules)"
    assert run_python(code).stdout.strip() == "False"


# Regions.


def test_regions_are_drawn_at_their_position() -> None:
    html = IMAGE.with_regions([DOG, Region(point=Point(0.5, 0.5), text="here")])._repr_html_()
    assert html is not None
    assert "left:10.00%;top:20.00%;width:40.00%;height:40.00%" in html
    assert "left:50.00%;top:50.00%;width:0.00%;height:0.00%" in html
    assert Tags(html).texts == ["dog 0.90", "here"]


def test_a_frame_is_drawn_like_its_image() -> None:
    assert (
        Frame(image=IMAGE, regions=[DOG])._repr_html_() == IMAGE.with_regions([DOG])._repr_html_()
    )
    assert Frame(regions=[DOG])._repr_html_() is None


def test_the_number_of_regions_is_limited() -> None:
    html = IMAGE.with_regions([DOG] * (MAX_MARKS + 5))._repr_html_()
    assert html is not None
    assert Tags(html).tags.count("span") == MAX_MARKS


@given(
    st.lists(st.floats(width=32), min_size=4, max_size=4),
    st.text(),
    st.text(),
)
def test_text_of_a_model_never_becomes_html(edges: list[float], name: str, text: str) -> None:
    region = Region(box=Box(*edges), concepts=[Concept(name, id="x")] if name else [], text=text)
    html = IMAGE.with_regions([region])._repr_html_()
    assert html is not None
    tags = Tags(html)
    assert set(tags.tags) <= {"div", "img", "span"}
    assert tags.attributes <= {"style", "src"}
    assert all(0 <= float(number) <= 100 for number in re.findall(r"([\d.e+-]+)%;", html))
    assert all(character.isprintable() for character in html)


# Responses.


def test_responses_are_tables() -> None:
    html = replace(RESPONSE, request_id="<script>")._repr_html_()
    assert Tags(html).tags.count("td") == 8
    assert "script" not in Tags(html).tags
    assert "<script>" in Tags(html).texts
    recording = Recording([RESPONSE] * (MAX_ROWS + 2))
    assert Tags(recording._repr_html_()).tags.count("tr") == MAX_ROWS + 1
    assert "2 more rows are not shown" in recording._repr_html_()
    assert Recording()._repr_html_() == ""


def test_the_repr_of_a_response_omits_the_raw_message() -> None:
    assert "raw" not in repr(RESPONSE)


# rich.


def test_rich_omits_defaults() -> None:
    text = pretty_repr(DOG, max_width=200)
    assert text.startswith("Region(box=Box(left=0.1,")
    assert "mask" not in text
    assert "track_id" not in text
    assert pretty_repr(IMAGE) == repr(IMAGE)
