"""Code to copy: short programs that call a method of a generated client.

One program per style of calling, with the arguments of the generated examples. This module knows the names and types of
a method, but nothing of how a package is laid out.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gen_client.escape import Code, format_code, join_code
from gen_client.naming import names
from gen_client.plan import usage
from gen_client.plan.chats import CHAT_CALL
from gen_client.plan.docstrings import indent
from gen_client.plan.named import NamedMethod
from gen_client.plan.named_callable import NamedCallable

_BATCH_INPUTS: Final = 2
"""The number of inputs in the program of a batch."""


@dataclass(frozen=True, slots=True)
class ClientUse:
    """How a program makes a client.

    Attributes:
        module: The module from which it imports the class: the package, with the packages that hold it.
        class_name: The class of the client.
        arguments: The arguments of the class, or empty.
    """

    module: Code
    class_name: Code
    arguments: Code


class CallStyle(Enum):
    """A style of calling a method. The values are those of `--snippet`."""

    SYNC = "sync"
    ASYNC = "async"
    BATCH = "batch"


def call_styles(method: NamedCallable) -> tuple[CallStyle, ...]:
    """Return the styles in which a method or a tool can be called."""
    return tuple(CallStyle) if method.input is not None else (CallStyle.SYNC, CallStyle.ASYNC)


def format_snippet(method: NamedMethod, client: ClientUse, style: CallStyle) -> list[str]:
    """Return the lines of a program that calls a method.

    Args:
        method: The method.
        client: How the program makes the client.
        style: One of `call_styles(method)`.
    """
    arguments = usage.example_arguments(method, has_files=True)
    if style is CallStyle.BATCH:
        call = _format_batch_call(method, arguments)
    else:
        call = _format_call(method, arguments, is_async=style is CallStyle.ASYNC)
    return format_program(client, style, call, arguments.classes)


def format_program(
    client: ClientUse, style: CallStyle, call: Sequence[str], classes: Collection[Code] = ()
) -> list[str]:
    """Return the lines of a program that opens a client and makes a call.

    Args:
        client: How the program makes the client.
        style: The style of the call.
        call: The lines of the call of `model`.
        classes: The classes of the package that the call uses.
    """
    class_name = client.class_name
    if style is CallStyle.ASYNC:
        class_name = names.async_class_name(class_name)
    imported = ", ".join(sorted({str(class_name), *map(str, classes)}))
    import_line = f"from {client.module} import {imported}"
    comment = "" if client.arguments else "  # reads CLARIFAI_PAT"
    with_line = f"with {class_name}({client.arguments}) as model:{comment}"
    if style is not CallStyle.ASYNC:
        return [import_line, "", with_line, *indent(call)]
    return [
        "import asyncio",
        "",
        import_line,
        "",
        "",
        "async def main() -> None:",
        *indent([f"async {with_line}", *indent(call)]),
        "",
        "",
        "asyncio.run(main())",
    ]


def format_chat(client: ClientUse, style: CallStyle) -> list[str]:
    """Return the lines of a program that chats with an OpenAI-compatible model.

    Args:
        client: How the program makes the client.
        style: Not `BATCH`.
    """
    first, *others = CHAT_CALL
    if style is CallStyle.ASYNC:
        first = first.replace(" = ", " = await ")
    return format_program(client, style, [first, *others])


def _format_call(
    method: NamedMethod, arguments: usage.ExampleArguments, *, is_async: bool
) -> list[str]:
    if not method.is_stream:
        await_ = "await " if is_async else ""
        return usage.format_call(f"print({await_}model.{method.name}(", arguments.passed, "))")
    loop = "async for" if is_async else "for"
    return [
        *usage.format_call(f"{loop} piece in model.{method.name}(", arguments.passed, "):"),
        f"    print({usage.printed_expression(method)})",
    ]


def _format_batch_call(method: NamedMethod, arguments: usage.ExampleArguments) -> list[str]:
    """Return the lines of a loop over a batch.

    The inputs are written inline, so that type checkers check them against their `TypedDict` and editors complete the
    keys. The method itself is called if it accepts a list.
    """
    items = join_code(
        ", ", (format_code('"{}": {}', name, value) for name, value in arguments.pairs)
    )
    input_ = format_code("{{{}}}", items)
    return [
        f"for result in model.{method.name if method.accepts_list else method.names.batch}(",
        "    [",
        *[f"        {input_}," for _ in range(_BATCH_INPUTS)],
        "    ]",
        "):",
        "    print(result)",
    ]
