"""Functions that are marked as methods of a model, as signatures, with the rules of the SDK's `build_function_signature`."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gen_client.json_text import is_encodable
from gen_client.source.model_file.defaults import drop_zeros, read_default
from gen_client.source.model_file.expressions import Evaluator
from gen_client.source.model_file.findings import Code, Finding, Level, Problem, refused, unsure
from gen_client.source.model_file.state import State
from gen_client.source.model_file.types import FieldType, read_annotation
from gen_client.source.model_file.values import (
    Constant,
    Function,
    Known,
    Param,
    Unknown,
    Value,
    find_unknown,
)

RESERVED_NAME: Final = "with_proto"
_IDENTITIES: Final = frozenset({"typing.final", "abc.abstractmethod"})
"""Decorators that return their function."""
_FITTING: Final[Mapping[str, tuple[type, ...]]] = {
    "STR": (str,),
    "INT": (int,),
    "FLOAT": (int, float),
    "BOOL": (bool,),
}

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class _Argument:
    """A parameter in the source.

    Attributes:
        node: Its name and annotation.
        default: Its default; None if it has none.
        is_keywords: Whether it is `**kwargs`.
    """

    node: ast.arg
    default: ast.expr | None
    is_keywords: bool = False


def define_function(
    node: FunctionNode,
    state: State,
    evaluator: Evaluator,
    findings: list[Finding],
    *,
    has_text_annotations: bool,
) -> Value:
    """Return what a definition binds to the function's name.

    Args:
        node: The definition.
        state: The names.
        evaluator: Evaluates decorators, defaults and annotations.
        findings: Collects findings that are no problems.
        has_text_annotations: Whether annotations are text.
    """
    decorators = [(d, evaluator.evaluate(d)) for d in node.decorator_list]
    is_method = any(
        isinstance(value, Known) and value.key == "sdk.method" for _, value in decorators
    )
    builder = _SignatureBuilder(node, evaluator, has_text_annotations=has_text_annotations)
    if not is_method:
        builder.evaluate_all()
    value: Value = Function(node)
    for decorator, kind in reversed(decorators):
        value = _decorate(value, decorator, kind, node, state, builder, findings)
    return value


def _decorate(
    value: Value,
    decorator: ast.expr,
    kind: Value,
    node: FunctionNode,
    state: State,
    builder: _SignatureBuilder,
    findings: list[Finding],
) -> Value:
    """Return what a decorator makes of a function."""
    line = decorator.lineno
    if isinstance(kind, Known) and kind.key in _IDENTITIES:
        return value
    is_method = isinstance(kind, Known) and kind.key == "sdk.method"
    if not is_method:
        return _wrap(value, decorator, kind, node, state, findings)
    if isinstance(value, Function):
        try:
            value.signature, found = builder.build()
            findings += found
        except Problem as problem:
            value.problem = problem.at(node.name, node.lineno).finding
        return value
    if isinstance(value, Unknown) and value.is_mocked:
        message = "the upload refuses a decorator of a library below `@ModelClass.method`"
        remedy = "call the library inside the method"
        findings.append(
            Finding(Level.ERROR, Code.MOCKED_DECORATOR, message, line, node.name, remedy)
        )
    reason = value.reason if isinstance(value, Unknown) else "it is no function"
    doubt = unsure(f"the signature is that of what a decorator returns: {reason}", line)
    return Function(node, problem=doubt.at(node.name).finding)


def _wrap(
    value: Value,
    decorator: ast.expr,
    kind: Value,
    node: FunctionNode,
    state: State,
    findings: list[Finding],
) -> Value:
    """Return what a decorator makes of a function that is not the SDK's."""
    line = decorator.lineno
    text = f"the decorator in line {line} may return anything"
    unknown = find_unknown(kind)
    is_mocked = unknown is not None and unknown.is_mocked
    library = unknown.library if unknown is not None else ""
    has_signature = isinstance(value, Function) and (value.signature or value.problem)
    if has_signature:
        lost = is_mocked or _name_of(kind, decorator) in ("staticmethod", "classmethod")
        if lost:
            message = "the upload loses the method: a decorator stands above `@ModelClass.method`"
            remedy = "put it below, or call the library inside the method"
            findings.append(
                Finding(Level.WARNING, Code.LOST_METHOD, message, line, node.name, remedy)
            )
        problem = unsure(f"{text}, and what stays of the method below it", line)
        return Function(node, problem=problem.at(node.name).finding)
    may_be_model = state.reaches_sdk(decorator, imported=True)
    may_be_model |= unknown is not None and unknown.may_be_model
    if not (library and state.libraries.is_harmless(library)):
        state.touch(decorator, line)
        state.touch(node, line)
    return Unknown(text, line, library, is_mocked, may_be_model=may_be_model)


def _name_of(kind: Value, decorator: ast.expr) -> str:
    is_builtin = isinstance(kind, Unknown) and kind.library == "builtins"
    return decorator.id if is_builtin and isinstance(decorator, ast.Name) else ""


class _SignatureBuilder:
    """Builds the signature of one function."""

    def __init__(
        self, node: FunctionNode, evaluator: Evaluator, *, has_text_annotations: bool
    ) -> None:
        self._node = node
        self._evaluator = evaluator
        self._has_text_annotations = has_text_annotations
        self._findings: list[Finding] = []
        self._evaluated: dict[ast.expr, Value] = {}

    def evaluate_all(self) -> None:
        """Evaluate defaults and annotations, for their effects."""
        for argument in _iterate_arguments(self._node.args):
            self._evaluate(argument.default)
            self._annotate(argument.node.annotation)
        self._annotate(self._node.returns)

    def _evaluate(self, node: ast.expr | None) -> Value | None:
        if node is None:
            return None
        if node not in self._evaluated:
            self._evaluated[node] = self._evaluator.evaluate(node)
        return self._evaluated[node]

    def _annotate(self, node: ast.expr | None) -> Value | None:
        if node is not None and self._has_text_annotations:
            return Constant(ast.unparse(node))
        return self._evaluate(node)

    def build(self) -> tuple[dict[str, object], list[Finding]]:
        """Return the signature, and what is found in it.

        Raises:
            Problem: There is no signature, or none that is sure.
        """
        node = self._node
        arguments = list(_iterate_arguments(node.args))
        positional = (*node.args.posonlyargs, *node.args.args)
        if arguments and arguments[0].node.arg in ("self", "cls"):
            is_first = not positional or arguments[0].node is positional[0]
            arguments = arguments[1:] if is_first else arguments
        if node.returns is None:
            message = "the method has no return annotation"
            raise refused(Code.NO_ANNOTATION, message, node.lineno, "write -> and a type")
        if any(name.startswith("__") for name in (node.name, *(a.node.arg for a in arguments))):
            raise unsure("a name starts with two underscores", node.lineno)
        fields = [self._build_field(argument) for argument in arguments]
        output = self._read_type(node.returns, "return", node.returns.lineno)
        kind = self._choose_kind([type_.is_stream for _, type_ in fields], output.is_stream)
        if isinstance(node, ast.AsyncFunctionDef):
            message = "the method is `async`: its callers get an error instead of its result"
            remedy = "write `def`, and run the loop inside the method"
            self._report(Level.WARNING, Code.ASYNC_METHOD, message, node.lineno, remedy=remedy)
        signature = {
            "name": node.name,
            "method_type": kind,
            "description": self._read_description(),
            "input_fields": [field for field, _ in fields],
            "output_fields": [
                drop_zeros(name="return", iterator=output.is_stream, **output.content)
            ],
        }
        return drop_zeros(**signature), self._findings

    def _report(
        self, level: Level, code: Code, message: str, line: int, name: str = "", remedy: str = ""
    ) -> None:
        location = ".".join(part for part in (self._node.name, name) if part)
        self._findings.append(Finding(level, code, message, line, location, remedy))

    def _read_description(self) -> str:
        text = ast.get_docstring(self._node, clean=False) or ""
        if not is_encodable(text):
            raise unsure("the docstring has a lone surrogate", self._node.lineno)
        return inspect.cleandoc(text)

    def _choose_kind(self, streams: list[bool], output_stream: bool) -> str:
        if sum(streams) > 1:
            raise refused(Code.STREAMS, "a method takes one stream at most", self._node.lineno)
        if any(streams) and not output_stream:
            message = "a method that takes a stream must return one"
            raise refused(Code.STREAMS, message, self._node.lineno)
        if any(streams):
            return "STREAMING_STREAMING"
        return "UNARY_STREAMING" if output_stream else "UNARY_UNARY"

    def _build_field(self, argument: _Argument) -> tuple[dict[str, object], FieldType]:
        node = argument.node
        location = f"{self._node.name}.{node.arg}"
        try:
            if node.arg == RESERVED_NAME:
                raise refused(Code.RESERVED_NAME, f"`{RESERVED_NAME}` is a name of the SDK")
            if node.annotation is None:
                raise refused(Code.NO_ANNOTATION, "the parameter has no annotation")
            field_type = self._read_type(node.annotation, node.arg, node.lineno)
            default = self._evaluate(argument.default)
            content = read_default(default)
            field = drop_zeros(
                name=node.arg, iterator=field_type.is_stream, **field_type.content, **content
            )
        except Problem as problem:
            raise problem.at(location, node.lineno) from None
        if argument.is_keywords:
            message = f"`**{node.arg}` becomes a required parameter called `{node.arg}`"
            self._report(Level.WARNING, Code.EXTRA_KEYWORDS, message, node.lineno, node.arg)
        self._check_default(default, field_type, node)
        return field, field_type

    def _read_type(self, node: ast.expr, name: str, line: int) -> FieldType:
        value = self._annotate(node)
        location = f"{self._node.name}.{name}"
        try:
            field_type = read_annotation(value or Constant(None), name)
        except Problem as problem:
            raise problem.at(location, line) from None
        if field_type.mocked:
            message = (
                f"the upload refuses the type: it has a mock in the place of {field_type.mocked}"
            )
            remedy = "an Image of clarifai.runners.utils.data_types is sent in the same way"
            remedy = remedy if field_type.mocked == "PIL" else ""
            self._report(Level.ERROR, Code.MOCKED_TYPE, message, line, name, remedy)
        return field_type

    def _check_default(self, default: Value | None, field_type: FieldType, node: ast.arg) -> None:
        """Report a default that is not of the parameter's type."""
        value = default.items.get("default") if isinstance(default, Param) else default
        fitting = _FITTING.get(str(field_type.content["type"]))
        if not isinstance(value, Constant) or value.value is None or fitting is None:
            return
        is_bool = isinstance(value.value, bool)
        if not isinstance(value.value, fitting) or (is_bool and bool not in fitting):
            message = f"the default is {value.value!r}, which is no {field_type.content['type']}"
            self._report(Level.WARNING, Code.DEFAULT_TYPE, message, node.lineno, node.arg)


def _iterate_arguments(arguments: ast.arguments) -> Iterator[_Argument]:
    """Yield the parameters in the order of `inspect.signature`."""
    positional = [*arguments.posonlyargs, *arguments.args]
    missing = len(positional) - len(arguments.defaults)
    for node, default in zip(positional, [*[None] * missing, *arguments.defaults], strict=True):
        yield _Argument(node, default)
    if arguments.vararg is not None:
        yield _Argument(arguments.vararg, None)
    for node, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _Argument(node, keyword_default)
    if arguments.kwarg is not None:
        yield _Argument(arguments.kwarg, None, is_keywords=True)
