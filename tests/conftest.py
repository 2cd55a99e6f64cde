"""Rules for all tests: they ignore the developer's environment, and the official SDK is optional."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings

HAS_OFFICIAL_SDK = find_spec("clarifai") is not None
"""Whether the official SDK is installed. No release supports Python 3.13 or later."""

# Hypothesis's limits of time would fail tests at random when the machine is busy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the users of the fixture `official`; skip every test of the official server without the SDK."""
    if "official" in getattr(item, "fixturenames", ()):
        item.add_marker("official_server")
    if not HAS_OFFICIAL_SDK and item.get_closest_marker("official_server"):
        item.add_marker(pytest.mark.skip(reason="the official SDK is not installed"))


@pytest.fixture(autouse=True)
def _isolated_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Hide the developer's credentials, addresses and caches from the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in list(os.environ):
        if name.startswith("CLARIFAI_"):
            monkeypatch.delenv(name)
