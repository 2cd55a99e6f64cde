"""Who may import whom: the rules of the house, read from the code.

Each module of the runtime imports only from those above it in the list below. In the generator the
data flows from `source` to `write`, and the libraries that serve one stage are that stage's alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import ROOT, run_python

RUNTIME = ROOT / "runtime" / "clarigen"
GENERATOR = ROOT / "codegen" / "gen_client"

_FLOORS = (
    "_version errors _reference _data",
    "_codec _codec_media _codec_json _codec_array _method wire",
    "_log _proto _status _response _retry _channel _address _call",
    "_base _client _aio",
    "__init__ examples testing",
)
ORDER = [name for floor in _FLOORS for name in floor.split()]
"""The modules of the runtime, from the top. A module may import those that stand before it."""

GRPC = {"_channel", "_client", "_aio", "testing"}
"""Who may touch grpc, and that inside functions alone."""


def files(package: Path) -> list[Path]:
    """The modules of a package that people wrote."""
    return sorted(p for p in package.rglob("*.py") if not p.name.endswith("_pb2.py"))


def name_of(path: Path, package: Path) -> str:
    """A module's name inside its package: a folder counts as one."""
    return path.relative_to(package).parts[0].removesuffix(".py")


def imports(path: Path, package: str) -> Iterator[tuple[str, bool]]:
    """What a module imports, by full name, and whether it does so when it is imported itself."""
    tree = ast.parse(path.read_text("utf-8"))
    later = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _for_types(node)
        for inner in ast.walk(node)
    }
    parts = [package, *path.relative_to(ROOT).with_suffix("").parts[2:]]
    for node in ast.walk(tree):
        now = id(node) not in later
        if isinstance(node, ast.Import):
            yield from ((alias.name, now) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module, now
            if module == package or (node.level and not node.module):
                yield from ((f"{module}.{alias.name}", now) for alias in node.names)


def _for_types(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def inside(package: str, path: Path, folder: Path) -> Iterator[tuple[str, bool]]:
    """The modules of its own package that a module imports."""
    known = {name_of(other, folder) for other in files(folder)}
    for name, now in imports(path, package):
        parts = name.split(".")
        if parts[0] == package and len(parts) > 1 and parts[1] in known:
            yield parts[1], now


def test_every_module_of_the_runtime_has_its_place() -> None:
    assert {name_of(path, RUNTIME) for path in files(RUNTIME)} == set(ORDER)


@pytest.mark.parametrize("path", files(RUNTIME), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_a_module_imports_those_above_it(path: Path) -> None:
    own = name_of(path, RUNTIME)
    above = set(ORDER[: ORDER.index(own)]) | {own}
    loaded = {name for name, now in inside("clarigen", path, RUNTIME) if now}
    assert loaded <= above
    if own == "_address":  # asks the platform who `me` is, as a flow of `_call`
        above |= {"_call"}
    assert {name for name, _ in inside("clarigen", path, RUNTIME)} <= above | {"_proto"}


def test_neither_package_has_a_cycle() -> None:
    for package, folder in (("clarigen", RUNTIME), ("gen_client", GENERATOR)):
        edges: dict[str, set[str]] = {}
        for path in files(folder):
            own = name_of(path, folder)
            loaded = {name for name, now in inside(package, path, folder) if now}
            edges.setdefault(own, set()).update(loaded - {own})
        left = dict(edges)
        while left:
            free = {name for name, needs in left.items() if not needs & left.keys()}
            assert free, f"a cycle among {sorted(left)}"
            left = {name: needs for name, needs in left.items() if name not in free}


@pytest.mark.parametrize("path", files(RUNTIME), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_grpc_and_protobuf_are_touched_where_they_may_be(path: Path) -> None:
    own = name_of(path, RUNTIME)
    found = list(imports(path, "clarigen"))
    for name, now in found:
        if name.split(".")[0] == "grpc":
            assert own in GRPC
            assert not now
        if name.startswith("google.protobuf") and _at_run_time(path, name):
            assert own == "_proto"


def _at_run_time(path: Path, name: str) -> bool:
    """Whether an import is more than a name for types."""
    tree = ast.parse(path.read_text("utf-8"))
    typed = {id(i) for node in ast.walk(tree) if _for_types(node) for i in ast.walk(node)}
    return any(
        isinstance(node, ast.ImportFrom) and node.module == name and id(node) not in typed
        for node in ast.walk(tree)
    )


LIBRARIES = {
    "jinja2": {"render"},
    "libcst": {"tidy"},
    "black": {"tidy"},
    "rich": {"progress", "cli"},
    "yaml": {"source"},
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


STAGES = ["source", "interface", "naming", "plan", "render", "tidy", "write"]
PARTS = {
    "interface": {"nouns", "reading", "raw", "defaults", "limits", "json_text", "diagnostics"},
    "naming": {"reserved", "escape", "nouns", "diagnostics"},
    "plan": {"types", "docs", "author", "samples", "usage", "page", "escape", "nouns"},
    "render": {"page", "escape"},
    "tidy": {"gate", "gate_pages", "gate_examples", "gate_grammar", "diagnostics"},
    "write": {"swap", "lock", "gate", "diagnostics"},
}
"""The rooms that belong to a stage."""


def test_data_flows_in_one_direction() -> None:
    """No stage, and no room of it, knows a later one; only `pipeline` knows them all."""
    for index, stage in enumerate(STAGES):
        later = set(STAGES[index + 1 :])
        rooms = {stage} | PARTS.get(stage, set())
        for path in files(GENERATOR):
            if name_of(path, GENERATOR) in rooms:
                known = {name for name, _ in inside("gen_client", path, GENERATOR)}
                assert not known & later, f"{path.name} knows {known & later}"


def test_protobuf_ends_at_the_sources() -> None:
    for path in files(GENERATOR):
        names = {name for name, _ in imports(path, "gen_client")}
        if any(name.startswith(("clarigen._proto", "google")) for name in names):
            assert name_of(path, GENERATOR) == "source"


def test_only_the_command_prints() -> None:
    for path in [*files(GENERATOR), *files(RUNTIME)]:
        tree = ast.parse(path.read_text("utf-8"))
        prints = any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "print"
            for node in ast.walk(tree)
        )
        assert not prints or path.name in ("cli.py", "progress.py", "examples.py", "compile.py")


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
