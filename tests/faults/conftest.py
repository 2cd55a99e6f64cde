"""The fixtures of this folder: stand-ins of the platform, plain and over TLS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from faults.platform_standin import PAT, Standin


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in without TLS; the environment has its address and credential."""
    with Standin() as standin:
        monkeypatch.setenv("CLARIFAI_API_BASE", standin.base_url)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        yield standin


@pytest.fixture
def secure_platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in with TLS; the environment has its address, credential and certificates."""
    with Standin(secure=True) as standin:
        monkeypatch.setenv("CLARIFAI_API_BASE", standin.base_url)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        monkeypatch.setenv("CLARIFAI_ROOT_CERTIFICATES_PATH", standin.certificates)
        yield standin
