"""What notebooks and rich show of values."""

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

FOUND = Region(box=Box(0.1, 0.2, 0.5, 0.6), concepts=[Concept("dog", value=0.9)])


def encoded(form: str) -> bytes:
    buffer = io.BytesIO()
    PIL.Image.new("RGB", (4, 4), "red").save(buffer, format=form)
    return buffer.getvalue()


class Tags(HTMLParser):
    """The tags of a text, and what is written between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.written: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.written.append(data)


RESPONSE = Response("predict", Usage(3, 4), "r", 10000, 0.25, 1, MultiOutputResponse())


# Pictures


def test_a_png_is_shown_as_it_is() -> None:
    assert IMAGE._repr_png_() == IMAGE.bytes
    assert IMAGE._repr_jpeg_() is None


def test_a_jpeg_is_shown_as_it_is() -> None:
    image = Image(bytes=encoded("JPEG"))
    assert image._repr_jpeg_() == image.bytes
    assert image._repr_png_() is None


@pytest.mark.parametrize("form", ["WEBP", "GIF", "BMP", "TIFF"])
def test_other_formats_are_converted(form: str) -> None:
    shown = Image(bytes=encoded(form))._repr_png_()
    assert shown is not None
    assert PIL.Image.open(io.BytesIO(shown)).size == (4, 4)


@pytest.mark.parametrize(
    "image",
    [
        Image(url="https://example.com/x.png"),
        Image(bytes=b"<svg onload='alert(1)'/>"),
        Image(bytes=b"\x89PNG\r\n\x1a\n" + b"x" * MAX_IMAGE_BYTES),
    ],
    ids=["an address is not fetched", "no picture", "too large"],
)
def test_what_cannot_be_shown_is_left_to_the_repr(image: Image) -> None:
    assert image._repr_png_() is None
    assert image._repr_jpeg_() is None
    assert image.with_regions([FOUND])._repr_html_() is None


def test_without_pillow_other_formats_are_left_to_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image(bytes=encoded("BMP"))
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert image._repr_png_() is None


def test_showing_a_png_imports_no_pillow() -> None:
    code = "import sys, clarigen.examples as e; e.IMAGE._repr_png_(); print('PIL' in sys.modules)"
    assert run_python(code).stdout.strip() == "False"


# Regions


def test_regions_are_drawn_where_they_are() -> None:
    html = IMAGE.with_regions([FOUND, Region(point=Point(0.5, 0.5), text="here")])._repr_html_()
    assert html is not None
    assert "left:10.00%;top:20.00%;width:40.00%;height:40.00%" in html
    assert "left:50.00%;top:50.00%;width:0.00%;height:0.00%" in html
    assert Tags(html).written == ["dog 0.90", "here"]


def test_a_frame_is_drawn_like_its_image() -> None:
    assert (
        Frame(image=IMAGE, regions=[FOUND])._repr_html_()
        == IMAGE.with_regions([FOUND])._repr_html_()
    )
    assert Frame(regions=[FOUND])._repr_html_() is None


def test_many_regions_are_bounded() -> None:
    html = IMAGE.with_regions([FOUND] * (MAX_MARKS + 5))._repr_html_()
    assert html is not None
    assert Tags(html).tags.count("span") == MAX_MARKS


@given(
    st.lists(st.floats(width=32), min_size=4, max_size=4),
    st.text(),
    st.text(),
)
def test_nothing_of_a_strangers_becomes_html(edges: list[float], name: str, text: str) -> None:
    region = Region(box=Box(*edges), concepts=[Concept(name, id="x")] if name else [], text=text)
    html = IMAGE.with_regions([region])._repr_html_()
    assert html is not None
    tags = Tags(html)
    assert set(tags.tags) <= {"div", "img", "span"}
    assert tags.attributes <= {"style", "src"}
    assert all(0 <= float(number) <= 100 for number in re.findall(r"([\d.e+-]+)%;", html))
    assert all(each.isprintable() for each in html)


# Responses


def test_responses_are_tables() -> None:
    html = replace(RESPONSE, request_id="<script>")._repr_html_()
    assert Tags(html).tags.count("td") == 8
    assert "script" not in Tags(html).tags
    assert "<script>" in Tags(html).written
    seen = Recording([RESPONSE] * (MAX_ROWS + 2))
    assert Tags(seen._repr_html_()).tags.count("tr") == MAX_ROWS + 1
    assert "2 more are not shown" in seen._repr_html_()
    assert Recording()._repr_html_() == ""


def test_a_responses_repr_has_no_raw_message() -> None:
    assert "raw" not in repr(RESPONSE)


# rich


def test_rich_shows_what_is_there() -> None:
    shown = pretty_repr(FOUND, max_width=200)
    assert shown.startswith("Region(box=Box(left=0.1,")
    assert "mask" not in shown
    assert "track_id" not in shown
    assert pretty_repr(IMAGE) == repr(IMAGE)
