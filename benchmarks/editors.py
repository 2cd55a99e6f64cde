"""Completion: how long pyright's language server takes for `model.`, once warm, on a model of 33 methods.

The measure is a plain class of 33 methods with the same parameters, in a module of its own. The server is driven
as in the tests of editors.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.measure import HAND, OURS, Cost, Row, alternate
from benchmarks.stage import Stage
from gen_client import cli

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from editors.language_server import Editor

_METHODS: Final = 33
_PLAIN: Final = "class Plain:\n" + "".join(
    f'    def method_{n}(self, text: str, top: int = 3) -> str:\n        """Do it."""\n        return text\n'
    for n in range(_METHODS)
)


def rows(_: Stage, *, quick: bool) -> Iterator[Row]:
    """The time until the list of offers is there."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "plain.py").write_text(_PLAIN)
        signatures = folder / "model.json"
        signatures.write_text(json.dumps([_signature(n) for n in range(_METHODS)]))
        words = ["--signatures", str(signatures), "--out", text, "--name", "generated", "--quiet"]
        if cli.main(words):
            raise RuntimeError("the package could not be made")
        with Editor(folder) as editor:
            peers = {
                HAND: _completion(editor, "from plain import Plain\nPlain()"),
                OURS: _completion(editor, "from generated import Generated\nGenerated()"),
            }
            yield Row("completion of 33 methods, warm", "ms", alternate(peers, 3 if quick else 15))


def _signature(number: int) -> dict[str, object]:
    fields = [
        {"name": "text", "type": "STR", "required": True},
        {"name": "top", "type": "INT", "default": "3", "is_param": True},
    ]
    return {
        "name": f"method_{number}",
        "method_type": "UNARY_UNARY",
        "description": "Do it.",
        "input_fields": fields,
        "output_fields": [{"name": "return", "type": "STR"}],
    }


def _completion(editor: Editor, code: str) -> Cost:
    """The seconds of an offer; each time in a document that is new to the server."""
    numbers = itertools.count()

    def cost() -> float:
        text = f"# {next(numbers)}\n{code}.|\n"
        start = time.perf_counter()
        found = editor.complete(text)
        taken = time.perf_counter() - start
        assert sum(item.label.startswith("method_") for item in found) >= _METHODS
        return taken

    return cost
