"""The content of a model's source, as its template reads it.

The template writes `Code` unchanged; a plain `str` is text for one of the filters. This module knows nothing of models.
"""

from __future__ import annotations

from dataclasses import dataclass

from gen_client.escape import Code


@dataclass(frozen=True, slots=True)
class SourceParameter:
    """A parameter of a method.

    Attributes:
        declaration: Its name and type, with its default: `threshold: float = 0.5`.
        is_loose: Whether type checkers do not accept the default, such as None for text.
    """

    declaration: Code
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class SourceMethod:
    """A method.

    Attributes:
        name: Its name.
        positional: The parameters that can be passed by position.
        keywords: The keyword-only parameters.
        returns: The annotation of its result.
        doc: Its docstring; None if it has no description.
        message: What it raises.
        arguments: If it calls the method of the base class instead, the arguments of that call.
    """

    name: Code
    positional: tuple[SourceParameter, ...]
    keywords: tuple[SourceParameter, ...]
    returns: Code
    doc: Code | None
    message: str
    arguments: tuple[Code, ...] = ()

    @property
    def is_loose(self) -> bool:
        """Whether a parameter has a comment, so that each has a line of its own."""
        return any(parameter.is_loose for parameter in (*self.positional, *self.keywords))

    @property
    def declarations(self) -> tuple[Code, ...]:
        """The whole list of parameters, on one line."""
        positional = (parameter.declaration for parameter in self.positional)
        keywords = (parameter.declaration for parameter in self.keywords)
        star = (Code("*"),) if self.keywords else ()
        return (Code("self"), *positional, *star, *keywords)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A class with named fields.

    Attributes:
        name: Its name.
        fields: Its fields, each with its type: `width: int`.
    """

    name: Code
    fields: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class ToolModel:
    """A class of pydantic: an object that a tool takes or returns.

    Attributes:
        name: Its name.
        base: Its base class.
        fields: Its fields, each with its type and default.
        doc: Its docstring; None if it has none.
    """

    name: Code
    base: Code
    fields: tuple[Code, ...]
    doc: Code | None


@dataclass(frozen=True, slots=True)
class SourceFunction:
    """A function that is a tool or a prompt of an MCP model.

    Attributes:
        kind: `tool` or `prompt`.
        options: The arguments of its decorator; empty for none.
        name: Its name.
        parameters: Its parameters.
        returns: The annotation of its result.
        doc: Its docstring; None if it has none.
        message: What it raises.
    """

    kind: Code
    options: Code
    name: Code
    parameters: Code
    returns: Code
    doc: Code | None
    message: str


@dataclass(frozen=True, slots=True)
class SourceServer:
    """The server of an MCP model.

    Attributes:
        name: The name of the object.
        instructions: Its text for language models; may be empty.
        models: The classes of pydantic, each after those that it uses.
        functions: The tools and prompts.
    """

    name: Code
    instructions: str
    models: tuple[ToolModel, ...]
    functions: tuple[SourceFunction, ...]


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A model's source.

    Attributes:
        doc: The docstring of the module.
        lints: The rules of ruff that do not fit an interface which the SDK reads, sorted.
        imports: Import statements, in sections.
        records: The classes with named fields, each after those that it uses.
        named_fields: The base class of records.
        name: The name of the model's class.
        base: Its base class.
        is_openai: Whether the base class serves the API of OpenAI.
        openai: The class of OpenAI's client.
        any: The type of anything.
        has_arrays: Whether it imports numpy.
        server: The server of an MCP model; None for another model.
        server_class: The class of that server.
        title: What the model is called.
        methods: The methods.
    """

    doc: str
    lints: tuple[Code, ...]
    imports: tuple[tuple[Code, ...], ...]
    records: tuple[SourceRecord, ...]
    named_fields: Code
    name: Code
    base: Code
    is_openai: bool
    openai: Code
    any: Code
    has_arrays: bool
    server: SourceServer | None
    server_class: Code
    title: str
    methods: tuple[SourceMethod, ...]
