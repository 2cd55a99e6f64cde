"""Methods and classes of a client in its own words: what a generated package has, without its bodies.

`self` is left out, as in a call. This module knows nothing of commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gen_client.escape import Code, format_code, join_code
from gen_client.fold import fold
from gen_client.plan.docstrings import indent
from gen_client.plan.page import ClientMethod, Field, Record, SignatureParameter, ToolType

WIDTH: Final = 80
"""The longest line, in characters, unless one parameter is longer."""


def format_signature(method: ClientMethod) -> list[str]:
    """Return the lines of a method's signature: `def NAME(P1: T1, *, P2: T2 = D2) -> R`."""
    returns = format_code("Stream[{}]", method.returns) if method.is_stream else method.returns
    return _format_def(method.name, _format_parameters(method), returns)


def format_list_signature(method: ClientMethod) -> list[str]:
    """Return the lines of the signature of a method that takes a list of inputs; empty if it takes none."""
    if method.list_form is None:
        return []
    inputs = format_code("inputs: {}", method.list_form.inputs)
    return _format_def(method.name, [inputs, "/"], method.list_form.returns)


def format_batch_signature(method: ClientMethod) -> list[str]:
    """Return the lines of the signature of a method's batch; empty if it has none."""
    batch = method.batch
    if batch is None:
        return []
    parameters = [
        format_code("inputs: Iterable[{}]", batch.input),
        Code("*"),
        format_code("progress: {} = False", batch.bool_type),
    ]
    return _format_def(batch.name, parameters, format_code("Batch[{}]", method.returns))


def format_class(type_: Record | ToolType, base: str = "") -> list[str]:
    """Return the lines of a class: its fields, with the description of each above it.

    Args:
        type_: The class.
        base: Its base class, in brackets, or empty.
    """
    if isinstance(type_, ToolType) and not type_.has_fields:
        keys = [f"{key.name}: {key.annotation}," for key in type_.fields]
        return [f'{type_.name} = TypedDict("{type_.name}", {{', *indent(keys), "})"]
    return [f"class {type_.name}{base}:", *indent(_format_fields(type_.fields))]


def _format_fields(fields: Sequence[Field]) -> Iterator[str]:
    for field in fields:
        yield from (f"# {line}".rstrip() for line in field.doc.split("\n") if line)
        yield f"{field.name}: {field.annotation}"
    if not fields:
        yield "pass"


def _format_def(name: Code, parameters: Iterable[str], returns: Code) -> list[str]:
    lines = [f"def {name}(", *indent(f"{text}," for text in parameters), f") -> {returns}"]
    return fold("\n".join(lines), WIDTH).rstrip("\n").split("\n")


def _format_parameters(method: ClientMethod) -> Iterator[Code]:
    yield from map(_format_parameter, method.positional)
    if method.keywords:
        yield Code("*")
    yield from map(_format_parameter, method.keywords)


def _format_parameter(parameter: SignatureParameter) -> Code:
    annotation = parameter.annotation
    if parameter.is_stream:
        annotation = format_code("Iterable[{}]", annotation)
    types = join_code(" | ", filter(None, (annotation, parameter.default_type)))
    default = format_code(" = {}", parameter.default) if parameter.default else Code("")
    return format_code("{}: {}{}", parameter.name, types, default)
