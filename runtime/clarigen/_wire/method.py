"""The static description of a method, and how its arguments become an input.

What lives here: `Field`, `Method`, and the rules of a request's parts: which argument is sent, when
one that was left out is sent all the same, what a value must satisfy. It knows no channel, no
status and no retry; `_call` makes requests of what this room fills.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, Protocol, TypeVar, cast

from .._data import SERVER_DEFAULT, Text
from ..errors import DecodeError, InputError
from .codec import PART_TAG, Codec, CodecError, describe, part_encoder, part_id
from .protobuf_writer import Buffers, Encoder, len_field, len_tag, varint

if TYPE_CHECKING:
    from .._proto import Data
    from .large_payloads import LargePayloads

_R_co = TypeVar("_R_co", covariant=True)


class _Required:
    """Shown in a signature where a default stands that is none."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<required>"


REQUIRED: Final[Any] = _Required()
"""The default of a field that has none."""

_SHOWN_CHOICES: Final = 12

_INPUT, _INPUT_DATA = len_tag(4), len_tag(2)
_EMPTY_PART: Final = PART_TAG + b"\0"


class Field(NamedTuple):
    """One parameter of a method, or one member of a record.

    Attributes:
        wire_name: The name on the wire.
        name: The name in Python; another one where the wire's is a keyword, for example.
        codec: How its values travel.
        default: `REQUIRED`; None if leaving it out means no value; `SERVER_DEFAULT` if only the
            model knows what leaving it out means; else the value that is sent for it.
        ge: The least value allowed.
        le: The greatest value allowed.
        choices: The values allowed, if not all are.
        stream: Whether it is a stream of such values.
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
    def is_constrained(self) -> bool:
        """Whether more is asked of a value than its type."""
        return bool(self.choices) or self.ge is not None or self.le is not None

    def encode(self, value: Any, out: Buffers) -> int:
        """Append the fields of a `Data` that holds a value; `CodecError` if it does not fit."""
        size = self.codec.encode(value, out)
        if self.choices and value not in self.choices:
            raise CodecError(_not_a_choice(value, self.choices))
        if self.ge is not None and not value >= self.ge:
            raise CodecError(f"must be at least {self.ge}, not {value}")
        if self.le is not None and not value <= self.le:
            raise CodecError(f"must be at most {self.le}, not {value}")
        return size


class Method(Generic[_R_co]):
    """A method of a model, as its signature describes it.

    Attributes:
        wire_name: The name on the wire.
        name: The name in Python, which errors, logs and recordings say.
        rpc: The platform's RPC that carries it.
        fields: Its parameters, in the signature's order.
        returns: How its result, or each item of it, travels.
        stream: The parameter that is a stream, if one is.
    """

    __slots__ = (
        "_encoders",
        "_name_metadata",
        "fields",
        "name",
        "returns",
        "rpc",
        "stream_field",
        "wire_name",
    )

    def __init__(
        self,
        wire_name: str,
        name: str,
        rpc: str,
        fields: tuple[Field, ...],
        returns: Codec[_R_co],
    ) -> None:
        self.wire_name: Final = wire_name
        self.name: Final = name
        self.rpc: Final = rpc
        self.fields: Final = fields
        self.returns: Final = returns
        self.stream_field: Final = next((field for field in fields if field.is_stream), None)
        self._name_metadata = _metadata(wire_name)
        self._encoders = tuple(
            (
                field,
                part_encoder(
                    field.encode if field.is_constrained else field.codec.encode, field.wire_name
                ),
            )
            for field in fields
        )

    def encode_request(self, values: Sequence[Any]) -> Buffers:
        """A request with one input, without its address, to be joined.

        Args:
            values: One value a field, in order. A stream's items are sent by requests of their own.

        Raises:
            InputError: A value does not fit its parameter.
        """
        return self.wrap_input(*self.encode_arguments(values))

    def encode_arguments(self, values: Sequence[Any]) -> tuple[Buffers, int]:
        """The part of a request that holds the arguments but for a stream's items, and its size.

        Raises:
            InputError: A value does not fit its parameter.
        """
        out: Buffers = [self._name_metadata]
        size = 0
        for (parameter, put), value in zip(self._encoders, values, strict=True):
            try:
                if value is SERVER_DEFAULT or value is None or parameter.is_stream:
                    size += self._encode_default(parameter, put, value, out)
                else:
                    size += put(value, out)
            except CodecError as misfit:
                raise self._input_error(parameter, value, misfit) from None
        if not size and self.stream_field is None:
            # Without parts it would be taken for an older form, and answered in that form.
            out.append(_EMPTY_PART)
            size = len(_EMPTY_PART)
        return out, size + len(self._name_metadata)

    def _encode_default(self, parameter: Field, put: Encoder, value: Any, out: Buffers) -> int:
        """Append what is sent where a value is None, left out, or a stream."""
        default = parameter.default
        if parameter.is_stream:
            return 0
        if not is_omitted(value, default):
            return put(value, out)
        if default is not None and default is not SERVER_DEFAULT:
            return put(default, out)
        if parameter is self.fields[0] and parameter.codec.misread_when_absent:
            # Servers would read it from the other parts; an empty part stops that.
            piece = len_field(PART_TAG, part_id(parameter.wire_name))
            out.append(piece)
            return len(piece)
        return 0

    def encode_item(self, item: Any, arguments: tuple[Buffers, int] | None = None) -> Buffers:
        """A request with an item of the stream, without its address, to be joined.

        Args:
            item: The item.
            arguments: The other arguments, from `arguments`: with the first item.

        Raises:
            InputError: The item does not fit.
        """
        out, size = arguments or ([self._name_metadata], len(self._name_metadata))
        for parameter, put in self._encoders:
            if parameter.is_stream:
                try:
                    size += put(item, out)
                except CodecError as misfit:
                    raise self._input_error(parameter, item, misfit) from None
        return self.wrap_input(out, size)

    def wrap_input(self, data: Buffers, size: int) -> Buffers:
        """The request around the `Data` of its one input."""
        head = _INPUT_DATA + varint(size)
        data[0] = _INPUT + varint(len(head) + size) + head + self._name_metadata
        return data

    def _input_error(self, parameter: Field, value: Any, misfit: CodecError) -> InputError:
        path = parameter.name + misfit.path
        problem = "is required" if value is REQUIRED else misfit.problem
        if not misfit.path:
            problem += self._hint(parameter, value)
        return self._error_at(path, problem, "an item of " * parameter.is_stream)

    def bind(self, given: Mapping[str, Any]) -> list[Any]:
        """The arguments that a mapping of names holds: one value a field.

        Raises:
            InputError: It is no mapping, has a name that is no parameter's, or lacks a required one.
        """
        if not isinstance(cast("object", given), Mapping):
            raise InputError(
                f"{self.name}: must be a mapping of arguments, not {describe(given)}",
                method=self.name,
            )
        names = [parameter.name for parameter in self.fields]
        unknown = next((name for name in given if name not in names), None)
        if unknown is not None:
            raise InputError(
                f"{self.name}: has no parameter {unknown!r}; it has {', '.join(names)}",
                method=self.name,
                parameter=str(unknown),
            )
        for parameter in self.fields:
            if parameter.default is REQUIRED and parameter.name not in given:
                raise self._error_at(parameter.name, "is required")
        return [given.get(name, SERVER_DEFAULT) for name in names]

    def stream_argument(self, values: Sequence[Any], *, asynchronous: bool = False) -> Any:
        """The stream among the arguments; None if the method takes none.

        Args:
            values: One value a field, in order.
            asynchronous: Whether it may be an async iterable as well.

        Raises:
            InputError: It is a lone string, or no iterable at all.
        """
        if self.stream_field is None:
            return None
        value = values[self.fields.index(self.stream_field)]
        if isinstance(value, (str, bytes, bytearray, Text)):
            problem = f"must be an iterable, not a lone {describe(value)}; put it in a list"
        elif not (hasattr(value, "__iter__") or (asynchronous and hasattr(value, "__aiter__"))):
            problem = f"must be an iterable, not {describe(value)}"
        else:
            return value
        raise self._error_at(self.stream_field.name, problem)

    def decode_result(self, data: Data, payloads: LargePayloads) -> _R_co:
        """The result that an output's `Data` holds.

        Args:
            data: The data.
            payloads: What was cut out of it.

        Raises:
            DecodeError: It is not what the signature says.
        """
        for part in data.parts:
            if part.id == "return":
                data = part.data
                break
        try:
            return self.returns.decode(data, payloads)
        except CodecError as misfit:
            where = f"`{misfit.path.lstrip('.')}` of the result" if misfit.path else "the result"
            raise DecodeError(f"{self.name}: {where} {misfit.problem}") from None

    def _error_at(self, path: str, problem: str, where: str = "") -> InputError:
        text = f"{self.name}: {where}`{path}` {problem}"
        return InputError(text, method=self.name, parameter=path)

    def _hint(self, parameter: Field, value: Any) -> str:
        """What may have been meant by a value of another type."""
        del parameter, value
        return ""


class Unary(Method[_R_co]):
    """One input, one result; or a list of inputs, and a list of results.

    Attributes:
        returned: What a call returns. For type checkers alone: `UnaryCallable` says why.
    """

    __slots__ = ()

    if TYPE_CHECKING:
        returned: _R_co | list[_R_co]

    def batch_inputs(self, values: Sequence[Any]) -> Sequence[Any] | None:
        """The inputs, where a list of them stands in place of the arguments; None where none does.

        Args:
            values: One value a field, in order; at least one.

        Raises:
            InputError: Other arguments stand beside the list.
        """
        first = values[0]
        if not (isinstance(first, (list, tuple)) and first and isinstance(first[0], Mapping)):
            return None
        for parameter, value in zip(self.fields[1:], values[1:], strict=True):
            if not _is_default(value, parameter.default):
                problem = "cannot stand beside a list of inputs; put it into each of them"
                raise self._error_at(parameter.name, problem)
        return cast("Sequence[Any]", first)

    def _hint(self, parameter: Field, value: Any) -> str:
        several = isinstance(value, (Sequence, Set, Mapping, Iterator, AsyncIterable))
        if parameter is not self.fields[0] or not several or isinstance(value, (str, bytes)):
            return ""
        if isinstance(value, (list, tuple)) and not value:
            return (
                f"; a list of inputs has one at least, and `{self.name}_batch` takes none as well"
            )
        return f"; many inputs, each a mapping of arguments, go to `{self.name}_batch`"


class UnaryCallable(Protocol[_R_co]):
    """A unary method, by what a call of it returns: one result, or a list of results.

    Said as `R | list[R]`, type checkers would find R in the return annotation of the calling method,
    which is such a union itself. Here they find the union as a whole.
    """

    @property
    def returned(self) -> _R_co:
        """What a call returns."""
        ...


class Streaming(Method[_R_co]):
    """One input or a stream of them, a stream of results."""

    __slots__ = ()


def _metadata(name: str) -> bytes:
    """The field of a `Data` that says which method is meant: `{"_method_name": name}` in its metadata."""
    value = len_field(len_tag(3), name.encode())
    return len_field(
        len_tag(5),
        len_field(
            len_tag(1), len_field(len_tag(1), b"_method_name") + len_field(len_tag(2), value)
        ),
    )


def is_omitted(value: Any, default: Any) -> bool:
    if value is SERVER_DEFAULT:
        return default is not REQUIRED
    return value is None and default is None


def _is_default(value: Any, default: Any) -> bool:
    """Whether an argument is what its default is in the signature; NaN is the same as NaN."""
    alike = type(value) is type(default) and repr(value) == repr(default)
    return value is SERVER_DEFAULT or alike


def _not_a_choice(value: Any, choices: tuple[Any, ...]) -> str:
    """What is allowed instead, the nearest first where one is near."""
    listed = ", ".join(repr(choice) for choice in choices[:_SHOWN_CHOICES])
    if len(choices) > _SHOWN_CHOICES:
        listed += f" and {len(choices) - _SHOWN_CHOICES} more"
    hint = ""
    if isinstance(value, str):
        from difflib import get_close_matches

        near = get_close_matches(value, [c for c in choices if isinstance(c, str)], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"must be one of {listed}, not {describe(value)}{hint}"
