"""A template filter that joins the lines of a bracket, as black would.

The final layout is black's. But black formats a text a second time if the first pass changes it, and formatting takes
most of the time of a run (`python -m benchmarks generation`). This module only moves line breaks; it knows nothing of
Python or of models.
"""

from __future__ import annotations

from gen_client.escape import LINE_LENGTH

_INDENT = "    "


def fold(text: str, width: int = LINE_LENGTH) -> str:
    """Fold a bracket onto one line if it fits, else onto three, else leave one item per line.

    The result is a plain string, not `Code`: a template cannot use this filter to write an expression past `finalize`.

    Args:
        text: The text between `{% filter fold %}` and `{% endfilter %}`: the line that opens the bracket, one line per
            item with a trailing comma, and the line that closes it.
        width: The longest line, in characters.
    """
    first, *items, last = [line for line in text.split("\n") if line]
    margin = first[: len(first) - len(first.lstrip())]
    joined = " ".join(item.strip() for item in items).removesuffix(",")
    if len(one_line := f"{first}{joined}{last.strip()}") <= width:
        return f"{one_line}\n"
    if len(middle := f"{margin}{_INDENT}{joined}") <= width:
        return f"{first}\n{middle}\n{margin}{last.strip()}\n"
    return "\n".join([first, *items, last, ""])
