"""Hypothesis strategies for interfaces: every type and kind of method, with hostile text.

`models()` draws what `interface.read` could return, `signatures()` the raw documents of such models, and `texts()` what
a hostile author might write.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from clarigen import ModelRef
from gen_client.interface import defaults
from gen_client.interface.model import (
    Choice,
    DataType,
    KnownDefault,
    Member,
    Method,
    MethodKind,
    Model,
    Parameter,
    Range,
    Result,
    Scalar,
    TypeKind,
)
from gen_client.interface.write import write_signatures

_HOSTILE: Final = (
    '"""',
    "'''",
    "\\",
    '\\"""',
    "\r",
    "\r\n",
    "\n\n\t",
    "\x00",
    "\x1b[31m",
    "\u2028",
    "\u202e",
    "\u200b",
    "\ufeff",
    "{{ 7 * 7 }}",
    "{x}",
    "%s",
    "# type: ignore",
    "\nimport os",
    "__import__('os').system('touch PWNED')",
    "*/",
)
_NAMES: Final = (
    "x",
    "predict",
    "class",
    "self",
    "None",
    "list",
    "str",
    "Image",
    "return_",
    "_private",
    "__init__",
    "ﬁne",
    "naïve",
    "名前",
    "close",
    "timeout",
)
_CONTAINERS: Final = (TypeKind.LIST, TypeKind.TUPLE, TypeKind.NAMED_FIELDS)
_LEAVES: Final = tuple(kind for kind in TypeKind if kind not in _CONTAINERS)


def texts() -> st.SearchStrategy[str]:
    """Text of a hostile author: anything that UTF-8 can encode, often with special characters."""
    plain = st.text(st.characters(codec="utf-8"), max_size=20)
    hostile = st.lists(st.sampled_from(_HOSTILE) | plain, max_size=4).map("".join)
    return plain | hostile


def names() -> st.SearchStrategy[str]:
    """Names on the wire that are valid in Python, or nearly so."""
    return st.sampled_from(_NAMES) | st.text("abcXYZ_", min_size=1, max_size=6)


def types() -> st.SearchStrategy[DataType]:
    """Types, nested a few levels deep."""
    return st.recursive(st.sampled_from(_LEAVES).map(DataType), _containers, max_leaves=6)


def _containers(inner: st.SearchStrategy[DataType]) -> st.SearchStrategy[DataType]:
    return st.one_of(
        inner.map(lambda item: DataType(TypeKind.LIST, (item,))),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda items: DataType(TypeKind.TUPLE, tuple(items))
        ),
        _members(inner).map(lambda members: DataType(TypeKind.NAMED_FIELDS, members=members)),
    )


def _members(inner: st.SearchStrategy[DataType]) -> st.SearchStrategy[tuple[Member, ...]]:
    member = st.builds(Member, names(), inner, texts())
    return st.lists(member, min_size=1, max_size=3, unique_by=lambda item: item.name).map(tuple)


@st.composite
def parameters(draw: st.DrawFn, stream: bool = False) -> Parameter:
    """A parameter, with everything that its type allows."""
    type = draw(types())
    required = draw(st.booleans())
    text = "" if required else draw(default_texts(type))
    default = defaults.read_default(type, required, text)
    choices = draw(_choices(type.kind)) if draw(st.booleans()) else ()
    value = default.value if isinstance(default, KnownDefault) else None
    if choices and isinstance(default, KnownDefault) and value not in [c.value for c in choices]:
        choices = ()
    bounds = draw(_ranges()) if type.kind in (TypeKind.INT, TypeKind.FLOAT) else None
    if bounds is not None and isinstance(value, (int, float)) and not _within(value, bounds):
        bounds = None
    return Parameter(
        draw(names()),
        type,
        required,
        default,
        default_text=text,
        description=draw(texts()),
        is_stream=stream,
        choices=choices,
        range=bounds,
        internal_only=draw(st.booleans()),
        is_param=draw(st.booleans()),
    )


def default_texts(type: DataType) -> st.SearchStrategy[str]:
    """Texts of defaults, both valid ones for a type and others."""
    fitting: dict[TypeKind, st.SearchStrategy[str]] = {
        TypeKind.INT: st.integers(-(2**65), 2**65).map(str),
        TypeKind.FLOAT: st.floats().map(str)
        | st.sampled_from(["NaN", "Infinity", "-Infinity", "1"]),
        TypeKind.BOOL: st.sampled_from(["true", "false", "True", "False"]),
        TypeKind.BYTES: st.binary(max_size=8).map(repr),
        TypeKind.JSON_DATA: st.sampled_from(['{"a": [1, null]}', "[]", "{}", "5", "[NaN]"]),
        TypeKind.LIST: st.sampled_from(["[]", "[1]", '["a"]', "[[]]", "[null]"]),
    }
    return st.sampled_from(["", "null"]) | texts() | fitting.get(type.kind, texts())


def _choices(kind: TypeKind) -> st.SearchStrategy[tuple[Choice, ...]]:
    ids: dict[TypeKind, st.SearchStrategy[str]] = {
        TypeKind.STR: texts(),
        TypeKind.INT: st.integers(-9, 9).map(str),
        TypeKind.FLOAT: st.floats(allow_nan=False, allow_infinity=False).map(repr),
        TypeKind.BOOL: st.sampled_from(["true", "false"]),
        TypeKind.BYTES: st.binary(max_size=4).map(repr),
    }
    if kind not in ids:
        return st.just(())
    choice = st.builds(_choice, st.just(kind), ids[kind], texts())
    return st.lists(choice, max_size=4, unique_by=_value).map(tuple)


def _choice(kind: TypeKind, id: str, description: str) -> Choice:
    return Choice(id, defaults.parse_scalar(kind, id), description)


def _value(choice: Choice) -> Scalar:
    return choice.value


def _ranges() -> st.SearchStrategy[Range | None]:
    """Ranges that the wire can express: a minimum of 0 needs a maximum, and a maximum of 0 means none."""
    bound = st.integers(-8, 8).map(lambda eighths: eighths / 8)
    return st.builds(_build_range, bound, bound, bound.map(abs))


def _build_range(bound: float, other: float, step: float) -> Range | None:
    least, most = sorted((bound, other))
    lowest = least if least or most > 0 else None
    if lowest is None and not most and not step:
        return None
    return Range(lowest, most or None, step)


def _within(value: float, bounds: Range) -> bool:
    return (bounds.lowest is None or value >= bounds.lowest) and (
        bounds.highest is None or value <= bounds.highest
    )


@st.composite
def methods(draw: st.DrawFn) -> Method:
    """A method of any kind."""
    kind = draw(st.sampled_from(MethodKind))
    drawn = draw(st.lists(parameters(), max_size=4))
    if kind is MethodKind.BIDI_STREAM:
        drawn.insert(draw(st.integers(0, len(drawn))), draw(parameters(stream=True)))
    unique = {parameter.name: parameter for parameter in drawn}
    if kind is MethodKind.BIDI_STREAM and not any(
        parameter.is_stream for parameter in unique.values()
    ):
        kind = MethodKind.SERVER_STREAM
    return Method(draw(names()), kind, draw(texts()), tuple(unique.values()), draw(_results()))


def _results() -> st.SearchStrategy[Result]:
    single = st.builds(Result, types(), texts())
    several = _members(types()).map(
        lambda members: Result(
            DataType(TypeKind.NAMED_FIELDS, members=members), multiple_outputs=True
        )
    )
    return single | several.filter(lambda result: "return" not in _member_names(result))


def _member_names(result: Result) -> list[str]:
    return [member.name for member in result.type.members]


def models() -> st.SearchStrategy[Model]:
    """An interface."""
    ids = st.text("abc019-_", min_size=1, max_size=8)
    reference = st.none() | st.builds(ModelRef, ids, ids, ids)
    several = st.lists(methods(), min_size=1, max_size=3, unique_by=lambda item: item.name)
    return st.builds(Model, reference, st.just("") | ids, several.map(tuple))


def signatures() -> st.SearchStrategy[dict[str, Any]]:
    """The raw signature of a method, in the form that the platform gives."""
    return methods().map(lambda method: write_signatures(Model(None, "", (method,)))[0])
