"""Drift of the deployed model from the generated client: detected by `verify=True`, hinted at by errors."""

from __future__ import annotations

import asyncio
import codecs
import importlib
import pickle
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clarigen import (
    AsyncClient,
    Client,
    ConfigError,
    DeadlineExceededError,
    ModelError,
    PredictionError,
    ServerError,
    SignatureMismatchError,
)
from faults.callers import TWINS
from faults.platform_standin import SIGNATURES, VERSION, Standin, Version

PROMPT, TEMPERATURE = SIGNATURES[0]["input_fields"]
OTHER = {
    **SIGNATURES[0],
    "input_fields": [{**PROMPT, "name": "text"}, {**TEMPERATURE, "default": "1.0"}],
}
MORE = {
    **SIGNATURES[0],
    "description": "In other words.",
    "input_fields": [PROMPT, TEMPERATURE, {"name": "more", "type": "STR", "default": ""}],
}
LOOK = ["GetModel", "GetModelVersion"]


def predict(package: Any, twin: str, *prompts: str, **options: Any) -> list[str]:
    """Call with the sync client, then with the async one."""

    async def calls() -> list[str]:
        async with package.AsyncPlatformEcho(**options) as model:
            return [await model.predict(prompt) for prompt in prompts]

    if twin == "async":
        return asyncio.run(calls())
    with package.PlatformEcho(**options) as model:
        return [model.predict(prompt) for prompt in prompts]


@pytest.mark.parametrize("twin", TWINS)
def test_only_the_first_call_verifies(package: Any, platform: Standin, twin: str) -> None:
    assert predict(package, twin, "a", "b", verify=True) == ["a", "b"]
    assert platform.rpcs == [*LOOK, "PostModelOutputs", "PostModelOutputs"]


@pytest.mark.parametrize("twin", TWINS)
def test_verification_lists_differences_and_predicts_nothing(
    package: Any, platform: Standin, twin: str
) -> None:
    platform.versions["v2"] = Version((OTHER,))
    with pytest.raises(SignatureMismatchError) as caught:
        predict(package, twin, "a", verify=True)
    assert caught.value.differences == ("predict.prompt: is called `text` now",)
    first, *lines = str(caught.value).split("\n  ")
    assert first.startswith("the model is not the one that platform_echo was generated for; run")
    assert tuple(lines) == caught.value.differences
    assert platform.rpcs == LOOK
    copied = pickle.loads(pickle.dumps(caught.value))
    assert copied.differences == caught.value.differences


def test_every_call_fails_after_one_failed_verification(package: Any, platform: Standin) -> None:
    platform.versions["v2"] = Version((OTHER,))
    with package.PlatformEcho(verify=True) as model, model.with_options(timeout=9) as view:
        for client in (model, view, model):
            with pytest.raises(SignatureMismatchError):
                client.predict("x")
        with pytest.raises(SignatureMismatchError):
            view.predict_batch([{"prompt": "x"}] * 3).collect()
    assert platform.rpcs == LOOK


@pytest.mark.parametrize("twin", TWINS)
def test_compatible_changes_pass_verification(package: Any, platform: Standin, twin: str) -> None:
    platform.versions["v2"] = Version((MORE, {**MORE, "name": "other"}))
    assert predict(package, twin, "a", verify=True) == ["a"]


def test_explicit_version_is_verified(package: Any, platform: Standin) -> None:
    platform.versions["v2"] = Version((OTHER,))
    assert predict(package, "sync", "a", verify=True, version_id=VERSION) == ["a"]
    assert platform.rpcs == ["GetModelVersion", "PostModelOutputs"]


@pytest.mark.parametrize("many", ["threads", "tasks", "batch", "async batch"])
def test_concurrent_first_calls_verify_once(package: Any, platform: Standin, many: str) -> None:
    prompts = [str(number) for number in range(32)]
    inputs = [{"prompt": prompt} for prompt in prompts]

    async def twin() -> list[str]:
        async with package.AsyncPlatformEcho(verify=True) as model:
            if many == "tasks":
                return list(await asyncio.gather(*map(model.predict, prompts)))
            fixed = model.with_options(batch_size=1, concurrency=16)
            echoes: list[str] = await fixed.predict_batch(inputs).collect()
            return echoes

    if many in ("tasks", "async batch"):
        assert asyncio.run(twin()) == prompts
    else:
        with package.PlatformEcho(verify=True) as model, ThreadPoolExecutor(16) as pool:
            if many == "threads":
                assert list(pool.map(model.predict, prompts)) == prompts
            else:
                fixed = model.with_options(batch_size=1, concurrency=16)
                assert fixed.predict_batch(inputs).collect() == prompts
    assert platform.rpcs.count("GetModelVersion") == 1
    assert platform.rpcs[:2] == LOOK


@pytest.mark.parametrize("twin", TWINS)
def test_verification_asks_the_model_if_the_platform_cannot_tell(
    package: Any, platform: Standin, twin: str
) -> None:
    """Only the model itself knows which version a deployment runs."""
    platform.own_signatures = (OTHER,)
    where = {"deployment_id": "d", "deployment_user_id": "acme"}
    with pytest.raises(SignatureMismatchError):
        predict(package, twin, "a", verify=True, **where)
    assert platform.rpcs == ["PostModelOutputs"]
    platform.calls.clear()
    platform.versions[VERSION].signatures = None
    with pytest.raises(SignatureMismatchError):
        predict(package, twin, "a", verify=True)
    assert platform.rpcs == [*LOOK, "PostModelOutputs"]
    platform.own_signatures = SIGNATURES
    assert predict(package, twin, "a", verify=True, **where) == ["a"]


def test_verification_that_could_not_run_is_repeated(package: Any, platform: Standin) -> None:
    platform.failing["GetModel"] = (99009, "")
    with package.PlatformEcho(verify=True, timeout=20) as model:
        with pytest.raises(ServerError):
            model.predict("a")
        platform.failing.clear()
        platform.hanging.add("GetModelVersion")
        with pytest.raises(DeadlineExceededError), model.with_options(timeout=0.3) as quick:
            quick.predict("a")
        platform.hanging.clear()
        assert model.predict("a") == "a"
    assert "PostModelOutputs" not in platform.rpcs[:-1]


def test_unpickled_client_verifies(package: Any, platform: Standin) -> None:
    platform.versions["v2"] = Version((OTHER,))
    copied = pickle.loads(pickle.dumps(package.PlatformEcho(verify=True)))
    with copied as copy, pytest.raises(SignatureMismatchError):
        copy.predict("a")


@pytest.fixture
def unlocked(package: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package of an application that was installed without the lock."""
    folder = shutil.copytree(Path(package.__file__).parent, tmp_path / "unlocked_echo")
    (folder / "signatures.json").unlink()
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("unlocked_echo")
    for name in [name for name in sys.modules if name.startswith("unlocked_echo")]:
        del sys.modules[name]


def test_verification_needs_a_lock(unlocked: Any, package: Any, platform: Standin) -> None:
    """`verify=True` fails when the client is created; without it, no error is hidden."""
    own_lock = Path(unlocked.__file__).parent / "signatures.json"
    lock = Path(package.__file__).with_name("signatures.json").read_bytes()
    own_lock.write_bytes(codecs.BOM_UTF8 + lock)  # as some editors write it
    unlocked.PlatformEcho(verify=True).close()
    own_lock.unlink()
    with pytest.raises(ConfigError, match=r"unlocked_echo has no signatures\.json: include it"):
        unlocked.PlatformEcho(verify=True)
    own_lock.write_text('{"method_signatures": 1}')
    with pytest.raises(ConfigError, match="cannot be read: run gen-client again"):
        unlocked.PlatformEcho(verify=True)
    platform.failing["PostModelOutputs"] = (21202, "what is this?")
    with pytest.raises(PredictionError, match=r"what is this\?$"):
        predict(unlocked, "sync", "a")
    for base in (Client, AsyncClient):
        own: Any = type("Own", (base,), {"__module__": "script"})
        with pytest.raises(ConfigError, match="belongs to no package"):
            own(base_url="grpc://127.0.0.1:1", verify=True)


ARGUMENTS = [
    (21202, "bad argument"),
    (40001, ""),
    (10020, "Method predict not found in model class"),
    (21313, "Model.predict() missing 1 required positional argument: 'text'"),
]


@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize(("code", "details"), ARGUMENTS)
def test_argument_error_hints_at_a_changed_model(
    package: Any, platform: Standin, code: int, details: str, twin: str
) -> None:
    """The error keeps its class, and the version is fetched once per client."""
    platform.versions["v2"] = Version((OTHER,))
    platform.failing["PostModelOutputs"] = (code, details)

    async def calls() -> list[str]:
        async with package.AsyncPlatformEcho(max_retries=0) as model:
            return [str(await asyncio.wait_for(_failed(model.predict("x")), 20)) for _ in range(3)]

    async def _failed(call: Any) -> ModelError:
        with pytest.raises(ModelError) as caught:
            await call
        return caught.value

    if twin == "async":
        said = asyncio.run(calls())
    else:
        said = []
        with package.PlatformEcho(max_retries=0) as model:
            for _ in range(3):
                with pytest.raises(PredictionError) as caught:
                    model.predict("x")
                assert (caught.value.code, caught.value.details) == (code, details)
                said.append(str(caught.value))
    assert len(set(said)) == 1
    assert said[0].startswith(f"predict: {code} ")
    assert (
        f"generated from version {VERSION}, but version v2 answered; run gen-client again"
        in said[0]
    )
    assert platform.rpcs.count("GetModel") == 1


@pytest.mark.parametrize("code", [10020, 11005, 30002, 99009])
def test_other_errors_fetch_no_version(package: Any, platform: Standin, code: int) -> None:
    platform.versions["v2"] = Version((OTHER,))
    platform.failing["PostModelOutputs"] = (code, "out of memory")
    with pytest.raises(ModelError, match=r"out of memory$"):
        predict(package, "sync", "a", max_retries=0)
    assert platform.rpcs == ["PostModelOutputs"]


def test_no_hint_if_the_version_is_unchanged_or_unknown(package: Any, platform: Standin) -> None:
    platform.failing["PostModelOutputs"] = (21202, "bad")
    with pytest.raises(PredictionError, match=r"bad$"):
        predict(package, "sync", "a")
    platform.versions["v2"] = Version((OTHER,))
    with pytest.raises(PredictionError, match=r"bad$"):
        predict(package, "sync", "a", version_id=VERSION)
    platform.failing["GetModel"] = (99009, "")
    with pytest.raises(PredictionError, match=r"bad$"):
        predict(package, "sync", "a")
    platform.failing.pop("GetModel")
    platform.hanging.add("GetModel")
    with pytest.raises(PredictionError, match=r"bad$") as caught:
        predict(package, "sync", "a", timeout=0.5)
    assert caught.value.attempts == 1


def test_hint_for_an_explicit_version_fetches_nothing(package: Any, platform: Standin) -> None:
    platform.versions["v2"] = Version((OTHER,))
    platform.failing["PostModelOutputs"] = (21202, "bad")
    with pytest.raises(PredictionError, match="but version v2 answered"):
        predict(package, "sync", "a", version_id="v2")
    with pytest.raises(ModelError, match="the client was generated for another model"):
        predict(package, "sync", "a", model="acme/vision/models/other")
    assert platform.rpcs == ["PostModelOutputs"] * 2
