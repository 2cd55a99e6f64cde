"""A client class that can be faked, with parameters and results of many types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clarigen import SERVER_DEFAULT, Client, Default, Text, wire


@dataclass(frozen=True)
class Answer:
    """A record whose name begins with a vowel."""

    text: str


class Many(Client):
    """A client with parameters of every kind of default, and types whose values are converted on the way."""

    def many(
        self,
        first: float | None = None,
        *,
        text: Text | str = "t",
        data: Any = None,
        top: int | Default = SERVER_DEFAULT,
        class_: str = "c",
        array: Any = None,
    ) -> str:
        return self._unary(_MANY, first, text, data, top, class_, array)

    def texts(self, names: Sequence[str] | Default = SERVER_DEFAULT) -> list[Text]:
        return self._unary(_TEXTS, names)

    def answer(self, answer: Answer) -> Answer:
        return self._unary(_ANSWER, answer)


_MANY = wire.unary(
    "many",
    wire.field("first", wire.FLOAT, default=None),
    wire.field("text", wire.TEXT, default="t"),
    wire.field("data", wire.JSON, default=None),
    wire.field("top", wire.INT, default=SERVER_DEFAULT),
    wire.field("class", wire.STR, name="class_", default="c", choices=("c", "d")),
    wire.field("array", wire.NDARRAY, default=None),
    returns=wire.STR,
)
_TEXTS = wire.unary(
    "Texts",
    wire.field("names", wire.list_of(wire.STR), default=SERVER_DEFAULT),
    name="texts",
    returns=wire.list_of(wire.TEXT),
)
_ANSWER_RECORD = wire.record(Answer, wire.field("text", wire.STR))
_ANSWER = wire.unary("answer", wire.field("answer", _ANSWER_RECORD), returns=_ANSWER_RECORD)
