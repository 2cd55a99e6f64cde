"""The packages under `generated/` and the signatures they are generated from.

The lock of each package is the input of a test, and the package its expected output. `python tests/golden/packages.py`
writes them all again, as `make generated` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gen_client import cli

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ROOT / "generated"
DOCS = ROOT / "tests" / "corpus" / "docs"
MCP = ROOT / "tests" / "corpus" / "mcp"
REAL = ROOT / "tests" / "corpus" / "real"
MODEL_TYPES = ROOT / "tests" / "model_types"

PACKAGES = {
    "detector": DOCS / "detector.json",
    "document_processor": DOCS / "document-processor.json",
    "multimodal_chat_optional": DOCS / "multimodal-chat-optional.json",
    "sensors": DOCS / "sensors.json",
    "dfine_small_obj2coco": REAL / "dfine-small-obj2coco-2.json",
    "flowers": MODEL_TYPES / "visual-classifier.json",
    "gpt_5_1": REAL / "gpt-5-1.json",
    "speech_studio": ROOT / "examples" / "speech-studio.json",
    "lab_assistant": MCP / "lab-assistant.json",
    "lab_tools": MCP / "lab-tools.json",
    "plain_chat": REAL / "sdk-open-ai-model-class.json",
    "text_stats": ROOT / "examples" / "textstats.json",
}
"""The packages: names, and files of signatures."""


def files(folder: Path) -> dict[str, bytes]:
    """Return the files of a package by their paths."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in paths
        if "__pycache__" not in path.parts
    }


def main() -> int:
    """Write all packages and return the exit code."""
    GENERATED.mkdir(exist_ok=True)
    return max(
        cli.main(["--signatures", str(path), "--out", str(GENERATED), "--name", name])
        for name, path in PACKAGES.items()
    )


if __name__ == "__main__":
    sys.exit(main())
