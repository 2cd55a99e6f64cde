"""How a package is used: the docstrings of the package and its clients, and the calls in examples.

This module knows nothing of how a method is documented or of how a page is laid out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clarigen import ModelRef
from gen_client.escape import LINE_LENGTH, Code, form
from gen_client.interface.model import TypeKind
from gen_client.plan import samples
from gen_client.plan.docstrings import format_paragraph
from gen_client.plan.named import NamedMethod

# Docstrings


def format_client_docstring(reference: ModelRef | None) -> str:
    """Format the docstring of the client."""
    if reference is None:
        summary = "A model with this interface: give `base_url` or `model` to say which."
    else:
        summary = f"{_describe_model(reference)}."
    rest = (
        "Credentials come from `pat` or the CLARIFAI_PAT environment variable. Every method raises "
        "InputError before anything is sent, ModelError when the model fails, TransportError when it "
        "cannot be reached."
    )
    return f"{format_paragraph(summary, 4)}\n\n{format_paragraph(rest, 4)}"


def format_async_docstring(reference: ModelRef | None, client: Code) -> str:
    """Format the docstring of the client's asyncio twin."""
    model = "A model with this interface" if reference is None else _describe_model(reference)
    return format_paragraph(f"{model}: the asyncio twin of `{client}`.", 4)


def _describe_model(reference: ModelRef) -> str:
    return f"The model `{reference.model_id}` of {reference.user_id}/{reference.app_id}"


def format_examples_docstring(
    reference: ModelRef | None, package: Code, first_example: Code
) -> str:
    """Format the docstring of the module of examples."""
    text = f"One runnable example a method: `python -m {package}.examples {first_example}`."
    if reference is None:
        text += "\n\nSet CLARIFAI_API_BASE to the address of the model's server before."
    return format_paragraph(text, 0)


def format_package_docstring(
    reference: ModelRef | None, package: Code, client: Code, methods: Sequence[NamedMethod]
) -> str:
    """Format the docstring of the package: whose model it is, and a call to copy."""
    if reference is None:
        summary, comment = "Typed client for a model.", ""
        opening = f'{client}(base_url="grpc://127.0.0.1:8000")'
    else:
        model = f"`{reference.model_id}` of {reference.user_id}/{reference.app_id}"
        summary, comment = f"Typed client for the model {model}.", "  # CLARIFAI_PAT"
        opening = f"{client}()"
    method = next((m for m in methods if not m.wire.name.endswith("_transport")), methods[0])
    arguments = example_arguments(method, files=True)
    classes = ", ".join(sorted({str(client), *arguments.classes}))
    lines = [
        f">>> from {package} import {classes}",
        f">>> with {opening} as model:{comment}",
        *(f"...     {line}" for line in _format_example_call(method, arguments.passed)),
    ]
    return "\n".join([format_paragraph(summary, 0), "", *lines])


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
        pairs: MethodNames and values.
        passed: The same as a call writes them: by position or by keyword.
        classes: The classes that the values are built with.
    """

    pairs: tuple[tuple[Code, Code], ...]
    passed: tuple[Code, ...]
    classes: frozenset[Code]


def example_arguments(method: NamedMethod, *, files: bool) -> ExampleArguments:
    """Return the arguments of a call in an example: every required one and up to two options.

    Args:
        method: The method.
        files: Whether media are read from the reader's files; otherwise they are the constants of `clarigen.examples`.
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
        value = samples.sample_argument(method, parameter, files=files)
        pairs.append((parameter.name, value))
        is_positional = index < method.positional_count
        passed.append(value if is_positional else form("{}={}", parameter.name, value))
        classes.update(samples.sample_classes(parameter.shape))
    text = " ".join(passed)
    used = frozenset(name for name in classes if re.search(rf"\b{name}[(.]", text) is not None)
    return ExampleArguments(tuple(pairs), tuple(passed), used)


def printed_expression(method: NamedMethod) -> Code:
    """Return the expression that an example prints for each item of a stream."""
    return Code("piece.text") if method.result.kind is TypeKind.TEXT else Code("piece")
