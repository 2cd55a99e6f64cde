"""What a package of an OpenAI-compatible model loads, and what it says if the library `openai` is not installed."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

from clarigen import ConfigError
from generated.gpt_5_1 import AsyncGpt5_1, Gpt5_1
from support import run_python

URL = "grpc://127.0.0.1:1"


@pytest.mark.parametrize("statement", ["import generated.{}", "import generated.{}.client"])
@pytest.mark.parametrize("package", ["gpt_5_1", "detector"])
def test_importing_a_package_loads_no_library(package: str, statement: str) -> None:
    libraries = "openai httpx httpx2 mcp pydantic grpc numpy google.protobuf"
    program = f"import sys; {statement.format(package)}; print(*sys.modules)"
    loaded = set(run_python(program).stdout.split())
    assert f"generated.{package}" in loaded
    assert loaded.isdisjoint(libraries.split())
    assert "clarigen._openai.client" not in loaded


def test_creating_a_client_loads_no_library() -> None:
    program = (
        "import sys; from generated.gpt_5_1 import Gpt5_1;"
        f" Gpt5_1(base_url={URL!r}); print(*sys.modules)"
    )
    loaded = set(run_python(program).stdout.split())
    assert "grpc" in loaded
    assert {"openai", "httpx", "pydantic"}.isdisjoint(loaded)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openai", None)
    with (
        Gpt5_1(base_url=URL) as model,
        pytest.raises(ConfigError, match=r"pip install 'clarigen\[openai\]'"),
    ):
        model.openai()

    async def call() -> None:
        async with AsyncGpt5_1(base_url=URL) as model:
            model.openai()

    with pytest.raises(ConfigError, match=r"pip install 'clarigen\[openai\]'"):
        asyncio.run(call())


def test_a_library_that_is_too_old_is_named_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = ModuleType("openai")
    library.__dict__["__version__"] = "0.28.1"
    monkeypatch.setitem(sys.modules, "openai", library)
    expected = r"needs openai 1\.109 or later, not 0\.28\.1: pip install 'clarigen\[openai\]'"
    with Gpt5_1(base_url=URL) as model, pytest.raises(ConfigError, match=expected):
        model.openai()


def test_the_name_is_the_url_of_the_model() -> None:
    url = "https://clarifai.com/example-user/example-app/models/gpt-5_1"
    assert Gpt5_1(base_url=URL).name == url
    assert Gpt5_1(base_url=URL, version_id="v2").name == f"{url}/versions/v2"
    assert Gpt5_1(base_url=URL, model="a/b/models/c").name == "https://clarifai.com/a/b/models/c"


def test_the_http_endpoint_is_a_constant() -> None:
    assert Gpt5_1.openai_http == AsyncGpt5_1.openai_http
    assert Gpt5_1.openai_http == (
        "https://api.clarifai.com/v2/ext/openai/v1",
        "https://clarifai.com/example-user/example-app/models/gpt-5_1",
    )
