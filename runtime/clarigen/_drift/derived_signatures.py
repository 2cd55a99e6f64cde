"""The signatures that a model type stands for.

`derive_signatures` converts the document of a model type into signatures of the usual form, so that everything else
handles models without signatures like others. They differ in two keys: `inline` of a method, and `path` of a field,
which says where the value is in a request or an output. Texts are passed on unchecked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from .. import wire
from .model_type import Json, UnknownModelTypeError

CONFIG_PATH: Final = "output_info.output_config."
PARAMS_PATH: Final = "output_info.params."


def _list_of(**item: Any) -> Json:
    return {"type": "LIST", "type_args": [item]}


_PARAMETER_TYPES: Final[Mapping[str, Json]] = {
    "BOOLEAN": {"type": "BOOL"},
    "STRING": {"type": "STR"},
    "ARRAY_OF_STRINGS": _list_of(type="STR"),
    "NUMBER": {"type": "FLOAT"},
    "ARRAY_OF_NUMBERS": _list_of(type="FLOAT"),
    "RANGE": {"type": "FLOAT"},
    "ENUM": {"type": "STR"},
    "JSON": {"type": "JSON_DATA"},
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
            supported = ", ".join(types)
            raise UnknownModelTypeError(f"its {noun} {name!r} is not supported; {supported} are")
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
    if not isinstance(field_type, str) or field_type not in _PARAMETER_TYPES:
        raise UnknownModelTypeError(
            f"its parameter {path!r} has the type {field_type}, which is not supported"
        )
    return _PARAMETER_TYPES[field_type]


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
