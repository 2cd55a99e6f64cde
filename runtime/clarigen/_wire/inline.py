"""The methods of models without signatures: values inline in `Data`, parameters in `OutputInfo`.

Such a model gets no parts and no method name. Its inputs and results are the fields of `Data` that are
named after them (`image`, `concepts`). Its parameters are in the `output_info` of the request, so all
inputs of a request share them. Packages of other models do not load this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from .._data import Embedding
from .codec import (
    Codec,
    CodecError,
    RepeatedField,
    to_codec_error,
    type_mismatch,
    with_article,
)
from .json import encode_struct_entry
from .large_payloads import LargePayloads
from .method import Field, Unary, is_omitted
from .protobuf_writer import (
    Buffers,
    Encoder,
    encode_len_field,
    encode_varint,
    i32_tag,
    len_tag,
    varint_tag,
)
from .regions import append_embedding, encode_float_field, single_item_codec
from .scalars import encode_utf8

if TYPE_CHECKING:
    from .._proto import Data

_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)

CONFIG_PATH: Final = "output_info.output_config."
"""The start of the path of a parameter that is a field of `OutputConfig`."""

PARAMS_PATH: Final = "output_info.params."
"""The start of the path of a parameter that is a key of the Struct `params`."""

_INPUT, _INPUT_DATA = len_tag(4), len_tag(2)  # PostModelOutputsRequest.inputs, Input.data
_OUTPUT_CONFIG, _PARAMS = len_tag(2), len_tag(7)
_OPTION_TAGS: Final = (len_tag(19), len_tag(6), len_tag(5))
"""The tags around an `OutputInfo`: ModelVersion.output_info, Model.model_version, and the request's model."""

_SAME_FIELD: Final = {"text": "string_value"}
"""The field of `Data` that may hold a result instead of the one that is named after it."""


class InlineUnary(Unary[_R_co]):
    """A method of a model without signatures.

    The wire name of a parameter is the path of its value: a field of `Data` (`image`), or a field or key
    of `OutputInfo` (`output_info.params.temperature`).
    """

    __slots__ = ("_steps",)

    def __init__(
        self, wire_name: str, name: str, fields: tuple[Field, ...], returns: Codec[_R_co]
    ) -> None:
        super().__init__(wire_name, name, "PostModelOutputs", fields, returns)
        self._steps = tuple((field, *_choose_encoder(field)) for field in fields)

    def encode_request(self, values: Sequence[Any]) -> Buffers:
        """Encode a request with one input, without the address of the model.

        Args:
            values: One value per field, in order.

        Raises:
            InputError: A value does not fit its parameter.
        """
        data: Buffers = [b""]  # placeholder for the head
        options: dict[bytes, Buffers] = {_OUTPUT_CONFIG: [], _PARAMS: []}
        size = 0
        for (parameter, option_tag, encode), value in zip(self._steps, values, strict=True):
            argument = parameter.default if is_omitted(value, parameter.default) else value
            if is_omitted(argument, parameter.default):  # the default is to send nothing
                continue
            try:
                if option_tag:
                    encode(argument, options[option_tag])
                else:
                    size += encode(argument, data)
            except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                raise self._argument_error(parameter, value, to_codec_error(error)) from None
        head = _INPUT_DATA + encode_varint(size)
        data[0] = _INPUT + encode_varint(len(head) + size) + head
        return data + _encode_output_info(options)

    def join_requests(
        self, requests: Mapping[int, bytes]
    ) -> Iterable[tuple[list[int], list[bytes]]]:
        """Join the inputs that have equal parameters into one request, because all inputs of a request share them.

        Args:
            requests: Requests with one input each, by their index.

        Returns:
            The requests to send: the indexes of their inputs, and their parts.
        """
        groups: dict[bytes, tuple[list[int], list[bytes]]] = {}
        for index, request in requests.items():
            end = _find_input_end(request)
            indexes, inputs = groups.setdefault(request[end:], ([], []))
            indexes.append(index)
            inputs.append(request[:end])
        return [(indexes, [*inputs, options]) for options, (indexes, inputs) in groups.items()]


def inline_unary(
    wire_name: str, *fields: Field, name: str = "", returns: Codec[_R]
) -> InlineUnary[_R]:
    """Describe a method of a model without signatures.

    Args:
        wire_name: The name of the method, which is not sent.
        fields: Its parameters, in order. Their wire names are paths, see `InlineUnary`.
        name: The name in Python, if it differs.
        returns: The codec of its result, from `output` or `outputs`.
    """
    return InlineUnary(wire_name, name or wire_name, fields, returns)


def _encode_output_info(options: Mapping[bytes, Buffers]) -> Buffers:
    """Encode the parameters of a request, given the fields of each message in its `OutputInfo`, by tag."""
    content = b"".join(
        encode_len_field(tag, b"".join(fields)) for tag, fields in options.items() if fields
    )
    if not content:
        return []
    for tag in _OPTION_TAGS:
        content = encode_len_field(tag, content)
    return [content]


def _find_input_end(request: bytes) -> int:
    """Return the length of the input at the start of a request from `encode_request`."""
    size = shift = 0
    for position in range(len(_INPUT), len(request)):
        size |= (request[position] & 127) << shift
        shift += 7
        if request[position] < 128:
            return position + 1 + size
    return len(request)


def _choose_encoder(field: Field) -> tuple[bytes, Encoder]:
    """Return the tag of the message in `OutputInfo` that a parameter belongs to, if any, and its encoder."""
    path = field.wire_name
    if path.startswith(PARAMS_PATH):
        key = path.removeprefix(PARAMS_PATH)
        return _PARAMS, _checked(field, lambda value: encode_struct_entry(key, value))
    if path.startswith(CONFIG_PATH):
        return _OUTPUT_CONFIG, _checked(field, CONFIG_ENCODERS[path.removeprefix(CONFIG_PATH)])
    return b"", field.encode


def _checked(field: Field, encode: Callable[[Any], bytes]) -> Encoder:
    """Return an encoder that first checks the type and the constraints of a parameter."""

    def encode_option(value: Any, out: Buffers) -> int:
        field.encode(value, [])
        content = encode(value)
        out.append(content)
        return len(content)

    return encode_option


# Fields of OutputConfig.


def _uint32_encoder(number: int) -> Callable[[Any], bytes]:
    tag = varint_tag(number)

    def encode(value: Any) -> bytes:
        integer = int(value)
        if not 0 <= integer < 2**32:
            raise type_mismatch("an int from 0 to 2**32 - 1", value)
        return tag + encode_varint(integer)

    return encode


_LANGUAGE, _MIN_VALUE, _SELECT_CONCEPTS, _CONCEPT_NAME = (
    len_tag(4),
    i32_tag(7),
    len_tag(8),
    len_tag(2),
)


def _encode_concept_names(value: Iterable[str]) -> bytes:
    names = (encode_len_field(_CONCEPT_NAME, encode_utf8(name)) for name in value)
    return b"".join(encode_len_field(_SELECT_CONCEPTS, concept) for concept in names)


CONFIG_ENCODERS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "language": lambda value: encode_len_field(_LANGUAGE, encode_utf8(value)),
    "max_concepts": _uint32_encoder(6),
    "min_value": lambda value: encode_float_field(_MIN_VALUE, value),
    "select_concepts": _encode_concept_names,
    "sample_ms": _uint32_encoder(10),
}
"""The encoder of each field of `OutputConfig` that a parameter can have."""


# Results.


def output(name: str, codec: Codec[_R]) -> Codec[_R]:
    """Return the codec of a result that is one field of `Data`.

    Args:
        name: The field.
        codec: The codec that reads the field.
    """

    def decode(data: Data, payloads: LargePayloads) -> _R:
        _check_fields(data, [name])
        return codec.decode(data, payloads)

    return codec._replace(decode=decode)


def outputs(cls: type[_R], *members: Field) -> Codec[_R]:
    """Return the codec of a result that is several fields of `Data`: a generated dataclass.

    Args:
        cls: The dataclass.
        members: Its attributes; the wire name of each is a field of `Data`.
    """
    label = with_article(cls.__name__)
    names = [member.wire_name for member in members]

    def encode(value: Any, out: Buffers) -> int:
        if not isinstance(value, cls):
            raise type_mismatch(label, value)
        return sum(member.encode(getattr(value, member.name), out) for member in members)

    def decode(data: Data, payloads: LargePayloads) -> _R:
        _check_fields(data, names)
        values: dict[str, Any] = {}
        for member in members:
            try:
                values[member.name] = member.codec.decode(data, payloads)
            except CodecError as error:
                raise error.prepend_step(f".{member.name}") from None
        return cls(**values)

    parts = tuple((member.name, member.codec) for member in members)
    return Codec(label, encode, decode, kind="NAMED_FIELDS", parts=parts, cls=cls)


def _check_fields(data: Data, names: Sequence[str]) -> None:
    """Raise `CodecError` if a `Data` has values, but none of the fields that the model type names.

    A field without items is not sent, so a `Data` without any field is an empty result.
    """
    present = [field.name for field, _ in data.ListFields() if field.name != "metadata"]
    expected = {*names, *(_SAME_FIELD[name] for name in names if name in _SAME_FIELD)}
    if present and expected.isdisjoint(present):
        raise CodecError(
            f"has no {' or '.join(map(repr, names))}; the model answered with {', '.join(present)}"
        )


# Embeddings. Only models without signatures take or return them alone.


def _decode_embeddings(data: Data, _: LargePayloads) -> list[Embedding]:
    return [
        Embedding(tuple(embedding.vector), embedding.num_dimensions)
        for embedding in data.embeddings
    ]


EMBEDDING: Final = single_item_codec(
    Embedding, "embeddings", RepeatedField(append_embedding, _decode_embeddings)
)
"""The codec of embeddings. A list of them is the field `embeddings` of `Data`."""
