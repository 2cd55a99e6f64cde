"""Gives JSON the types of the user's that a configuration, or a lock, names.

What lives here: which parameter or result a key means, and what is said where it means none. A text is a stranger's:
it is parsed, and nothing that it names is looked at. Knows the interface's nouns.

    chat.messages      the parameter of a method: JSON, or a list of JSON, which takes `list[T]`
    predict.return     what a method returns
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from clarigen import wire
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.interface.model import DataType, Method, TypeKind
from gen_client.text import escape_unprintable, quote

JsonTypes = tuple[tuple[str, str], ...]


def apply_json_types(methods: Sequence[Method], types: JsonTypes) -> tuple[Method, ...]:
    """The methods with the types that they are given.

    Args:
        methods: The methods of a model.
        types: What is given: a key, and the text of a type.

    Raises:
        Refusal: Exit 2: a key means nothing that JSON is, or a text is no type.
    """
    named = {method.name: method for method in methods}
    for key, text in types:
        name, _, part = key.partition(".")
        if name not in named:
            raise _refusal(key, f"there is no method {quote(name)}", name, named)
        named[name] = _apply_to_method(named[name], part, key, parse_json_type(key, text))
    return tuple(named.values())


def parse_json_type(key: str, text: str) -> wire.TypeText:
    """The type that a text says.

    Raises:
        Refusal: Exit 2: it is none.
    """
    try:
        return wire.parse_type(text)
    except ValueError as error:
        raise _refusal(key, escape_unprintable(f"{quote(text)} {error}", 400)) from None


def collect_allowed(types: JsonTypes) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """What generated code may say because of them: classes, by module and name, and texts of types.

    Raises:
        Refusal: Exit 2: a text is no type.
    """
    whole = [parse_json_type(key, text) for key, text in types]
    items = [its.item for its in whole if its.item is not None]
    classes = frozenset(its for one in whole for its in one.classes())
    return classes, frozenset(one.text for one in [*whole, *items])


def _apply_to_method(method: Method, part: str, key: str, wanted: wire.TypeText) -> Method:
    if part == wire.RESULT_NAME:
        result = replace(method.result, type=_apply_to_type(method.result.type, key, wanted))
        return replace(method, result=result)
    names = [parameter.name for parameter in method.parameters]
    if part not in names:
        what = f"{quote(method.name)} has no parameter {quote(part)}"
        raise _refusal(key, what, part, [*names, wire.RESULT_NAME])
    if wanted.optional or wanted.name in ("str", "int", "float", "bool"):
        raise _refusal(key, "an argument that is JSON is an object or an array")
    return replace(
        method,
        parameters=tuple(
            (replace(its, type=_apply_to_type(its.type, key, wanted)) if its.name == part else its)
            for its in method.parameters
        ),
    )


def _apply_to_type(type_: DataType, key: str, wanted: wire.TypeText) -> DataType:
    if type_.kind is TypeKind.JSON_DATA:
        return replace(type_, json_type=wanted)
    if type_.kind is TypeKind.LIST and type_.items[0].kind is TypeKind.JSON_DATA:
        if wanted.name != "list" or wanted.item is None or wanted.optional:
            raise _refusal(key, f"it is a list of JSON: write list[{wanted.text}]")
        return replace(type_, items=(replace(type_.items[0], json_type=wanted.item),))
    raise _refusal(key, f"only JSON can be given a type, and it is {type_.kind.value}")


def _refusal(key: str, what: str, near: str = "", known: Iterable[str] = ()) -> Refusal:
    """A refusal of what stands under a key; `near` is the word that is none of those that are known."""
    remedy = suggest(near, known)
    return Refusal(what, exit_code=USAGE, location=f"types, {quote(key)}", remedy=remedy)
