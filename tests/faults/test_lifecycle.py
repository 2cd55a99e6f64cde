"""Programs that start, fork, are interrupted and end, each in its own process, with two versions of grpc.

Every program runs with the newest grpcio and protobuf and with the oldest supported ones (`make setup` prepares both).
It must end, print nothing to standard error, and leave no call open at the server.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from faults.callers import KINDS_AND_TWINS, TWINS
from faults.scripted import Answer, Hang, Scripted
from oldest import NEWEST_PYTHON
from support import ROOT, SOURCES

TESTS: Final = str(ROOT / "tests")
OLDEST: Final = ROOT / ".venv" / "oldest" / "bin" / "python"


@pytest.fixture(params=["newest", "oldest"])
def python(request: pytest.FixtureRequest) -> Path:
    """A Python interpreter, with the newest or the oldest supported dependencies."""
    if request.param == "newest":
        return Path(sys.executable)
    if sys.version_info[:2] > NEWEST_PYTHON:
        pytest.skip("the oldest dependencies do not support this Python")
    assert OLDEST.exists(), "run `make setup`"
    return OLDEST


@pytest.fixture
def server() -> Iterator[Scripted]:
    """A server that answers, and has no open call in the end."""
    with Scripted(threads=64) as server:
        yield server
        assert server.wait_until_idle()


@pytest.fixture
def hanging() -> Iterator[Scripted]:
    """A server that answers each call with one item, and then no more."""
    with Scripted(lambda _: Hang(after=1), threads=64) as server:
        yield server
        assert server.wait_until_idle()


HEAD: Final = """
import asyncio, os, sys, threading
from faults.callers import AsyncCalls, Calls, start_call
url = sys.argv[1]
"""


NO_FORK_WARNING: Final = "ignore:This process:DeprecationWarning"
"""Python 3.12 and later warn when a process with threads forks. Some programs do that on purpose."""


def start_program(python: Path, code: str | Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a program: code, or a file of code."""
    program = [code] if isinstance(code, Path) else ["-c", HEAD + code]
    return subprocess.Popen(
        [python, "-W", NO_FORK_WARNING, *program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([SOURCES, TESTS])},
    )


def finish_program(program: subprocess.Popen[str], timeout: float = 60) -> str:
    """Return the output of a program; fail if it does not end normally."""
    try:
        output, errors = program.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        program.kill()
        raise AssertionError(f"hangs: {program.communicate()}") from None
    assert (program.returncode, errors) == (0, "")
    return output


FORK = """
with Calls(base_url=url, timeout=20) as model:
    assert model.double(1) == 2
    for how in ("at once", "in order"):
        child = os.fork()
        if not child:
            assert [model.double(n) for n in range(5)] == [0, 2, 4, 6, 8]
            assert list(model.count(3)) == [0, 1, 2]
            if how == "at once":
                os._exit(0)
            sys.exit()
        assert os.waitpid(child, 0)[1] == 0
        assert model.double(2) == 4
"""

FORK_WITH_LOCKS = """
from clarigen._client.base import get_policy
from clarigen._transport.channel_pool import POOL
with Calls(base_url=url, timeout=20) as model:
    assert model.double(1) == 2
    throttle = get_policy(model).throttle
    with throttle.lock, POOL.lock:  # as another thread may hold them
        child = os.fork()
        if not child:
            assert model.double(2) == 4
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert model.double(2) == 4
"""

FORK_UNDER_LOAD = """
stop = threading.Event()
failed = []

def one(model, kind, n):
    if kind == "unary":
        assert model.double(n) == 2 * n
    elif kind == "stream":
        assert list(model.count(5)) == [0, 1, 2, 3, 4]
    elif kind == "bidi":
        assert list(model.add([1, 2, 3])) == [2, 4, 6]
    elif kind == "batch":
        assert model.double_batch({"n": n} for n in range(50)).collect() == [2 * n for n in range(50)]
    else:
        with Calls(base_url=url, timeout=20) as another:
            assert another.double(n) == 2 * n

def work(model, kind):
    n = 0
    try:
        while not stop.is_set():
            one(model, kind, n := n + 1)
    except BaseException as error:
        failed.append(error)
        raise

KINDS = ("unary", "stream", "bidi", "batch", "client")
with Calls(base_url=url, timeout=20) as model:
    threads = [threading.Thread(target=work, args=(model, kind)) for kind in KINDS + KINDS]
    for thread in threads:
        thread.start()
    for _ in range(20):
        child = os.fork()
        if not child:
            try:
                for kind in KINDS:
                    one(model, kind, 3)
            finally:
                os._exit(int(sys.exc_info()[0] is not None))
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed
"""

THREADS = """
from concurrent.futures import ThreadPoolExecutor
gate = threading.Barrier(16)

def first(n):
    gate.wait()
    return model.double(n)

with Calls(base_url=url, timeout=20) as model, ThreadPoolExecutor(16) as pool:
    assert list(pool.map(first, range(16))) == [2 * n for n in range(16)]

def client(n):
    gate.wait()
    with Calls(base_url=url, timeout=20) as model:
        return model.double(n)

with ThreadPoolExecutor(16) as pool:
    assert list(pool.map(client, range(16))) == [2 * n for n in range(16)]
"""

ASYNC_USE = """
async def use(model):
    for _ in range(5):
        assert await asyncio.gather(*map(model.double, range(8))) == [2 * n for n in range(8)]
        assert [item async for item in model.count(3)] == [0, 1, 2]
        assert [item async for item in model.add([1, 2, 3])] == [2, 4, 6]
        assert await model.double_batch({"n": n} for n in range(9)).collect() == [2 * n for n in range(9)]
        stream = model.count(999)
        await anext(stream)
        del stream
"""

LOOPS_AFTER = ASYNC_USE + """
one = AsyncCalls(base_url=url, timeout=20)
for last in (False, False, False, True):
    async def run():
        await use(one)
        async with AsyncCalls(base_url=url, timeout=20) as model:
            await use(model)
        if last:
            await one.close()
    asyncio.run(run())
"""

LOOPS_AT_ONCE = ASYNC_USE + """
async def run():
    async with AsyncCalls(base_url=url, timeout=20) as model:
        await use(model)

threads = [threading.Thread(target=lambda: asyncio.run(run())) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

POOL = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

def call(model, n):
    return model.double(n) + sum(model.count(3))

def process(model, n):
    assert call(model, n) == 2 * n + 3

with Calls(base_url=url, timeout=20) as model:
    assert call(model, 1) == 5
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=process, args=(model, n)) for n in range(3)]
    for each in processes:
        each.start()
    for each in processes:
        each.join()
        assert each.exitcode == 0
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert list(pool.map(call, [model] * 4, range(4))) == [3, 5, 7, 9]
    assert call(model, 1) == 5
"""


@pytest.mark.defect("first use from many threads races")
@pytest.mark.parametrize(
    "code", [FORK, FORK_WITH_LOCKS, FORK_UNDER_LOAD, THREADS, LOOPS_AFTER, LOOPS_AT_ONCE, POOL],
    ids=["fork", "fork with locks held", "fork under load", "threads", "loops after another", "loops at once", "pool"],
)  # fmt: skip
def test_program_ends_cleanly(python: Path, code: str, server: Scripted) -> None:
    assert finish_program(start_program(python, code, server.url)) == ""


WEDGED = """
import time
import grpc._channel
from clarigen import DeadlineExceededError

CALLS = {
    "stream": lambda model: list(model.count(2)),
    "bidi": lambda model: list(model.add([1, 2])),
    "batch": lambda model: model.double_batch([{"n": 1}]).collect(),
}
RESULTS = {"stream": [0, 1], "bidi": [2, 4], "batch": [2]}
run_thread = grpc._channel._run_channel_spin_thread
for kind, call in CALLS.items():
    with Calls(base_url=url, timeout=20) as model:
        model.double(1)  # connects
        grpc._channel._run_channel_spin_thread = lambda _: None
        start = time.monotonic()
        try:
            call(model.with_options(timeout=1))
        except DeadlineExceededError as error:
            assert "no answer within 1 seconds" in str(error), error
        else:
            raise AssertionError(kind)
        assert 1.5 < time.monotonic() - start < 6
        grpc._channel._run_channel_spin_thread = run_thread
        assert call(model) == RESULTS[kind]
"""


def test_wait_ends_though_the_channel_of_grpc_is_wedged(python: Path, server: Scripted) -> None:
    """One second after the limit, and the next call uses another channel.

    grpc's channel is wedged if the thread that serves its calls could not be started once. To end the wait, we use what
    is private to grpc, so this must hold with each release.
    """
    assert finish_program(start_program(python, WEDGED, server.url)) == ""


HALF_MADE = """
import gc
import grpc._channel

class Alarm(Exception):
    pass

def interrupt(_):
    raise Alarm

run_thread = grpc._channel._run_channel_spin_thread
for _ in range(3):
    with Calls(base_url=url, timeout=20) as model:
        model.double(1)  # connects
        grpc._channel._run_channel_spin_thread = interrupt
        try:
            list(model.count(2))
        except Alarm:
            pass
        grpc._channel._run_channel_spin_thread = run_thread
        assert list(model.count(2)) == [0, 1]
    gc.collect()
print("lives")
"""


def test_an_interrupted_start_of_a_call_blocks_nobody(python: Path, server: Scripted) -> None:
    """The channel of a call that is half made cannot be dropped: grpc would wait for the call."""
    assert finish_program(start_program(python, HALF_MADE, server.url), timeout=30) == "lives\n"


SPAWNED = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from faults.callers import Calls

def call(model, n):
    return model.double(n) + sum(model.count(3))

if __name__ == "__main__":
    with Calls(base_url=sys.argv[1], timeout=20) as model:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=call, args=(model, 1))
        process.start()
        process.join()
        assert process.exitcode == 0
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            assert list(pool.map(call, [model] * 4, range(4))) == [3, 5, 7, 9]
"""


def test_program_with_spawned_processes_ends_cleanly(
    python: Path, server: Scripted, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(SPAWNED, encoding="utf-8")
    assert finish_program(start_program(python, path, server.url)) == ""


INTERRUPTED = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # as in the foreground
kind, twin = sys.argv[2:]
got = []

def tell():
    # As grpc begins a call, Ctrl-C may find it between taking a lock and noting that it has it (Condition.__enter__
    # is no atom), and its own threads wait for ever: so it comes when the program has waited for a while.
    main, seen, still = threading.main_thread().ident, None, 0
    while still < 20:
        threading.Event().wait(0.005)
        frame = sys._current_frames()[main]
        now = (frame.f_code, frame.f_lasti)
        still, seen = (still + 1 if now == seen else 0), now
    os.write(1, b"waits\\n")  # print() would take a lock that the program may need as it ends

threading.Thread(target=tell, daemon=True).start()

def sync():
    with Calls(base_url=url, timeout=60) as model:
        if kind == "unary":
            model.double(1)
        for item in start_call(model, kind, iter([1, 2])):
            got.append(item)

async def asynchronous():
    async with AsyncCalls(base_url=url, timeout=60) as model:
        if kind == "unary":
            await model.double(1)
        async for item in start_call(model, kind, [1, 2]):
            got.append(item)

try:
    sync() if twin == "sync" else asyncio.run(asynchronous())
except KeyboardInterrupt:
    print("interrupted", len(got))
"""


@pytest.mark.parametrize(("kind", "twin"), KINDS_AND_TWINS)
def test_ctrl_c_interrupts_a_call(python: Path, kind: str, twin: str, hanging: Scripted) -> None:
    program = start_program(python, INTERRUPTED, hanging.url, kind, twin)
    assert hanging.wait_until_busy()
    assert program.stdout is not None
    assert program.stdout.readline() == "waits\n"
    program.send_signal(signal.SIGINT)
    assert finish_program(program) == f"interrupted {int(kind in ('stream', 'bidi'))}\n"


LEFT = """
what, twin = sys.argv[2:]

def opened(model):
    if what == "client":
        return model.double(1)
    if what == "batch":
        return model.double_batch({"n": n} for n in range(1000))
    return model.count(3) if what == "stream" else model.add([1, 2])

async def run():
    global model, left
    model = AsyncCalls(base_url=url, timeout=60)
    left = opened(model)
    if what == "client":
        left = await left
    else:
        await anext(left)

if twin == "sync":
    model = Calls(base_url=url, timeout=60)
    left = opened(model)
    if what != "client":
        next(left)
else:
    asyncio.run(run())
print("end")
"""


@pytest.mark.parametrize("subject", ["client", "batch", "stream", "bidi"])
@pytest.mark.parametrize("twin", TWINS)
def test_program_with_open_streams_ends_cleanly(python: Path, subject: str, twin: str) -> None:
    """The program neither closes its streams nor reads them to the end."""

    def script(send: int) -> Answer | Hang:
        return (
            Answer() if subject == "client" or (subject == "batch" and send < 2) else Hang(after=1)
        )

    with Scripted(script, threads=64) as server:
        assert finish_program(start_program(python, LEFT, server.url, subject, twin)) == "end\n"
        assert server.wait_until_idle()


DROPPED = """
kind, when = sys.argv[2:]
import gc

def stream(model):
    return model.count(3) if kind == "stream" else model.add([1, 2])

async def first():
    left = stream(model)
    await anext(left)
    return left

model = AsyncCalls(base_url=url, timeout=60)
if when == "loop alive":
    async def run():
        left = await first()
        del left
        print("dropped", flush=True)
        await asyncio.to_thread(sys.stdin.read)
    asyncio.run(run())
else:
    left = asyncio.run(first())
    del left
    gc.collect()
    print("dropped", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["stream", "bidi"])
@pytest.mark.parametrize("when", ["loop alive", "loop closed"])
def test_dropped_stream_ends_its_call(
    python: Path, kind: str, when: str, hanging: Scripted
) -> None:
    """The program, its client and its connection stay alive."""
    program = start_program(python, DROPPED, hanging.url, kind, when)
    assert program.stdout is not None
    assert program.stdout.readline() == "dropped\n"
    assert hanging.wait_until_idle()
    assert finish_program(program) == ""


CANCELLED = """
kind = sys.argv[2]

async def run():
    async with AsyncCalls(base_url=url, timeout=60) as model:
        async def call():
            if kind == "unary":
                await model.double(1)
            async for _ in start_call(model, kind, [1, 2]):
                pass
        task = asyncio.create_task(call())
        await asyncio.to_thread(sys.stdin.readline)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            print("cancelled", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(run())
"""


@pytest.mark.parametrize("kind", ["unary", "stream", "bidi", "batch"])
def test_cancelled_task_ends_its_call(python: Path, kind: str, hanging: Scripted) -> None:
    program = start_program(python, CANCELLED, hanging.url, kind)
    assert program.stdin is not None
    assert program.stdout is not None
    assert hanging.wait_until_busy()
    program.stdin.write("go\n")
    program.stdin.flush()
    assert program.stdout.readline() == "cancelled\n"
    assert hanging.wait_until_idle()
    assert finish_program(program) == ""
