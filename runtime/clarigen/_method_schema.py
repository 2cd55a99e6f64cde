"""`json_schema`: the parameters and the result of a generated method as JSON Schema, at run time.

The types, defaults and ranges are those of the wire description, and the texts those of the docstring. An MCP model's
tool has its server's own schemas, which the package's lock keeps. The rule is in `_wire/json_schema.py`.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
import typing
from collections.abc import Callable
from itertools import takewhile
from typing import Any, Final

from ._drift.lock import read_lock
from ._types import SERVER_DEFAULT
from ._wire import json_schema as schemas
from ._wire.codec import Codec, describe, is_instance
from ._wire.method import REQUIRED, Field, Method, Streaming, Unary
from ._wire.tool import Tool
from ._wire.type_expression import parse_type
from .errors import ConfigError

_LIST_HINT: Final = re.compile(
    r"(?:One value, or|Also accepts) a list of `\w+` (?:to get|and then returns) a list of results\."
)
"""What a docstring says about lists of inputs, which a schema does not describe."""


def json_schema(method: Callable[..., Any], *, result: bool = False) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a generated method's arguments, or of its result.

    It is ready for tool calling: the arguments that it describes can be passed by keyword. Bytes are base64 text,
    media are base64 text or a URL, and a stream is an array. `gen-client show --json-schema` prints the same.

        parameters = clarigen.json_schema(model.predict)
        tool = {"type": "function", "function": {"name": "predict", "parameters": parameters}}

    Args:
        method: The method of a client or of its class, such as `model.predict`.
        result: Whether to describe the result instead of the arguments.

    Raises:
        ConfigError: It is not a method of a generated class that takes one input; or it is the tool of an MCP
            model, and the package lacks its lock.
    """
    function, description = find_description(method, "json_schema")
    if isinstance(description, Tool):
        package = function.__module__.rpartition(".")[0]
        return _describe_tool(description, package, result=result)
    documentation = inspect.getdoc(function) or ""
    if result:
        return schemas.describe_result(
            _translate_type(description.returns),
            is_stream=isinstance(description, Streaming),
            description=_read_section(documentation, "Returns"),
        )
    hints, texts = typing.get_type_hints(function), _read_arguments(documentation)
    signature = inspect.signature(function).parameters
    return schemas.describe_parameters(
        _translate_parameter(
            field,
            texts.get(field.name, ""),
            required=signature[field.name].default is inspect.Parameter.empty,
            may_be_none=type(None) in typing.get_args(hints[field.name]),
        )
        for field in description.fields
    )


def find_description(method: Any, purpose: str) -> tuple[Any, Method[Any]]:
    """Return the function of a generated method, and its wire description.

    Args:
        method: The method.
        purpose: The name of the function that it was passed to, for messages.

    Raises:
        ConfigError: It is not a generated method, or one that takes many inputs.
    """
    function = getattr(method, "__func__", method)
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    name = getattr(function, "__name__", "")
    descriptions: list[Any] = list(vars(module).values()) if module is not None else []
    for description in descriptions:
        if is_instance(description, Method) and description.name == name:
            return function, description
        if isinstance(description, Unary) and description.batch_name == name:
            raise ConfigError(f"{purpose}({name}): it takes many inputs; pass `{description.name}`")
    subject = name or describe(method)
    raise ConfigError(
        f"{purpose}({subject}): expected a method of a generated client, such as model.predict"
    )


def _describe_tool(tool: Tool[Any], package: str, *, result: bool) -> schemas.Schema:
    tools = read_lock(package).tools or ()
    raw = next((raw for raw in tools if raw.get("name") == tool.wire_name), None)
    if raw is None:
        raise ConfigError(
            f"{package}: its lock has no tool {tool.wire_name!r}: run gen-client again"
        )
    if result:
        return schemas.describe_tool_result(raw, is_wrapped=bool(tool.returns.parts))
    return schemas.describe_tool_arguments(
        raw, {field.wire_name: field.name for field in tool.fields}
    )


# From wire descriptions


def _translate_parameter(
    field: Field, description: str, *, required: bool, may_be_none: bool
) -> schemas.SchemaParameter:
    has_default = field.default is not REQUIRED and field.default is not SERVER_DEFAULT
    return schemas.SchemaParameter(
        name=field.name,
        type=_translate_type(field.codec),
        required=required,
        is_stream=field.is_stream,
        may_be_none=may_be_none,
        default=field.default if has_default else schemas.NO_DEFAULT,
        minimum=field.ge,
        maximum=field.le,
        choices=field.choices,
        description=description,
    )


def _translate_type(codec: Codec[Any]) -> schemas.SchemaType:
    match codec.kind:
        case "LIST" | "TUPLE":
            return schemas.SchemaType(codec.kind, tuple(map(_translate_type, codec.parts)))
        case "NAMED_FIELDS":
            members = tuple((name, _translate_type(member), "") for name, member in codec.parts)
            return schemas.SchemaType(codec.kind, members=members)
        case kind:
            return schemas.SchemaType(
                kind, json_type=parse_type(codec.parts[0]) if codec.parts else None
            )


# From docstrings, whose form is that of the generator


def _read_section(documentation: str, title: str) -> str:
    """Return the text of a section of a docstring, without the margin; empty if there is none."""
    _, heading, rest = f"\n{documentation}".partition(f"\n{title}:\n")
    lines = takewhile(lambda line: not line or line.startswith(" "), rest.split("\n"))
    return textwrap.dedent("\n".join(lines)).strip() if heading else ""


def _read_arguments(documentation: str) -> dict[str, str]:
    """Return what a docstring says of each parameter, by name."""
    texts: dict[str, str] = {}
    name = ""
    for line in _read_section(documentation, "Args").split("\n"):
        if line[:1].strip():
            name, _, text = line.partition(": ")
            texts[name] = text
        elif name:
            separator = "\n" if line.strip().startswith("* ") else " "
            texts[name] += separator + line.strip()
    return {name: _LIST_HINT.sub("", text).strip() for name, text in texts.items()}
