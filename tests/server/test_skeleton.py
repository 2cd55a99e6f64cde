"""`gen-client skeleton` against the official SDK: it reads, and serves, what is written."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from command import run_command
from gen_client.diagnostics import Report
from gen_client.interface.read import read_model
from gen_client.interface.write import write_signatures
from gen_client.source.document import Document
from gen_client.source.file import SignatureFile
from server.mcp_servers import run_mcp_model
from server.official_server import run_official_server
from support import CORPUS, ROOT

pytestmark = pytest.mark.official_server

OFFICIAL: Final = ROOT / "tests" / "server" / "official"
READER: Final = ROOT / "tests" / "server" / "sdk_reader.py"
LOCKS: Final = [
    *(CORPUS / "kitchen_sink" / f"{stem}.json" for stem in ("params", "named-fields", "mixed")),
    *(CORPUS / "hostile" / f"{stem}.json" for stem in ("method-names-imported-types",)),
    *(CORPUS / "real" / f"{stem}.json" for stem in ("gpt-5-1", "local-dev-model-3")),
    ROOT / "generated" / "detector" / "signatures.json",
]
"""Locks with every type, with descriptions and names that are hard to write, and an OpenAI-compatible model."""


def test_the_sdk_reads_the_interface(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from clarifai_grpc.grpc.api import resources_pb2
    from google.protobuf.json_format import MessageToDict

    folders = [tmp_path / path.parent.name / path.stem for path in LOCKS]
    for path, folder in zip(LOCKS, folders, strict=True):
        assert run_command(capsys, "skeleton", path, "--out", folder)[0] == 0
    done = subprocess.run(
        [sys.executable, READER],
        input="".join(f"{folder}\n" for folder in folders),
        capture_output=True,
        text=True,
        check=True,
    )
    for path, line in zip(LOCKS, done.stdout.splitlines(), strict=True):
        messages = [
            resources_pb2.MethodSignature.FromString(bytes.fromhex(text))
            for text in json.loads(line)["import"]["signatures"]
        ]
        signatures = [MessageToDict(m, preserving_proto_field_name=True) for m in messages]
        again = read_model(Document(None, "", tuple(signatures)), Report())
        model = read_model(SignatureFile(str(path), Report()).fetch(), Report())
        assert write_signatures(again) == write_signatures(model), path


def test_the_official_server_serves_what_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(OFFICIAL, tmp_path / "model")
    folder = tmp_path / "skeleton"
    assert run_command(capsys, "skeleton", tmp_path / "model", "--out", folder)[0] == 0
    with run_official_server(folder) as url:
        code, out, _ = run_command(capsys, "diff", tmp_path / "model", url)
        assert (code, out.splitlines()[-1]) == (0, "no difference for callers")
        code, _, err = run_command(capsys, "call", url, "pair", 'x:=[1, "a"]')
    assert code == 1
    assert "Everything.pair is not written yet: it must return tuple[str, int]" in err


def test_the_official_server_serves_an_openai_compatible_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = ROOT / "generated" / "gpt_5_1" / "signatures.json"
    folder = tmp_path / "chat"
    assert run_command(capsys, "skeleton", lock, "--out", folder)[0] == 0
    with run_official_server(folder) as url:
        code, out, _ = run_command(capsys, "diff", lock, url)
    assert (code, out.splitlines()[-1]) == (0, "no difference for callers")


def test_the_official_server_offers_the_tools(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads((CORPUS / "mcp" / "lab-tools.json").read_text())
    offer = content["mcp"]
    tools = [tool for tool in offer["tools"] if tool["name"] != "raw_forms"]
    offer = {"instructions": offer["instructions"], "tools": tools, "prompts": offer["prompts"]}
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({**content, "mcp": offer}))
    folder = tmp_path / "lab"
    assert run_command(capsys, "skeleton", lock, "--out", folder)[0] == 0
    with run_mcp_model(folder) as url:
        code, out, _ = run_command(capsys, "diff", lock, url)
    assert (code, out.splitlines()[-1]) == (0, "no difference for callers")
