"""Signatures of a model from an interpreter of its author, which imports the file as the platform's server does.

This runs the author's code, so it is done only if asked for. The child process writes its answer to a file: whatever the
model prints does not matter. `load_model` is not called; of an MCP model, `get_server` is.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from gen_client import json_text, limits
from gen_client.diagnostics import Refusal
from gen_client.exit_codes import UNUSABLE, USAGE
from gen_client.text import escape_unprintable, quote

_TIMEOUT: Final = 600
"""Seconds that an import may take; some libraries take minutes."""
_PROGRAM: Final = """\
import asyncio, contextlib, json, sys
folder, target = sys.argv[1:3]
from clarifai.runners.models.model_builder import ModelBuilder
from google.protobuf.json_format import MessageToDict
builder = ModelBuilder.__new__(ModelBuilder)
builder.folder = folder
signatures = builder.get_method_signatures(mocking=False)
answer = [MessageToDict(signature, preserving_proto_field_name=True) for signature in signatures]

async def list_offer(server):
    from fastmcp import Client
    from mcp import McpError
    async with Client(server) as client:
        lists = {
            "tools": client.list_tools,
            "prompts": client.list_prompts,
            "resources": client.list_resources,
            "resourceTemplates": client.list_resource_templates,
        }
        offer = {"instructions": client.initialize_result.instructions}
        for key, ask in lists.items():
            with contextlib.suppress(McpError):
                entries = await ask()
                offer[key] = [e.model_dump(by_alias=True, mode="json", exclude_none=True) for e in entries]
        return offer

offer = None
if any(signature.name == "mcp_transport" for signature in signatures):
    offer = asyncio.run(list_offer(builder.load_model_class(mocking=False)().get_server()))
answer = {"signatures": answer, "offer": offer}
with open(target, "w", encoding="utf-8") as file:
    json.dump(answer, file)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an import of a model's source gives.

    Attributes:
        signatures: The signatures of its methods.
        offer: What an MCP model offers, in the forms of its protocol; None for another model.
    """

    signatures: tuple[Mapping[str, object], ...]
    offer: Mapping[str, object] | None


def read_model(python: Path, folder: Path, name: str) -> Answer:
    """Import a model's source, and ask the server of an MCP model what it offers.

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
            reason = escape_unprintable(lines[-1], 300) or f"it ends with code {process.returncode}"
            raise _refuse(name, f"the import fails: {reason}")
        content = target.read_bytes()
    if len(content) > limits.SIZE:
        raise _refuse(name, f"its signatures are larger than {limits.SIZE >> 20} MB")
    answer = cast("dict[str, Any]", json_text.parse(content.decode("utf-8"), levels=limits.LEVELS))
    return Answer(tuple(answer["signatures"]), answer["offer"])


def _find_program(python: Path) -> str:
    """Return the path of an interpreter. Links are kept: an environment is found by the path of its interpreter."""
    found = shutil.which(str(python))
    return str(Path(found or python).absolute())


def _refuse(name: str, message: str) -> Refusal:
    return Refusal(message, location=escape_unprintable(name, 200), exit_code=UNUSABLE)
