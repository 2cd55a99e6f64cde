"""How a package is used: the docstrings of the package and its clients, and the calls in examples.

This module knows nothing of the docstrings of methods or of templates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clarigen import ModelRef
from gen_client.escape import LINE_LENGTH, Code, format_code
from gen_client.interface.model import TypeKind
from gen_client.plan import samples
from gen_client.plan.chats import CHAT_CALL
from gen_client.plan.docstrings import format_paragraph
from gen_client.plan.named import NamedMethod

# Docstrings


_EXPERIMENTAL: Final = (
    "Experimental: the model has no signatures, so its methods were derived from its model type, and have not been "
    "tried on the platform. If the model answers in another form, a `DecodeError` says in which."
)

_CHAT: Final = (
    "The model is OpenAI-compatible: `openai()` returns a client of the library `openai`, which `pip install"
    " 'clarigen[openai]'` brings."
)


def format_client_docstring(
    reference: ModelRef | None,
    *,
    has_methods: bool,
    has_lists: bool,
    has_mappings_first: bool,
    is_experimental: bool,
    is_openai: bool,
    instructions: str | None = None,
) -> str:
    """Format the docstring of the client.

    Args:
        reference: The reference of its model.
        has_methods: Whether it has methods or tools of its own.
        has_lists: Whether any of its methods accepts a list of inputs.
        has_mappings_first: Whether one does not, because its first parameter accepts a list of mappings.
        is_experimental: Whether its methods were derived from a model type.
        is_openai: Whether its model is OpenAI-compatible.
        instructions: The text of an MCP model's server about its use, or empty; None for another model.
    """
    summary = f"Client for {_describe_model(reference)}."
    if reference is None:
        summary += " Pass `base_url` or `model` to select one."
    credentials = "Credentials come from `pat` or the CLARIFAI_PAT environment variable."
    if has_lists:
        exceptions = [
            *(["it is a tool"] if instructions is not None else []),
            *(["its first parameter is JSON or a list of mappings"] if has_mappings_first else []),
        ]
        unless = f", unless {' or '.join(exceptions)}," if exceptions else ""
        credentials += f" A method with one result{unless} also accepts a list of inputs."
    errors = (
        "Every method raises `InputError` if an argument is not valid (nothing is sent), `ModelError` "
        "if the model fails, and `TransportError` if it cannot be reached."
    )
    if instructions is not None:
        errors += " The methods of tools raise `ToolError`, a `ModelError`, if the tool fails."
    texts = (
        summary,
        instructions or "",
        _EXPERIMENTAL if is_experimental else "",
        _CHAT if is_openai else "",
        credentials,
        errors if has_methods else "",
    )
    return "\n\n".join(format_paragraph(text, 4) for text in texts if text.strip())


def format_async_docstring(reference: ModelRef | None, client: Code) -> str:
    """Format the docstring of the asyncio client."""
    summary = f"Async client for {_describe_model(reference)}."
    twin = f"The asyncio version of `{client}`, with the same methods, credentials and errors."
    return f"{format_paragraph(summary, 4)}\n\n{format_paragraph(twin, 4)}"


def _describe_model(reference: ModelRef | None) -> str:
    if reference is None:
        return "models with this interface"
    return f"the model `{reference.model_id}` of {reference.user_id}/{reference.app_id}"


def format_examples_docstring(
    reference: ModelRef | None, package: Code, first_example: Code | None
) -> str:
    """Format the docstring of the module of examples."""
    command = f"python -m {package}.examples"
    if first_example is not None:
        command += f" {first_example}"
    text = f"One runnable example per method: `{command}`."
    if reference is None:
        text += "\n\nSet CLARIFAI_API_BASE to the address of the model's server first."
    return format_paragraph(text, 0)


def format_package_docstring(
    reference: ModelRef | None,
    package: Code,
    client: Code,
    methods: Sequence[NamedMethod],
    *,
    tool_call: Sequence[str] = (),
    is_openai: bool,
) -> str:
    """Format the docstring of the package: its model, and a call to copy for each kind of model that it is.

    Args:
        reference: The reference of its model.
        package: Its name.
        client: The name of its client.
        methods: The methods of its client, except those of tools.
        tool_call: The lines of a call of a tool; empty if there are no tools.
        is_openai: Whether the model is OpenAI-compatible.
    """
    if reference is None:
        summary, comment = "Typed client for a model.", ""
        opening = f'{client}(base_url="grpc://127.0.0.1:8000")'
    else:
        summary = f"Typed client for {_describe_model(reference)}."
        comment = "  # reads CLARIFAI_PAT"
        opening = f"{client}()"
    classes, calls = {str(client)}, list[list[str]]()
    if methods:
        arguments = example_arguments(methods[0], has_files=True)
        classes.update(arguments.classes)
        calls.append(_format_example_call(methods[0], arguments.passed))
    if tool_call:
        calls.append(list(tool_call))
    if is_openai:
        calls.append(list(CHAT_CALL))
    lines = [f"from {package} import {', '.join(sorted(classes))}"]
    for call in calls:
        lines += ["", f"with {opening} as model:{comment}", *(f"    {line}" for line in call)]
    # No doctest: `pytest --doctest-modules` would call the model.
    code = [f"    {line}" if line else "" for line in lines]
    return "\n".join([format_paragraph(summary, 0), "", "Example::", "", *code])


def _format_example_call(method: NamedMethod, arguments: Sequence[Code]) -> list[str]:
    if not method.is_stream:
        return format_call(f"print(model.{method.name}(", arguments, "))")
    call = format_call(f"for piece in model.{method.name}(", arguments, "):")
    return [*call, f"    print({printed_expression(method)})"]


# Calls


def format_call(start: str, arguments: Sequence[Code], end: str) -> list[str]:
    """Format a call in an example: on one line, or with one line per argument if that is too long.

    Args:
        start: The text before the arguments, with the opening bracket.
        arguments: The arguments.
        end: The text after the arguments, with the closing bracket.
    """
    line = f"{start}{', '.join(arguments)}{end}"
    if len(line) + 8 <= LINE_LENGTH:
        return [line]
    return [start, *(f"    {argument}," for argument in arguments), end]


@dataclass(frozen=True, slots=True)
class ExampleArguments:
    """The arguments of a call in an example.

    Attributes:
        pairs: The names of the parameters, each with its value.
        passed: The arguments as the call has them, by position or by keyword.
        classes: The classes that the values are built with.
    """

    pairs: tuple[tuple[Code, Code], ...]
    passed: tuple[Code, ...]
    classes: frozenset[Code]


def example_arguments(method: NamedMethod, *, has_files: bool) -> ExampleArguments:
    """Return the arguments of a call in an example: all required ones and up to two options.

    Args:
        method: The method.
        has_files: Whether media are read from files of the reader; otherwise they are constants of `clarigen.examples`.
    """
    pairs: list[tuple[Code, Code]] = []
    passed: list[Code] = []
    classes: set[Code] = set()
    options = 0
    for index, parameter in enumerate(method.parameters):
        if not parameter.wire.required:
            if not samples.is_simple_option(parameter) or options == 2:
                continue
            options += 1
        value = samples.sample_argument(method, parameter, has_files=has_files)
        pairs.append((parameter.name, value))
        is_positional = index < method.positional_count
        passed.append(value if is_positional else format_code("{}={}", parameter.name, value))
        classes.update(samples.sample_classes(parameter.shape))
    text = " ".join(passed)
    used = frozenset(name for name in classes if re.search(rf"\b{name}[(.]", text) is not None)
    return ExampleArguments(tuple(pairs), tuple(passed), used)


def printed_expression(method: NamedMethod) -> Code:
    """Return the expression that an example prints for each item of a stream."""
    return Code("piece.text") if method.result.kind is TypeKind.TEXT else Code("piece")


def format_example_docstring(
    method: Code, *, is_async: bool = False, is_stream: bool = False
) -> str:
    """Format the docstring of the function that shows a method."""
    call = f"Call `{method}` with asyncio" if is_async else f"Call `{method}`"
    return f"{call} and print {'each item' if is_stream else 'the result'}."
