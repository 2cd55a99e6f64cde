"""Sample values of every wire type, made from a seed.

What lives here: what a model answers that does not exist yet. The same seed gives the same values, on every machine.
Nothing here knows methods or servers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from .. import Box, Concept, Frame, Region, Text, examples

_SENTENCES: Final = (
    "A quiet river keeps its own time.",
    "The answer is forty-two, give or take.",
    "Three small boats left the harbour at dawn.",
    "This is a sample, made on this machine.",
)
_LABELS: Final = ("bicycle", "boat", "cat", "cup", "dog", "lamp", "tree")


class Sampler:
    """Makes values, one after the other.

    Args:
        seed: Whatever decides them; equal texts give equal values.
        records: Makes a record of a signature's field out of its members by name.
    """

    def __init__(
        self, seed: str, records: Callable[[Mapping[str, Any], dict[str, Any]], Any]
    ) -> None:
        self._random = random.Random(seed)
        self._make_record = records

    def make_value(self, field: Mapping[str, Any]) -> Any:
        """A value of the type of a signature's field."""
        inner = field.get("type_args", ())
        match field["type"]:
            case "LIST":
                return [self.make_value(inner[0]) for _ in range(self._random.randint(1, 3))]
            case "TUPLE":
                return tuple(self.make_value(item) for item in inner)
            case "NAMED_FIELDS":
                members = {member["name"]: self.make_value(member) for member in inner}
                return self._make_record(field, members)
            case kind:
                return self._make_leaf(kind)

    def make_transport_reply(self, method: str) -> str | None:
        """What one of the platform's own transport methods answers: the JSON text of a message; None for any other method."""
        said = self._random.choice(_SENTENCES)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        match method:
            case "openai_transport":
                choice["message"] = {"role": "assistant", "content": said}
                kind = "chat.completion"
            case "openai_stream_transport":
                choice = {"index": 0, "finish_reason": None, "delta": {"content": said}}
                kind = "chat.completion.chunk"
            case "mcp_transport":
                return json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}})
            case _:
                return None
        message = {"id": "sample", "object": kind, "created": 0, "model": "sample"}
        return json.dumps({**message, "choices": [choice]})

    def _make_leaf(self, kind: str) -> Any:
        chance = self._random
        match kind:
            case "STR":
                return chance.choice(_SENTENCES)
            case "TEXT":
                return Text(chance.choice(_SENTENCES))
            case "BYTES":
                return chance.randbytes(8)
            case "INT":
                return chance.randint(0, 100)
            case "FLOAT":
                return self._make_fraction()
            case "BOOL":
                return chance.random() < 0.5
            case "NDARRAY":
                return [[self._make_fraction() for _ in range(3)] for _ in range(2)]
            case "JSON_DATA":
                return {
                    "label": chance.choice(_LABELS),
                    "score": self._make_fraction(),
                    "tags": ["sample"],
                }
            case _:
                return self._make_data(kind)

    def _make_data(self, kind: str) -> Any:
        match kind:
            case "IMAGE":
                return examples.IMAGE
            case "AUDIO":
                return examples.AUDIO
            case "VIDEO":
                return examples.VIDEO
            case "CONCEPT":
                return self._make_concept()
            case "REGION":
                return self._make_region()
            case "FRAME":
                seconds = self._random.randint(0, 99)
                regions = [self._make_region()]
                return Frame(
                    image=examples.IMAGE, regions=regions, time=seconds / 10, index=seconds
                )
            case _:
                raise ValueError(f"no value can be made of {kind}")

    def _make_concept(self) -> Concept:
        return Concept(self._random.choice(_LABELS), value=self._make_fraction())

    def _make_region(self) -> Region:
        left, top = self._random.randint(0, 4) / 8, self._random.randint(0, 4) / 8
        box = Box(left, top, left + 0.5, top + 0.5)
        return Region(box=box, concepts=[self._make_concept()], value=self._make_fraction())

    def _make_fraction(self) -> float:
        """A number between 0 and 1 that a 32-bit float holds exactly."""
        return self._random.randint(1, 63) / 64
