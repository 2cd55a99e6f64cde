"""Coverage-guided fuzzing: any bytes, read as a file of signatures, become a package or are refused.

Run it as a module, with a folder for the inputs that it finds and libFuzzer's options: `python -m safety.fuzz.documents
corpus/ -max_total_time=600`. Any other exception is a bug; libFuzzer keeps the bytes that raised it.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["gen_client"]):
    from gen_client import json_text, limits, pipeline
    from gen_client.diagnostics import Refusal, Report
    from gen_client.interface.read import read_model
    from gen_client.interface.write import write_signatures
    from gen_client.source import Document, signature_forms, yaml_text

FORMATTED_RUNS = 64
"""black formats the files in one of this many runs, because it takes longer than everything else."""


def run_once(data: bytes) -> None:
    """Read a file, build its package, and build the package of its lock."""
    is_formatted = bool(data) and data[-1] % FORMATTED_RUNS == 0
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    try:
        document = signature_forms.read_document(_parse(text), Report())
    except (ValueError, Refusal):
        return
    package = _build(document, is_formatted=is_formatted)
    if package is None:
        return
    content = json_text.parse(package.files["signatures.json"], levels=limits.LEVELS)
    lock = signature_forms.read_document(content, Report())
    rebuilt = _build(lock, is_formatted=is_formatted)
    assert rebuilt is not None
    assert rebuilt.files == package.files
    model = read_model(document, Report())
    signatures = tuple(write_signatures(model))
    again = Document(model.reference, model.version_id, signatures)
    assert read_model(again, Report()) == model


def _build(document: Document, *, is_formatted: bool) -> pipeline.Package | None:
    """Build a package; None if it is refused with exit 4 and a printable message."""
    try:
        return pipeline.build_package(
            document, "pkg", Report(), formatter=None if is_formatted else str
        )
    except Refusal as error:
        refusal = error
    assert refusal.diagnostic.exit_code == 4, refusal
    assert str(refusal).replace("\n", "").isprintable()
    return None


def _parse(text: str) -> json_text.JsonValue:
    if text.lstrip()[:1] in ("{", "["):
        return json_text.parse(text, levels=limits.LEVELS)
    return yaml_text.parse(text)


if __name__ == "__main__":
    atheris.Setup(sys.argv, run_once)
    atheris.Fuzz()
