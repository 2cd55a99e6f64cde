"""Methods and parameters with their names, types and descriptions: what `build`, `show` and `diff` read.

Each description is parsed here, once. This module knows nothing of pages, docstrings or templates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gen_client.diagnostics import Report
from gen_client.escape import Code
from gen_client.interface.model import Method, MethodKind, Model, Parameter
from gen_client.naming import names
from gen_client.naming import tools as tool_naming
from gen_client.naming.names import MethodNames, TypeNames
from gen_client.naming.reserved import MCP_ATTRIBUTES
from gen_client.plan import types
from gen_client.plan.descriptions import Description, parse_description, split_lines
from gen_client.plan.mcp.named import NamedTool, name_tools, reserved_names
from gen_client.plan.named_callable import NamedCallable
from gen_client.plan.types import Shape


@dataclass(frozen=True, slots=True)
class NamedParameter:
    """A parameter of a method.

    Attributes:
        wire: The parameter as the model declares it.
        name: Its name in Python.
        shape: Its type; of a stream, the type of an item.
        alias: The name of the `Literal` of its choices; None if its annotation is not a `Literal`.
        description: The lines that its author wrote: its own description, or its entry in the method's `Args:`.
    """

    wire: Parameter
    name: Code
    shape: Shape
    alias: Code | None
    description: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMethod(NamedCallable):
    """A method of a model.

    Attributes:
        wire: The method as the model declares it.
        parameters: Its parameters, in the order of the wire.
        result: The type of its result; of a stream, the type of an item.
    """

    wire: Method
    parameters: tuple[NamedParameter, ...]
    result: Shape

    @property
    def is_stream(self) -> bool:
        """Whether the method returns a stream."""
        return self.wire.kind is not MethodKind.UNARY

    @property
    def accepts_list(self) -> bool:
        """Whether a list of inputs can be passed instead of the arguments.

        It cannot if the first parameter itself accepts a list of mappings: the two would look alike.
        """
        return self.input is not None and not types.accepts_mappings(self.parameters[0].shape)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The types of the result and of the parameters."""
        return (self.result, *(parameter.shape for parameter in self.parameters))

    @property
    def required(self) -> list[bool]:
        """Whether each parameter is required."""
        return [parameter.wire.required for parameter in self.parameters]


@dataclass(frozen=True, slots=True)
class NamedInterface:
    """What a client offers.

    Attributes:
        methods: The methods of the model.
        tools: Its tools, if it is an MCP model.
    """

    methods: list[NamedMethod]
    tools: list[NamedTool]


def name_methods(model: Model, package: Code, report: Report) -> list[NamedMethod]:
    """Name the methods that a client offers, except those of tools; see `name_interface`."""
    return name_interface(model, package, report).methods


def name_interface(model: Model, package: Code, report: Report) -> NamedInterface:
    """Name the methods and the tools that a client offers.

    Args:
        model: The model's interface.
        package: The package's name.
        report: Collects a warning for each method that is left out.

    Raises:
        Refusal: No method is left (exit 4), or a type of the user's has a name that is taken (exit 2).
    """
    client = names.class_name(package)
    usable = names.keep_nameable_methods(model, report)
    tools = () if model.tools is None else model.tools.tools
    reserved = frozenset[str]() if model.tools is None else MCP_ATTRIBUTES
    method_names = dict(zip(usable, names.method_names(usable, client, reserved), strict=True))
    tool_names = tool_naming.name_tools(tools, client, method_names.values())
    type_names = TypeNames(client, usable, method_names.values(), reserved_names(tools, tool_names))

    def name_all(methods: list[Method]) -> list[NamedMethod]:
        return [_name_method(method, method_names[method], type_names) for method in methods]

    methods = names.map_by_name(usable, name_all)
    type_names.reserve(user_classes(methods))
    return NamedInterface(methods, name_tools(tools, tool_names, type_names))


def _name_method(method: Method, method_names: MethodNames, type_names: TypeNames) -> NamedMethod:
    description = parse_description(method.description, (p.name for p in method.parameters))
    result = _name_result(method, method_names, type_names)
    named = [
        (
            parameter,
            name,
            types.name_records(parameter.type, type_names.claim, method_names.method, name),
        )
        for parameter, name in zip(method.parameters, method_names.parameters, strict=True)
    ]
    parameters = tuple(
        NamedParameter(
            parameter,
            name,
            shape,
            _name_alias(parameter, shape, type_names, method_names.method, name),
            _find_description(parameter, description),
        )
        for parameter, name, shape in named
    )
    return NamedMethod(
        wire=method,
        names=method_names,
        parameters=parameters,
        result=result,
        description=description.text,
        returns=split_lines(method.result.description) or description.returns,
        input=(
            type_names.input_type(method_names.method)
            if method.kind is MethodKind.UNARY and parameters
            else None
        ),
    )


def _name_result(method: Method, method_names: MethodNames, type_names: TypeNames) -> Shape:
    """Name the records of a result: `PredictResult`, and `PredictBox` for a record in its field `box`.

    The latter is `PredictResultBox` if a parameter has the name `box`, or a record that would be named `PredictBox`.
    """
    reserved: set[str] = set()

    def reserve(*path: str) -> Code:
        reserved.add(names.type_name(*path))
        return Code("")

    def claim(prefix: str, *path: str) -> Code:
        short = names.type_name(prefix, *path)
        is_field = bool(path) and not path[0].isdigit()
        if is_field and short not in reserved:
            return type_names.claim(prefix, *path)
        return type_names.claim(prefix, "result", *path)

    for parameter, name in zip(method.parameters, method_names.parameters, strict=True):
        reserve(method_names.method, name)
        types.name_records(parameter.type, reserve, method_names.method, name)
    return types.name_records(method.result.type, claim, method_names.method)


def _name_alias(
    parameter: Parameter, shape: Shape, type_names: TypeNames, *path: str
) -> Code | None:
    if types.format_choices(shape, parameter.choices) is None:
        return None
    return type_names.claim(*path)


def _find_description(parameter: Parameter, description: Description) -> tuple[str, ...]:
    return split_lines(parameter.description) or description.args.get(parameter.name, ())


def user_classes(methods: Iterable[NamedMethod]) -> list[tuple[str, str]]:
    """Return the user's classes in the signatures of methods: sorted pairs of module and name."""
    json_types = (
        json_type
        for method in methods
        for shape in method.shapes
        for json_type in shape.iter_json_types()
    )
    return sorted({pair for json_type in json_types for pair in json_type.classes()})
