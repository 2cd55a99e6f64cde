"""Coverage-guided: bytes as a file of signatures. It becomes a package or is refused; nothing else happens.

Run it as a module, with a folder for what was found and libFuzzer's options: `python -m safety.fuzz.documents
corpus/ -max_total_time=600`. Whatever leaves it but a refusal is a fault; libFuzzer keeps the bytes.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["gen_client"]):
    from gen_client import json_text, limits, pipeline
    from gen_client.diagnostics import Refusal, Report
    from gen_client.interface import read
    from gen_client.source import Document, forms, yaml_text
    from gen_client.tidy import black, finish

BLACK = black.formatted
SELDOM = 64
"""One run in so many has black format the files, which takes longer than all the rest."""


def one(data: bytes) -> None:
    """Read a file, make its package, and read its lock again."""
    seldom = bool(data) and data[-1] % SELDOM == 0
    setattr(finish, "format_source", BLACK if seldom else str)  # noqa: B010
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    try:
        document = forms.read(_parsed(text), Report())
    except (ValueError, Refusal):
        return
    package = _made(document)
    if package is None:
        return
    lock = forms.read(
        json_text.parse(package.files["signatures.json"], levels=limits.LEVELS), Report()
    )
    assert pipeline.build(lock, "pkg", Report()).files == package.files
    model = read.read(document, Report())
    again = Document(model.reference, model.version_id, tuple(read.write(model)))
    assert read.read(again, Report()) == model


def _made(document: Document) -> pipeline.Package | None:
    """The package; None for one that is refused in the right words."""
    try:
        return pipeline.build(document, "pkg", Report())
    except Refusal as error:
        refusal = error
    assert refusal.diagnostic.exit_code == 4, refusal
    assert str(refusal).replace("\n", "").isprintable()
    return None


def _parsed(text: str) -> json_text.Value:
    if text.lstrip()[:1] in ("{", "["):
        return json_text.parse(text, levels=limits.LEVELS)
    return yaml_text.parse(text)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
