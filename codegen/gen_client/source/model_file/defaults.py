"""Defaults of parameters, as the SDK's `Param.to_proto` and `Param.set_default` write them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Final, cast

from gen_client.json_text import is_encodable
from gen_client.source.model_file.findings import Code, Finding, Level, Problem, unsure
from gen_client.source.model_file.values import (
    Constant,
    Items,
    Pairs,
    Param,
    Value,
    find_unknown,
)

_MAX_FLOAT32: Final = 3.4e38


def read_default(default: Value | None) -> dict[str, object]:
    """Return the fields of a parameter that say what leaving it out means.

    Raises:
        Problem: The default is not known, or cannot be sent.
    """
    if default is None:
        return {"required": True}
    if not isinstance(default, Param):
        return {"default": _format_default(default)}
    values = {name: _get_plain(value, name) for name, value in default.items.items()}
    content: dict[str, object] = {"default": _format_default(default.items["default"])}
    description = values.get("description")
    if description is not None:
        content["description"] = _check_text(description, "description")
    is_param = values.get("is_param", True)
    if not isinstance(is_param, bool):
        raise unsure("`is_param` is no bool")
    choices = values.get("choices")
    if choices is not None:
        content["model_type_enum_options"] = _format_choices(choices)
    bounds = {key: values.get(f"{key}_value") for key in ("min", "max")}
    if any(bound is not None for bound in bounds.values()):
        content["model_type_range_info"] = _format_bounds(bounds)
    return {**content, "is_param": is_param}


def _check_text(value: object, name: str) -> str:
    if not isinstance(value, str) or not is_encodable(value):
        raise unsure(f"`{name}` of Param is no text")
    return value


def _format_choices(choices: object) -> list[dict[str, object]]:
    if not isinstance(choices, list | tuple):
        raise unsure("`choices` of Param is no list")
    values = cast("Sequence[object]", choices)
    texts = [_check_text(str(choice), "choices") for choice in values]
    return [drop_zeros(id=text) for text in texts]


def _format_bounds(bounds: Mapping[str, object]) -> dict[str, object]:
    content: dict[str, object] = {}
    for key, bound in bounds.items():
        if bound is None:
            continue
        if isinstance(bound, bool) or not isinstance(bound, int | float):
            raise unsure(f"`{key}_value` of Param is no number")
        if not math.isfinite(bound) or abs(bound) > _MAX_FLOAT32:
            raise unsure(f"`{key}_value` of Param is too large")
        content |= drop_zeros(**{key: float(bound)})
    return content


def _format_default(default: Value) -> str:
    """Return the text of a default, as the SDK's `Param.set_default` writes it."""
    value = _get_plain(default, "default")
    if isinstance(value, str):
        return _check_text(value, "default")
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return _check_text(str(value), "default")


def _get_plain(value: Value, name: str) -> object:
    """Return the Python value of a default or of an argument of Param.

    Raises:
        Problem: It is not known.
    """
    unknown = find_unknown(value)
    if unknown is not None:
        if unknown.is_mocked:
            message = f"the {name} is not known, and the upload publishes the text of a mock: {unknown.reason}"
            finding = Finding(Level.UNSURE, Code.MOCKED_DEFAULT, message, 0)
            raise Problem(finding)
        raise unsure(f"the {name} is not known: {unknown.reason}")
    match value:
        case Constant(content):
            if content is ...:
                raise unsure(f"the {name} is `...`")
            return content
        case Items(kind, items) if kind is not set:
            return kind(_get_plain(item, name) for item in items)
        case Pairs(items=pairs):
            try:
                return {_get_plain(key, name): _get_plain(item, name) for key, item in pairs}
            except TypeError:
                raise unsure(f"the {name} has a key that is a list or a dict") from None
        case _:
            raise unsure(f"the {name} is an object")


def drop_zeros(**values: object) -> dict[str, object]:
    """Return the values that are not zero, empty or None; a message without values stays."""
    return {key: value for key, value in values.items() if value or key == "model_type_range_info"}
