"""The nouns of a page: what a generated package shows, as frozen text that is already safe.

What lives here: what templates lay out. Code is `Code`; what is plain `str` is text for the docstring
filter. Knows nothing of models, and nothing of how it is laid out.
"""

from __future__ import annotations

from dataclasses import dataclass

from gen_client.escape import Code
from gen_client.naming import names


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter in a signature.

    Attributes:
        name: Its name.
        annotation: Its type; of a stream, the type of an item.
        absent: What the annotation says besides, for leaving it out: `None`, `Default` or nothing.
        default: The default, or nothing.
        stream: Whether it is a stream.
    """

    name: Code
    annotation: Code
    absent: Code
    default: Code
    stream: bool


@dataclass(frozen=True, slots=True)
class Function:
    """A method of the client, and how it travels.

    Attributes:
        name: Its name.
        const: The name of its description.
        const_type: What its description is, as type checkers are told.
        positional: The parameters that may go by position.
        keywords: Those that may not.
        arguments: All of them, in the order of the wire.
        returns: What it returns; of a stream, the type of an item.
        streams: Whether it returns a stream.
        doc: The text of its docstring.
        wire: Its description, in the words of `clarigen.wire`.
        example: What shows it.
        listed: How it takes a list of inputs under the same name; None if it does not.
        batch: The method that takes many inputs; None if there is none.
    """

    name: Code
    const: Code
    const_type: Code
    positional: tuple[Param, ...]
    keywords: tuple[Param, ...]
    arguments: tuple[Code, ...]
    returns: Code
    streams: bool
    doc: str
    wire: Code
    example: Example
    listed: ListForm | None
    batch: BatchFunction | None


@dataclass(frozen=True, slots=True)
class ListForm:
    """How a method takes a list of inputs in the place of its arguments.

    Attributes:
        inputs: The type of the list.
        returns: What it then returns.
        positional: The parameters that may go by position, as they stand where both are taken.
        keywords: Those that may not.
    """

    inputs: Code
    returns: Code
    positional: tuple[Param, ...]
    keywords: tuple[Param, ...]


@dataclass(frozen=True, slots=True)
class BatchFunction:
    """A method that takes many inputs: its name, the types of an input and of a switch, its docstring."""

    name: Code
    input: Code
    switch: Code
    doc: str


@dataclass(frozen=True, slots=True)
class Example:
    """How a method is called.

    Attributes:
        name: The name of the function that shows it.
        async_name: That of the function that shows its asyncio twin.
        arguments: What is passed.
        piece: What the loop's variable is called, for a stream.
        printed: What of a piece is printed.
        flows: Whether the pieces make one text.
    """

    name: Code
    async_name: Code
    arguments: tuple[Code, ...]
    piece: Code
    printed: Code
    flows: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: its name, its type, and the text of its docstring or nothing."""

    name: Code
    annotation: Code
    doc: str


@dataclass(frozen=True, slots=True)
class Record:
    """A dataclass, or the `TypedDict` of an input."""

    name: Code
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for the choices of a parameter: they are its value, and `doc` says whose they are."""

    name: Code
    value: Code
    doc: str


@dataclass(frozen=True, slots=True)
class Page:
    """A package.

    Attributes:
        package: Its name.
        format: The number of its form, which the runtime has to know.
        client: The name of its class.
        reference: The model's reference, as code, or nothing.
        told: The keywords that the client is told beside it, as code, or nothing.
        doc: The text of the package's docstring.
        client_doc: That of the client.
        async_doc: That of its asyncio twin.
        examples_doc: That of the examples.
        functions: The client's methods.
        aliases: The choices.
        records: The records, each before those inside it.
        inputs: What one input of a batch is, a method.
        imported: The user's classes that its types name: a module, and their names.
        data_types: The runtime's classes that callers handle.
    """

    package: Code
    format: Code
    client: Code
    reference: Code
    told: Code
    doc: str
    client_doc: str
    async_doc: str
    examples_doc: str
    functions: tuple[Function, ...]
    aliases: tuple[Alias, ...]
    records: tuple[Record, ...]
    inputs: tuple[Record, ...]
    imported: tuple[tuple[Code, tuple[Code, ...]], ...]
    data_types: tuple[Code, ...]

    @property
    def async_client(self) -> Code:
        """The name of the client's asyncio twin."""
        return names.async_class_name(self.client)

    @property
    def own_names(self) -> tuple[Code, ...]:
        """What `client` defines for others."""
        aliases = (its.name for its in self.aliases)
        types = (its.name for its in (*self.records, *self.inputs))
        return tuple(sorted([self.client, self.async_client, *aliases, *types]))

    @property
    def examples(self) -> tuple[Code, ...]:
        """The functions that show the methods and their asyncio twins."""
        pairs = ((its.example.name, its.example.async_name) for its in self.functions)
        return tuple(name for pair in pairs for name in pair)

    @property
    def exports(self) -> tuple[Code, ...]:
        """What the package exports."""
        return tuple(sorted({*self.own_names, *self.data_types}))
