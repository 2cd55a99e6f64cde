"""The content of a generated package, as templates read it.

Templates write `Code` unchanged; a plain `str` is text for the docstring filter. This module knows nothing of models or
of layout.
"""

from __future__ import annotations

from dataclasses import dataclass

from gen_client.escape import Code
from gen_client.naming import names


@dataclass(frozen=True, slots=True)
class SignatureParameter:
    """A parameter in a signature.

    Attributes:
        name: Its name.
        annotation: Its type; of a stream, the type of an item.
        default_type: The type that its default adds to the annotation: `None`, `Default` or empty.
        default: Its default, or empty.
        is_stream: Whether it is a stream.
    """

    name: Code
    annotation: Code
    default_type: Code
    default: Code
    is_stream: bool


@dataclass(frozen=True, slots=True)
class ClientMethod:
    """A method of the client.

    Attributes:
        name: Its name.
        constant: The constant with its wire description.
        constant_type: The annotation of that constant.
        positional: The parameters that can be passed by position.
        keywords: The keyword-only parameters.
        arguments: The names of all parameters, in the order of the wire.
        returns: The type of its result; of a stream, the type of an item.
        is_stream: Whether it returns a stream.
        doc: Its docstring.
        wire: Its wire description: a call of `clarigen.wire`.
        example: Its example.
        list_form: How it takes a list of inputs; None if it does not.
        batch: Its batch method; None if it has none.
    """

    name: Code
    constant: Code
    constant_type: Code
    positional: tuple[SignatureParameter, ...]
    keywords: tuple[SignatureParameter, ...]
    arguments: tuple[Code, ...]
    returns: Code
    is_stream: bool
    doc: str
    wire: Code
    example: Example
    list_form: ListForm | None
    batch: BatchMethod | None


@dataclass(frozen=True, slots=True)
class ListForm:
    """How a method takes a list of inputs instead of its arguments.

    Attributes:
        inputs: The type of the list.
        returns: The type of the results.
        positional: The body's parameters that can be passed by position; the first one takes the list as well.
        keywords: The body's keyword-only parameters.
    """

    inputs: Code
    returns: Code
    positional: tuple[SignatureParameter, ...]
    keywords: tuple[SignatureParameter, ...]


@dataclass(frozen=True, slots=True)
class BatchMethod:
    """A batch method.

    Attributes:
        name: Its name.
        input: The type of an input.
        bool_type: The annotation of `progress`: `bool`, or `builtins.bool` if a name hides it.
        int_type: The type of `total`, likewise.
        doc: Its docstring.
    """

    name: Code
    input: Code
    bool_type: Code
    int_type: Code
    doc: str


@dataclass(frozen=True, slots=True)
class Example:
    """The two functions that show a method.

    Attributes:
        name: The name of the function that uses the client.
        doc: Its docstring.
        async_name: The name of the function that uses the asyncio twin.
        async_doc: Its docstring.
        arguments: The arguments of the call.
        printed: The expression that is printed for each item of a stream.
        is_one_line: Whether the items are printed without line breaks, as pieces of one text.
    """

    name: Code
    doc: str
    async_name: Code
    async_doc: str
    arguments: tuple[Code, ...]
    printed: Code
    is_one_line: bool


@dataclass(frozen=True, slots=True)
class ChatExample:
    """The two functions that show a chat with an OpenAI-compatible model.

    Attributes:
        name: The name of the function that uses the client.
        doc: Its docstring.
        async_name: The name of the function that uses the asyncio twin.
        async_doc: Its docstring.
        is_stream: Whether they print the answer as it comes.
    """

    name: Code
    doc: str
    async_name: Code
    async_doc: str
    is_stream: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record; its docstring may be empty."""

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
class ToolType:
    """The `TypedDict` of an object in the types of a tool.

    Attributes:
        name: Its name.
        doc: Its docstring.
        fields: Its keys. Without `has_fields`, their names are literals, and they have no docstrings.
        has_fields: Whether the keys are written as fields of a class.
    """

    name: Code
    doc: str
    fields: tuple[Field, ...]
    has_fields: bool


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for the choices of a parameter: a `Literal` and its docstring."""

    name: Code
    value: Code
    doc: str


@dataclass(frozen=True, slots=True)
class Page:
    """The content of one package.

    Attributes:
        package: Its name.
        format: Its format version, which the runtime must support.
        client: The name of its client.
        kinds: The bases of its clients in addition to `Client`, one per kind of its model; without the twin's prefix.
        reference: The reference of its model, or empty.
        class_keywords: The class keywords for the client's routing and its transports, each preceded by a comma; or empty.
        doc: The docstring of the package.
        client_doc: The docstring of the client.
        async_doc: The docstring of its asyncio twin.
        examples_doc: The docstring of the examples.
        methods: The client's methods.
        chats: The examples of chats, if the model is OpenAI-compatible.
        aliases: The aliases of choices.
        records: The records, outer ones first.
        tool_types: The types of the objects that tools take and return.
        inputs: The `TypedDict` of one input, for each method that has a batch.
        imported: The user's classes in annotations: pairs of a module and the names of its classes.
        data_types: The runtime's classes that callers handle, sorted.
    """

    package: Code
    format: Code
    client: Code
    kinds: tuple[Code, ...]
    reference: Code
    class_keywords: Code
    doc: str
    client_doc: str
    async_doc: str
    examples_doc: str
    methods: tuple[ClientMethod, ...]
    chats: tuple[ChatExample, ...]
    aliases: tuple[Alias, ...]
    records: tuple[Record, ...]
    tool_types: tuple[ToolType, ...]
    inputs: tuple[Record, ...]
    imported: tuple[tuple[Code, tuple[Code, ...]], ...]
    data_types: tuple[Code, ...]

    @property
    def async_client(self) -> Code:
        """The name of the client's asyncio twin."""
        return names.async_class_name(self.client)

    @property
    def own_names(self) -> tuple[Code, ...]:
        """The public names that `client.py` defines, sorted."""
        aliases = (alias.name for alias in self.aliases)
        records = [record.name for record in (*self.records, *self.inputs)]
        records += [type_.name for type_ in self.tool_types]
        return tuple(sorted([self.client, self.async_client, *aliases, *records]))

    @property
    def examples(self) -> tuple[Code, ...]:
        """The functions of `examples.py`, in the order of the methods; chats follow."""
        examples: list[Example | ChatExample] = [method.example for method in self.methods]
        examples += self.chats
        return tuple(name for example in examples for name in (example.name, example.async_name))

    @property
    def exports(self) -> tuple[Code, ...]:
        """The names that the package exports, sorted."""
        return tuple(sorted({*self.own_names, *self.data_types}))
