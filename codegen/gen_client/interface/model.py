"""The nouns of a model's interface: what a model offers, free of protobuf and of Python's syntax.

What lives here: frozen values that the stages of the generator hand on. They are made by
`interface.read`, which checks them; whoever holds one may rely on what is said here. Names, texts and
ids are the stranger's own, as they are on the wire: they are data, not yet names of Python.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final

from clarigen import ModelRef, wire

Scalar = str | int | float | bool | bytes


class TypeKind(enum.Enum):
    """The platform's types; the value is the name on the wire."""

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
    NAMED_FIELDS = "NAMED_FIELDS"
    TUPLE = "TUPLE"
    LIST = "LIST"


class MethodKind(enum.Enum):
    """How a method is called; the value is the name on the wire."""

    UNARY = "UNARY_UNARY"
    SERVER_STREAM = "UNARY_STREAMING"
    BIDI_STREAM = "STREAMING_STREAMING"


@dataclass(frozen=True, slots=True)
class DataType:
    """A type.

    Attributes:
        kind: Which.
        items: Of a LIST the one type of its items; of a TUPLE one a position, at least one.
        members: Of NAMED_FIELDS its members, at least one, of different names.
        refined: Of JSON_DATA the type of the user's, where the configuration names one. The model's type is the same.
    """

    kind: TypeKind
    items: tuple[DataType, ...] = ()
    members: tuple[Member, ...] = ()
    json_type: wire.TypeText | None = field(default=None, compare=False)

    @property
    def record_depth(self) -> int:
        """How many records are within each other in it, itself counted."""
        inner = (*self.items, *(member.type for member in self.members))
        return (self.kind is TypeKind.NAMED_FIELDS) + max(
            (type.record_depth for type in inner), default=0
        )


@dataclass(frozen=True, slots=True)
class Member:
    """A member of NAMED_FIELDS.

    Attributes:
        name: Its name on the wire; an identifier of Python (a keyword, perhaps).
        type: Its type.
        description: The model author's text, or empty.
    """

    name: str
    type: DataType
    description: str = ""


@dataclass(frozen=True, slots=True)
class NoDefault:
    """There is no default: the caller must give a value."""


@dataclass(frozen=True, slots=True)
class NullDefault:
    """The default is None: leaving the argument out, or None, means no value."""


@dataclass(frozen=True, slots=True)
class KnownDefault:
    """The default is known. Two are equal if they read the same: NaN too, and 1 is not 1.0.

    Attributes:
        value: Plain Python of the parameter's type: `str`, `bytes`, `int` (64 bits), `float` (also
            infinite or not a number), `bool`; JSON as dict and list; a LIST as list, a TUPLE as
            tuple, NAMED_FIELDS as a dict with every member, in order.
    """

    value: object = field(compare=False)
    _read: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_read", repr(self.value))


@dataclass(frozen=True, slots=True)
class ServerDefault:
    """There is a default, and only the model's code knows it.

    Attributes:
        text: How the signature writes it; may be empty.
    """

    text: str


Default = NoDefault | NullDefault | KnownDefault | ServerDefault


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that a parameter allows.

    Attributes:
        id: Its text on the wire.
        value: The same as a value of the parameter's type; never NaN.
        description: The model author's text, or empty.
    """

    id: str
    value: Scalar
    description: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the greatest value of an INT or FLOAT. At least one of the three is known.

    The wire has no "not given" here, only 0. So a bound of 0 is taken for a bound only where the
    other side makes that sensible (0 to 2), and never one that the default breaks.

    Attributes:
        lowest: The least value, or None.
        highest: The greatest value, or None; not below `lowest`.
        step: The step that a user interface offers; 0.0 for none.
    """

    lowest: float | None
    highest: float | None
    step: float = 0.0

    @property
    def enforced(self) -> tuple[float | None, float | None]:
        """The bounds that clients insist on: one of 0.0 may mean that there is none."""
        return self.lowest or None, self.highest or None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method.

    Attributes:
        name: Its name on the wire; an identifier of Python (a keyword, perhaps).
        type: Its type; of a stream, the type of an item.
        required: Whether it has no default.
        default: What leaving it out means; `Required` exactly if `required`.
        default_text: How the signature writes the default; empty if required.
        description: The model author's text, or empty.
        stream: Whether it is a stream of such values.
        choices: The values it allows, all different; empty for any. A known default is among them.
            Only for STR, BYTES, INT, FLOAT, BOOL.
        range: Its bounds; only for INT and FLOAT. A known default is within.
        internal_only: Whether it is not meant for public user interfaces.
        is_param: Whether it is marked as an inference parameter.
    """

    name: str
    type: DataType
    required: bool
    default: Default
    default_text: str = ""
    description: str = ""
    stream: bool = False
    choices: tuple[Choice, ...] = ()
    range: Range | None = None
    internal_only: bool = False
    is_param: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a method returns, or each item of the stream it returns.

    Attributes:
        type: Its type.
        description: The model author's text, or empty.
        multiple_outputs: Whether the members of `type` (NAMED_FIELDS) are outputs of the method themselves,
            each in a part of its own, rather than members of one output called `return`. On the
            wire both are read by the same codec.
    """

    type: DataType
    description: str = ""
    multiple_outputs: bool = False


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a model.

    Attributes:
        name: Its name on the wire; an identifier of Python (a keyword, perhaps).
        kind: How it is called.
        description: The model author's text, or empty.
        parameters: Its parameters, in the signature's order, of different names. Exactly one is a
            stream if the kind is BIDI_STREAM, none otherwise.
        result: What it returns.
    """

    name: str
    kind: MethodKind
    description: str
    parameters: tuple[Parameter, ...]
    result: Result


CLIENT_OPTIONS: Final = (
    "version_id",
    "deployment_id",
    "deployment_user_id",
    "compute_cluster_id",
    "nodepool_id",
)
"""What a client can be told when it is generated, by keyword."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model's interface.

    Attributes:
        reference: Which model of the platform it is; None for one that is not (a local runner).
        version_id: The version that was seen, or empty.
        methods: What it offers: at least one method, of different names.
        client: What its client is told where its user says nothing: keywords of `CLIENT`, in their order, and ids.
        types: The types of the user's that JSON was given: `METHOD.PARAMETER` or `METHOD.return`, and the type's text.
    """

    reference: ModelRef | None
    version_id: str
    methods: tuple[Method, ...]
    client_options: tuple[tuple[str, str], ...] = ()
    json_types: tuple[tuple[str, str], ...] = ()
