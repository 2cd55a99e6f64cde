"""Sample values of every type, generated from a seed.

The same seed gives the same values on every machine, so that tests can rely on them. This module must not
know servers, and knows no methods except the transport methods, whose text has a form of its own.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from .. import Box, Concept, Embedding, Frame, Region, Text, examples

_SENTENCES: Final = (
    "A quiet river keeps its own time.",
    "The answer is forty-two, give or take.",
    "Three small boats left the harbour at dawn.",
    "This is a sample, made on this machine.",
)
_LABELS: Final = ("bicycle", "boat", "cat", "cup", "dog", "lamp", "tree")


_MAX_LONG_LISTS: Final = 3
"""Levels of lists that have several items."""


class Sampler:
    """A generator of sample values.

    Args:
        seed: The seed. Equal seeds give equal values.
        make_record: Makes a record from its field in a signature and its members by name.
    """

    def __init__(
        self, seed: str, make_record: Callable[[Mapping[str, Any], dict[str, Any]], Any]
    ) -> None:
        self._rng = random.Random(seed)
        self._make_record = make_record

    def make_value(self, field: Mapping[str, Any], depth: int = 0) -> Any:
        """Make a value for a field of a signature.

        Args:
            field: The field.
            depth: The number of lists around the value. Lists within many lists have one item: otherwise the number
                of values would grow with the power of the depth.
        """
        inner = field.get("type_args", ())
        match field["type"]:
            case "LIST":
                length = self._rng.randint(1, 3) if depth < _MAX_LONG_LISTS else 1
                return [self.make_value(inner[0], depth + 1) for _ in range(length)]
            case "TUPLE":
                return tuple(self.make_value(item, depth) for item in inner)
            case "NAMED_FIELDS":
                members = {member["name"]: self.make_value(member, depth) for member in inner}
                return self._make_record(field, members)
            case leaf:
                return self._make_leaf(leaf)

    def make_transport_message(self, method: str) -> str | None:
        """Make the result of a transport method (`openai_transport` and the like): a message as JSON text.

        Returns:
            The message; None if the method is not a transport method.
        """
        sentence = self._rng.choice(_SENTENCES)
        choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
        match method:
            case "openai_transport":
                choice["message"] = {"role": "assistant", "content": sentence}
                object_type = "chat.completion"
            case "openai_stream_transport":
                choice = {"index": 0, "finish_reason": None, "delta": {"content": sentence}}
                object_type = "chat.completion.chunk"
            case "mcp_transport":
                return json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"tools": []}})
            case _:
                return None
        message = {"id": "sample", "object": object_type, "created": 0, "model": "sample"}
        return json.dumps({**message, "choices": [choice]})

    def _make_leaf(self, type_name: str) -> Any:
        rng = self._rng
        match type_name:
            case "STR":
                return rng.choice(_SENTENCES)
            case "TEXT":
                return Text(rng.choice(_SENTENCES))
            case "BYTES":
                return rng.randbytes(8)
            case "INT":
                return rng.randint(0, 100)
            case "FLOAT":
                return self._make_fraction()
            case "BOOL":
                return rng.random() < 0.5
            case "NDARRAY":
                return [[self._make_fraction() for _ in range(3)] for _ in range(2)]
            case "JSON_DATA":
                return {
                    "label": rng.choice(_LABELS),
                    "score": self._make_fraction(),
                    "tags": ["sample"],
                }
            case _:
                return self._make_data(type_name)

    def _make_data(self, type_name: str) -> Any:
        match type_name:
            case "IMAGE":
                return examples.IMAGE
            case "AUDIO":
                return examples.AUDIO
            case "VIDEO":
                return examples.VIDEO
            case "CONCEPT":
                return self._make_concept()
            case "EMBEDDING":
                return Embedding([self._make_fraction() for _ in range(3)])
            case "REGION":
                return self._make_region()
            case "FRAME":
                index = self._rng.randint(0, 99)
                regions = [self._make_region()]
                return Frame(image=examples.IMAGE, regions=regions, time=index / 10, index=index)
            case _:
                raise ValueError(f"no sample value for type {type_name}")

    def _make_concept(self) -> Concept:
        return Concept(self._rng.choice(_LABELS), value=self._make_fraction())

    def _make_region(self) -> Region:
        left, top = self._rng.randint(0, 4) / 8, self._rng.randint(0, 4) / 8
        box = Box(left, top, left + 0.5, top + 0.5)
        return Region(box=box, concepts=[self._make_concept()], value=self._make_fraction())

    def _make_fraction(self) -> float:
        """Make a number between 0 and 1 that a 32-bit float represents exactly."""
        return self._rng.randint(1, 63) / 64
