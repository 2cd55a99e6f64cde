"""Clients in other processes (pickled, forked, spawned), and clients first used by many threads at once."""

from __future__ import annotations

import asyncio
import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from clarigen import ConfigError
from clarigen._client.base import get_policy
from faults.platform_standin import PAT, Standin
from support import SOURCES, run


def test_pickle_holds_configuration_without_credential(package: Any, platform: Standin) -> None:
    with package.PlatformEcho(timeout=7, version_id="", max_retries=1) as model:
        pickled = pickle.dumps(model.with_options(timeout=9, idempotent=True))
    assert PAT.encode() not in pickled
    with pickle.loads(pickled) as copy:
        assert type(copy) is package.PlatformEcho
        policy = get_policy(copy)
        assert (policy.timeout, policy.max_retries, policy.idempotent) == (9, 1, True)
        assert copy.predict("x") == "x"
    assert platform.calls[-1].request.model_id == "echo"


def test_async_client_can_be_pickled(package: Any, platform: Standin) -> None:
    copy = pickle.loads(pickle.dumps(package.AsyncPlatformEcho()))

    async def call() -> str:
        async with copy as model:
            result: str = await model.predict("x")
            return result

    assert asyncio.run(call()) == "x"


def test_client_with_explicit_credential_cannot_be_pickled(package: Any, platform: Standin) -> None:
    with package.PlatformEcho(pat="canary") as model:
        with pytest.raises(TypeError, match="CLARIFAI_PAT") as caught:
            pickle.dumps(model)
        assert "canary" not in str(caught.value)


def test_unpickled_client_needs_a_credential(
    package: Any, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLARIFAI_API_BASE", "https://localhost:1")
    pickled = pickle.dumps(package.PlatformEcho(base_url="https://api.clarifai.example"))
    monkeypatch.delenv("CLARIFAI_PAT")
    with pytest.raises(ConfigError, match="CLARIFAI_PAT"):
        pickle.loads(pickled)


@pytest.mark.defect("first use from many threads races")
def test_threads_can_make_the_first_calls_at_once(package: Any, platform: Standin) -> None:
    with package.PlatformEcho() as model, ThreadPoolExecutor(16) as pool:
        prompts = [str(number) for number in range(64)]
        assert list(pool.map(model.predict, prompts)) == prompts


PROGRAM = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from platform_echo import PlatformEcho

def twice(model, text):
    return model.predict(text) + model.predict(text)

if __name__ == "__main__":
    with PlatformEcho(timeout=20) as model:
        print(model.predict("parent"))
        context = multiprocessing.get_context(sys.argv[1])
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            print(*pool.map(twice, [model] * 4, "abcd"))
        print(model.predict("still"))
"""

FORKED = """
import os
from platform_echo import PlatformEcho

with PlatformEcho(timeout=20) as model:
    model.predict("parent")
    child = os.fork()
    if not child:
        assert model.predict("child") == "child"
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), model.predict("still"))
"""


def program(code: str, package: Any, folder: Path, *arguments: str) -> tuple[str, str]:
    """Run code that imports the package and return the completed process."""
    path = folder / "program.py"
    path.write_text(code, encoding="utf-8")
    python_path = os.pathsep.join([SOURCES, str(Path(package.__file__).parents[1])])
    done = run(sys.executable, path, *arguments, cwd=folder, env={"PYTHONPATH": python_path})
    return done.stdout, done.stderr


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_client_works_in_a_process_pool(
    package: Any, platform: Standin, tmp_path: Path, method: str
) -> None:
    output, errors = program(PROGRAM, package, tmp_path, method)
    assert output.splitlines() == ["parent", "aa bb cc dd", "still"], errors
    assert errors == ""


def test_forked_child_opens_its_own_connection(
    package: Any, platform: Standin, tmp_path: Path
) -> None:
    output, errors = program(FORKED, package, tmp_path)
    assert output.split() == ["0", "still"], errors
