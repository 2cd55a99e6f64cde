"""Fixtures of the fault tests: stand-ins of the platform, with and without TLS."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from faults.platform_standin import MODEL, OWNER, PAT, Standin
from gen_client import cli

REF = f"{OWNER[0]}/{OWNER[1]}/models/{MODEL}"
"""The reference of the stand-in's model."""


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in without TLS; environment variables hold its address and credential."""
    with Standin() as standin:
        monkeypatch.setenv("CLARIFAI_API_BASE", standin.base_url)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        yield standin


@pytest.fixture
def secure_platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """A stand-in with TLS; environment variables hold its address, credential and certificates."""
    with Standin(secure=True) as standin:
        monkeypatch.setenv("CLARIFAI_API_BASE", standin.base_url)
        monkeypatch.setenv("CLARIFAI_PAT", PAT)
        monkeypatch.setenv("CLARIFAI_ROOT_CERTIFICATES_PATH", standin.certificates)
        yield standin


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package of the platform's model, generated from the stand-in."""
    folder = tmp_path_factory.mktemp("generated")
    with Standin() as platform, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLARIFAI_PAT", PAT)
        arguments = ["--url", REF, "--api-base", platform.base_url, "--name", "platform_echo"]
        assert cli.main([*arguments, "--out", str(folder)]) == 0
        patch.setattr(sys, "path", [str(folder), *sys.path])
        return importlib.import_module("platform_echo")
