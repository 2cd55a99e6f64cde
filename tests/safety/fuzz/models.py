"""Random models of awkward names and hostile texts: their packages import, and say nothing that others obey."""

from __future__ import annotations

import ast
import doctest
import random
from collections.abc import Iterator
from typing import Any

from gen_client import pipeline
from gen_client.characters import HIDDEN_CHARACTER
from gen_client.diagnostics import Refusal, Report
from gen_client.readers import find_docstring_command, has_editor_command
from gen_client.source import Document
from safety.fuzz.gate import TEXTS

NAMES = (
    *(
        "progress",
        "inputs",
        "self",
        "model",
        "client",
        "wire",
        "predict",
        "predict_batch",
        "predict_",
    ),
    *(
        "PredictInput",
        "input",
        "batch",
        "_batch",
        "_unary",
        "__init__",
        "__class__",
        "__x",
        "_",
        "__",
        "mro",
    ),
    *(
        "close",
        "options",
        "recording",
        "reference",
        "with_options",
        "copy",
        "keys",
        "items",
        "print",
        "float",
    ),
    *(
        "list",
        "dict",
        "str",
        "int",
        "bytes",
        "object",
        "type",
        "Any",
        "Final",
        "Literal",
        "Image",
        "Text",
    ),
    *(
        "Region",
        "JSON",
        "Default",
        "Client",
        "AsyncClient",
        "Stream",
        "main",
        "asyncio",
        "IMAGE",
        "Pkg",
    ),
    *(
        "AsyncPkg",
        "match",
        "case",
        "def",
        "class",
        "None",
        "async",
        "await",
        "a",
        "A",
        "aB",
        "a_b",
        "a__b",
    ),
    *(
        "1a",
        "_1",
        "\xe9",
        "e\u0301",
        "\xdf",
        "\u017f",
        "\ufb01",
        "\xaa",
        "\xb5",
        "\u03bc",
        "\u019b",
        "\u0264",
    ),
    *(
        "x\u200cy",
        "x\u3164",
        "x\ufe0f",
        "\U00011f02a",
        "\U0001e030",
        "name",
        "default",
        "choices",
        "returns",
    ),
)
TYPES = ("STR", "INT", "FLOAT", "BOOL", "BYTES", "JSON_DATA", "IMAGE", "NDARRAY", "TEXT", "REGION")


def make_type(rng: random.Random, depth: int = 2) -> dict[str, Any]:
    """Make a type of a field."""
    kind = rng.random()
    if depth and kind < 0.2:
        return {"type": "LIST", "type_args": [{"name": "item", **make_type(rng, depth - 1)}]}
    if depth and kind < 0.5:
        names = rng.sample(NAMES, rng.randint(1, 4))
        members = [{"name": name, **make_type(rng, depth - 1)} for name in names]
        return {"type": "NAMED_FIELDS", "type_args": members}
    return {"type": rng.choice(TYPES)}


def make_text(rng: random.Random) -> str:
    """Make a text of pieces that others obey."""
    return "".join(rng.choices((*TEXTS, " ", "\n", "\n\n", "word ", ": "), k=rng.randrange(12)))


def make_field(rng: random.Random, name: str) -> dict[str, Any]:
    """Make a parameter."""
    field = {"name": name, **make_type(rng), "description": make_text(rng)}
    if rng.random() < 0.5:
        field["required"] = True
    elif field["type"] in ("STR", "JSON_DATA"):
        texts = (
            ('{"a": 1, "b": "x"}', "[1]", "null")
            if field["type"] == "JSON_DATA"
            else (make_text(rng),)
        )
        field["default"] = rng.choice(texts)
    if field["type"] == "STR" and rng.random() < 0.3:
        field["model_type_enum_options"] = [{"id": make_text(rng)}, {"id": "other"}]
    return field


def make_signature(rng: random.Random, name: str) -> dict[str, Any]:
    """Make a method."""
    is_stream = rng.random() < 0.3
    return {
        "name": name,
        "method_type": "UNARY_STREAMING" if is_stream else "UNARY_UNARY",
        "description": make_text(rng),
        "input_fields": [make_field(rng, field) for field in rng.sample(NAMES, rng.randint(0, 5))],
        "output_fields": [{"name": "return", "iterator": is_stream, **make_type(rng)}],
    }


def find_fault(files: dict[str, str]) -> str:
    """Return what is wrong with a package; empty if nothing is."""
    for name, text in files.items():
        if not name.endswith(".py"):
            continue
        compile(text, name, "exec", dont_inherit=True)
        if HIDDEN_CHARACTER.search(text) or any(map(has_editor_command, text.split("\n"))):
            return f"{name} has a hidden character or a modeline"
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Expr(value=ast.Constant(value=str() as docstring)):
                    if doctest.DocTestParser().get_examples(docstring):
                        return f"{name} has a doctest"
                    if command := find_docstring_command(docstring):
                        return f"{name} has {command}"
    return ""


def run(rng: random.Random, attempts: Iterator[int]) -> str:
    """Generate packages until the attempts are used up; return the first fault, or nothing."""
    count = 0
    for _ in attempts:
        names = rng.sample(NAMES, rng.randint(1, 5))
        document = Document(None, "", tuple(make_signature(rng, name) for name in names))
        try:
            files = pipeline.build_package(document, "pkg", Report(), formatter=str).files
        except Refusal as refusal:
            if "a bug" in str(refusal):
                return f"{refusal}\n{document}"
            continue
        count += 1
        if fault := find_fault(files):
            return f"{fault}\n{document}"
    print(f"models: {count} packages, none has a fault")
    return ""
