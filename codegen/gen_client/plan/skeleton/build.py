"""Builds the page of a model's source from its interface, or says what no source can have.

All decisions are made here and in the modules beside it: the template only writes them down. What the SDK has is passed
in, so that nothing here reads its tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gen_client.diagnostics import Report
from gen_client.escape import Code, format_code, format_exact_docstring, join_code
from gen_client.identifiers import is_identifier
from gen_client.interface.kinds import MCP, has_mcp_transport
from gen_client.interface.mcp.toolset import Toolset
from gen_client.interface.model import (
    DataType,
    Method,
    MethodKind,
    Model,
    Parameter,
    TypeKind,
)
from gen_client.naming.names import identifier_code
from gen_client.naming.reserved import KEYWORDS
from gen_client.plan.skeleton.defaults import (
    choose_default,
    fits,
    format_options,
    format_value,
)
from gen_client.plan.skeleton.names import (
    MCP_MODEL_CLASS,
    MODEL_CLASS,
    NEEDED,
    OPENAI_MODEL_CLASS,
    SourceNames,
)
from gen_client.plan.skeleton.page import (
    SourceMethod,
    SourcePage,
    SourceParameter,
    SourceServer,
)
from gen_client.plan.skeleton.problems import Inexpressible, Problems
from gen_client.plan.skeleton.tools import build_server
from gen_client.plan.skeleton.types import SourceTypes
from gen_client.readers import find_docstring_command
from gen_client.text import quote, quote_unless_identifier

_PARAMETER_NAMES: Final = NEEDED | {"with_proto"}
"""Names that a parameter cannot have: the object's own, and one of the SDK."""
_FIELD_NAMES: Final = NEEDED | {"cls", "items", "keys", "values"}
"""Names that a field cannot have: the SDK's `NamedFields` uses them."""
_METHOD_INDENT: Final = 8
_IMMUTABLE: Final = frozenset(
    {
        TypeKind.STR,
        TypeKind.BYTES,
        TypeKind.INT,
        TypeKind.FLOAT,
        TypeKind.BOOL,
        TypeKind.TUPLE,
    }
)
"""The types of parameters for which ruff accepts a call as the default (B008)."""
_BUILTIN: Final = _IMMUTABLE | {TypeKind.LIST, TypeKind.JSON_DATA}
"""The types of parameters for which ruff knows that None is none of their values (RUF013)."""


@dataclass(frozen=True, slots=True)
class SdkClass:
    """A base class of the SDK for models.

    Attributes:
        methods: The methods of a model that it has, by name.
        attributes: The names of its other attributes, which a model's methods must not replace.
    """

    methods: Mapping[str, Method]
    attributes: frozenset[str]


def build_source(
    model: Model, package: Code, sdk: Mapping[str, SdkClass], report: Report
) -> SourcePage:
    """Build the page of a model's source.

    Args:
        model: The model.
        package: The name that its package would have, of which the class gets its name.
        sdk: The base classes of the SDK, by name.
        report: Collects warnings.

    Raises:
        Refusal: Exit 4: no source can have the interface.
    """
    return _Builder(model, package, sdk, report).build()


class _Builder:
    """Builds one page."""

    def __init__(
        self, model: Model, package: Code, sdk: Mapping[str, SdkClass], report: Report
    ) -> None:
        self._model = model
        self._base = _choose_base(model, sdk)
        self._sdk = sdk[self._base]
        self._names = SourceNames(model, package)
        self._types = SourceTypes(self._names)
        self._report = report
        self._problems = Problems()
        self._lints: set[Code] = set()

    def build(self) -> SourcePage:
        """Return the page."""
        for method in self._model.methods:
            self._check_method(method)
        if self._base != MCP_MODEL_CLASS and has_mcp_transport(self._model.methods):
            reason = "only MCPModelClass has tools, and it has this method before all others"
            self._problems.add(MCP, reason)
        self._problems.raise_if_any()
        inherited = self._sdk.methods
        methods = tuple(
            self._build_method(method)
            for method in self._model.methods
            if inherited.get(method.name) != method
        )
        self._problems.raise_if_any()
        server = self._build_server() if self._base == MCP_MODEL_CLASS else None
        is_openai = self._base == OPENAI_MODEL_CLASS
        has_records = bool(self._types.records)
        return SourcePage(
            doc=self._describe_module(),
            lints=tuple(sorted(self._lints)),
            records=tuple(self._types.records),
            named_fields=self._names.use("NamedFields") if has_records else Code(""),
            name=self._names.model,
            base=self._names.use(self._base),
            is_openai=is_openai,
            openai=self._names.use("OpenAI") if is_openai else Code(""),
            any=self._names.use("Any") if is_openai else Code(""),
            has_arrays=self._names.uses_arrays,
            server=server,
            server_class=Code("") if server is None else self._names.use("FastMCP"),
            title=str(self._names.model),
            methods=methods,
            imports=self._names.format_imports(),
        )

    def _build_server(self) -> SourceServer:
        """Return the server of an MCP model; an empty one if its tools are not known."""
        tools = self._model.tools
        if tools is None:
            message = "the tools are not known, so the server in the source has none"
            self._report.warn(message, location=MCP, remedy="name the running model as SOURCE")
        server = build_server(tools or Toolset("", ()), self._problems, self._names.use)
        self._problems.raise_if_any()
        return server

    def _describe_module(self) -> str:
        model = f"The model `{self._model.path}`" if self._model.path else "A model"
        return (
            f"{model}: an interface, without the code behind it.\n\n"
            "`gen-client skeleton` wrote this file once, and it is yours. Each method raises an error until you write"
            "\nit. Callers rely on the names, types and defaults: `gen-client contract` says whether a change breaks"
            "\nthem."
        )

    # What no source has

    def _check_method(self, method: Method) -> None:
        location = quote_unless_identifier(method.name)
        add = self._problems.add
        if method.is_inline:
            add(
                location,
                "it was derived from the model's type: the model has no signatures",
            )
        if reason := _check_name(method.name, NEEDED):
            add(location, f"{reason} of a method")
        if method.name in self._sdk.attributes:
            add(
                location,
                f"{self._base} has an attribute of this name, which the SDK needs",
            )
        if method.result.multiple_outputs:
            add(
                f"{location}.return",
                "it has several outputs, and a function of the SDK has one",
            )
        if method.result.description:
            reason = "the SDK publishes no description of a result"
            add(f"{location}.return", reason, only_describes=True)
        self._check_fields(method.result.type, f"{location}.return")
        for parameter in method.parameters:
            field = f"{location}.{quote_unless_identifier(parameter.name)}"
            if reason := _check_name(parameter.name, _PARAMETER_NAMES):
                add(field, f"{reason} of a parameter")
            for reason, only_describes in _check_parameter(parameter):
                add(field, reason, only_describes=only_describes)
            self._check_fields(parameter.type, field)

    def _check_fields(self, type_: DataType, location: str) -> None:
        for member in type_.members:
            field = f"{location}.{quote_unless_identifier(member.name)}"
            if reason := _check_name(member.name, _FIELD_NAMES):
                self._problems.add(field, f"{reason} of a field")
            if member.description:
                reason = "the SDK publishes no description of a field"
                self._problems.add(field, reason, only_describes=True)
            self._check_fields(member.type, field)
        for item in type_.items:
            self._check_fields(item, location)

    # Methods

    def _build_method(self, method: Method) -> SourceMethod:
        parameters = [self._build_parameter(method, own) for own in method.parameters]
        positional = _count_positional(method)
        result = self._types.format_annotation(method.result.type, method.name, "result")
        is_stream = method.kind is not MethodKind.UNARY
        returns = (
            format_code("{}[{}]", self._names.use("Iterator"), result) if is_stream else result
        )
        is_inherited = method.name in self._sdk.methods
        return SourceMethod(
            name=identifier_code(method.name),
            positional=tuple(parameters[:positional]),
            keywords=tuple(parameters[positional:]),
            returns=returns,
            doc=self._format_doc(method),
            message=f"{self._names.model}.{method.name} is not written yet: {_say_result(method, result)}",
            arguments=(
                tuple(identifier_code(own.name) for own in method.parameters)
                if is_inherited
                else ()
            ),
        )

    def _format_doc(self, method: Method) -> Code | None:
        text = method.description
        if not text:
            return None
        doc = format_exact_docstring(text, _METHOD_INDENT)
        if doc is None:
            command = find_docstring_command(text)
            reason = (
                f"{command} is in it" if command else "Python changes its blanks, or hides a part"
            )
            self._problems.add(
                quote_unless_identifier(method.name),
                f"its description cannot be a docstring: {reason}",
                only_describes=True,
            )
        return doc

    def _build_parameter(self, method: Method, parameter: Parameter) -> SourceParameter:
        name = identifier_code(parameter.name)
        path = (method.name, parameter.name)
        if parameter.required:
            annotation = self._annotate(parameter, *path)
            return SourceParameter(format_code("{}: {}", name, annotation))
        location = ".".join(map(quote_unless_identifier, path))
        try:
            default = choose_default(parameter)
            value = format_value(default.value, self._use_float)
            arguments = format_options(parameter, value, self._use_float)
        except Inexpressible as problem:
            self._problems.add(location, problem.reason, only_describes=problem.only_describes)
            return SourceParameter(name)
        if default.is_respelled:
            self._report.warn(
                f"an older SDK wrote its default as {quote(parameter.default_text)}; today's writes it in another way",
                location=location,
            )
        annotation = self._annotate(parameter, *path, default=default.value)
        is_loose = False
        if len(arguments) > 1 or parameter.is_param:
            param = self._names.use("Param")
            value = format_code("{}({})", param, join_code(", ", arguments))
            if parameter.is_stream or parameter.type.kind not in _IMMUTABLE:
                self._lints.add(Code("B008"))
        else:
            is_loose = parameter.is_stream or not fits(default.value, parameter.type)
            if default.value is None and (parameter.is_stream or parameter.type.kind in _BUILTIN):
                self._lints.add(Code("RUF013"))
            elif isinstance(default.value, list | dict):
                self._lints.add(Code("B006"))
        return SourceParameter(format_code("{}: {} = {}", name, annotation, value), is_loose)

    def _use_float(self) -> Code:
        return self._names.use_builtin("float")

    def _annotate(self, parameter: Parameter, *path: str, default: object = None) -> Code:
        item = self._types.format_annotation(parameter.type, *path, default=default)
        if parameter.is_stream:
            return format_code("{}[{}]", self._names.use("Iterator"), item)
        return item


def _choose_base(model: Model, sdk: Mapping[str, SdkClass]) -> str:
    """Return the base class of the model.

    The methods of a base class come before those of the model itself.
    """
    names = [method.name for method in model.methods]
    kinds = {
        OPENAI_MODEL_CLASS: model.openai is not None,
        MCP_MODEL_CLASS: has_mcp_transport(model.methods),
    }
    for base, is_kind in kinds.items():
        inherited = list(sdk[base].methods)
        if is_kind and names[: len(inherited)] == inherited:
            return base
    return MODEL_CLASS


def _check_name(name: str, reserved: frozenset[str]) -> str:
    """Return why a name cannot stand in a source; empty if it can."""
    if name in KEYWORDS:
        return "it is a keyword of Python, which cannot be the name"
    if not is_identifier(name):
        return "Python reads it as another name, so it cannot be the name"
    if name.startswith("__"):
        return "it starts with two underscores, and Python changes such a name"
    return (
        "it has another meaning in the SDK or in the source, so it cannot be the name"
        if name in reserved
        else ""
    )


def _check_parameter(parameter: Parameter) -> Iterator[tuple[str, bool]]:
    """Yield why no source has what a parameter has, and whether that only describes it.

    The SDK has `Param` for descriptions, choices and ranges, which always has a default.
    """
    if parameter.internal_only:
        yield "the SDK publishes no mark of an internal parameter", True
    if parameter.required and (parameter.choices or parameter.range):
        yield "it is required, and the SDK publishes choices or a range only with a default", False
    elif parameter.required and (parameter.description or parameter.is_param):
        yield "it is required, and the SDK publishes a description only with a default", True


def _count_positional(method: Method) -> int:
    """Return the number of parameters before the first that must follow `*`: a required one after an optional one."""
    seen_default = False
    for index, parameter in enumerate(method.parameters):
        if seen_default and parameter.required:
            return index
        seen_default |= not parameter.required
    return len(method.parameters)


def _say_result(method: Method, result: Code) -> str:
    stream = next((own.name for own in method.parameters if own.is_stream), None)
    if stream is not None:
        return f"it must yield {result}, each as {stream} arrives"
    if method.kind is MethodKind.SERVER_STREAM:
        return f"it must yield {result}, one after the other"
    return f"it must return {result}"
