"""What the official SDK reads from a model's source, as a program: `python sdk_reader.py < FOLDERS > ANSWERS`.

Each line of the input is the folder of a model; each line of the output is JSON: `import` and `upload`, each with the
signatures (protobuf bytes in hexadecimal) or `error`. `import` imports the file; libraries that are not installed are
stand-ins whose decorators return the function. `upload` is the SDK's own way before an upload: all libraries are mocks.
Each file is read in a process of its own, forked after the SDK was imported once.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import json
import logging
import os
import signal
import sys
import types
import warnings
from collections.abc import MutableSequence
from pathlib import Path
from typing import Any

TIME_LIMIT = 60
"""Seconds that a file may take."""


class Anything:
    """An object of a library that is not installed."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def __getattr__(self, name: str) -> Any:
        if name.startswith(("__", "_cf_")):
            raise AttributeError(name)
        return Anything()

    def __call__(self, *arguments: Any, **_: object) -> Any:
        is_decorator = len(arguments) == 1 and isinstance(arguments[0], types.FunctionType)
        return arguments[0] if is_decorator else Anything()

    def __lt__(self, _: object) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__

    def __mro_entries__(self, _: object) -> tuple[type, ...]:
        return (object,)

    def __getitem__(self, _: object) -> Any:
        return Anything()


class StandIn(types.ModuleType):
    """A module that is not installed."""

    __path__: MutableSequence[str] = []  # noqa: RUF012  a package without files

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class StandInFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a stand-in for whatever nothing else finds; not for modules of the SDK or beside the model."""

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] in ("clarifai", *sys.stdlib_module_names):
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: types.ModuleType) -> None: ...


def read(folder: str, *, mocking: bool) -> dict[str, object]:
    """Return the signatures that the SDK reads from a model's folder, or its error."""
    from clarifai.runners.models.model_builder import ModelBuilder

    if not mocking:
        sys.meta_path.append(StandInFinder())
        sys.path.insert(0, str(Path(folder) / "1"))
    builder = ModelBuilder.__new__(ModelBuilder)
    builder.folder = folder
    try:
        signatures = builder.get_method_signatures(mocking=mocking)
    except BaseException as error:  # noqa: BLE001  Whatever the file raises is the answer.
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    return {"signatures": [s.SerializeToString(deterministic=True).hex() for s in signatures]}


def read_in_child(folder: str, *, mocking: bool) -> dict[str, object]:
    """Return what `read` returns in a process of its own."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(TIME_LIMIT)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        answer = read(folder, mocking=mocking)
        with os.fdopen(target, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(target)
    with os.fdopen(source) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"error": "the process ended"}


def main() -> None:
    """Read the folders of standard input."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    import clarifai.runners.models.model_builder

    with contextlib.suppress(ImportError):
        import clarifai.runners.models.mcp_class
    assert clarifai.runners.models.model_builder
    for line in sys.stdin:
        folder = line.strip()
        answer = {
            "import": read_in_child(folder, mocking=False),
            "upload": read_in_child(folder, mocking=True),
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
