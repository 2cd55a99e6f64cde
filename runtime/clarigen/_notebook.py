"""HTML for notebooks: images, marks on an image, and tables.

All text is escaped and all numbers are formatted, because both come from models. URLs are shown as text and
never fetched. Pillow, if installed, converts images that browsers do not display. This module does not import
the data classes, which import it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from itertools import islice
from typing import Any, Final, TypeAlias

from ._text import escape_unprintable, shorten

MAX_IMAGE_BYTES: Final = 32 << 20
"""The size of the largest image that is displayed; a notebook stores a copy of it."""

MAX_MARKS: Final = 500
"""The number of marks that are drawn on an image."""

MAX_ROWS: Final = 100
"""The number of rows that a table displays."""

_MAX_TEXT_LENGTH: Final = 200
_MAGIC_NUMBERS: Final = (
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
)
_COLORS: Final = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")


Mark: TypeAlias = tuple[tuple[float, float, float, float] | None, str]
"""A box on an image (left, top, right and bottom as fractions, 0.0 to 1.0) and its label."""


def to_displayable(encoded: bytes) -> tuple[str, bytes] | None:
    """Return the media type and the bytes of an image in a format that browsers display.

    Args:
        encoded: An encoded image.

    Returns:
        None if the image is too large or cannot be converted.
    """
    if not encoded or len(encoded) > MAX_IMAGE_BYTES:
        return None
    for media_type, magic in _MAGIC_NUMBERS:
        if encoded.startswith(magic):
            return media_type, encoded
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "image/webp", encoded
    return _convert_to_png(encoded)


def as_png(encoded: bytes) -> bytes | None:
    """Return an image as PNG; None for a JPEG (see `as_jpeg`) and if it cannot be converted."""
    image = to_displayable(encoded)
    if image is None or image[0] == "image/jpeg":
        return None
    if image[0] != "image/png":
        image = _convert_to_png(encoded)
    return image[1] if image is not None else None


def as_jpeg(encoded: bytes) -> bytes | None:
    """Return an image if it is a JPEG; None for any other."""
    image = to_displayable(encoded)
    return image[1] if image is not None and image[0] == "image/jpeg" else None


def _convert_to_png(encoded: bytes) -> tuple[str, bytes] | None:
    from ._pictures import convert_to_png

    png = convert_to_png(encoded)
    return None if png is None else ("image/png", png)


def make_mark(region: Any) -> Mark:
    """Return a `Region` as a mark: its box, or its point as a box of size 0, and a label."""
    point_box = region.point and (*region.point[:2], *region.point[:2])
    names = [f"{concept.name or concept.id} {concept.value:.2f}" for concept in region.concepts]
    return region.box or point_box, ", ".join(names) or region.text or region.track_id


def figure_html(encoded: bytes, marks: Iterable[Mark]) -> str | None:
    """Return an image with marks on it as HTML; None if the image cannot be displayed."""
    image = to_displayable(encoded)
    if image is None:
        return None
    media_type, content = image
    source = f"data:{media_type};base64,{b64encode(content).decode('ascii')}"
    boxes = ((box, label) for box, label in marks if box is not None)
    mark_divs = [
        _mark_html(box, label, _COLORS[index % len(_COLORS)])
        for index, (box, label) in enumerate(islice(boxes, MAX_MARKS))
    ]
    return (
        '<div style="position:relative;display:inline-block">'
        f'<img src="{source}" style="display:block;max-width:100%">{"".join(mark_divs)}</div>'
    )


def _mark_html(box: tuple[float, float, float, float], label: str, color: str) -> str:
    left, top, right, bottom = map(_clamp_fraction, box)
    box_style = (
        f"position:absolute;left:{left:.2%};top:{top:.2%};"
        f"width:{max(right - left, 0.0):.2%};height:{max(bottom - top, 0.0):.2%};"
        f"outline:2px solid {color}"
    )
    label_style = (
        f"background:{color};color:#fff;font:11px sans-serif;padding:0 2px;white-space:nowrap"
    )
    content = f'<span style="{label_style}">{text_html(label)}</span>' if label else ""
    return f'<div style="{box_style}">{content}</div>'


def _clamp_fraction(value: float) -> float:
    return 1.0 if value > 1.0 else value if value > 0.0 else 0.0  # NaN becomes 0.0


def table_html(rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as an HTML table; all rows must have the same columns."""
    all_rows = list(rows)
    if not all_rows:
        return ""
    head = "".join(f"<th>{text_html(name)}</th>" for name in all_rows[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{text_html(value)}</td>' for value in row.values())}</tr>"
        for row in all_rows[:MAX_ROWS]
    )
    omitted = len(all_rows) - MAX_ROWS
    caption = f"<caption>{omitted:,} more rows are not shown</caption>" if omitted > 0 else ""
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_html(value: object) -> str:
    """Return a value as text for HTML: on one line, shortened and escaped."""
    content = f"{value:.3g}" if isinstance(value, float) else escape_unprintable(value)
    return escape(shorten(content, _MAX_TEXT_LENGTH))
