"""Every field of a signature that holds untrusted text, collected from the platform's descriptor.

`LEAVES` has the paths of the fields. `planted` puts a text into one field of a model. The models of `MODELS` together
fill every field, with every type that gives a text another meaning.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from clarifai_grpc.grpc.api import resources_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor

Path = tuple[str, ...]
Signature = dict[str, Any]

NESTED = 2
"""How often a path may pass through the same message."""


def _paths(message: Descriptor, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the paths of the text fields in a message and in the messages inside it."""
    for field in message.fields:
        if field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            yield (field.name,)
        elif field.message_type is not None and above.count(field.message_type.full_name) < NESTED:
            inside = (*above, field.message_type.full_name)
            yield from ((field.name, *path) for path in _paths(field.message_type, inside))


LEAVES: list[Path] = sorted(_paths(resources_pb2.MethodSignature.DESCRIPTOR))
IDS: list[Path] = [("model", key) for key in ("user_id", "app_id", "model_id", "version_id")]
"""The ids in a signature file or a lock."""


def _field(name: str, type: str, **more: Any) -> Signature:
    return {"name": name, "type": type, "required": True, "description": "Some words.", **more}


_REPEATED = {
    field.name
    for message in (
        resources_pb2.MethodSignature.DESCRIPTOR,
        resources_pb2.ModelTypeField.DESCRIPTOR,
    )
    for field in message.fields
    if field.is_repeated
}


def _method(field: Signature, output: Signature) -> Signature:
    return {
        "name": "predict",
        "method_type": "UNARY_UNARY",
        "description": "Some words.",
        "input_fields": [field],
        "output_fields": [output],
    }


_RETURN = _field("return", "STR")
_RECORD = [_field("member", "NAMED_FIELDS", type_args=[_field("inner", "STR")])]
_CHOICES = [{"id": "one", "description": "Some words."}]

MODELS: dict[str, Signature] = {
    "a text": _method(_field("x", "STR", required=False, default="word"), _RETURN),
    "a choice": _method(_field("x", "STR", model_type_enum_options=_CHOICES), _RETURN),
    "a number": _method(_field("x", "INT", required=False, default="2"), _RETURN),
    "bytes": _method(_field("x", "BYTES", required=False, default="b''"), _RETURN),
    "JSON": _method(_field("x", "JSON_DATA", required=False, default="[]"), _RETURN),
    "an image": _method(_field("x", "IMAGE", required=False, default="word"), _RETURN),
    "a record": _method(
        _field("x", "NAMED_FIELDS", type_args=_RECORD),
        _field("return", "NAMED_FIELDS", type_args=_RECORD),
    ),
    "outputs": _method(_field("x", "STR"), _field("head", "STR")),
    "a list": _method(
        _field("x", "LIST", type_args=[{"name": "x_item", "type": "STR"}], default="[]"), _RETURN
    ),
}


def places() -> Iterator[tuple[str, Path]]:
    """Yield each leaf with each model that has the object around it, or with the first model if none has."""
    for path in LEAVES:
        there = [
            title for title, signature in MODELS.items() if _holder(signature, path) is not None
        ]
        for title in there or ["a text"]:
            yield title, path


def _holder(signature: Signature, path: Path, *, make: bool = False) -> Signature | None:
    """Return the object that holds the last field of a path; None if the model has no such object."""
    here: Any = signature
    for step in path[:-1]:
        if step not in here:
            if not make:
                return None
            here[step] = [{}] if step in _REPEATED else {}
        inner = here[step]
        here = inner[0] if isinstance(inner, list) else inner
    assert isinstance(here, dict)
    return here


def planted(title: str, path: Path, text: str) -> Signature:
    """Return a model with a text at a leaf."""
    signature = copy.deepcopy(MODELS[title])
    holder = _holder(signature, path, make=True)
    assert holder is not None
    holder[path[-1]] = text
    return signature
