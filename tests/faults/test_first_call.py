"""The cost of the first call: it imports no module, and it sends one request."""

from __future__ import annotations

import sys

import pytest

from faults.scripted import Scripted
from support import ROOT, run

KINDS = {
    "unary": "model.double(1)",
    "stream": "list(model.count(2))",
    "bidi": "list(model.add([1]))",
    "batch": "model.double_batch([{'n': 1}]).collect()",
}
TWINS = {
    "unary": "await model.double(1)",
    "stream": "[n async for n in model.count(2)]",
    "bidi": "[n async for n in model.add([1])]",
    "batch": "await model.double_batch([{'n': 1}]).collect()",
}
SYNC = """
model = Calls(base_url=sys.argv[1])
watch()
{call}
"""
ASYNC = """
async def main():
    model = AsyncCalls(base_url=sys.argv[1])
    await asyncio.sleep(0)
    watch()
    {call}

import asyncio
asyncio.run(main())
"""
WATCHED = """
import sys
from faults.callers import AsyncCalls, Calls

seen, watching = [], []
sys.addaudithook(lambda event, args: event == "import" and watching and seen.append(args[0]))

def watch():
    watching.append(True)

{code}
print("IMPORTED", *seen)
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("twin", ["sync", "async"])
def test_first_call_imports_nothing_and_sends_one_request(kind: str, twin: str) -> None:
    code = SYNC.format(call=KINDS[kind]) if twin == "sync" else ASYNC.format(call=TWINS[kind])
    with Scripted() as server:
        python_path = f"{ROOT / 'runtime'}:{ROOT / 'tests'}"
        done = run(
            sys.executable,
            "-c",
            WATCHED.format(code=code),
            server.url,
            env={"PYTHONPATH": python_path},
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.split("IMPORTED")[1].split() == []
        assert len(server.sends) == 1
