"""The description of a method: how its arguments are encoded and its results are decoded.

`Field` and `Method` hold the rules: which arguments are sent, what is sent for omitted ones, and which values are
allowed. They know nothing of channels, statuses and retries, so that fakes share them. `_calls` adds the address.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar, cast

from .._data import Text
from .._types import KNOWN_DEFAULT, SERVER_DEFAULT, Default
from ..errors import DecodeError, InputError
from .codec import (
    PART_TAG,
    Codec,
    CodecError,
    describe,
    encode_part_id,
    explain_choices,
    is_default,
    is_list_of_mappings,
    part_encoder,
    to_codec_error,
    type_mismatch,
)
from .json import encode_name_metadata
from .protobuf_writer import Buffers, Encoder, encode_len_field, encode_varint, len_tag
from .scalars import STR

if TYPE_CHECKING:
    from .._proto import Data
    from .large_payloads import LargePayloads
else:
    Data = LargePayloads = Any

_R_co = TypeVar("_R_co", covariant=True)


class _Required:
    """The type of `REQUIRED`, which signatures show as `<required>`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<required>"


REQUIRED: Final[Any] = _Required()
"""The default of a parameter that must be passed."""

RESULT_NAME: Final = "return"
"""The name of a method's only output."""

_INPUT, _INPUT_DATA = len_tag(4), len_tag(2)  # PostModelOutputsRequest.inputs, Input.data
_EMPTY_PART: Final = PART_TAG + b"\0"


class Field(NamedTuple):
    """One parameter of a method, or one member of a record.

    Attributes:
        wire_name: The name on the wire.
        name: The name in Python. It differs if the name on the wire is a keyword, for example.
        codec: How its values are encoded and decoded.
        default: The value to send if the argument is omitted. If it is None, or `SERVER_DEFAULT`
            (only the model knows the default), nothing is sent. `REQUIRED` if the argument must be passed.
        ge: The lowest value allowed.
        le: The highest value allowed.
        choices: The values allowed; empty if all are.
        is_stream: Whether it is a stream of such values.
    """

    wire_name: str
    name: str
    codec: Codec[Any]
    default: Any = REQUIRED
    ge: float | None = None
    le: float | None = None
    choices: tuple[Any, ...] = ()
    is_stream: bool = False

    @property
    def value_encoder(self) -> Encoder:
        """The encoder of a value; it checks the constraints if there are any."""
        is_constrained = bool(self.choices) or self.ge is not None or self.le is not None
        return self.encode if is_constrained else self.codec.encode

    def encode(self, value: Any, out: Buffers) -> int:
        """Append the fields of a `Data` that holds a value, if it satisfies the constraints.

        Returns:
            Their size in bytes.

        Raises:
            CodecError: The value has another type or violates a constraint.
        """
        size = self.codec.encode(value, out)
        if self.choices and value not in self.choices:
            raise CodecError(explain_choices(value, self.choices))
        if self.ge is not None and not value >= self.ge:
            raise CodecError(f"must be at least {self.ge}, not {value}")
        if self.le is not None and not value <= self.le:
            raise CodecError(f"must be at most {self.le}, not {value}")
        return size


class Method(Generic[_R_co]):
    """A method of a model, as its signature describes it.

    Attributes:
        wire_name: The name on the wire.
        name: The name in Python, used in errors, logs and recordings.
        rpc: The name of the platform's RPC that calls it.
        fields: Its parameters, in the order of the signature.
        returns: The codec of its result, or of each item of the stream that it returns.
        stream_field: The parameter that is a stream, if one is.
    """

    __slots__ = (
        "_encoders",
        *("_name_metadata", "fields", "name", "returns", "rpc", "stream_field"),
        "wire_name",
    )

    def __init__(
        self, wire_name: str, name: str, rpc: str, fields: tuple[Field, ...], returns: Codec[_R_co]
    ) -> None:
        self.wire_name: Final = wire_name
        self.name: Final = name
        self.rpc: Final = rpc
        self.fields: Final = fields
        self.returns: Final = returns
        self.stream_field: Final = next((field for field in fields if field.is_stream), None)
        self._name_metadata = encode_name_metadata(wire_name)
        self._encoders = tuple(
            (field, part_encoder(field.value_encoder, field.wire_name)) for field in fields
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def encode_request(self, values: Sequence[Any]) -> Buffers:
        """Encode a request with one input, without the address of the model.

        Args:
            values: One value per field, in order. The value of a stream is ignored.

        Raises:
            InputError: A value does not fit its parameter.
        """
        return self.wrap_input(*self.encode_arguments(values))

    def encode_arguments(self, values: Sequence[Any]) -> tuple[Buffers, int]:
        """Encode the `Data` of an input, for `wrap_input` or `encode_item`.

        Args:
            values: One value per field, in order. The value of a stream is ignored.

        Returns:
            The fields of the `Data` and their size in bytes.

        Raises:
            InputError: A value does not fit its parameter.
        """
        out: Buffers = [self._name_metadata]
        size = 0
        for (parameter, encode), value in zip(self._encoders, values, strict=True):
            try:
                if value is None or type(value) is Default or parameter.is_stream:
                    size += self._encode_omittable(parameter, encode, value, out)
                else:
                    size += encode(value, out)
            except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                raise self._argument_error(parameter, value, to_codec_error(error)) from None
        if not size and self.stream_field is None:
            # Servers answer an input without parts in an older protocol.
            out.append(_EMPTY_PART)
            size = len(_EMPTY_PART)
        return out, size + len(self._name_metadata)

    def _encode_omittable(self, parameter: Field, encode: Encoder, value: Any, out: Buffers) -> int:
        """Append an argument that may be omitted: a stream, None, SERVER_DEFAULT or KNOWN_DEFAULT."""
        default = parameter.default
        if parameter.is_stream:
            return 0
        if value is KNOWN_DEFAULT:
            value = default
        # Old servers declare `stop: str = None` as an optional STR without a default.
        may_be_none = parameter.codec is STR and default is SERVER_DEFAULT and not parameter.choices
        if value is None and may_be_none:
            value = SERVER_DEFAULT
        if not is_omitted(value, default):
            return encode(value, out)
        if parameter is self.fields[0] and parameter.codec.misread_when_absent:
            if default is not None and default is not SERVER_DEFAULT:
                return encode(default, out)
            # Without this empty part, servers would read its value from the other arguments' parts.
            part = encode_len_field(PART_TAG, encode_part_id(parameter.wire_name))
            out.append(part)
            return len(part)
        return 0

    def encode_item(self, item: Any, arguments: tuple[Buffers, int] | None = None) -> Buffers:
        """Encode a request with one item of the stream, without the address of the model.

        Args:
            item: The item.
            arguments: The other arguments, from `encode_arguments`; only with the first item.

        Raises:
            InputError: The item does not fit.
        """
        out, size = arguments or ([self._name_metadata], len(self._name_metadata))
        for parameter, encode in self._encoders:
            if parameter.is_stream:
                try:
                    size += encode(item, out)
                except Exception as error:  # noqa: BLE001 - see `to_codec_error`
                    raise self._argument_error(parameter, item, to_codec_error(error)) from None
        return self.wrap_input(out, size)

    def wrap_input(self, data: Buffers, size: int) -> Buffers:
        """Encode a request around the `Data` of its only input, with fields and size from `encode_arguments`.

        The list of fields is changed and returned.
        """
        head = _INPUT_DATA + encode_varint(size)
        # The first buffer is the metadata: the heads are put before it.
        data[0] = _INPUT + encode_varint(len(head) + size) + head + self._name_metadata
        return data

    def bind(self, arguments: Mapping[str, Any]) -> list[Any]:
        """Return one value per field, in order, from arguments by name.

        Raises:
            InputError: `arguments` is not a mapping, has an unknown name, or lacks a required one.
        """
        names = [parameter.name for parameter in self.fields]
        try:
            if not isinstance(cast("object", arguments), Mapping):
                raise type_mismatch("a mapping of arguments", arguments)
            arguments = dict(arguments)
            unknown = next((name for name in arguments if name not in names), None)
        except Exception as error:  # noqa: BLE001 - see `to_codec_error`
            text = f"{self.name}: an input {to_codec_error(error).problem}"
            raise InputError(text, method=self.name) from None
        if unknown is not None:
            text = f"{self.name}: has no parameter {unknown!r}; it has {', '.join(names)}"
            raise InputError(text, method=self.name, parameter=str(unknown))
        for parameter in self.fields:
            if parameter.default is REQUIRED and parameter.name not in arguments:
                raise self._input_error(parameter.name, "is required")
        return [arguments.get(parameter.name, parameter.default) for parameter in self.fields]

    def find_stream_argument(self, values: Sequence[Any], *, asynchronous: bool = False) -> Any:
        """Return the stream among the arguments; None if the method takes none.

        Args:
            values: One value per field, in order.
            asynchronous: Whether an async iterable is allowed too.

        Raises:
            InputError: The stream is a string or not iterable.
        """
        if self.stream_field is None:
            return None
        value = values[self.fields.index(self.stream_field)]
        problem = f"must be an iterable, not {describe(value)}"
        with suppress(Exception):  # whatever the class of the argument raises
            if isinstance(value, (str, bytes, bytearray, Text)):
                problem = f"must be an iterable, not a lone {describe(value)}; put it in a list"
            elif asynchronous and hasattr(value, "__aiter__"):
                return value
            else:
                return iter(value)
        raise self._input_error(self.stream_field.name, problem)

    def decode_result(self, data: Data, payloads: LargePayloads) -> _R_co:
        """Decode the result in the `Data` of an output.

        Args:
            data: The `Data`, with markers in place of large payloads.
            payloads: The large payloads of the response.

        Raises:
            DecodeError: The data does not have the type of the signature.
        """
        for part in data.parts:
            if part.id == RESULT_NAME:
                data = part.data
                break
        try:
            return self.returns.decode(data, payloads)
        except CodecError as error:
            path = error.path.lstrip(".")
            subject = f"`{path}` of the result" if path else "the result"
            raise DecodeError(f"{self.name}: {subject} {error.problem}") from None

    def _argument_error(self, parameter: Field, value: Any, error: CodecError) -> InputError:
        problem = "is required" if value is REQUIRED else error.problem
        prefix = "an item of " if parameter.is_stream else ""
        return self._input_error(parameter.name + error.path, problem, prefix)

    def _input_error(self, path: str, problem: str, prefix: str = "") -> InputError:
        text = f"{self.name}: {prefix}`{path}` {problem}"
        return InputError(text, method=self.name, parameter=path)


class Unary(Method[_R_co]):
    """A method that returns one result for one input, or a list of results for a list of inputs.

    Attributes:
        returned: The value that a call returns. Only for type checkers, see `UnaryCallable`.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        returned: _R_co | list[_R_co]

    @property
    def batch_name(self) -> str:
        """The name of the batch method: `import_batch` for `import_`."""
        return f"{self.name.rstrip('_')}_batch"

    def find_batch_inputs(self, values: Sequence[Any]) -> Sequence[Any] | None:
        """Return the list of inputs that was passed in place of the arguments; None if none was.

        Args:
            values: One value per field, in order; at least one.

        Raises:
            InputError: Other arguments were passed with the list.
        """
        first = values[0]
        if not is_list_of_mappings(first) and not self._is_empty_batch(first):
            return None
        for parameter, value in zip(self.fields[1:], values[1:], strict=True):
            if not is_default(value, parameter.default):
                problem = "cannot be combined with a list of inputs; put it into each input"
                raise self._input_error(parameter.name, problem)
        return cast("Sequence[Any]", first)

    def _is_empty_batch(self, value: Any) -> bool:
        """Return whether a value is an empty list that the first parameter does not accept: a list of no inputs."""
        if type(value) not in (list, tuple) or value:
            return False
        with suppress(CodecError):
            self.fields[0].encode(value, [])
            return False
        return True

    def join_requests(
        self, requests: Mapping[int, bytes]
    ) -> Iterable[tuple[list[int], list[bytes]]]:
        """Join requests of one input each: return indexes of inputs, and the parts of the request with them."""
        return [(list(requests), list(requests.values()))]

    def _argument_error(self, parameter: Field, value: Any, error: CodecError) -> InputError:
        if parameter is self.fields[0] and not error.path:
            with suppress(Exception):  # whatever the class of the argument raises
                error.problem += self._batch_hint(value)
        return super()._argument_error(parameter, value, error)

    def _batch_hint(self, value: Any) -> str:
        """Return a remedy if the first argument looks like many inputs, else an empty string."""
        is_many = isinstance(value, (Sequence, Set, Mapping, Iterator, AsyncIterable))
        if not is_many or isinstance(value, (str, bytes)):
            return ""
        return f"; to send many inputs, pass mappings of arguments to `{self.batch_name}`"


class UnaryCallable(Protocol[_R_co]):
    """A unary method, typed by the value that a call returns: a result or a list of results.

    A generated method returns `R | list[R]`, and passes a `Unary[R]` to the runtime. If the runtime returned
    `R | list[R]` too, type checkers would infer the whole union for R. Here the type variable is the whole union.
    """

    @property
    def returned(self) -> _R_co:
        """The value that a call returns."""
        ...


class Streaming(Method[_R_co]):
    """A method that returns a stream of results, for one input or for a stream of them."""

    __slots__ = ()


def is_omitted(value: Any, default: Any) -> bool:
    """Return whether an argument is left out: SERVER_DEFAULT, or None if that is the default."""
    if value is SERVER_DEFAULT:
        return default is not REQUIRED
    return value is None and default is None
