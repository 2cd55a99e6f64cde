"""Code to copy: how a method of a generated client is called.

What lives here: a small program a way of calling: plain, asyncio, many inputs. Arguments are those of the examples.
Knows names and shapes; knows nothing of how a package is laid out.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from gen_client.escape import Code, form, joined
from gen_client.naming import names
from gen_client.plan import usage
from gen_client.plan.named import NamedMethod

_INPUTS: Final = 2
"""How many inputs an example for many has."""


class CallStyle(Enum):
    """A way of calling."""

    SYNC = "sync"
    ASYNC = "async"
    BATCH = "batch"


def call_styles(its: NamedMethod) -> tuple[CallStyle, ...]:
    """The ways in which a method can be called."""
    return tuple(CallStyle) if its.input is not None else (CallStyle.SYNC, CallStyle.ASYNC)


def format_snippet(its: NamedMethod, package: Code, opening: Code, how: CallStyle) -> list[str]:
    """The lines of a program that calls a method.

    Args:
        its: The method.
        package: What the package is called.
        opening: What is passed to the client, or nothing.
        how: The way of calling; one of `forms`.
    """
    client = names.class_name(package)
    called = names.async_class_name(client) if how is CallStyle.ASYNC else client
    shown = usage.example_arguments(its, files=True)
    comment = "" if opening else "  # CLARIFAI_PAT"
    classes = ", ".join(sorted({str(called), *map(str, shown.classes)}))
    importing = f"from {package} import {classes}"
    if how is not CallStyle.ASYNC:
        lines = _many(its, shown) if how is CallStyle.BATCH else _call(its, shown, "")
        block = [f"with {called}({opening}) as model:{comment}", *_indented(lines)]
        return [importing, "", *block]
    entering = f"async with {called}({opening}) as model:{comment}"
    block = [entering, *_indented(_call(its, shown, "await "))]
    return [
        "import asyncio",
        "",
        importing,
        "",
        "",
        "async def main() -> None:",
        *_indented(block),
        "",
        "",
        "asyncio.run(main())",
    ]


def _call(its: NamedMethod, shown: usage.ExampleArguments, wait: str) -> list[str]:
    arguments = shown.passed
    if not its.is_stream:
        return usage.format_call(f"print({wait}model.{its.name}(", arguments, "))")
    loop = "async for" if wait else "for"
    piece = usage.printed_expression(its)
    return [
        *usage.format_call(f"{loop} piece in model.{its.name}(", arguments, "):"),
        f"    print({piece})",
    ]


def _many(its: NamedMethod, shown: usage.ExampleArguments) -> list[str]:
    """By the method itself where it takes a list. Written in place, the inputs are checked against their type, and the editor completes their keys."""
    pairs = joined(", ", (form('"{}": {}', name, value) for name, value in shown.pairs))
    item = form("{{{}}}", pairs)
    return [
        f"for result in model.{its.name if its.accepts_list else its.names.batch}(",
        "    [",
        *[f"        {item}," for _ in range(_INPUTS)],
        "    ]",
        "):",
        "    print(result)",
    ]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else "" for line in lines]
