"""The models of these tests, each on a server of its own, and the server behind them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from generated.gpt_5_1 import AsyncGpt5_1, Gpt5_1
from openai_models.backend import Backend, run_backend
from openai_models.servers import run_openai_model


@pytest.fixture(scope="package")
def backend() -> Iterator[Backend]:
    with run_backend() as backend_:
        yield backend_


@pytest.fixture(scope="package")
def plain_url(backend: Backend) -> Iterator[str]:
    with run_openai_model("plain", backend.url) as url:
        yield url


@pytest.fixture
def model(plain_url: str) -> Iterator[Gpt5_1]:
    with Gpt5_1(base_url=plain_url, timeout=60) as client:
        yield client


@pytest.fixture
def async_model(plain_url: str) -> AsyncGpt5_1:
    return AsyncGpt5_1(base_url=plain_url, timeout=60)
