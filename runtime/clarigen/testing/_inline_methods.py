"""Served methods of models without signatures: arguments inline in `Data` and in `OutputInfo`.

Only models that are built from signatures have such methods. The codecs are those of clients. This module must
not know RPCs or grpc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import _proto, wire
from .._drift.derived_signatures import CONFIG_PATH, PARAMS_PATH
from .._drift.model_type import FIELD_TYPES
from .._wire.codec import Codec, CodecError
from .._wire.json import decode_value, encode_metadata
from .._wire.protobuf_writer import Buffers
from ._served_methods import ServedMethod

if TYPE_CHECKING:
    from .._proto import Data, OutputConfig, OutputInfo


@dataclass(frozen=True, slots=True)
class InlineMethod(ServedMethod):
    """A served method whose signature has a path for each value."""

    def decode_arguments(self, data: Data, options: OutputInfo | None = None) -> dict[str, Any]:
        """Decode the arguments of one input, without the omitted ones.

        Raises:
            ValueError: A required argument is missing, or a value does not match the signature.
        """
        arguments: dict[str, Any] = {}
        present = {field.name for field, _ in data.ListFields()}
        for name, type_ in self.parameters.items():
            path = type_.field["path"]
            if path.startswith((CONFIG_PATH, PARAMS_PATH)):
                value = None if options is None else _find_option(options, path)
                if value is not None:
                    arguments[name] = value
            elif path in present:
                arguments[name] = self._decode(name, type_, data)
            elif type_.field["type"] == "LIST":
                arguments[name] = []
            elif name in self.required:
                raise ValueError(f"Missing required field: {name}")
        return arguments

    def encode_result(self, result: Any, data: Data) -> None:
        """Encode a result into the fields of a `Data`."""
        buffers: Buffers = []
        try:
            self.returns.encode(result, buffers)
        except CodecError as error:
            raise ValueError(f"{self.name}: the result{error.path} {error.problem}") from None
        data.MergeFromString(b"".join(buffers))

    def accepts(self, data: Data) -> bool:
        """Return whether an input has all that the method requires: that tells which method it calls."""
        present = {field.name for field, _ in data.ListFields()}
        return all(
            self.parameters[name].field["path"] in present
            for name in self.required
            if self.parameters[name].field["type"] != "LIST"
            and not self.parameters[name].field["path"].startswith((CONFIG_PATH, PARAMS_PATH))
        )


def _find_option(options: OutputInfo, path: str) -> Any:
    """Return the value of a parameter; None if it is omitted."""
    if path.startswith(CONFIG_PATH):
        return _find_config_value(options.output_config, path.removeprefix(CONFIG_PATH))
    fields = options.params.fields
    key = path.removeprefix(PARAMS_PATH)
    return decode_value(fields[key]) if key in fields else None


def _find_config_value(config: OutputConfig, name: str) -> Any:
    if name == "select_concepts":
        return [concept.name for concept in config.select_concepts] or None
    return getattr(config, name) or None


def find_inline_method(methods: Iterable[ServedMethod], data: Data) -> InlineMethod | None:
    """Return the method that an input without the name of a method calls; None if there is none."""
    inline = (method for method in methods if isinstance(method, InlineMethod))
    return next((method for method in inline if method.accepts(data)), None)


def build_model_type(document: Mapping[str, Any]) -> _proto.ModelType:
    """Build the platform's message for the document of a model type, as a lock has it."""
    return _proto.ModelType(
        id=document.get("id", ""),
        description=document.get("description", ""),
        input_fields=document["input_fields"],
        output_fields=document["output_fields"],
        model_type_fields=map(_build_model_type_field, document.get("model_type_fields", ())),
    )


def _build_model_type_field(content: Mapping[str, Any]) -> _proto.ModelTypeField:
    names = ("path", "description", "required", "model_type_range_info", "model_type_enum_options")
    field = _proto.ModelTypeField(**{name: content[name] for name in names if name in content})
    field.field_type = FIELD_TYPES.index(content.get("field_type", FIELD_TYPES[0]))
    if "default_value" in content:
        # A Value is built as part of a Struct: nothing here may import protobuf.
        metadata = encode_metadata({"": content["default_value"]})
        field.default_value.CopyFrom(_proto.Data.FromString(metadata).metadata.fields[""])
    return field


def build_result_codec(
    outputs: Iterable[Mapping[str, Any]],
    record: type[Any],
    build_codec: Callable[[Mapping[str, Any]], Codec[Any]],
) -> Codec[Any]:
    """Return the codec of an inline result.

    Args:
        outputs: The outputs of the signature.
        record: The class of a result with several outputs.
        build_codec: Returns the codec of an output.
    """
    fields = [
        wire.field(output["name"], wire.TEXT if output["path"] == "text" else build_codec(output))
        for output in outputs
    ]
    return fields[0].codec if len(fields) == 1 else wire.outputs(record, *fields)
