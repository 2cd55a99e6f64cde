"""Constructors of models: which model a call of the SDK makes, and the call of the client in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import libcst as cst

from clarigen import ModelRef
from clarigen.errors import ConfigError
from gen_client import limits
from gen_client.escape import format_literal
from gen_client.migrate import sdk
from gen_client.migrate.arguments import keyword, new_keyword, replace_arguments
from gen_client.migrate.expressions import find_text, is_none
from gen_client.migrate.findings import Code, Finding, Kept, Level
from gen_client.migrate.group import Construction
from gen_client.migrate.program import Program

_SAME = frozenset(
    {
        *("base_url", "pat", "compute_cluster_id", "nodepool_id"),
        *("deployment_id", "deployment_user_id"),
    }
)
"""The parameters that a generated client has under the same name."""
_LOCAL_PORT = "8000"


@dataclass(slots=True)
class Constructor:
    """A constructor.

    Attributes:
        construction: The place.
        reference: The model; None if it is not known.
        text: The text of the expression that names the model.
        takes_any: Whether the place names no model, so that it is that of its variable.
        findings: What somebody should know about it.
        obstacle: Why it cannot be rewritten.
    """

    construction: Construction
    reference: ModelRef | None = None
    text: str = ""
    takes_any: bool = False
    findings: list[Finding] = field(default_factory=list[Finding])
    obstacle: Finding | None = None
    _plans: list[tuple[int, Callable[[cst.Arg], cst.Arg | None]]] = field(
        default_factory=list[tuple[int, Callable[[cst.Arg], "cst.Arg | None"]]]
    )
    _added: list[cst.Arg] = field(default_factory=list[cst.Arg])
    _unknown_url: int = -1

    def rewrite(self, call: cst.Call, *, model_given: bool) -> cst.Call:
        """Return the call of a client's class.

        Args:
            call: The call of the SDK's class.
            model_given: Whether the user has said which package the model has, so that it is passed.
        """
        changed: list[cst.Arg | None] = list(call.args)
        for index, change in self._plans:
            argument = changed[index]
            changed[index] = None if argument is None else change(argument)
        if model_given and self._unknown_url >= 0:
            changed[self._unknown_url] = keyword(call.args[self._unknown_url], "model")
        return replace_arguments(call, changed, self._added)

    def change(self, index: int, change: Callable[[cst.Arg], cst.Arg | None]) -> None:
        """Change an argument, or leave it out."""
        self._plans.append((index, change))

    def leave_out(self, index: int) -> None:
        """Leave out an argument."""
        self.change(index, lambda _: None)

    def add(self, name: str, value: cst.BaseExpression) -> None:
        """Add an argument."""
        self._added.append(new_keyword(name, value))

    def pass_url(self, index: int) -> None:
        """Say which argument names a model that is not known."""
        self._unknown_url = index


def read_constructor(program: Program, construction: Construction) -> Constructor:
    """Read a constructor of the SDK."""
    constructor = Constructor(construction)
    try:
        if construction.method == sdk.LOCAL_SERVER:
            _read_local_server(program, constructor)
        elif construction.method:
            constructor.text = construction.method
            raise Kept(
                program.line(construction.call),
                Code.MODEL_NOT_KNOWN,
                f"{construction.method}() takes the model from a setting outside of the program",
            )
        else:
            _read_model(program, constructor)
    except Kept as kept:
        constructor.obstacle = kept.finding
    return constructor


def _read_local_server(program: Program, constructor: Constructor) -> None:
    constructor.takes_any = True
    call = constructor.construction.call
    constructor.text = "a local server"
    if not call.args:
        constructor.add("base_url", cst.SimpleString(f'"grpc://127.0.0.1:{_LOCAL_PORT}"'))
        return
    argument = call.args[0]
    if (
        len(call.args) > 1
        or argument.star
        or (argument.keyword and argument.keyword.value != "port")
    ):
        raise Kept(program.line(call), Code.DYNAMIC, "its arguments are not understood")
    if isinstance(argument.value, cst.Integer):
        text = f'"grpc://127.0.0.1:{argument.value.value}"'
    elif '"' in program.code(argument.value) or "\n" in program.code(argument.value):
        raise Kept(program.line(call), Code.DYNAMIC, "the port is not a plain value")
    else:
        text = f'f"grpc://127.0.0.1:{{{program.code(argument.value)}}}"'
    url = cst.parse_expression(text)
    constructor.change(0, lambda old: keyword(old.with_changes(value=url), "base_url"))


def _read_model(program: Program, constructor: Constructor) -> None:
    call = constructor.construction.call
    line = program.line(call)
    named: dict[str, tuple[int, cst.BaseExpression]] = {}
    for index, argument in enumerate(call.args):
        if argument.star:
            raise Kept(
                line, Code.DYNAMIC, f"the arguments of the constructor come with {argument.star}"
            )
        name = sdk.CONSTRUCTOR[index] if argument.keyword is None else argument.keyword.value
        named[name] = (index, argument.value)
    unknown = named.keys() - {*sdk.CONSTRUCTOR, "user_id", "app_id"}
    if unknown:
        raise Kept(line, Code.OTHER_ARGUMENTS, f"a generated client has no {min(unknown)}")
    _read_options(program, constructor, named)
    if "root_certificates_path" in named and not is_none(named["root_certificates_path"][1]):
        raise Kept(
            line,
            Code.OTHER_ARGUMENTS,
            "certificates are a setting of the environment: CLARIFAI_ROOT_CERTIFICATES_PATH",
        )
    if "url" in named and not is_none(named["url"][1]):
        _read_url(program, constructor, named)
    else:
        _read_ids(program, constructor, named)


def _read_options(
    program: Program, constructor: Constructor, named: dict[str, tuple[int, cst.BaseExpression]]
) -> None:
    line = program.line(constructor.construction.call)
    for name, (index, value) in named.items():
        if name in _SAME:
            constructor.change(index, lambda old, name=name: keyword(old, name))  # type: ignore[misc]
        elif name == "token":
            constructor.change(index, lambda old: keyword(old, "session_token"))
            if not is_none(value):
                constructor.findings.append(
                    Finding(
                        program.line(value),
                        Code.TOKEN,
                        "token= is a session token or a personal access token for the SDK; here a session token",
                        Level.REMARK,
                    )
                )
        elif name == "root_certificates_path":
            constructor.leave_out(index)
        is_literal = isinstance(value, cst.SimpleString | cst.ConcatenatedString)
        if name in ("pat", "token") and is_literal and find_text(program, value):
            constructor.findings.append(
                Finding(
                    program.line(value),
                    Code.CREDENTIAL_IN_CODE,
                    "the credential stands in the code; CLARIFAI_PAT is the place for it",
                    Level.NOTE,
                )
            )
    has_deployment = (
        "deployment_id" in named or {"compute_cluster_id", "nodepool_id"} <= named.keys()
    )
    if "deployment_user_id" in named and not has_deployment:
        constructor.leave_out(named["deployment_user_id"][0])
        constructor.findings.append(
            Finding(
                line,
                Code.IGNORED_ARGUMENT,
                "deployment_user_id has no meaning without a deployment, and goes",
                Level.NOTE,
            )
        )


def _read_url(
    program: Program, constructor: Constructor, named: dict[str, tuple[int, cst.BaseExpression]]
) -> None:
    index, value = named["url"]
    call = constructor.construction.call
    constructor.text = program.code(value)
    for name in (
        "model_id",
        "model_version",
        "user_id",
        "app_id",
    ):  # ignored by the SDK beside a URL
        if name in named:
            constructor.leave_out(named[name][0])
    text = find_text(program, value)
    if text is not None:
        try:
            reference, version = ModelRef.parse(text.strip())
        except ConfigError:
            reference, version = None, ""
        if reference is not None and all(
            map(limits.is_id, (*reference, *([version] if version else [])))
        ):
            constructor.reference = reference
            if not version:
                constructor.leave_out(index)
            else:
                new = cst.parse_expression(str(format_literal(version)))
                constructor.change(
                    index, lambda old: keyword(old.with_changes(value=new), "version_id")
                )
            return
    constructor.pass_url(index)
    raise Kept(
        program.line(call), Code.MODEL_NOT_KNOWN, "which model it is cannot be seen in this file"
    )


def _read_ids(
    program: Program, constructor: Constructor, named: dict[str, tuple[int, cst.BaseExpression]]
) -> None:
    call = constructor.construction.call
    texts: list[str] = []
    for name in ("user_id", "app_id", "model_id"):
        value = named.get(name)
        text = None if value is None else find_text(program, value[1])
        if text is None or not limits.is_id(text):
            constructor.text = "/".join(
                program.code(named[n][1]) for n in ("user_id", "app_id", "model_id") if n in named
            )
            raise Kept(
                program.line(call), Code.MODEL_NOT_KNOWN, f"its {name} cannot be seen in this file"
            )
        texts.append(text)
    constructor.reference = ModelRef(*texts)
    for name in ("url", "user_id", "app_id", "model_id"):
        if name in named:
            constructor.leave_out(named[name][0])
    if "model_version" in named:
        index, expression = named["model_version"]
        version = _find_version(program, expression)
        if is_none(version) or (
            isinstance(version, cst.SimpleString) and not version.evaluated_value
        ):
            constructor.leave_out(index)
        else:
            constructor.change(
                index, lambda old: keyword(old.with_changes(value=version), "version_id")
            )


def _find_version(program: Program, value: cst.BaseExpression) -> cst.BaseExpression:
    """Return the expression for the version's id in `{"id": …}`."""
    if is_none(value):
        return value
    if isinstance(value, cst.Dict) and len(value.elements) == 1:
        element = value.elements[0]
        if isinstance(element, cst.DictElement) and find_text(program, element.key) == "id":
            return element.value
    raise Kept(program.line(value), Code.DYNAMIC, "the version is not a literal with an id")
