"""Who may import whom: the rules of the house, read from the code.

Each module of the runtime imports only from those above it in the list below. In the generator the
data flows from `source` to `write`, and the libraries that serve one stage are that stage's alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from support import ROOT, run_python

RUNTIME = ROOT / "runtime" / "clarigen"
GENERATOR = ROOT / "codegen" / "gen_client"

_FLOORS = (
    "_proto _version errors _reference _notebook _data",
    "_writer _reader _codec _codec_media _codec_json _type_text _json_types _codec_json_as _codec_array _method wire",
    "_actions _log _status _response _retry _under_way _endpoint _channel _platform _address _ready",
    "_call _batch _driver _signature _difference _lock _served _drift _progress",
    "_base _stream_base _batch_base _connection _client_connection _client_stream _client_batch _client",
    "_aio_connection _aio_stream _aio_batch _aio",
    "__init__ examples testing",
)
ORDER = [name for floor in _FLOORS for name in floor.split()]
"""The modules of the runtime, from the top. A module may import those that stand before it, in functions too."""

CONNECTIONS = {"_client_connection", "_aio_connection"}
"""What is loaded when a client is made: no other module may import one of them as it is loaded itself."""

GRPC = {*CONNECTIONS, "_channel", "testing"}
"""Who may touch grpc; the others than the connections inside functions alone."""


def files(package: Path) -> list[Path]:
    """The modules of a package that people wrote."""
    return sorted(p for p in package.rglob("*.py") if not p.name.endswith("_pb2.py"))


WHOLE = {"_proto", "testing", "source", "config", "commands"}
"""The folders that count as one module each."""


def name_of(path: Path, package: Path) -> str:
    """A module's name inside its package. A folder's `__init__` has the folder's name."""
    parts = path.relative_to(package).with_suffix("").parts
    parts = parts[:1] if parts[0] in WHOLE else parts
    return ".".join(parts).removesuffix(".__init__")


class When(Enum):
    """When an import happens."""

    LOADED = "when the module is imported itself"
    CALLED = "in a function"
    TYPES = "never, but in the eyes of a type checker"


def imports(path: Path, package: str) -> Iterator[tuple[str, When]]:
    """What a module imports, by full name down to the class or function, and when."""
    tree = ast.parse(path.read_text("utf-8"))
    called = {id(i) for node in ast.walk(tree) if _is_function(node) for i in ast.walk(node)}
    typed = {id(i) for node in ast.walk(tree) if _is_for_types(node) for i in ast.walk(node)}
    parts = [package, *path.relative_to(ROOT).with_suffix("").parts[2:]]
    for node in ast.walk(tree):
        when = When.CALLED if id(node) in called else When.LOADED
        when = When.TYPES if id(node) in typed else when
        if isinstance(node, ast.Import):
            yield from ((alias.name, when) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{module}.{alias.name}", when) for alias in node.names)


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _is_for_types(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def inside(package: str, path: Path, folder: Path) -> Iterator[tuple[str, When]]:
    """The modules of its own package that a module imports; what the package re-exports is `__init__`'s."""
    known = {name_of(other, folder) for other in files(folder)}
    for name, when in imports(path, package):
        root, *parts = name.split(".")
        if root == package:
            candidates = (".".join(parts[:length]) for length in (2, 1))
            yield next((each for each in candidates if each in known), "__init__"), when


def test_every_module_of_the_runtime_has_its_place() -> None:
    assert {name_of(path, RUNTIME) for path in files(RUNTIME)} == set(ORDER)


@pytest.mark.parametrize("path", files(RUNTIME), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_a_module_imports_those_above_it(path: Path) -> None:
    own = name_of(path, RUNTIME)
    above = set(ORDER[: ORDER.index(own)]) | {own}
    assert {name for name, _ in inside("clarigen", path, RUNTIME)} <= above


def test_connections_are_loaded_when_a_client_is_made() -> None:
    for path in files(RUNTIME):
        own = name_of(path, RUNTIME)
        loaded = {n for n, when in inside("clarigen", path, RUNTIME) if when is When.LOADED}
        assert own in CONNECTIONS or not loaded & CONNECTIONS


def test_neither_package_has_a_cycle() -> None:
    for package, folder in (("clarigen", RUNTIME), ("gen_client", GENERATOR)):
        edges: dict[str, set[str]] = {}
        for path in files(folder):
            own = name_of(path, folder)
            found = {name for name, when in inside(package, path, folder) if when is not When.TYPES}
            edges.setdefault(own, set()).update(found - {own})
        left = dict(edges)
        while left:
            free = {name for name, needs in left.items() if not needs & left.keys()}
            assert free, f"a cycle among {sorted(left)}"
            left = {name: needs for name, needs in left.items() if name not in free}


@pytest.mark.parametrize("path", files(RUNTIME), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_grpc_and_protobuf_are_touched_where_they_may_be(path: Path) -> None:
    own = name_of(path, RUNTIME)
    for name, when in imports(path, "clarigen"):
        if name.split(".")[0] == "grpc":
            assert own in GRPC
            assert when is not When.LOADED or own in CONNECTIONS
        if name.split(".")[0] == "google" and when is not When.TYPES:
            assert own == "_proto"


LIBRARIES = {
    "jinja2": {"render"},
    "libcst": {"tidy"},
    "black": {"style"},
    "rich": {"terminal.progress", "terminal.console"},
    "yaml": {"source"},
    "platformdirs": {"cache"},
    "shtab": {"commands"},
    "tomlkit": {"commands"},
    "google": {"source"},
    "grpc": set[str](),
    "numpy": set[str](),
}
"""Which stage of the generator may use a library."""


@pytest.mark.parametrize(
    "path", files(GENERATOR), ids=lambda path: str(path.relative_to(GENERATOR))
)
def test_a_library_belongs_to_one_stage(path: Path) -> None:
    own = name_of(path, GENERATOR)
    for name, _ in imports(path, "gen_client"):
        assert own in LIBRARIES.get(name.split(".")[0], {own}), f"{own} imports {name}"


_STAGES = (
    "__init__ diagnostics json_text limits escape templates_folder",
    "source selection",
    "interface: nouns weight defaults raw reading refining interface",
    "naming: reserved naming",
    "plan: page typetable author docs samples usage plan",
    "diff: changes shapes parameters diff",
    "show: show prototype snippets json_schema",
    "fold render",
    "gate: allowed grammar imports overload pages examples gate",
    "style tidy custom",
    "output: output swap lock write check locked",
    "cache jobs drift many config pipeline",
    "terminal: terminal console progress",
    "commands cli __main__",
)


def _of(stage: str) -> Iterator[str]:
    folder, _, names = stage.rpartition(": ")
    for name in names.split():
        yield name if name == folder or not folder else f"{folder}.{name}"


FLOW = [name for stage in _STAGES for name in _of(stage)]
"""The modules of the generator, in the order in which data comes by."""

STRANGERS = {
    "render": {"escape", "fold", "plan.page", "diagnostics", "templates_folder"},
    "fold": {"escape"},
    "gate": {"gate.allowed", "gate.grammar", "gate.pages", "gate.examples", "diagnostics"},
    "gate.allowed": set[str](),
    "gate.examples": {"gate.grammar", "gate.imports"},
    "gate.pages": {"gate.grammar", "gate.imports", "gate.overload"},
    "gate.imports": {"gate.grammar"},
    "gate.overload": {"gate.grammar"},
    "gate.grammar": set[str](),
}
"""Who knows these modules and no others: templates get what is finished, and the gate trusts nobody."""


DOCUMENTS = {
    "selection",
    "interface",
    "output.locked",
    "cache",
    "jobs",
    "drift",
    "pipeline",
    "config",
    "commands",
}
"""Who knows sources, or the `Document` that they give: past the interface, those who run the whole."""


def test_every_module_of_the_generator_has_its_place() -> None:
    assert {name_of(path, GENERATOR) for path in files(GENERATOR)} == set(FLOW)


@pytest.mark.parametrize(
    "path", files(GENERATOR), ids=lambda path: str(path.relative_to(GENERATOR))
)
def test_data_flows_in_one_direction(path: Path) -> None:
    """A module knows none that comes later, not even in a function."""
    own = name_of(path, GENERATOR)
    known = {name for name, _ in inside("gen_client", path, GENERATOR)} - {own}
    assert known <= set(FLOW[: FLOW.index(own)])
    assert known <= STRANGERS.get(own, known)
    assert "source" not in known or own in DOCUMENTS


def test_protobuf_ends_at_the_sources() -> None:
    """And so do the runtime's private modules, which are the way to it."""
    for path in files(GENERATOR):
        names = {name for name, _ in imports(path, "gen_client")}
        if any(re.match(r"google\b|clarigen\._[a-z]", name) for name in names):
            assert name_of(path, GENERATOR) == "source", path.name


_PRINTERS = ("cli.py", "console.py", "progress.py", "examples.py", "compile.py")


def test_only_the_command_prints() -> None:
    for path in [*files(GENERATOR), *files(RUNTIME)]:
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
    assert "clarigen.wire" in loaded or "clarigen._client" in loaded
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
