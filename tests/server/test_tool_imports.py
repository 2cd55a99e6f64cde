"""What importing, creating and calling a client of an MCP model loads."""

from __future__ import annotations

import json
import sys

from clarigen.testing import serve
from golden.packages import GENERATED
from support import SOURCES, run

CODE = """
import sys
import lab_tools
HEAVY = ("grpc", "google.protobuf", "numpy", "mcp", "openai", "httpx", "pydantic", "asyncio", "json")
print("imported", *[name for name in HEAVY if name in sys.modules])
client = lab_tools.LabTools(base_url=sys.argv[1], timeout=30)
before = set(sys.modules)
assert client.add(1, b=2) == 3
assert client.area({"points": [{"x": 1}]}) == {"area": 1.5, "unit": "m2", "corners": []}
print("called", *sorted(name for name in set(sys.modules) - before if "clarigen" in name or name in HEAVY))
print("mcp" in sys.modules, "pydantic" in sys.modules)
"""


class Lab:
    """A model that answers calls of two tools."""

    def mcp_transport(self, msg: str) -> str:
        params = json.loads(msg)["params"]
        results = {"add": {"result": 3}, "area": {"area": 1.5}}
        return json.dumps({"content": [], "structuredContent": results[params["name"]]})


def test_a_package_loads_no_library_and_a_call_loads_nothing() -> None:
    with serve(Lab()) as server:
        done = run(
            *(sys.executable, "-c", CODE, server.url),
            env={"PYTHONPATH": f"{SOURCES}:{GENERATED}"},
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["imported", "called", "False False"]
