"""The methods of a model without signatures, derived from its model type.

The platform describes such a model by a `ModelType`: which fields of `Data` it takes and returns, and which
parameters it has. `derive_signatures` converts that into signatures of the usual form, so that everything else
handles these models like others. They differ in two keys: `inline` of a method, and `path` of a field, which says
where the value is in a request or an output. The content is not trusted: texts are passed on unchecked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from .. import wire
from .._wire.json import decode_value

if TYPE_CHECKING:
    from .._proto import ModelType, ModelTypeField

Json = Mapping[str, Any]

CONFIG_PATH: Final = "output_info.output_config."
PARAMS_PATH: Final = "output_info.params."

_FIELD_TYPES: Final = (
    *("INVALID_MODEL_TYPE_FIELD_TYPE", "BOOLEAN", "STRING", "NUMBER", "ARRAY_OF_CONCEPTS"),
    *("ARRAY_OF_CONCEPTS_WITH_THRESHOLD", "number 6", "RANGE", "ENUM", "COLLABORATORS", "JSON"),
    *("ARRAY_OF_NUMBERS", "WORKFLOW_EMBED_MODELS", "ARRAY_OF_STRINGS", "RECURSIVE_ENUM"),
    *("PYTHON_CODE", "DATASET_ID", "DATASET_VERSION_ID", "ARRAY_OF_MODEL_CONCEPTS", "DATASET"),
    *("DATASET_VERSION", "ENCRYPTED_STRING", "CHECKPOINT_MODEL", "ARRAY_OF_SECRETS"),
)
"""The platform's names of the types of parameters. The index of a name is its number in protobuf."""


def _list_of(**item: Any) -> Json:
    return {"type": "LIST", "type_args": [item]}


_PARAMETER_TYPES: Final[Mapping[str, Json]] = {
    "BOOLEAN": {"type": "BOOL"},
    "STRING": {"type": "STR"},
    "NUMBER": {"type": "FLOAT"},
    "RANGE": {"type": "FLOAT"},
    "ENUM": {"type": "STR"},
    "JSON": {"type": "JSON_DATA"},
    "ARRAY_OF_NUMBERS": _list_of(type="FLOAT"),
    "ARRAY_OF_STRINGS": _list_of(type="STR"),
}
"""The data type for each type of parameter that a client can have."""

INPUT_TYPES: Final[Mapping[str, Json]] = {
    "image": {"type": "IMAGE"},
    "video": {"type": "VIDEO"},
    "audio": {"type": "AUDIO"},
    "text": {"type": "TEXT"},
    "concepts": _list_of(type="CONCEPT"),
    "regions": _list_of(type="REGION"),
    "frames": _list_of(type="FRAME"),
    "embeddings": _list_of(type="EMBEDDING"),
}
"""The data type for each field of `Data` that a client can pass."""

OUTPUT_TYPES: Final[Mapping[str, Json]] = {**INPUT_TYPES, "text": {"type": "STR"}}
"""The data type for each field of `Data` that a client can return."""

CONFIG_TYPES: Final[Mapping[str, Json]] = {
    "max_concepts": {
        "type": "INT",
        "description": "The maximum number of concepts to return; 0 for the platform's default.",
    },
    "min_value": {
        "type": "FLOAT",
        "description": "Return only concepts with at least this confidence.",
    },
    "select_concepts": {
        **_list_of(type="STR"),
        "description": "Return only the concepts with these names.",
    },
    "language": {"type": "STR", "description": "The language of the names of concepts."},
    "sample_ms": {
        "type": "INT",
        "description": "The interval between the frames that the model looks at, in milliseconds.",
    },
}
"""The data type for each field of `OutputConfig` that a client can pass."""

_CONCEPT_OUTPUTS: Final = frozenset({"concepts", "regions", "frames"})
"""The outputs that have concepts."""

_CONCEPT_OPTIONS: Final = ("max_concepts", "min_value", "select_concepts", "language")
"""The fields of `OutputConfig` that every model with concepts takes, whether or not its type has them."""

_SUBJECTS: Final = {"image": "an image", "video": "a video", "text": "a text"}
"""The inputs that need an article."""

_SAMPLE_MS: Final = f"{CONFIG_PATH}sample_ms"
_RANGE_KEYS: Final = ("min", "max", "step")
_OPTION_KEYS: Final = ("id", "description")
_FIELD_KEYS: Final = (
    *("path", "field_type", "default_value", "description", "required"),
    *("model_type_range_info", "model_type_enum_options"),
)


class UnknownModelTypeError(ValueError):
    """A model type from which no method can be derived; the message says why."""


# The document of a model type.


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
    values["model_type_range_info"] = _keep_keys(values["model_type_range_info"], _RANGE_KEYS)
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
    is_known = isinstance(value, int) and 0 <= value < len(_FIELD_TYPES)
    return _FIELD_TYPES[cast("int", value)] if is_known else value


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


# Signatures.


def derive_signatures(document: Json) -> list[dict[str, Any]]:
    """Return the signatures of the methods that models of a type have: `predict`, and `predict_video` for images.

    Args:
        document: The document, from `read_model_type`.

    Raises:
        UnknownModelTypeError: The type has inputs, outputs or parameters that no client can have.
    """
    inputs = _split_names(document.get("input_fields", ()), "input", INPUT_TYPES)
    if len(document.get("input_fields", ())) > 1:
        raise UnknownModelTypeError(
            f"it takes inputs from several sources ({', '.join(inputs)}); only workflows do"
        )
    outputs = _split_names(document.get("output_fields", ()), "output", OUTPUT_TYPES)
    fields = {field["path"]: field for field in document.get("model_type_fields", ())}
    description = document.get("description") or _describe(inputs, outputs)
    predict = _build_signature("predict", description, inputs, outputs, fields)
    if inputs != ["image"] or not _has_concepts(outputs):
        return [predict]
    description = f"Return frames of a video with the {' and '.join(outputs)} in each."
    return [predict, _build_signature("predict_video", description, ["video"], ["frames"], fields)]


def _describe(inputs: list[str], outputs: list[str]) -> str:
    subjects = [_SUBJECTS.get(field, field) for field in inputs]
    return (
        f"Return the {' and '.join(outputs)} that the model predicts for {' and '.join(subjects)}."
    )


def _has_concepts(outputs: Iterable[str]) -> bool:
    return not _CONCEPT_OUTPUTS.isdisjoint(outputs)


def _split_names(entries: Iterable[Any], noun: str, types: Mapping[str, Json]) -> list[str]:
    """Return the fields of `Data` in `input_fields` or `output_fields`. An entry may be a list with commas."""
    names: list[str] = []
    for entry in entries:
        if not isinstance(entry, str):
            raise UnknownModelTypeError(f"its {noun}s are not texts")
        names += [name.strip() for name in entry.split(",") if name.strip()]
    if not names:
        raise UnknownModelTypeError(f"it names no {noun}s")
    for name in names:
        if name not in types:
            known = ", ".join(types)
            raise UnknownModelTypeError(f"its {noun} {name!r} is not supported; {known} are")
    return list(dict.fromkeys(names))


def _build_signature(
    name: str,
    description: object,
    inputs: list[str],
    outputs: list[str],
    fields: Mapping[str, Json],
) -> dict[str, Any]:
    parameters = [
        {"name": field, "path": field, "required": True, **INPUT_TYPES[field]} for field in inputs
    ]
    names = set(inputs)
    paths = [f"{CONFIG_PATH}{option}" for option in _CONCEPT_OPTIONS if _has_concepts(outputs)]
    paths += [path for path in fields if path not in paths and path != _SAMPLE_MS]
    if not {"video", "frames"}.isdisjoint(inputs):
        paths.append(_SAMPLE_MS)
    for path in paths:
        parameter = _build_parameter(path, fields.get(path, {}))
        if parameter["name"] in names:
            prefix = "config" if path.startswith(CONFIG_PATH) else "params"
            parameter["name"] = f"{prefix}_{parameter['name']}"
        names.add(parameter["name"])
        parameters.append(parameter)
    return {
        "name": name,
        "method_type": "UNARY_UNARY",
        "inline": True,
        "description": description,
        "input_fields": parameters,
        "output_fields": list(_build_outputs(outputs)),
    }


def _build_outputs(outputs: list[str]) -> Iterator[dict[str, Any]]:
    for field in outputs:
        name = field if len(outputs) > 1 else wire.RESULT_NAME
        yield {"name": name, "path": field, **OUTPUT_TYPES[field]}


def _build_parameter(path: str, field: Json) -> dict[str, Any]:
    type_ = _choose_type(path, field.get("field_type"))
    parameter = {"name": re.sub(r"\W", "_", path.rpartition(".")[2]), "path": path, **type_}
    for key in ("description", "model_type_range_info", "model_type_enum_options"):
        if key in field:
            parameter[key] = field[key]
    default = _format_default(parameter, field.get("default_value"))
    if field.get("required") and "default_value" not in field:
        parameter["required"] = True
    elif default:
        parameter["default"] = default
    return parameter


def _choose_type(path: str, field_type: object) -> Json:
    key = path.removeprefix(CONFIG_PATH)
    if path.startswith(CONFIG_PATH) and key in CONFIG_TYPES:
        return CONFIG_TYPES[key]
    if not path.startswith(PARAMS_PATH) or "." in path.removeprefix(PARAMS_PATH):
        raise UnknownModelTypeError(f"its parameter {path!r} is not supported")
    if field_type not in _PARAMETER_TYPES:
        raise UnknownModelTypeError(
            f"its parameter {path!r} has the type {field_type}, which is not supported"
        )
    return _PARAMETER_TYPES[cast("str", field_type)]


def _format_default(parameter: Json, value: object) -> str:
    """Return the text of a default as signatures have it; `null` for a STR without a default."""
    if parameter["path"] == f"{CONFIG_PATH}select_concepts":
        value = None  # concepts, not their names
    if value is None:
        return "null" if parameter["type"] == "STR" else ""
    if parameter["type"] == "INT" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and parameter["type"] != "STR":
        return value
    return json.dumps(value)
