"""Which module may import which, read from the code.

Both packages are layers of folders, listed once per package, lowest first. A module imports from lower
layers or from its own folder; modules without a folder may also import those of their own layer. The few rules besides name who may use a library or trust a neighbour.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

import pytest

from clarigen._calls.status import STATUSES
from support import ROOT, run_python

RUNTIME = ROOT / "runtime" / "clarigen"
GENERATOR = ROOT / "codegen" / "gen_client"

RUNTIME_LAYERS = (
    "_version _dataclass errors _after_fork _text _log _model_ref _types _notebook _pictures _show _data _tool_result",
    "_proto",
    "_wire",
    "wire",
    "_calls",
    "_drift _transport",
    "_client _method_schema",
    "_sync _async",
    "_mcp _openai _tables",
    "__init__ examples tables",
    "_model_client",
    "testing _tooling",
    "__main__",
)
"""The folders and modules of the runtime, lowest layer first."""

GENERATOR_LAYERS = (
    "__init__ characters identifier_table identifiers readers text exit_codes",
    "diagnostics json_text limits escape layout templates",
    "source",
    "interface",
    "naming",
    "plan",
    "diff",
    "call",
    "migrate",
    "run",
    "fold",
    "show",
    "render",
    "gate",
    "tidy",
    "custom_templates",
    "output",
    "config jobs cache check threads",
    "pipeline skeleton",
    "terminal",
    "commands",
    "cli",
    "__main__",
)
"""The folders and modules of the generator, in the order in which data passes through them."""

CONNECTIONS = ("_sync/connection.py", "_async/connection.py", "_transport/stream_recorder.py")
"""The modules that make a call over the network, or see one."""


def modules(package: Path) -> list[Path]:
    """Return the modules of a package that people wrote."""
    return sorted(path for path in package.rglob("*.py") if not path.name.endswith("_pb2.py"))


def each_module(package: Path) -> pytest.MarkDecorator:
    """Parametrize a test with `path`: each module of a package."""
    return pytest.mark.parametrize(
        "path", modules(package), ids=lambda path: str(path.relative_to(package))
    )


def unit_of(path: Path) -> str:
    """Return the folder or module directly below the package that a file belongs to."""
    package = RUNTIME if path.is_relative_to(RUNTIME) else GENERATOR
    return path.relative_to(package).with_suffix("").parts[0]


class When(Enum):
    """When an import happens."""

    AT_IMPORT = "when the module itself is imported"
    IN_CALL = "when a function runs"
    TYPE_CHECKING = "only for type checkers"


def imports(path: Path) -> Iterator[tuple[str, When]]:
    """Yield each name that a module imports, with its full path, and when it does."""
    tree = ast.parse(path.read_text("utf-8"))
    in_call = {id(i) for node in ast.walk(tree) if _is_function(node) for i in ast.walk(node)}
    typing = {id(i) for node in ast.walk(tree) if _is_type_checking(node) for i in ast.walk(node)}
    parts = path.relative_to(ROOT).with_suffix("").parts[1:]
    for node in ast.walk(tree):
        when = When.IN_CALL if id(node) in in_call else When.AT_IMPORT
        when = When.TYPE_CHECKING if id(node) in typing else when
        if isinstance(node, ast.Import):
            yield from ((alias.name, when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", when) for alias in node.names)


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def imported_modules(path: Path) -> Iterator[tuple[Path, When]]:
    """Yield the modules of its own package that a module imports."""
    package = RUNTIME if path.is_relative_to(RUNTIME) else GENERATOR
    for name, when in imports(path):
        root, *parts = name.split(".")
        if root == package.name:
            yield _module_file(package, parts), when


def _module_file(package: Path, parts: Sequence[str]) -> Path:
    """Return the file of the module that a dotted name leads to, or that defines what it names."""
    for length in range(len(parts), -1, -1):
        location = package.joinpath(*parts[:length])
        for file in (location.with_suffix(".py"), location / "__init__.py"):
            if file.is_file() and file != package.with_suffix(".py"):
                return file
    raise AssertionError(parts)


def rank(layers: Sequence[str], path: Path) -> int:
    """Return the position of a module's layer."""
    return next(n for n, layer in enumerate(layers) if unit_of(path) in layer.split())


def is_in_folder(path: Path) -> bool:
    """Return whether a module is in a folder of its package, not directly in the package."""
    return path.parent not in (RUNTIME, GENERATOR)


@pytest.mark.parametrize(
    ("package", "layers"), [(RUNTIME, RUNTIME_LAYERS), (GENERATOR, GENERATOR_LAYERS)]
)
def test_every_module_belongs_to_one_layer(package: Path, layers: Sequence[str]) -> None:
    listed = [unit for layer in layers for unit in layer.split()]
    assert sorted(listed) == sorted({unit_of(path) for path in modules(package)})


def assert_imports_no_higher_layer(path: Path, layers: Sequence[str]) -> None:
    for other, _ in imported_modules(path):
        is_lower = rank(layers, other) < rank(layers, path)
        is_beside = rank(layers, other) == rank(layers, path) and not is_in_folder(other)
        assert is_lower or is_beside or unit_of(other) == unit_of(path), f"{path} imports {other}"


@each_module(RUNTIME)
def test_a_module_of_the_runtime_imports_lower_layers(path: Path) -> None:
    assert_imports_no_higher_layer(path, RUNTIME_LAYERS)


@each_module(GENERATOR)
def test_a_module_of_the_generator_imports_earlier_stages(path: Path) -> None:
    assert_imports_no_higher_layer(path, GENERATOR_LAYERS)


@pytest.mark.parametrize("package", [RUNTIME, GENERATOR])
def test_no_imports_form_a_cycle(package: Path) -> None:
    pending = {
        path: {
            other
            for other, when in imported_modules(path)
            if when is not When.TYPE_CHECKING and other != path
        }
        for path in modules(package)
    }
    while pending:
        free = {path for path, needs in pending.items() if not needs & pending.keys()}
        assert free, f"a cycle among {sorted(pending)}"
        pending = {path: needs for path, needs in pending.items() if path not in free}


def is_connection(path: Path) -> bool:
    """Return whether a module makes calls over the network, or is shared by those that do."""
    return path.relative_to(RUNTIME).as_posix() in CONNECTIONS


@each_module(RUNTIME)
def test_grpc_is_used_by_the_transport_alone(path: Path) -> None:
    """And imported when a client is made, not before: only connections import it at their top."""
    for name, when in imports(path):
        if name.split(".")[0] == "grpc":
            assert is_connection(path) or unit_of(path) in ("_transport", "testing")
            assert when is not When.AT_IMPORT or is_connection(path)


@each_module(RUNTIME)
def test_connections_are_imported_when_a_client_is_made(path: Path) -> None:
    for other, when in imported_modules(path):
        assert when is not When.AT_IMPORT or not is_connection(other)


@each_module(RUNTIME)
def test_protobuf_is_reached_through_one_folder(path: Path) -> None:
    for name, when in imports(path):
        if name.split(".")[0] == "google" and when is not When.TYPE_CHECKING:
            assert unit_of(path) == "_proto"


@pytest.mark.parametrize("package", [RUNTIME, GENERATOR])
def test_status_codes_are_in_one_table(package: Path) -> None:
    codes = {code for code in STATUSES if code}
    for path in modules(package):
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        numbers = {node.value for node in nodes if isinstance(node, ast.Constant)}
        assert not numbers & codes or path == RUNTIME / "_calls" / "status.py", path


LIBRARIES = {
    "jinja2": {"render"},
    "libcst": {"migrate"},
    "black": {"tidy"},
    "rich": {"terminal"},
    "yaml": {"source"},
    "packaging": {"commands"},
    "platformdirs": {"cache"},
    "shtab": {"commands"},
    "tomlkit": {"commands"},
    "google": set[str](),
    "grpc": set[str](),
    "numpy": {"call"},
}
"""Which stage of the generator may use a library."""


@each_module(GENERATOR)
def test_a_library_serves_one_stage(path: Path) -> None:
    own = unit_of(path)
    for name, _ in imports(path):
        assert own in LIBRARIES.get(name.split(".")[0], {own}), f"{own} imports {name}"


ONLY_IMPORTS = {
    "render": {
        *("escape", "fold", "layout", "plan", "diagnostics", "exit_codes", "templates", "text")
    },
    "fold": {"escape"},
    "gate": {
        *("gate", "diagnostics", "exit_codes", "layout", "text"),
        *("characters", "identifiers", "readers"),
    },
    "layout": set(),
}
"""What these may import, and nothing else: templates get finished content, and the gate trusts nobody.

What it shares with the filters are lists: of characters, of identifiers, and of what other programs obey.
"""


@each_module(GENERATOR)
def test_rendering_and_the_gate_stand_alone(path: Path) -> None:
    units = {unit_of(other) for other, _ in imported_modules(path)}
    assert units <= ONLY_IMPORTS.get(unit_of(path), units)


KNOW_SOURCES = {
    "source",
    "interface",
    "output",
    "config",
    "jobs",
    "cache",
    "check",
    "pipeline",
    "skeleton",
    "commands",
}
"""What may import sources, or the `Document` that they return."""


@each_module(GENERATOR)
def test_sources_end_at_the_interface(path: Path) -> None:
    units = {unit_of(other) for other, _ in imported_modules(path)}
    assert "source" not in units or unit_of(path) in KNOW_SOURCES


@each_module(GENERATOR)
def test_the_generator_enters_the_runtime_by_one_private_door(path: Path) -> None:
    private = {
        ".".join(name.split(".")[:2]) for name, _ in imports(path) if name.startswith("clarigen._")
    }
    assert private <= (
        {"clarigen._tooling"}
        if unit_of(path) in ("source", "diff", "show", "call", "run", "terminal")
        else {"clarigen.__version__"}
    )


_PRINTERS = ("cli.py", "console.py", "progress.py", "examples.py", "compile.py")


def test_only_the_command_prints() -> None:
    for path in [*modules(GENERATOR), *modules(RUNTIME)]:
        prints = any(_prints(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
        assert not prints or path.name in _PRINTERS


def _prints(node: ast.AST) -> bool:
    """Whether this is `print` or one of the streams that it prints to."""
    match node:
        case ast.Name(id="print"):
            return True
        case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr"):
            return True
    return False


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    code = "import sys, clarigen; print(*sys.modules)"
    loaded = set(run_python(code).stdout.split())
    assert "clarigen.wire" in loaded or "clarigen._sync.client" in loaded
    assert not loaded & {"grpc", "google.protobuf", "numpy", "PIL", "asyncio"}


def test_the_commands_help_loads_no_stage() -> None:
    code = """
import sys
from gen_client import cli
try:
    cli.main(["--help"])
except SystemExit:
    pass
print("LOADED", *sys.modules)
"""
    loaded = set(run_python(code).stdout.split("LOADED")[1].split())
    assert not loaded & {"grpc", "google.protobuf", "black", "libcst", "jinja2", "rich", "yaml"}
    units = {name.split(".")[1] for name in loaded if name.startswith("gen_client.")}
    text = {"text", "characters", "identifiers", "readers"}
    assert units == {"cli", "commands", "diagnostics", "exit_codes", "terminal", *text}
