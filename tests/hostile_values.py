"""Strategies for values of any class: what callers pass by mistake, and objects whose methods raise."""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from hypothesis import strategies as st

from clarigen import (
    SERVER_DEFAULT,
    Audio,
    Box,
    Concept,
    Embedding,
    Frame,
    Image,
    Keypoint,
    Point,
    Region,
    Text,
    Video,
)

_METHODS: Final = (
    *(
        "__array__",
        "__index__",
        "__float__",
        "__iter__",
        "__len__",
        "__str__",
        "__repr__",
        "__bool__",
    ),
    *("__eq__", "__hash__", "__getitem__", "__contains__", "__int__", "__complex__", "__bytes__"),
    *(
        "keys",
        "items",
        "encode",
        "tolist",
        "shape",
        "dtype",
        "__class__",
        "__getattr__",
        "__lt__",
        "__ge__",
    ),
)
_ERRORS: Final = (
    *(TypeError, ValueError, OverflowError, RecursionError, KeyError, AttributeError, RuntimeError),
    *(ZeroDivisionError, StopIteration, UnicodeError, NotImplementedError, OSError),
)
_BASES: Final = (object, str, bytes, int, float, list, tuple, dict, Exception)


@st.composite
def hostile_objects(draw: st.DrawFn) -> Any:
    """Objects, some of them strings, numbers or containers, some of whose methods raise."""
    error, base = draw(st.sampled_from(_ERRORS)), draw(st.sampled_from(_BASES))

    def fail(*_: object, **__: object) -> Any:
        raise error("hostile")

    names = draw(st.lists(st.sampled_from(_METHODS), min_size=1, max_size=4, unique=True))
    properties = ("shape", "dtype", "__class__")
    body: dict[str, Any] = {name: property(fail) if name in properties else fail for name in names}
    if "__eq__" in body:
        body.setdefault("__hash__", object.__hash__)
    cls = type("Hostile", (base,), body)
    content = {str: "x", bytes: b"x", int: 1, float: 1.0, list: [1], tuple: (1,), dict: {"a": 1}}
    return cls(content[base]) if base in content else cls()


class FailingMapping(Mapping[str, Any]):
    """A mapping that raises when it is read."""

    def __getitem__(self, key: str) -> Any:
        raise OSError(key)

    def __iter__(self) -> Any:
        yield "a"

    def __len__(self) -> int:
        return 1


class FailingSequence(Sequence[Any]):
    """A sequence whose second item raises."""

    def __getitem__(self, index: Any) -> Any:
        if index:
            raise RuntimeError("no more")
        return 1

    def __len__(self) -> int:
        return 3


class _Color(enum.Enum):
    RED = "red"


class _Level(enum.IntEnum):
    HIGH = 3


def _cyclic() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    mapping: dict[str, Any] = {}
    mapping["a"] = {"b": [mapping]}
    deep: Any = []
    for _ in range(2000):
        deep = [deep]
    return [items, mapping, deep]


_ODD: Final[list[Any]] = [
    *(None, SERVER_DEFAULT, ..., NotImplemented, object(), object, len, iter([1]), range(3)),
    *(float("nan"), float("inf"), -0.0, 1e308, 5e-324, 1 + 2j, 0j, True, False),
    *(2**53, 2**53 + 1, -(2**53) - 1, 2**63, -(2**63) - 1, 10**400, -(10**5000), 2**1024),
    *(
        decimal.Decimal("1.5"),
        decimal.Decimal("NaN"),
        decimal.Decimal("1e999"),
        decimal.Decimal("sNaN"),
    ),
    *(
        fractions.Fraction(1, 3),
        fractions.Fraction(10**400),
        uuid.UUID(int=7),
        _Color.RED,
        _Level.HIGH,
    ),
    *("", "x", "\ud800", "\0", "a" * 50, b"", b"\xff", bytearray(b"x"), memoryview(b"abc")[::2]),
    *(
        datetime.date(2026, 1, 2),
        datetime.timedelta(1),
        {1, 2},
        frozenset({"a"}),
        {1: 2},
        {"_list": [1]},
    ),
    *(FailingMapping(), FailingSequence(), *_cyclic()),
    *(
        Text("x"),
        Image(bytes=b"x"),
        Image(),
        Audio(url="u"),
        Video(bytes=b"x"),
        Concept("x"),
        Region(),
    ),
    *(Frame(), Box(0.0, 0.0, 1.0, 1.0), Point(0.5, 0.5), Keypoint(0.5, 0.5), Embedding([0.5])),
]
_DTYPES: Final = (
    *("b1", "i1", "i4", "i8", "u8", "f2", "f4", "f8", "g", "c8", "c16", "O", "S2", "U2", "M8[s]"),
    *("m8[s]", ">i4", "V3"),
)


def _arrays() -> st.SearchStrategy[Any]:
    shapes = st.sampled_from([(), (1,), (3,), (0,), (2, 2)])
    arrays = st.builds(
        lambda dtype, shape: np.zeros(shape, dtype), st.sampled_from(_DTYPES), shapes
    )
    return arrays | arrays.filter(lambda array: array.size > 0).map(
        lambda array: array.reshape(-1)[0]
    )


def _odd_value(index: int) -> Any:
    return _ODD[index]


def _leaves() -> st.SearchStrategy[Any]:
    numbers = st.integers() | st.floats() | st.complex_numbers() | st.decimals()
    return (
        st.integers(0, len(_ODD) - 1).map(_odd_value)
        | hostile_objects()
        | _arrays()
        | numbers
        | st.text()
        | st.binary()
    )


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, max_size=3)
    return st.one_of(
        lists,
        lists.map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.builds(Text, inner, url=inner, extra=inner),
        st.builds(Image, bytes=inner, url=inner, extra=inner),
        st.builds(Concept, inner, value=inner, id=inner, extra=inner),
        st.builds(Keypoint, inner, inner, inner, inner),
        st.builds(Box, inner, inner, inner, inner),
        st.builds(Embedding, inner, inner),
        *(st.builds(Region, **{name: inner}) for name in Region.__dataclass_fields__),
        *(st.builds(Frame, **{name: inner}) for name in Frame.__dataclass_fields__),
    )


class Held(NamedTuple):
    """A value whose own `repr` Hypothesis does not call: it may raise."""

    value: Any

    def __repr__(self) -> str:
        return f"Held({type(self.value).__name__})"


def values() -> st.SearchStrategy[Any]:
    """Any value at all, nested a few levels deep."""
    return st.recursive(_leaves(), _containers, max_leaves=5)
