"""Signatures of a model from an interpreter of its author, which imports the file as the platform's server does.

This runs the author's code, so it is done only if asked for. The child process writes its answer to a file: whatever the
model prints does not matter. `load_model` is not called.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from gen_client import json_text, limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.text import escape_unprintable, quote

_TIMEOUT: Final = 600
"""Seconds that an import may take; some libraries take minutes."""
_PROGRAM: Final = """\
import json, sys
folder, target = sys.argv[1:3]
from clarifai.runners.models.model_builder import ModelBuilder
from google.protobuf.json_format import MessageToDict
builder = ModelBuilder.__new__(ModelBuilder)
builder.folder = folder
signatures = builder.get_method_signatures(mocking=False)
answer = [MessageToDict(signature, preserving_proto_field_name=True) for signature in signatures]
with open(target, "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


def read_signatures(python: Path, folder: Path, name: str) -> tuple[Mapping[str, object], ...]:
    """Return the signatures that an import of a model's source gives.

    Args:
        python: The interpreter; its environment has the SDK, and the libraries of the model.
        folder: The folder of the model, which is the working folder of the import.
        name: The path of the source, for messages.

    Raises:
        Refusal: Exit 2: the interpreter cannot be run. Exit 4: the import fails.
    """
    with tempfile.TemporaryDirectory(prefix="gen-client-") as scratch:
        target = Path(scratch) / "signatures.json"
        command = [
            _find_program(python),
            "-B",
            "-c",
            _PROGRAM,
            str(folder.resolve()),
            str(target),
        ]
        try:
            process = subprocess.run(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=_TIMEOUT,
                check=False,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a path"
            message = f"--python {quote(str(python), 200)} cannot be run: {reason}"
            raise Refusal(message, exit_code=USAGE) from None
        except subprocess.TimeoutExpired:
            raise _refuse(name, f"the import did not end within {_TIMEOUT} seconds") from None
        if process.returncode != 0 or not target.is_file():
            lines = process.stderr.decode("utf-8", "replace").strip().split("\n")
            raise _refuse(name, f"the import fails: {escape_unprintable(lines[-1], 300)}")
        content = target.read_bytes()
    if len(content) > limits.SIZE:
        raise _refuse(name, f"its signatures are larger than {limits.SIZE >> 20} MB")
    answer = json_text.parse(content.decode("utf-8"), levels=limits.LEVELS)
    return tuple(cast("list[Mapping[str, object]]", answer))


def _find_program(python: Path) -> str:
    """Return the path of an interpreter. Links are kept: an environment is found by the path of its interpreter."""
    found = shutil.which(str(python))
    return str(Path(found or python).absolute())


def _refuse(name: str, message: str) -> Refusal:
    return Refusal(message, location=escape_unprintable(name, 200), exit_code=UNUSABLE)
