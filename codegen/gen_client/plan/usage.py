"""How a package is used: what it says of itself first, and its examples.

What lives here: the docstrings of the package and of its client, and a call of each method with sample
values. Knows shapes, names and the interface's nouns; knows nothing of how a method is described.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clarigen import ModelRef
from gen_client.escape import LINE_LENGTH, Code, form
from gen_client.interface.model import KnownDefault, Method, MethodKind, Parameter, TypeKind
from gen_client.naming import names as naming
from gen_client.plan import docstrings, samples, types
from gen_client.plan.page import Example


@dataclass(frozen=True, slots=True)
class NamedMethod:
    """A method and all its names.

    Attributes:
        method: The method.
        names: What it and its parameters are called.
        parameters: The types of its parameters.
        result: The type of its result.
        aliases: What the choices of each parameter are called; None where they have no name.
        input: What one input of a batch is called; None if it has no batch.
    """

    method: Method
    names: naming.MethodNames
    parameters: tuple[types.Shape, ...]
    result: types.Shape
    aliases: tuple[Code | None, ...]
    input: Code | None

    @property
    def listed(self) -> bool:
        """Whether it takes a list of inputs under its own name: a list of mappings is no argument."""
        return self.input is not None and not types.accepts_mappings(self.parameters[0])


def count_positional(parameters: Sequence[Parameter]) -> int:
    """How many parameters may go by position: the first, and the required ones that lead."""
    optional = (i for i, parameter in enumerate(parameters) if not parameter.required)
    return min(max(next(optional, len(parameters)), 1), len(parameters))


def format_client_docstring(reference: ModelRef | None) -> str:
    """What the client says of itself."""
    if reference is None:
        first = "A model with this interface: give `base_url` or `model` to say which."
    else:
        first = f"{_whose(reference)}."
    rest = (
        "Credentials come from `pat` or the CLARIFAI_PAT environment variable. Every method raises "
        "InputError before anything is sent, ModelError when the model fails, TransportError when it "
        "cannot be reached."
    )
    return f"{docstrings.format_paragraph(first, 4)}\n\n{docstrings.format_paragraph(rest, 4)}"


def format_async_docstring(reference: ModelRef | None, client: Code) -> str:
    """What the client's asyncio twin says of itself."""
    what = "A model with this interface" if reference is None else _whose(reference)
    return docstrings.format_paragraph(f"{what}: the asyncio twin of `{client}`.", 4)


def _whose(reference: ModelRef) -> str:
    return f"The model `{reference.model_id}` of {reference.user_id}/{reference.app_id}"


def format_examples_docstring(reference: ModelRef | None, package: Code, first: Code) -> str:
    """What the module of examples says of itself."""
    text = f"One runnable example a method: `python -m {package}.examples {first}`."
    if reference is None:
        text += "\n\nSet CLARIFAI_API_BASE to the address of the model's server before."
    return docstrings.format_paragraph(text, 0)


def format_package_docstring(
    reference: ModelRef | None, package: Code, client: Code, named: Sequence[NamedMethod]
) -> str:
    """The first thing a user sees: whose model it is, and a call to copy."""
    if reference is None:
        first, comment = "Typed client for a model.", ""
    else:
        whose = f"`{reference.model_id}` of {reference.user_id}/{reference.app_id}"
        first, comment = f"Typed client for the model {whose}.", "  # CLARIFAI_PAT"
    its = next((its for its in named if not its.method.name.endswith("_transport")), named[0])
    shown = example_arguments(its, files=True)
    opening = f"{client}()" if reference else f'{client}(base_url="grpc://127.0.0.1:8000")'
    names = ", ".join(sorted({str(client), *shown.names}))
    lines = [f">>> from {package} import {names}", f">>> with {opening} as model:{comment}"]
    lines += _call_lines(its, shown.passed)
    return "\n".join([docstrings.format_paragraph(first, 0), "", *lines])


def _call_lines(its: NamedMethod, passed: Sequence[Code]) -> list[str]:
    streams = its.method.kind is not MethodKind.UNARY
    start, end = ("for piece in ", ":") if streams else ("print(", ")")
    lines = format_call(f"{start}model.{its.names.method}(", passed, f"){end}")
    if streams:
        lines.append(f"    print({printed_expression(its)})")
    return [f"...     {line}" for line in lines]


def format_call(start: str, arguments: Sequence[Code], end: str) -> list[str]:
    """A call in an example, an argument a line where it gets long.

    Args:
        start: What stands before the arguments, with the bracket.
        arguments: What is passed.
        end: What stands behind them, with the bracket.
    """
    whole = f"{start}{', '.join(arguments)}{end}"
    if len(whole) + 8 <= LINE_LENGTH:
        return [whole]
    return [start, *(f"    {argument}," for argument in arguments), end]


@dataclass(frozen=True, slots=True)
class ExampleArguments:
    """What an example passes.

    Attributes:
        pairs: Names and values.
        passed: The same as they stand in a call.
        names: What the values are made with.
    """

    pairs: tuple[tuple[Code, Code], ...]
    passed: tuple[Code, ...]
    names: frozenset[Code]


def example_arguments(its: NamedMethod, *, files: bool) -> ExampleArguments:
    """What an example of a method passes: all that is required, and two options.

    Args:
        its: The method.
        files: Whether media are read from the reader's files, or made on the spot.
    """
    pairs: list[tuple[Code, Code]] = []
    passed: list[Code] = []
    used: set[Code] = set()
    positional, options = count_positional(its.method.parameters), 0
    rows = zip(its.method.parameters, its.names.parameters, its.parameters, strict=True)
    for index, (parameter, name, shape) in enumerate(rows):
        if not parameter.required:
            if not samples.is_simple_option(parameter) or options == 2:
                continue
            options += 1
        value = _sample(its, parameter, shape, files)
        pairs.append((name, value))
        passed.append(value if index < positional else form("{}={}", name, value))
        used.update(samples.sample_classes([shape]))
    shown = " ".join(passed)
    names = frozenset(name for name in used if re.search(rf"\b{name}[(.]", shown) is not None)
    return ExampleArguments(tuple(pairs), tuple(passed), names)


def _sample(its: NamedMethod, parameter: Parameter, shape: types.Shape, files: bool) -> Code:
    default = parameter.default
    if isinstance(default, KnownDefault) and default.value and not parameter.stream:
        return types.format_value(default.value, shape)
    return samples.sample_argument(its.method.name, parameter, shape, files=files)


def printed_expression(its: NamedMethod) -> Code:
    """What of a piece of a stream is printed."""
    return Code("piece.text") if its.result.kind is TypeKind.TEXT else Code("piece")


def build_example(its: NamedMethod) -> Example:
    """What shows a method."""
    passed = example_arguments(its, files=False).passed
    flows = its.result.kind in (TypeKind.STR, TypeKind.TEXT)
    return Example(
        its.names.example,
        its.names.async_example,
        passed,
        Code("piece"),
        printed_expression(its),
        flows,
    )
