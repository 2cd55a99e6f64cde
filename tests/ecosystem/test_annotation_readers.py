"""Programs that read annotations take generated packages as they are: FastAPI, beartype, typeguard, agent frameworks."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import sys
from pathlib import Path
from typing import Any

import fastapi
import pytest

import clarigen
from golden.packages import GENERATED
from support import ROOT, SOURCES, run

PACKAGES = sorted(path.name for path in GENERATED.iterdir() if path.is_dir())
FRAMEWORKS = ROOT / ".venv" / "frameworks" / "bin" / "python"
HERE = Path(__file__).parent
PYTHON_PATH = os.pathsep.join([str(GENERATED), SOURCES])


def post(app: fastapi.FastAPI, path: str, body: object) -> tuple[int, Any]:
    """Call an endpoint without a server; return the status and the body of the response."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "server": ("test", 80),
        "client": ("test", 1),
        "asgi": {"version": "3.0"},
    }
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(b"".join(part.get("body", b"") for part in sent[1:]))


def add_echo(app: fastapi.FastAPI, path: str, type_: Any) -> None:
    def echo(body: Any) -> Any:
        return body

    echo.__annotations__ = {"body": type_, "return": type_}
    app.post(path)(echo)


def test_fastapi_takes_every_type_as_body_and_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    app, paths = fastapi.FastAPI(), 0
    for name in PACKAGES:
        module = importlib.import_module(name)
        for attribute in module.__all__:
            value: Any = getattr(module, attribute)
            is_type = inspect.isclass(value) and value is not clarigen.Box  # a tuple is no body
            if is_type and not issubclass(value, clarigen.Client | clarigen.AsyncClient):
                add_echo(app, f"/{name}/{attribute}", value)
                paths += 1
    assert len(app.openapi()["paths"]) == paths > 50
    picture = {"url": "https://example.com/a.png"}
    status, body = post(app, "/detector/PredictInput", {"image": picture, "threshold": 0.25})
    assert (status, body["image"]["url"], body["threshold"]) == (200, picture["url"], 0.25)
    status, body = post(app, "/detector/PredictInput", {"threshold": 0.25})
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "image"])
    region = {"box": [0, 0, 1, 1], "concepts": [{"name": "a", "value": 0.5}]}
    status, body = post(app, "/detector/Region", region)
    assert (status, body["box"], body["concepts"][0]["value"]) == (200, [0.0, 0.0, 1.0, 1.0], 0.5)


@pytest.mark.parametrize("kind", ["beartype", "typeguard"])
def test_run_time_checkers_take_whole_packages(kind: str) -> None:
    packages = ["detector", "speech_studio", *sorted(set(PACKAGES) - {"detector", "speech_studio"})]
    program = HERE / "checked_packages.py"
    done = run(sys.executable, program, kind, *packages, env={"PYTHONPATH": PYTHON_PATH})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "checked"


@pytest.mark.frameworks
def test_methods_are_tools_of_agent_frameworks() -> None:
    if not FRAMEWORKS.exists():
        pytest.fail("`.venv/frameworks` is missing: `make test-frameworks`")
    done = run(FRAMEWORKS, HERE / "agent_tools.py", env={"PYTHONPATH": PYTHON_PATH}, timeout=300)
    assert done.returncode == 0, done.stderr
    methods, url, calls = done.stdout.splitlines()
    assert int(methods.split()[0]) > 40
    assert url == "https://example.com/a.png"
    assert calls.startswith("[Call(method='add'")
