"""The document of a model type: the part of the platform's description that predictions need.

It has one form, whether it comes from the platform's messages or from a file, so that equal types give equal locks.
The content is not trusted: texts are passed on unchecked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from .. import wire
from .._wire.json import decode_value

if TYPE_CHECKING:
    from .._proto import ModelType, ModelTypeField

Json = Mapping[str, Any]

FIELD_TYPES: Final = (
    *("INVALID_MODEL_TYPE_FIELD_TYPE", "BOOLEAN", "STRING", "NUMBER", "ARRAY_OF_CONCEPTS"),
    *("ARRAY_OF_CONCEPTS_WITH_THRESHOLD", "number 6", "RANGE", "ENUM", "COLLABORATORS", "JSON"),
    *("ARRAY_OF_NUMBERS", "WORKFLOW_EMBED_MODELS", "ARRAY_OF_STRINGS", "RECURSIVE_ENUM"),
    *("PYTHON_CODE", "DATASET_ID", "DATASET_VERSION_ID", "ARRAY_OF_MODEL_CONCEPTS", "DATASET"),
    *("DATASET_VERSION", "ENCRYPTED_STRING", "CHECKPOINT_MODEL", "ARRAY_OF_SECRETS"),
)
"""The platform's names of the types of parameters. The index of a name is its number in protobuf."""

_FLOAT32_DIGITS: Final = 7
"""The significant digits of a bound: more than a 32-bit float has in most cases, and fewer than show its rounding."""

_RANGE_KEYS: Final = ("min", "max", "step")
_OPTION_KEYS: Final = ("id", "description")
_FIELD_KEYS: Final = (
    *("path", "field_type", "default_value", "description", "required"),
    *("model_type_range_info", "model_type_enum_options"),
)


class UnknownModelTypeError(ValueError):
    """A model type from which no method can be derived; the message says why."""


def read_model_type(content: Json, params_specs: Iterable[object] = ()) -> dict[str, Any]:
    """Return the document of a model type: what concerns predictions, in one canonical form.

    Parameters of training and those that are internal to the platform are left out.

    Args:
        content: A `ModelType` message as JSON.
        params_specs: The parameters that one model has in addition, as JSON.

    Raises:
        UnknownModelTypeError: The content has another form.
    """
    fields = [*_get_list(content, "model_type_fields"), *_get_list(content, "params_specs")]
    by_path: dict[str, dict[str, Any]] = {}
    for field in [*fields, *params_specs]:
        if not isinstance(field, Mapping):
            raise UnknownModelTypeError("a parameter of the model type is not an object")
        content_of_field = cast("Json", field)
        parameter = _read_field(content_of_field)
        path = parameter.get("path", "")
        if path.startswith("output_info.") and not _is_internal(content_of_field):
            by_path[path] = parameter
    document = {
        "id": _get_text(content, "id"),
        "description": _get_text(content, "description"),
        "input_fields": _get_list(content, "input_fields"),
        "output_fields": _get_list(content, "output_fields"),
        "model_type_fields": [by_path[path] for path in sorted(by_path)],
    }
    return {key: value for key, value in document.items() if value}


def _read_field(field: Json) -> dict[str, Any]:
    """Return what we know of a parameter, without zero values; 0 and False are values of a default."""
    values = {key: wire.get_either_case(field, key) for key in _FIELD_KEYS}
    values["field_type"] = _get_type_name(values["field_type"])
    if not isinstance(values["path"], str):
        raise UnknownModelTypeError("a parameter of the model type has no path")
    if not isinstance(values["required"], bool | None):
        raise UnknownModelTypeError("`required` of a parameter of the model type is not a boolean")
    values["default_value"] = _shorten_numbers(values["default_value"])
    bounds = _keep_keys(values["model_type_range_info"], _RANGE_KEYS)
    values["model_type_range_info"] = _shorten_numbers(bounds, digits=_FLOAT32_DIGITS)
    values["model_type_enum_options"] = [
        _keep_keys(option, _OPTION_KEYS)
        for option in _get_list(values, "model_type_enum_options")
        if not _is_internal(option)
    ]
    _check_json(values)
    return {
        key: value
        for key, value in values.items()
        if value or (key == "default_value" and value is not None)
    }


def _check_json(values: Json) -> None:
    """Raise `UnknownModelTypeError` for what JSON cannot hold, such as NaN or a date from YAML."""
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise UnknownModelTypeError(
            "a parameter of the model type has a value that JSON lacks"
        ) from None


def _shorten_numbers(value: Any, *, digits: int = 17) -> Any:
    """Return a JSON value with each number in one form, whether it comes from a message or from a file.

    Args:
        value: The value.
        digits: The significant digits of a number.
    """
    if isinstance(value, Mapping):
        items = cast("Json", value).items()
        return {key: _shorten_numbers(item, digits=digits) for key, item in items}
    if isinstance(value, list | tuple):
        return [_shorten_numbers(item, digits=digits) for item in cast("list[Any]", value)]
    if not isinstance(value, float) or not math.isfinite(value):
        return value
    number = float(f"{value:.{digits}g}")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _is_internal(content: object) -> bool:
    """Return whether the platform keeps a parameter or an option to itself."""
    return isinstance(content, Mapping) and bool(
        wire.get_either_case(cast("Json", content), "internal_only")
    )


def _keep_keys(value: Any, keys: Iterable[str]) -> Any:
    """Return an object with these keys only, without zero values; any other value unchanged."""
    if not isinstance(value, Mapping):
        return value
    content = cast("Json", value)
    return {key: content[key] for key in keys if content.get(key)}


def _get_type_name(value: object) -> object:
    is_known = isinstance(value, int) and 0 <= value < len(FIELD_TYPES)
    return FIELD_TYPES[cast("int", value)] if is_known else value


def _get_text(content: Json, key: str) -> str:
    value = wire.get_either_case(content, key)
    if value is None or isinstance(value, str):
        return value or ""
    raise UnknownModelTypeError(f"`{key}` of the model type is not a text")


def _get_list(content: Json, key: str) -> list[Any]:
    value = wire.get_either_case(content, key)
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise UnknownModelTypeError(f"`{key}` of the model type is not an array")
    return list(cast("list[Any]", value))


def convert_model_type(
    model_type: ModelType, params_specs: Iterable[ModelTypeField]
) -> dict[str, Any]:
    """Convert the platform's messages to the document of a model type.

    Args:
        model_type: The model type.
        params_specs: The parameters that one model has in addition.

    Raises:
        UnknownModelTypeError: A parameter has no path.
    """
    content = {
        "id": model_type.id,
        "description": model_type.description,
        "input_fields": list(model_type.input_fields),
        "output_fields": list(model_type.output_fields),
        "model_type_fields": list(map(_convert_field, model_type.model_type_fields)),
    }
    return read_model_type(content, map(_convert_field, params_specs))


def _convert_field(field: ModelTypeField) -> Json:
    bounds = field.model_type_range_info
    return {
        "path": field.path,
        "field_type": field.field_type,
        "default_value": decode_value(field.default_value),
        "description": field.description,
        "required": field.required,
        "internal_only": field.internal_only,
        "model_type_range_info": {"min": bounds.min, "max": bounds.max, "step": bounds.step},
        "model_type_enum_options": [
            {
                "id": option.id,
                "description": option.description,
                "internal_only": option.internal_only,
            }
            for option in field.model_type_enum_options
        ],
    }
