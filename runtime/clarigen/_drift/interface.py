"""A model's interface, as far as a comparison reads it: methods, parameters and types, with their names in Python.

There are two sources of these values: `signature` reads the lock of a package or the answer of a deployed model, and the
generator describes what it generates. Texts are those of the model's author, unchanged.
"""

from __future__ import annotations

from typing import NamedTuple


class Type(NamedTuple):
    """A data type.

    Attributes:
        kind: The platform's name of the type, for example `LIST`.
        parameter: Its annotation where callers pass it.
        result: Its annotation where callers get it.
        record: The class of a record; empty for other types.
        items: The type of the items of a list, or the types of a tuple by position.
        fields: The fields of a record.
    """

    kind: str
    parameter: str
    result: str
    record: str = ""
    items: tuple[Type, ...] = ()
    fields: tuple[Field, ...] = ()

    def annotate(self, *, is_result: bool) -> str:
        """Return the annotation."""
        return self.result if is_result else self.parameter


class Field(NamedTuple):
    """A field of a record.

    Attributes:
        wire_name: Its name on the wire.
        name: Its name in Python.
        type: Its type.
        description: The text of the model's author.
    """

    wire_name: str
    name: str
    type: Type
    description: str = ""


class Choice(NamedTuple):
    """A value that a parameter allows.

    Attributes:
        value: The value.
        code: The value, as Python writes it.
        id: Its text on the wire.
        description: The text of the model's author.
    """

    value: object
    code: str
    id: str
    description: str = ""


class Limit(NamedTuple):
    """A limit of a number that clients enforce.

    Attributes:
        number: The limit.
        code: The limit, as Python writes it.
    """

    number: float
    code: str


class Parameter(NamedTuple):
    """A parameter of a method.

    Attributes:
        wire_name: Its name on the wire.
        name: Its name in Python.
        type: Its type; of a stream, the type of an item.
        annotation: Its annotation, with its choices.
        is_required: Whether a call must pass it.
        is_stream: Whether it is a stream of values.
        absent: What callers may pass to leave it out, besides values of the type: `None`, `SERVER_DEFAULT`.
        default: What leaving it out means, as Python writes it; empty if it is required.
        default_code: Its default in the signature.
        default_text: The default's text on the wire.
        choices: The values that it allows; empty if it allows all.
        alias: The name of the `Literal` of its choices; empty if it has none.
        limits: The lower and the upper limit.
        range: The range on the wire, with what clients do not enforce.
        hints: The author's marks.
        path: Where its values travel, of a model without signatures; empty for another model.
        description: The text of the model's author.
        declaration: Everything that the model declares, except the name.
    """

    wire_name: str
    name: str
    type: Type
    annotation: str
    is_required: bool
    is_stream: bool = False
    absent: tuple[str, ...] = ()
    default: str = ""
    default_code: str = ""
    default_text: str = ""
    choices: tuple[Choice, ...] = ()
    alias: str = ""
    limits: tuple[Limit | None, Limit | None] = (None, None)
    range: object = None
    hints: object = None
    path: str = ""
    description: str = ""
    declaration: object = None


class Method(NamedTuple):
    """A method of a model.

    Attributes:
        wire_name: Its name on the wire.
        name: Its name in Python.
        kind: The platform's name of its kind, for example `UNARY_UNARY`.
        parameters: Its parameters, in the order of the wire.
        result: The type of its result; of a stream, the type of an item.
        batch: The name of its batch; empty if it has none.
        input: The name of the type of one input of a batch; empty if it has no batch.
        description: The text of the model's author.
        result_description: The text of the model's author on the result.
        result_path: Where its result travels, of a model without signatures; empty for another model.
        result_hints: How its result is sent, if there are several ways.
        declaration: Everything that the model declares, except the name.
    """

    wire_name: str
    name: str
    kind: str
    parameters: tuple[Parameter, ...]
    result: Type
    batch: str = ""
    input: str = ""
    description: str = ""
    result_description: str = ""
    result_path: str = ""
    result_hints: object = None
    declaration: object = None

    @property
    def positional_count(self) -> int:
        """The number of parameters that can be passed by position: the leading required ones, at least the first."""
        count = len(self.parameters)
        optional = (i for i, own in enumerate(self.parameters) if not own.is_required)
        return min(max(next(optional, count), 1), count)
