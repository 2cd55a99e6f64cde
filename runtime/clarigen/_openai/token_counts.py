"""The token counts that an answer of OpenAI's API states.

They replace those of the platform's message: embeddings have none there, and those of agentic models are wrong (they
may belong to another call). These are pure functions.
"""

from __future__ import annotations

from typing import Any, cast

from .._calls.response import Usage


def read_usage(answer: object) -> Usage | None:
    """Return the token counts of an answer or of an item of a stream; None if it states none."""
    if not isinstance(answer, dict):
        return None
    fields = cast("dict[str, Any]", answer)
    response = fields.get("response")  # an event of the endpoint `/responses`
    holder = cast("dict[str, Any]", response) if isinstance(response, dict) else fields
    usage = holder.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = cast("dict[str, Any]", usage)
    details = counts.get("prompt_tokens_details") or counts.get("input_tokens_details")
    return Usage(
        _read_count(counts, "prompt_tokens") or _read_count(counts, "input_tokens"),
        _read_count(counts, "completion_tokens") or _read_count(counts, "output_tokens"),
        _read_count(details, "cached_tokens"),
    )


def _read_count(fields: object, key: str) -> int:
    count = cast("dict[str, Any]", fields).get(key) if isinstance(fields, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else 0


class UsageMeter:
    """Adds up the token counts of a stream.

    A round of a chat ends with a chunk that has counts and no choices; an agentic model sends several rounds. Some servers
    send running totals with each chunk; they are used only if no round ends with such a chunk.
    """

    def __init__(self) -> None:
        self._rounds = Usage()
        self._latest: Usage | None = None

    def add(self, item: object) -> None:
        """Add the counts of an item."""
        usage = read_usage(item)
        if usage is None:
            return
        self._latest = usage
        if not cast("dict[str, Any]", item).get("choices"):
            self._rounds += usage

    @property
    def usage(self) -> Usage | None:
        """The counts of the items so far; None if none had any."""
        return self._rounds if any(self._rounds) else self._latest
