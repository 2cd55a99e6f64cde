"""What notebooks show of values: pictures, marks on a picture, tables; as HTML that holds nothing of a stranger's.

What lives here: the bytes of a picture in a form that browsers show, and a few lines of HTML. It knows no
class of ours. Every text is escaped, every number formatted, nothing is fetched: an address stays text.
Pillow is imported for formats that browsers do not show, if it is there.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from itertools import islice
from typing import Final, TypeAlias

MAX_IMAGE_BYTES: Final = 32 << 20
"""The largest picture that is shown, in encoded bytes: a notebook keeps a copy of it."""

MAX_MARKS: Final = 500
"""How many marks are drawn on a picture."""

MAX_ROWS: Final = 100
"""How many rows of a table are shown."""

_LONGEST: Final = 200
_MAGIC: Final = (
    ("image/png", b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", b"\xff\xd8\xff"),
    ("image/gif", b"GIF8"),
)
_COLOURS: Final = ("#d62728", "#1f77b4", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")


Mark: TypeAlias = tuple[tuple[float, float, float, float] | None, str]
"""Where something is on a picture, and what it is: left, top, right and bottom as fractions 0.0 to 1.0."""


def displayable(encoded: bytes) -> tuple[str, bytes] | None:
    """A picture as browsers show it: its media type and bytes; None if it cannot be, or is too large."""
    if not encoded or len(encoded) > MAX_IMAGE_BYTES:
        return None
    for media_type, magic in _MAGIC:
        if encoded.startswith(magic):
            return media_type, encoded
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "image/webp", encoded
    return _convert_to_png(encoded)


def as_png(encoded: bytes) -> bytes | None:
    """A picture as PNG, converted if need be; None if it is a JPEG, which notebooks show as it is."""
    found = displayable(encoded)
    if found is None or found[0] == "image/jpeg":
        return None
    if found[0] != "image/png":
        found = _convert_to_png(encoded)
    return found[1] if found is not None else None


def as_jpeg(encoded: bytes) -> bytes | None:
    """A picture that is a JPEG, as it is; None if it is none."""
    found = displayable(encoded)
    return found[1] if found is not None and found[0] == "image/jpeg" else None


def _convert_to_png(encoded: bytes) -> tuple[str, bytes] | None:
    import io

    try:
        import PIL.Image
    except ImportError:
        return None
    buffer = io.BytesIO()
    try:
        PIL.Image.open(io.BytesIO(encoded)).convert("RGBA").save(buffer, format="PNG")
    except Exception:  # noqa: BLE001 - whatever a decoder finds wrong, the picture is not shown
        return None
    return "image/png", buffer.getvalue()


def figure_html(encoded: bytes, marks: Iterable[Mark]) -> str | None:
    """A picture with marks on it; None if the picture cannot be shown."""
    found = displayable(encoded)
    if found is None:
        return None
    media_type, data = found
    source = f"data:{media_type};base64,{b64encode(data).decode('ascii')}"
    placed = ((place, label) for place, label in marks if place is not None)
    drawn = [
        _mark_html(place, label, _COLOURS[number % len(_COLOURS)])
        for number, (place, label) in enumerate(islice(placed, MAX_MARKS))
    ]
    return (
        '<div style="position:relative;display:inline-block">'
        f'<img src="{source}" style="display:block;max-width:100%">{"".join(drawn)}</div>'
    )


def _mark_html(place: tuple[float, float, float, float], label: str, colour: str) -> str:
    left, top, right, bottom = map(_clamp_fraction, place)
    box = (
        f"position:absolute;left:{left:.2%};top:{top:.2%};"
        f"width:{max(right - left, 0.0):.2%};height:{max(bottom - top, 0.0):.2%};"
        f"outline:2px solid {colour}"
    )
    name = f"background:{colour};color:#fff;font:11px sans-serif;padding:0 2px;white-space:nowrap"
    written = f'<span style="{name}">{text(label)}</span>' if label else ""
    return f'<div style="{box}">{written}</div>'


def _clamp_fraction(value: float) -> float:
    return 1.0 if value > 1.0 else value if value > 0.0 else 0.0  # NaN is neither: the edge


def table_html(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows that all have the same columns, as an HTML table."""
    found = list(rows)
    if not found:
        return ""
    head = "".join(f"<th>{text(name)}</th>" for name in found[0])
    body = "".join(
        f"<tr>{''.join(f'<td>{text(value)}</td>' for value in row.values())}</tr>"
        for row in found[:MAX_ROWS]
    )
    more = len(found) - MAX_ROWS
    rest = f"<caption>{more:,} more are not shown</caption>" if more > 0 else ""
    return f"<table>{rest}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text(value: object) -> str:
    """A value as escaped text, cut where it is long, without characters that change what is around it."""
    whole = f"{value:.3g}" if isinstance(value, float) else str(value)
    cut = whole if len(whole) <= _LONGEST else whole[: _LONGEST - 1] + "…"
    return escape("".join(c if c.isprintable() else "�" for c in cut))
