"""Editors: the time of pyright's warm language server to complete `model.` for a model with 33 methods.

The column of the hand-written client shows a plain class with 33 methods of the same parameters. The language
server is driven by the code of tests/editors.
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
    """Measure the time until the list of completions arrives."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plain.py").write_text(_PLAIN)
        signatures = folder / "model.json"
        signatures.write_text(json.dumps([_build_signature(n) for n in range(_METHODS)]))
        options = ["--signatures", str(signatures), "--out", name, "--name", "generated"]
        if cli.main([*options, "--quiet"]):
            raise RuntimeError("gen-client failed")
        with Editor(folder) as editor:
            peers = {
                HAND: _completion(editor, "from plain import Plain\nPlain()"),
                OURS: _completion(editor, "from generated import Generated\nGenerated()"),
            }
            yield Row("completion of 33 methods, warm", "ms", alternate(peers, 3 if quick else 15))


def _build_signature(number: int) -> dict[str, object]:
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
    """Return the cost of a completion, in seconds; each reading opens a new document."""
    numbers = itertools.count()

    def cost() -> float:
        text = f"# {next(numbers)}\n{code}.|\n"
        start = time.perf_counter()
        completions = editor.complete(text)
        elapsed = time.perf_counter() - start
        assert sum(item.label.startswith("method_") for item in completions) >= _METHODS
        return elapsed

    return cost
