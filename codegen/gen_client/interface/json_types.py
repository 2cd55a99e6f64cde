"""The user's types for JSON values, from a configuration or a lock.

A key names a parameter or a return value. The text of its type is untrusted: it is parsed, and nothing that it names is
imported.

    chat.messages      the parameter of a method: JSON; or a list of JSON, whose type is then `list[T]`
    predict.return     the return value of a method
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clarigen import wire
from gen_client.diagnostics import Refusal, suggest
from gen_client.exit_codes import USAGE
from gen_client.interface.model import DataType, Method, TypeKind
from gen_client.text import escape_unprintable, quote

JsonTypes = tuple[tuple[str, str], ...]
"""Keys, and the texts of their types."""


def apply_json_types(methods: Sequence[Method], types: JsonTypes) -> tuple[Method, ...]:
    """Return the methods with the user's types.

    Raises:
        Refusal: Exit 2: a key does not name a JSON value, or a text is not a type.
    """
    methods_by_name = {method.name: method for method in methods}
    for key, text in types:
        name, _, part = key.partition(".")
        if name not in methods_by_name:
            remedy = suggest(name, methods_by_name)
            raise _refuse_json_type(key, f"there is no method {quote(name)}", remedy)
        type_text = parse_json_type(key, text)
        methods_by_name[name] = _apply_to_method(methods_by_name[name], part, key, type_text)
    return tuple(methods_by_name.values())


def parse_json_type(key: str, text: str) -> wire.TypeText:
    """Parse the text of a type.

    Args:
        key: The key of the type, for the message.
        text: The text.

    Raises:
        Refusal: Exit 2: the text is not a type.
    """
    try:
        return wire.parse_type(text)
    except ValueError as error:
        raise _refuse_json_type(key, escape_unprintable(f"{quote(text)} {error}", 400)) from None


def collect_allowed(types: JsonTypes) -> tuple[frozenset[tuple[str, str]], frozenset[str]]:
    """Return the classes and texts that the user's types allow in generated code.

    Returns:
        The classes, each by module and name; and the texts of types.

    Raises:
        Refusal: Exit 2: a text is not a type.
    """
    type_texts = [parse_json_type(key, text) for key, text in types]
    item_types = [type_text.item for type_text in type_texts if type_text.item is not None]
    classes = frozenset(cls for type_text in type_texts for cls in type_text.classes())
    return classes, frozenset(type_text.text for type_text in [*type_texts, *item_types])


def _apply_to_method(method: Method, part: str, key: str, type_text: wire.TypeText) -> Method:
    """Return the method with a user's type for one parameter, or for the return value."""
    if part == wire.RESULT_NAME:
        type_ = _apply_to_type(method.result.type, key, type_text)
        return replace(method, result=replace(method.result, type=type_))
    names = [parameter.name for parameter in method.parameters]
    if part not in names:
        message = f"{quote(method.name)} has no parameter {quote(part)}"
        raise _refuse_json_type(key, message, suggest(part, [*names, wire.RESULT_NAME]))
    for parameter in method.parameters:
        is_scalar = type_text.optional or type_text.name in ("str", "int", "float", "bool")
        if parameter.name == part and parameter.type.kind is TypeKind.JSON_DATA and is_scalar:
            raise _refuse_json_type(key, "an argument that is JSON is an object or an array")
    parameters = tuple(
        (
            replace(parameter, type=_apply_to_type(parameter.type, key, type_text))
            if parameter.name == part
            else parameter
        )
        for parameter in method.parameters
    )
    return replace(method, parameters=parameters)


def _apply_to_type(type_: DataType, key: str, type_text: wire.TypeText) -> DataType:
    if type_.kind is TypeKind.JSON_DATA:
        return replace(type_, json_type=type_text)
    if type_.kind is TypeKind.LIST and type_.items[0].kind is TypeKind.JSON_DATA:
        if type_text.name != "list" or type_text.item is None or type_text.optional:
            raise _refuse_json_type(key, f"it is a list of JSON: write list[{type_text.text}]")
        return replace(type_, items=(replace(type_.items[0], json_type=type_text.item),))
    raise _refuse_json_type(key, f"only JSON can be given a type, and it is {type_.kind.value}")


def _refuse_json_type(key: str, message: str, remedy: str = "") -> Refusal:
    return Refusal(message, exit_code=USAGE, location=f"types, {quote(key)}", remedy=remedy)
