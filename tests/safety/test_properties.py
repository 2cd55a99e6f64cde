"""Any interface with hostile text everywhere is refused with exit 4, or its package is right.

CLARIGEN_EXAMPLES sets the number of examples per property: a few hundred by default, 20,000 in `make fuzz`.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import libcst
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clarigen import SERVER_DEFAULT
from clarigen.wire import REQUIRED
from gen_client import json_text, limits, pipeline
from gen_client.diagnostics import Refusal, Report
from gen_client.escape import escape_docstring_text
from gen_client.gate import check
from gen_client.interface.model import KnownDefault, Method, Model, NullDefault, Parameter
from gen_client.interface.write import write_signatures
from gen_client.layout import SOURCE_FILES
from gen_client.naming import names, packages
from gen_client.plan import build
from gen_client.plan.page import ClientMethod
from gen_client.source import Document, signature_forms
from safety.payloads import PAYLOADS
from strategies import models, signatures

EXAMPLES = int(os.environ.get("CLARIGEN_EXAMPLES", "150"))
SELDOM = 10
"""black formats one of this many examples; it changes no tree."""
SHORT = [text for text in PAYLOADS.values() if len(text) < 200]

relaxed = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@relaxed
@given(models(), st.integers(0, SELDOM - 1))
def test_package_of_any_model(model: Model, turn: int) -> None:
    document = Document(model.reference, model.version_id, tuple(write_signatures(model)))
    files = _build_files(document, formatted=turn == 0)
    if files is None:
        return
    assert files == _build_files(document, formatted=turn == 0)
    for name, kind in SOURCE_FILES.items():
        check.check_file(files[name], kind)
    report = Report()
    page = build.build_page(model, packages.check_package_name("pkg"), report)
    methods = names.keep_nameable_methods(model, Report())
    _same_texts(files["client.py"], methods, page.methods)
    namespace = _imported(files)
    for method, function in zip(methods, page.methods, strict=True):
        _same_defaults(namespace, method, function, str(page.client))
    lock = json.loads(files["signatures.json"])
    assert lock["method_signatures"] == write_signatures(model)


@relaxed
@given(st.lists(signatures(), min_size=1, max_size=3), st.sampled_from(SHORT), st.randoms())
def test_package_of_any_document(content: list[dict[str, Any]], payload: str, random: Any) -> None:
    """Replace any text by a payload; the lock of the package gives the same package."""
    places = list(_texts(content))
    if places:
        holder, key = random.choice(places)
        holder[key] = payload
    files = _build_files(Document(None, "", tuple(content)), formatted=False)
    if files is not None:
        _imported(files)
        locked = json_text.parse(files["signatures.json"], levels=limits.LEVELS)
        assert (
            _build_files(signature_forms.read_document(locked, Report()), formatted=False) == files
        )


def _texts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container and key in a document that holds text."""
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(item, str):
            yield value, key
        elif isinstance(item, dict | list):
            yield from _texts(item)


def _build_files(document: Document, *, formatted: bool) -> dict[str, str] | None:
    """Return the files of the package; None if it is refused with exit 4 and a printable message."""
    formatter = None if formatted else str
    try:
        return pipeline.build_package(document, "pkg", Report(), formatter=formatter).files
    except Refusal as error:
        refusal = error
    assert refusal.diagnostic.exit_code == 4
    assert str(refusal).replace("\n", "").isprintable()
    return None


# Text: read back with libcst


def _same_texts(text: str, methods: list[Method], functions: tuple[ClientMethod, ...]) -> None:
    """Check that docstrings and wire names are those of the interface."""
    module = libcst.parse_module(text)
    client = next(node for node in module.body if isinstance(node, libcst.ClassDef))
    docs = {
        node.name.value: node.get_docstring()
        for node in client.body.body
        if isinstance(node, libcst.FunctionDef) and not _is_overload(node)
    }
    wires = {
        name: call
        for statement in module.body
        if isinstance(statement, libcst.SimpleStatementLine)
        for name, call in _constants(statement)
    }
    for method, function in zip(methods, functions, strict=True):
        assert _lines(docs[str(function.name)]) == _lines(
            inspect.cleandoc(escape_docstring_text(function.doc))
        )
        name, *fields, _ = wires[str(function.constant)].args
        assert _text(name.value) == method.name
        wire_names = [
            _text(field.value.args[0].value)
            for field in fields
            if isinstance(field.value, libcst.Call)
        ]
        assert wire_names == [parameter.name for parameter in method.parameters]


def _lines(doc: str | None) -> list[str]:
    """Return the lines of a docstring without surrounding spaces, which the filter normalizes."""
    return [line.strip() for line in (doc or "").strip().split("\n")]


def _is_overload(node: libcst.FunctionDef) -> bool:
    return any(
        isinstance(decorator.decorator, libcst.Name) and decorator.decorator.value == "overload"
        for decorator in node.decorators
    )


def _constants(statement: libcst.SimpleStatementLine) -> Iterator[tuple[str, libcst.Call]]:
    for constant in statement.body:
        if (
            isinstance(constant, libcst.AnnAssign)
            and isinstance(constant.target, libcst.Name)
            and isinstance(constant.value, libcst.Call)
        ):
            yield constant.target.value, constant.value


def _text(node: libcst.BaseExpression) -> object:
    return ast.literal_eval(libcst.Module([]).code_for_node(node))


# Behaviour: imported under an audit hook

_seen: list[str] | None = None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is not None and event.startswith(
        ("os.", "subprocess.", "socket.", "shutil.", "ctypes.")
    ):
        _seen.append(event)
    if (
        _seen is not None
        and event == "open"
        and isinstance(arguments[1], str)
        and "r" not in arguments[1]
    ):
        _seen.append(f"writes {arguments[0]!r}")
    if _seen is not None and event == "import" and arguments[0].split(".")[0] not in sys.modules:
        _seen.append(f"imports {arguments[0]}")


sys.addaudithook(_hook)


@contextmanager
def _watched() -> Iterator[None]:
    global _seen  # noqa: PLW0603  a hook cannot be removed, only disabled
    _seen = []
    try:
        yield
        assert _seen == []
    finally:
        _seen = None


def _imported(files: dict[str, str]) -> dict[str, Any]:
    """Import the package and its examples, and return the names of `client`."""
    package = ModuleType("pkg")
    package.__path__ = []
    modules = {"pkg": package}
    for name, file in (("client", "client.py"), ("examples", "examples.py")):
        modules[f"pkg.{name}"] = ModuleType(f"pkg.{name}")
        modules[f"pkg.{name}"].__package__ = "pkg"
        setattr(package, name, modules[f"pkg.{name}"])
        assert file in files
    code = {
        "pkg.client": compile(files["client.py"], "client.py", "exec", dont_inherit=True),
        "pkg": compile(files["__init__.py"], "__init__.py", "exec", dont_inherit=True),
        "pkg.examples": compile(files["examples.py"], "examples.py", "exec", dont_inherit=True),
    }
    package.__package__ = "pkg"
    sys.modules.update(modules)
    try:
        with _watched():
            for name, module_code in code.items():
                exec(module_code, vars(modules[name]))
    finally:
        for name in modules:
            del sys.modules[name]
    return vars(modules["pkg.client"])


def _same_defaults(
    namespace: dict[str, Any], method: Method, function: ClientMethod, client: str
) -> None:
    """Check that defaults and names at run time are those of the interface."""
    described = namespace[str(function.constant)]
    assert (described.wire_name, described.name) == (method.name, str(function.name))
    parameters = inspect.signature(getattr(namespace[client], str(function.name))).parameters
    for parameter, field, name in zip(
        method.parameters, described.fields, function.arguments, strict=True
    ):
        assert (field.wire_name, field.name) == (parameter.name, str(name))
        if not parameter.is_stream:
            _same_default(parameter, field.default, parameters.get(str(name)))


def _same_default(
    parameter: Parameter, default: Any, python_parameter: inspect.Parameter | None
) -> None:
    match parameter.default:
        case KnownDefault(value):
            assert _plain(default) == _plain(value), (default, value)
        case NullDefault():
            assert default is None
            assert python_parameter is None or python_parameter.default is None
        case _ if parameter.required:
            assert python_parameter is None or python_parameter.default in (
                inspect.Parameter.empty,
                REQUIRED,
            )
        case _:
            assert default is SERVER_DEFAULT
            assert python_parameter is None or python_parameter.default is SERVER_DEFAULT


def _plain(value: Any) -> str:
    """Return a comparable form of a value: records as fields, lists as tuples, numbers as floats, also NaN."""
    if hasattr(value, "__dataclass_fields__"):
        return _plain([getattr(value, name) for name in value.__dataclass_fields__])
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_plain(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    if isinstance(value, int) and not isinstance(value, bool):
        return repr(float(value))
    return repr(value)
