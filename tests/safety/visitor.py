"""Generates packages in its own process and uses each as people and editors do, under an audit hook.

Run it with a folder for the packages and the files of signatures. It prints one JSON line per file: the exit code and
output of the command, and the forbidden events that were observed.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import io
import json
import os
import pydoc
import rlcompleter
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import clarigen
import clarigen.examples
from gen_client import cli
from safety.watch import Watch
from support import ROOT


def main(out: Path, files: list[Path]) -> None:
    """Warm up, so that our own modules are loaded; then watch."""
    sys.dont_write_bytecode = True
    out.mkdir(exist_ok=True)
    sys.path.insert(0, str(out))
    _pretend()
    warm = ROOT / "tests" / "corpus" / "kitchen_sink" / "named-fields.json"
    _quietly(cli.main, _words(warm, out, "warm"))
    _quietly(_visit, "warm")
    watch = Watch(out, ROOT / "runtime", ROOT / "codegen", ROOT / "templates")
    for index, file in enumerate(files):
        print(json.dumps(_visit_file(watch, out, file, f"pkg{index}")), flush=True)


def _visit_file(watch: Watch, out: Path, file: Path, name: str) -> dict[str, object]:
    watch.folder = out
    code, printed = _quietly(cli.main, _words(file, out, name))
    generating = watch.taken()
    watch.folder = None
    problem = ""
    if code == 0:
        try:
            _quietly(_visit, name)
        except Exception as error:  # noqa: BLE001  reported to the test
            problem = f"{type(error).__name__}: {error}"
    return {
        "file": file.stem,
        "code": code,
        "said": printed,
        "generating": [call for call in generating if "renameat" not in call],
        "using": watch.taken(),
        "problem": problem,
        "name": name,
    }


def _words(file: Path, out: Path, name: str) -> list[str]:
    """Return the arguments of a command that writes only the package."""
    return ["--signatures", str(file), "--out", str(out), "--name", name, "--no-cache"]


def _quietly(work: Callable[..., Any], *arguments: Any) -> tuple[Any, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        return work(*arguments), said.getvalue()


def _visit(name: str) -> None:
    """Use a package: import, help, completion, hover, annotations, and examples without a server."""
    importlib.invalidate_caches()
    module = importlib.import_module(name)
    examples = importlib.import_module(f"{name}.examples")
    client = importlib.import_module(f"{name}.client")
    for namespace in (module, client, examples):
        pydoc.render_doc(namespace)
        inspect.getdoc(namespace)
        completer = rlcompleter.Completer({**vars(namespace)})
        for word in vars(namespace):
            completer.complete(f"{word}.", 0)
    for value in vars(client).values():
        if inspect.isclass(value) and value.__module__ == client.__name__:
            _look_at(value, vars(client))
    for function in list(vars(examples).values()):
        if inspect.isfunction(function) and function.__module__ == examples.__name__:
            done = function()
            if inspect.iscoroutine(done):
                asyncio.run(done)


def _look_at(cls: type, namespace: dict[str, Any]) -> None:
    import numpy.typing as npt

    names = {**namespace, "npt": npt}
    inspect.get_annotations(cls, globals=names, eval_str=True)
    for attribute in dir(cls):
        function = inspect.getattr_static(cls, attribute)
        if inspect.isfunction(function) and function.__module__ == cls.__module__:
            inspect.signature(function)
            inspect.getdoc(function)
            inspect.get_annotations(function, globals=names, eval_str=True)


def _pretend() -> None:
    """Replace the calls of clients by ones that return nothing, so that only the arguments of examples are evaluated."""

    async def return_none(*_: object) -> None:
        return None

    async def nothing(*_: object) -> AsyncIterator[None]:
        for item in list[None]():
            yield item

    for client, verb, answer in (
        (clarigen.Client, "_unary", lambda *_: None),
        (clarigen.Client, "_stream", lambda *_: iter(())),
        (clarigen.AsyncClient, "_unary", return_none),
        (clarigen.AsyncClient, "_stream", nothing),
    ):
        setattr(client, verb, answer)
    os.environ["CLARIFAI_PAT"] = "none"
    os.environ["CLARIFAI_API_BASE"] = "grpc://127.0.0.1:9"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(file) for file in sys.argv[2:]])
