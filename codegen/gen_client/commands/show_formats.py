"""What `gen-client show` says of a model, for people and as JSON.

What lives here: the head, the page of a method with its table, the values of `--json`. All text goes to the console's
own ways of printing, which make it harmless.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from gen_client.commands.resolve_model import Interface
from gen_client.escape import Code, form, literal
from gen_client.interface.model import Parameter
from gen_client.naming import names
from gen_client.plan import build, docstrings, types
from gen_client.plan.named import NamedMethod, NamedParameter
from gen_client.plan.types import Use
from gen_client.show import json_schema, prototype, snippets
from gen_client.show.snippets import CallStyle
from gen_client.terminal.console import Console

VERSION: Final = 1
"""Of the JSON form; it rises when scripts that read it could break."""
_CHOICES_SHOWN: Final = 12
_TITLES: Final = {CallStyle.SYNC: "", CallStyle.ASYNC: "asyncio", CallStyle.BATCH: "many inputs"}


# For people


def print_methods(
    interface: Interface,
    methods: Sequence[NamedMethod],
    console: Console,
    *,
    url: str | None,
    is_full: bool,
) -> None:
    """Print what a model offers.

    Args:
        interface: The model.
        methods: Which of its methods.
        console: Where to.
        url: Where its server is, if the user named one.
        full: Whether each method is told with its parameters and code to copy.
    """
    console.print_finding(_head(interface), "cyan")
    for its in methods:
        console.print_finding("")
        console.print_code([prototype.format_prototype(its.wire)])
        for line in its.description if is_full else its.description[:1]:
            console.print_finding(f"  {line}".rstrip())
        if is_full:
            _page(interface, its, console, url)
    if not is_full:
        console.print_note()
        console.print_note(
            "gen-client: with the name of a method, its parameters and code to copy are shown"
        )


def _head(interface: Interface) -> str:
    model = interface.model
    ids = model.reference
    which = "a model" if ids is None else f"{ids.user_id}/{ids.app_id}/models/{ids.model_id}"
    version = f", version {model.version_id}" if model.version_id else ""
    count = len(interface.methods)
    return f"{which}{version}: {count} method{'s' if count != 1 else ''}"


def _page(interface: Interface, its: NamedMethod, console: Console, url: str | None) -> None:
    console.print_finding("")
    console.print_table([*_rows(its), _result(its)])
    for how in snippets.call_styles(its):
        console.print_finding("")
        if _TITLES[how]:
            console.print_code([f"# {_TITLES[how]}"])
        console.print_code(
            snippets.format_snippet(its, interface.package, _opening(interface, url), how)
        )


def _rows(its: NamedMethod) -> Iterator[tuple[str, ...]]:
    """Yield a row per parameter: name, type, default, allowed values, description."""
    for parameter in its.parameters:
        kind = str(types.format_annotation(parameter.shape, Use.PARAM))
        yield (
            f"  {parameter.name}",
            f"stream of {kind}" if parameter.wire.stream else kind,
            _default(parameter),
            _allowed(parameter.wire),
            " ".join(" ".join(parameter.description).split()),
        )


def _default(parameter: NamedParameter) -> str:
    if parameter.wire.required:
        return "required"
    return f"= {build.build_parameter(parameter).default}"


def _allowed(parameter: Parameter) -> str:
    if parameter.choices:
        shown = ", ".join(str(literal(c.value)) for c in parameter.choices[:_CHOICES_SHOWN])
        more = len(parameter.choices) - _CHOICES_SHOWN
        return f"{shown} and {more} more" if more > 0 else shown
    return (
        ""
        if parameter.range is None
        else docstrings.format_range(parameter.range, parameter.type.kind)
    )


def _result(its: NamedMethod) -> tuple[str, ...]:
    kind = str(types.format_annotation(its.result, Use.RESULT))
    return (
        "  returns",
        f"stream of {kind}" if its.is_stream else kind,
        "",
        "",
        " ".join(its.returns),
    )


def _opening(interface: Interface, url: str | None) -> Code:
    """What is passed to a client: the address of its server, where the model alone does not say it."""
    if interface.model.reference is not None:
        return Code("")
    where = url if url is not None and "://" in url else "grpc://127.0.0.1:8000"
    return form("base_url={}", literal(where))


def _format_snippets(
    interface: Interface, its: NamedMethod, wanted: Sequence[str], url: str | None
) -> Iterator[list[str]]:
    """The programs that call a method, in the forms that are wanted and that it has."""
    for how in snippets.call_styles(its):
        if how.value in wanted:
            yield snippets.format_snippet(its, interface.package, _opening(interface, url), how)


# For programs


def format_programs(
    interface: Interface, methods: Sequence[NamedMethod], wanted: Sequence[str], url: str | None
) -> list[str]:
    """The lines of all programs, with two blank lines between two."""
    lines: list[str] = []
    for its in methods:
        for program in _format_snippets(interface, its, wanted, url):
            lines += [*(["", ""] if lines else []), *program]
    return lines


def describe_tools(methods: Sequence[NamedMethod]) -> list[dict[str, Any]]:
    """Each method as a tool."""
    return [json_schema.describe_tool(its) for its in methods]


def describe_model(interface: Interface, methods: Sequence[NamedMethod]) -> dict[str, Any]:
    """Everything that is known of a model."""
    ids = interface.model.reference
    return {
        "version": VERSION,
        "kind": "show",
        "model": "" if ids is None else f"{ids.user_id}/{ids.app_id}/models/{ids.model_id}",
        "version_id": interface.model.version_id,
        "package": str(interface.package),
        "client": str(names.class_name(interface.package)),
        "methods": [_method(its) for its in methods],
    }


def _method(its: NamedMethod) -> dict[str, Any]:
    return {
        "name": str(its.name),
        "wire_name": its.wire.name,
        "method_type": its.wire.kind.value,
        "signature": prototype.format_prototype(its.wire),
        "description": its.wire.description,
        "takes_list": its.accepts_list,
        "batch": None if its.input is None else str(its.names.batch),
        "parameters": [_parameter(parameter) for parameter in its.parameters],
        "returns": {
            "type": str(types.format_annotation(its.result, Use.RESULT)),
            "stream": its.is_stream,
            "description": its.wire.result.description,
        },
    }


def _parameter(named: NamedParameter) -> dict[str, Any]:
    parameter, param = named.wire, build.build_parameter(named)
    bounds = parameter.range
    return {
        "name": str(named.name),
        "wire_name": parameter.name,
        "type": str(param.annotation),
        "stream": parameter.stream,
        "required": parameter.required,
        "default": None if parameter.required else str(param.default),
        "choices": [choice.id for choice in parameter.choices],
        "minimum": None if bounds is None else bounds.lowest,
        "maximum": None if bounds is None else bounds.highest,
        "description": parameter.description,
    }
