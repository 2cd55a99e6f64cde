"""What holds for all tests: none of them sees the surroundings of whoever runs them."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own credentials and addresses change no test, and are sent nowhere."""
    for name in list(os.environ):
        if name.startswith("CLARIFAI_"):
            monkeypatch.delenv(name)
