"""Where the lines of a statement break: as black would break them, so that it finds nothing to change.

What lives here: `folded`, the filter that templates put around a bracket. black has the last word on every
file; but a text that it changes it formats twice, and most of what generating takes is its time. Moves the ends of
lines alone, writes nothing. Knows nothing of Python or of models.
"""

from __future__ import annotations

from gen_client.escape import LINE_LENGTH

_INDENT = "    "


def fold(text: str) -> str:
    """A bracket that is written with an item a line, in as few lines as it fits in: one, three, or as it is.

    Args:
        text: The line that opens the bracket, a line for each item with a comma at its end, the line that closes it. It is
            what a template wrote between `{% filter folded %}` and its end; what comes back is no `Code`, so that no
            expression can be written through it.
    """
    first, *items, last = [line for line in text.split("\n") if line]
    margin = first[: len(first) - len(first.lstrip())]
    inside = " ".join(item.strip() for item in items).removesuffix(",")
    if len(whole := f"{first}{inside}{last.strip()}") <= LINE_LENGTH:
        return f"{whole}\n"
    if len(body := f"{margin}{_INDENT}{inside}") <= LINE_LENGTH:
        return f"{first}\n{body}\n{margin}{last.strip()}\n"
    return "\n".join([first, *items, last, ""])
