"""Every generated example runs against both servers, except those that must fail there."""

from __future__ import annotations

import asyncio
import importlib
import inspect

import pytest

from server.conftest import Served

FAILS = {"fail", "fail_midway", "fail_async", "fail_midway_async"}
FETCHES = {"echo_video", "echo_video_async"}
"""Its sample is an address, which the official server would fetch."""


def test_generated_example_runs(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLARIFAI_API_BASE", served.url)
    module = importlib.import_module(f"{served.package.__name__}.examples")
    functions = inspect.getmembers(module, inspect.isfunction)
    own = [
        (name, examples) for name, examples in functions if examples.__module__ == module.__name__
    ]
    assert len(own) > 100
    for name, function in own:
        if name in FAILS | FETCHES:
            continue
        result = function()
        if inspect.iscoroutine(result):
            asyncio.run(result)
    assert "Hello" in capsys.readouterr().out
