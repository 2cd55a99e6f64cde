"""A model that has changed: the first answer of another version starts one comparison, which no call waits for."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from clarigen import SignatureMismatchError
from clarigen._drift import check
from clarigen._transport import background
from faults.callers import TWINS
from faults.platform_standin import VERSION, Call, Standin, Version
from faults.test_drift import MORE, OTHER, predict
from support import run

WARNING = "the model changed: version v2 answers"
CHANGE = "predict.prompt: is called `text` now"


@pytest.fixture
def renamed(platform: Standin) -> Standin:
    """A platform whose model has a second version, which answers, and in which a parameter is renamed."""
    platform.versions["v2"] = Version((OTHER,))
    platform.answering = "v2"
    return platform


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Forget what this process has compared, and wait for the comparisons of the test."""
    monkeypatch.setattr(check, "_compared", {})
    caplog.set_level(logging.INFO, "clarigen")
    yield
    finish_jobs()


def finish_jobs() -> None:
    for thread in threading.enumerate():
        if thread.name == "clarigen-job":
            thread.join(20)
            assert not thread.is_alive()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings, once all comparisons have ended."""
    finish_jobs()
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def queries(platform: Standin) -> list[str]:
    """Return the requests that are no predictions, once all comparisons have ended."""
    finish_jobs()
    return [rpc for rpc in platform.rpcs if rpc != "PostModelOutputs"]


@pytest.mark.parametrize("twin", TWINS)
def test_a_renamed_option_is_told_once(
    package: Any, renamed: Standin, twin: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert predict(package, twin, "a", "b") == ["a", "b"]
    assert predict(package, twin, "c") == ["c"]
    [warning] = warnings(caplog)
    first, *changes = warning.split("\n  ")
    assert first.startswith(WARNING)
    assert f"Since version {VERSION} of platform_echo was generated:" in first
    assert changes == [CHANGE]
    assert predict(package, twin, "d") == ["d"]
    assert queries(renamed) == ["GetModelVersion"]
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize(
    ("answering", "options"),
    [
        (VERSION, {}),
        ("v2", {"version_id": "v2"}),
        ("v2", {"verify": False}),
    ],
)
def test_nothing_is_asked(
    package: Any, renamed: Standin, answering: str, options: dict[str, Any]
) -> None:
    """Of the version of the lock, of a pinned version, or if it is switched off."""
    renamed.answering = answering
    assert predict(package, "sync", "a", **options) == ["a"]
    assert queries(renamed) == []


def test_compatible_changes_are_no_warning(
    package: Any, renamed: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    renamed.versions["v2"] = Version((MORE, {**MORE, "name": "other"}))
    assert predict(package, "sync", "a") == ["a"]
    assert warnings(caplog) == []
    assert queries(renamed) == ["GetModelVersion"]


@pytest.mark.parametrize("latest", [VERSION, "v2"])
def test_answers_that_tell_no_version(
    package: Any, renamed: Standin, latest: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The platform is asked for the latest version, which is free."""
    renamed.answering = ""
    if latest == VERSION:
        del renamed.versions["v2"]
    assert predict(package, "sync", "a", "b") == ["a", "b"]
    changes = [line.split("\n  ")[1:] for line in warnings(caplog)]
    assert changes == ([[CHANGE]] if latest == "v2" else [])
    assert queries(renamed) == ["GetModel", "GetModelVersion"][: 1 + len(changes)]


def test_the_model_itself_is_not_asked_on_the_platform(
    package: Any, renamed: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    """It would run, and may be billed; but the log says that there is another version."""
    renamed.versions["v2"] = Version(None)
    assert predict(package, "sync", "a") == ["a"]
    assert warnings(caplog) == []
    assert queries(renamed) == ["GetModelVersion"]
    assert renamed.rpcs.count("PostModelOutputs") == 1
    assert any("changed" in record.getMessage() for record in caplog.records)


def test_a_comparison_is_no_call(package: Any, renamed: Standin) -> None:
    responses: list[Any] = []
    with (
        package.PlatformEcho(on_response=responses.append, max_retries=0) as model,
        model.recording() as recorded,
    ):
        assert model.predict("a") == "a"
        finish_jobs()
        assert model.predict_batch([{"prompt": "b"}] * 3).collect() == ["b"] * 3
    assert [response.attempts for response in responses] == [1] * len(responses)
    assert recorded == responses
    assert queries(renamed) == ["GetModelVersion"]


@pytest.mark.parametrize("many", ["threads", "tasks"])
def test_concurrent_first_answers_compare_once(package: Any, renamed: Standin, many: str) -> None:
    prompts = [str(number) for number in range(32)]

    async def twin() -> list[str]:
        async with package.AsyncPlatformEcho() as model:
            return list(await asyncio.gather(*map(model.predict, prompts)))

    if many == "tasks":
        assert asyncio.run(twin()) == prompts
    else:
        with package.PlatformEcho() as model, ThreadPoolExecutor(16) as pool:
            assert list(pool.map(model.predict, prompts)) == prompts
    assert queries(renamed) == ["GetModelVersion"]


def test_each_version_is_compared_once(
    package: Any, renamed: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    """While a new version rolls out, answers of both come in turn."""
    renamed.versions["v3"] = Version((MORE,))
    with package.PlatformEcho() as model:
        for version in (VERSION, "v2", VERSION, "v3", "v2", "v3"):
            renamed.answering = version
            assert model.predict("a") == "a"
    assert queries(renamed) == ["GetModelVersion"] * 2
    assert len(warnings(caplog)) == 1


@pytest.mark.parametrize("twin", TWINS)
def test_no_call_waits(package: Any, renamed: Standin, twin: str) -> None:
    renamed.hanging.add("GetModelVersion")
    start = time.monotonic()
    assert predict(package, twin, *"abc") == list("abc")
    assert time.monotonic() - start < 10
    renamed.__exit__()


def test_a_comparison_that_fails_is_not_repeated(
    package: Any, renamed: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    renamed.failing["GetModelVersion"] = (99009, "")
    assert predict(package, "sync", "a") == ["a"]
    finish_jobs()
    assert predict(package, "sync", "a") == ["a"]
    assert queries(renamed) == ["GetModelVersion"]
    assert warnings(caplog) == []


def test_another_model_is_named(
    package: Any, renamed: Standin, caplog: pytest.LogCaptureFixture
) -> None:
    """The option `model` calls a model that the package was not generated for."""
    renamed.names.add("twin")
    assert predict(package, "sync", "a", model="acme/vision/models/twin") == ["a"]
    [warning] = warnings(caplog)
    assert warning.startswith("acme/vision/twin is not the model that platform_echo was")
    assert warning.split("\n  ")[1:] == [CHANGE]


def test_a_server_that_tells_another_version_each_time(package: Any, renamed: Standin) -> None:
    with package.PlatformEcho() as model:
        for number in range(40):
            renamed.answering = f"w{number}"
            assert model.predict("a") == "a"
    assert queries(renamed) == ["GetModelVersion"] * 16


def test_an_answer_that_is_too_large_is_not_read(
    package: Any,
    renamed: Standin,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading it would take time from the program."""
    monkeypatch.setattr(background, "_MAX_REPLY_BYTES", 9)
    assert predict(package, "sync", "a") == ["a"]
    assert warnings(caplog) == []


def test_nobody_listens(package: Any, renamed: Standin, caplog: pytest.LogCaptureFixture) -> None:
    """If the log drops warnings, there is no comparison either."""
    caplog.set_level(logging.ERROR, "clarigen")
    assert predict(package, "sync", "a") == ["a"]
    assert queries(renamed) == []


def test_verification_is_repeated_for_another_version(package: Any, platform: Standin) -> None:
    platform.answering = VERSION
    with package.PlatformEcho(verify=True) as model:
        assert model.predict("a") == "a"
        platform.versions["v2"] = Version((OTHER,))
        platform.answering = "v2"
        assert model.predict("a") == "a"  # its answer tells the version
        with pytest.raises(SignatureMismatchError):
            model.predict("a")
    assert queries(platform) == ["GetModel", "GetModelVersion", "GetModelVersion"]


SCRIPT = """
import os, platform_echo
from clarigen._transport import in_flight
if not {hangs}:  # the usual time may be too short for a busy machine
    in_flight._EXIT_TIMEOUT = 20
with platform_echo.PlatformEcho() as model:
    assert model.predict("a") == "a"
    if {fork}:
        if (child := os.fork()) == 0:
            assert model.predict("b") == "b"
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
"""


FORK = """
import os, threading, time, platform_echo
with platform_echo.PlatformEcho() as model:
    assert model.predict("a") == "a"
    input()  # until the platform has the request
    start = time.monotonic()
    if (child := os.fork()) == 0:
        assert model.predict("b") == "b"
        os._exit(0)
    forking = time.monotonic() - start
    assert forking < 0.9, forking  # a fork waits a second for other requests
    assert os.waitpid(child, 0)[1] == 0
    for job in [thread for thread in threading.enumerate() if thread.name == "clarigen-job"]:
        job.join(20)
"""


def test_a_fork_does_not_wait_for_a_comparison(package: Any, renamed: Standin) -> None:
    """Its request is canceled, and sent again after the fork."""
    asked = Event()
    renamed.hanging.add("GetModelVersion")

    def note(call: Call) -> None:
        if call.rpc == "GetModelVersion":
            if asked.is_set():
                renamed.hanging.clear()
            asked.set()

    renamed.on_call = note
    path = os.pathsep.join([str(Path(package.__file__).parent.parent), *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, "-c", FORK],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert asked.wait(20)
        _, errors = process.communicate("\n", 60)
    assert process.returncode == 0, errors
    assert errors.count(CHANGE) == 1
    assert renamed.rpcs.count("GetModelVersion") == 2


@pytest.mark.parametrize("hangs", [False, True])
@pytest.mark.parametrize("fork", [False, True])
def test_the_end_of_a_program(package: Any, renamed: Standin, hangs: bool, fork: bool) -> None:
    """A short program gets the warning; one whose comparison hangs ends soon, and says nothing."""
    if hangs:
        renamed.hanging.add("GetModelVersion")
    folder = Path(package.__file__).parent.parent
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    start = time.monotonic()
    done = run(
        sys.executable,
        "-X",
        "dev",
        "-c",
        SCRIPT.format(fork=fork, hangs=hangs),
        env={"PYTHONPATH": path},
    )
    assert time.monotonic() - start < 20
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count(CHANGE) == (0 if hangs else 1)
    assert bool(done.stderr) is not hangs, done.stderr
    assert renamed.rpcs.count("GetModelVersion") <= 1 + fork
    assert renamed.rpcs.count("PostModelOutputs") == 1 + fork
