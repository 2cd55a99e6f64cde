"""The Python blocks of `docs/mcp.md` run as they stand, on the official server, with both versions of the library `mcp`.

The frameworks are in environments of their own, so each block runs in an interpreter of its environment: the newest
frameworks with mcp 2 in `.venv/frameworks`, those that need mcp 1 in `.venv/mcp`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from support import ROOT, SOURCES, run

pytestmark = [pytest.mark.frameworks, pytest.mark.official_server]

NEWEST: Final = ROOT / ".venv" / "frameworks" / "bin" / "python"
MCP_1: Final = ROOT / ".venv" / "mcp" / "bin" / "python"

PROGRAM = """
import ast, asyncio, sys, types
from clarigen import AsyncMCPModel

async def main(url, block, llm):
    async with AsyncMCPModel(base_url=url, timeout=60) as lab:
        scope = {"lab": lab, "url": url, "llm": llm}
        code = compile(block, "docs/mcp.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = types.FunctionType(code, scope)()
        if running is not None:
            await running

url, block, llm = sys.argv[1:]
if llm:
    from pydantic_ai.models.test import TestModel
    llm = TestModel(call_tools=["add"])
asyncio.run(main(url, block, llm))
"""


def blocks() -> dict[str, str]:
    """Return the blocks of the page, by the library that each shows."""
    page = (ROOT / "docs" / "mcp.md").read_text(encoding="utf-8")
    found = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names = (
        "tools",
        "clarigen",
        "mcp 2",
        "mcp 1",
        "fastmcp",
        "pydantic-ai",
        "openai-agents",
        "langchain",
        "fakes",
    )
    return dict(zip(names, found, strict=True))


def run_block(python: Path, url: str, block: str, *, llm: bool = False) -> str:
    """Run a block in an interpreter; return what it prints."""
    if not python.exists():
        folder = python.parent.parent.relative_to(ROOT)
        pytest.fail(f"`{folder}` is missing, the environment of frameworks: `make test-frameworks`")
    arguments = [url, block, "test" if llm else ""]
    environment = {"PYTHONPATH": f"{SOURCES}{os.pathsep}{ROOT}", "GRPC_VERBOSITY": "ERROR"}
    done = run(python, "-W", "ignore", "-c", PROGRAM, *arguments, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def lab(mcp_url: Callable[[str], str]) -> str:
    return mcp_url("lab")


def test_resources_and_prompts(lab: str) -> None:
    assert run_block(NEWEST, lab, blocks()["clarigen"]).splitlines() == [
        "config://app application/json",
        "pictures://logo image/png",
        "users://{user_id}/profile text/plain",
        '{"debug":false}',
        "review ['code', 'language']",
        "Review this python: x = 1",
    ]


def test_fakes(lab: str) -> None:
    block = blocks()["fakes"].replace("from lab_tools", "from generated.lab_tools")
    assert run_block(MCP_1, lab, block).splitlines() == [
        "3 Review this: x = 1",
        "Call(method='add', arguments={'a': 2, 'b': 1})",
    ]


def test_mcp_2(lab: str) -> None:
    assert run_block(NEWEST, lab, blocks()["mcp 2"]) == "12 {'result': 3}\n"


def test_mcp_1(lab: str) -> None:
    assert run_block(MCP_1, lab, blocks()["mcp 1"]) == "{'result': 3}\n"


@pytest.mark.parametrize("python", [NEWEST, MCP_1], ids=["newest", "fastmcp 2"])
def test_fastmcp(lab: str, python: Path) -> None:
    assert run_block(python, lab, blocks()["fastmcp"]) == "3\n"


def test_pydantic_ai(lab: str) -> None:
    transport, _, _ = blocks()["fastmcp"].partition("async with fastmcp")
    block = f"{transport}\n{blocks()['pydantic-ai']}"
    assert run_block(NEWEST, lab, block, llm=True) == '{"add":1}\n'


def test_openai_agents(lab: str) -> None:
    assert run_block(NEWEST, lab, blocks()["openai-agents"]) == "3\n"


def test_langchain(lab: str) -> None:
    assert "'text': '3'" in run_block(MCP_1, lab, blocks()["langchain"])


METHODS = """
import mcp
from clarigen import MCPModel

with MCPModel(base_url=url, timeout=60) as model:
    for mode in ("auto", "legacy"):
        async with mcp.Client(model.mcp(), mode=mode) as client:
            results = await asyncio.gather(*(client.call_tool("add", {"a": n}) for n in range(9)))
            print([result.structured_content["result"] for result in results])
            try:
                await client.read_resource("nope://x")
            except mcp.MCPError as error:
                print(error.error.message)
"""


def test_synchronous_client_and_both_modes_of_mcp_2(lab: str) -> None:
    expected = ["[1, 2, 3, 4, 5, 6, 7, 8, 9]", "Unknown resource: 'nope://x'"]
    assert run_block(NEWEST, lab, "import asyncio\n" + METHODS).splitlines() == expected * 2


MESSAGES = """
import threading
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCMessage
from clarigen.testing import serve

entered, release = threading.Event(), threading.Event()


class Server:
    def mcp_transport(self, msg: str) -> str:
        if "tools/call" in msg:
            entered.set()
            release.wait()
        return "{}"


def message(method, **members):
    return SessionMessage(JSONRPCMessage.model_validate({"jsonrpc": "2.0", "method": method, **members}))


async def ask(read, write, method, request_id):
    await write.send(message(method, id=request_id))
    return (await read.receive()).message.root


async with lab.mcp() as (read, write):
    for method in ("ping", "foo/bar", "tasks/list", "completion/complete"):
        answer = await ask(read, write, method, method)
        print(answer.id, getattr(answer, "result", None), getattr(answer, "error", None) and answer.error.code)

with serve(Server()) as server:
    async with AsyncMCPModel(base_url=server.url, timeout=60) as model:
        async with model.mcp() as (read, write):
            await write.send(message("tools/call", id=1, params={"name": "x"}))
            await asyncio.to_thread(entered.wait)
            await write.send(message("notifications/cancelled", params={"requestId": 1}))
            print((await ask(read, write, "ping", 2)).id)
            release.set()
        await model.close()
        async with model.mcp() as (read, write):
            error = (await ask(read, write, "ping", 3)).error
            print(error.code, error.message)
"""


@pytest.mark.item(67)
def test_messages_that_the_model_does_not_answer(lab: str) -> None:
    """Unknown methods, a request that is cancelled, and a call that fails."""
    block = "import asyncio\nfrom clarigen import AsyncMCPModel\n" + MESSAGES
    assert run_block(MCP_1, lab, block).splitlines() == [
        "ping {} None",
        "foo/bar None -32601",
        "tasks/list None -32601",
        "completion/complete None -32601",
        "2",
        "-32603 this client is closed; create another",
    ]
