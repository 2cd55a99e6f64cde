"""A model's interface: methods, parameters, types and defaults, free of protobuf and of Python's syntax.

The stages of the generator pass on these frozen values. `interface.read` checks them, so every stage may rely on what
is documented here. Names, texts and ids are unchanged from the wire: they are untrusted data, not yet Python names.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from clarigen import ModelRef, wire

if TYPE_CHECKING:
    from gen_client.interface.mcp.toolset import Toolset

Scalar = str | int | float | bool | bytes
"""A value of STR, INT, FLOAT, BOOL or BYTES."""


class TypeKind(enum.Enum):
    """The platform's data types; each value is the name on the wire."""

    STR = "STR"
    BYTES = "BYTES"
    INT = "INT"
    FLOAT = "FLOAT"
    BOOL = "BOOL"
    NDARRAY = "NDARRAY"
    JSON_DATA = "JSON_DATA"
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    CONCEPT = "CONCEPT"
    REGION = "REGION"
    FRAME = "FRAME"
    AUDIO = "AUDIO"
    VIDEO = "VIDEO"
    EMBEDDING = "EMBEDDING"
    """Only in methods that were derived from a model type: the platform's signatures have no such type."""
    NAMED_FIELDS = "NAMED_FIELDS"
    TUPLE = "TUPLE"
    LIST = "LIST"


class MethodKind(enum.Enum):
    """How a method is called; each value is the name on the wire."""

    UNARY = "UNARY_UNARY"
    SERVER_STREAM = "UNARY_STREAMING"
    BIDI_STREAM = "STREAMING_STREAMING"


@dataclass(frozen=True, slots=True)
class DataType:
    """A data type.

    Attributes:
        kind: The platform's data type.
        items: For LIST, the one type of its items; for TUPLE, one type per position, at least one.
        members: For NAMED_FIELDS, its members: at least one, with distinct names.
        json_type: For JSON_DATA, the user's type if the configuration gives one. It says nothing about the model, so
            it is not compared.
    """

    kind: TypeKind
    items: tuple[DataType, ...] = ()
    members: tuple[Member, ...] = ()
    json_type: wire.TypeText | None = field(default=None, compare=False)

    @property
    def record_depth(self) -> int:
        """Levels of NAMED_FIELDS within each other, this type included."""
        inner = (*self.items, *(member.type for member in self.members))
        is_record = self.kind is TypeKind.NAMED_FIELDS
        return is_record + max((type.record_depth for type in inner), default=0)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of NAMED_FIELDS.

    Attributes:
        name: The name on the wire; a Python identifier, perhaps a keyword.
        type: The type.
        description: The model author's text; may be empty.
    """

    name: str
    type: DataType
    description: str = ""


@dataclass(frozen=True, slots=True)
class NoDefault:
    """No default: the argument is required."""


@dataclass(frozen=True, slots=True)
class NullDefault:
    """The default None: an argument that is omitted, or None, means no value."""


@dataclass(frozen=True, slots=True)
class KnownDefault:
    """A default whose value is known.

    Two are equal if their values have the same `repr`: NaN equals NaN, and 1 does not equal 1.0.

    Attributes:
        value: A plain Python value of the parameter's type: `str`, `bytes`, `int` (64 bits), `float` (also
            infinite or NaN) or `bool`; for JSON_DATA a dict or a list; for LIST a list, for TUPLE a tuple, for
            NAMED_FIELDS a dict with every member, in order.
    """

    value: object = field(compare=False)
    _repr: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_repr", repr(self.value))


@dataclass(frozen=True, slots=True)
class ServerDefault:
    """A default that only the model's own code knows.

    Attributes:
        text: The signature's text for it; may be empty.
    """

    text: str


Default = NoDefault | NullDefault | KnownDefault | ServerDefault


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a parameter allows.

    Attributes:
        id: The text on the wire.
        value: The same choice as a value of the parameter's type; never NaN.
        description: The model author's text; may be empty.
    """

    id: str
    value: Scalar
    description: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """The range of an INT or FLOAT. At least one of the three values is known.

    On the wire, 0 also stands for "no bound". So a lower bound of 0 is accepted only if there is an upper bound
    above it. A bound that the default violates is dropped. Each number is the shortest decimal of its 32-bit float.

    Attributes:
        lowest: The lower bound; None for none.
        highest: The upper bound, not below `lowest`; None for none.
        step: The step that a user interface offers; 0.0 for none.
    """

    lowest: float | None
    highest: float | None
    step: float = 0.0

    @property
    def enforced(self) -> tuple[float | None, float | None]:
        """The bounds that clients enforce. A bound of 0.0 is None here: it may stand for "no bound"."""
        return self.lowest or None, self.highest or None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method.

    Attributes:
        name: The name on the wire; a Python identifier, perhaps a keyword.
        type: The type; for a stream, the type of one item.
        required: Whether the argument is required.
        default: The meaning of an omitted argument; `NoDefault` if and only if the argument is required.
        default_text: The signature's text for the default; empty if the argument is required.
        description: The model author's text; may be empty.
        is_stream: Whether the argument is a stream of values of the type.
        choices: The values that are allowed, all distinct, a known default among them; empty for any value.
            Only for STR, BYTES, INT, FLOAT, BOOL.
        range: The bounds of the value, with a known default inside; only for INT and FLOAT.
        internal_only: Whether the model's author hides the parameter from public user interfaces.
        is_param: Whether the model's author marked it as an inference parameter.
        path: Of an inline method, the place of the value in a request: `image`, `output_info.params.temperature`;
            else empty.
    """

    name: str
    type: DataType
    required: bool
    default: Default
    default_text: str = ""
    description: str = ""
    is_stream: bool = False
    choices: tuple[Choice, ...] = ()
    range: Range | None = None
    internal_only: bool = False
    is_param: bool = False
    path: str = ""

    @property
    def may_be_none(self) -> bool:
        """Whether None may be the default that only the model knows: an optional STR without any text for it."""
        is_untold = self.default == ServerDefault("") and self.type.kind is TypeKind.STR
        return is_untold and not self.choices


@dataclass(frozen=True, slots=True)
class Result:
    """The return value of a method, or one item of the stream that it returns.

    Attributes:
        type: The type.
        description: The model author's text; may be empty.
        multiple_outputs: Whether each member of `type` (NAMED_FIELDS) is an output of the method, in a part of
            its own, instead of a member of the one output `return`. The same codec reads both. Of an inline method,
            each member is a field of `Data`.
        path: Of an inline method with one output, the field of `Data` that holds it; else empty.
    """

    type: DataType
    description: str = ""
    multiple_outputs: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a model.

    Attributes:
        name: The name on the wire; a Python identifier, perhaps a keyword.
        kind: How the method is called.
        description: The model author's text; may be empty.
        parameters: The parameters in the signature's order, with distinct names. Exactly one is a stream if
            the kind is BIDI_STREAM, else none.
        result: The return value.
        is_inline: Whether the values are inline in `Data` and the parameters in `OutputInfo`, because the model has
            no signatures and the method was derived from its model type. Such a method is unary.
    """

    name: str
    kind: MethodKind
    description: str
    parameters: tuple[Parameter, ...]
    result: Result
    is_inline: bool = False


@dataclass(frozen=True, slots=True)
class OpenAITransports:
    """The two methods of an OpenAI-compatible model that carry requests and responses of OpenAI's API as JSON text.

    Attributes:
        unary: Answers a request with one response.
        stream: Answers a request with the events of a stream.
    """

    unary: Method
    stream: Method


CLIENT_OPTIONS: Final = (
    "version_id",
    "deployment_id",
    "deployment_user_id",
    "compute_cluster_id",
    "nodepool_id",
)
"""Keywords of a client whose defaults can be generated into it."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model's interface.

    Attributes:
        reference: The model on the platform; None for a model that is not there (at a local runner).
        version_id: The version that the methods belong to; empty if it is not known.
        methods: The methods, with distinct names, transports included: at least one, unless there are tools.
        client_options: Defaults that the generated client gets: keywords of `CLIENT_OPTIONS`, in their order, and ids.
        json_types: The user's types for JSON values: `METHOD.PARAMETER` or `METHOD.return`, and the text of a type.
        tools: What an MCP model offers; None for another model, or if its tools are not known.
        openai: The transports of an OpenAI-compatible model; None for another model.
        public_transports: The names of the transports that become methods of the client all the same.
        model_type: The model type that the methods were derived from, as JSON; empty for a model with signatures.
    """

    reference: ModelRef | None
    version_id: str
    methods: tuple[Method, ...]
    client_options: tuple[tuple[str, str], ...] = ()
    json_types: tuple[tuple[str, str], ...] = ()
    tools: Toolset | None = None
    openai: OpenAITransports | None = None
    public_transports: tuple[str, ...] = ()
    model_type: str = ""

    @property
    def client_methods(self) -> tuple[Method, ...]:
        """The methods that the client gets: all but the transports, which the base class of the kind calls.

        There may be none.
        """
        hidden = () if self.openai is None else (self.openai.unary.name, self.openai.stream.name)
        names = {*hidden, *(() if self.tools is None else ("mcp_transport",))}
        names -= set(self.public_transports)
        return tuple(method for method in self.methods if method.name not in names)

    @property
    def has_offer(self) -> bool:
        """Whether the model is an MCP model, and not one whose tools are all unusable."""
        tools = self.tools
        if tools is None:
            return False
        return (
            bool(tools.tools or tools.prompts or tools.resources) or "tools" not in tools.document
        )

    @property
    def path(self) -> str:
        """The model's path on the platform, `USER/APP/models/MODEL`; empty if the model is not known."""
        if self.reference is None:
            return ""
        user_id, app_id, model_id = self.reference
        return f"{user_id}/{app_id}/models/{model_id}"
