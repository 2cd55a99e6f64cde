"""One thread at a time runs a shared generator, and any thread closes it, also while it runs."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from clarigen._sync.stream import SharedGenerator


class Log:
    """A generator of numbers that can be paused while it runs and while it is closed."""

    def __init__(self) -> None:
        self.closings = 0
        self.running, self.resume = threading.Event(), threading.Event()

    def run(self, *, pauses_in: str = "") -> Generator[int, None, None]:
        try:
            for n in range(3):
                if n and pauses_in == "next":
                    self.running.set()
                    assert self.resume.wait(60)
                yield n
        finally:
            if pauses_in == "close":
                self.running.set()
                assert self.resume.wait(60)
            self.closings += 1


def test_close_while_another_thread_runs_it() -> None:
    """Closing returns at once; the thread that runs the generator closes it, and gets its item."""
    log = Log()
    shared = SharedGenerator(log.run(pauses_in="next"))
    assert next(shared) == 0
    items: list[int] = []
    reader = threading.Thread(target=lambda: items.append(next(shared)))
    reader.start()
    assert log.running.wait(60)
    assert not shared.close()
    assert log.closings == 0
    log.resume.set()
    reader.join()
    assert items == [1]
    assert log.closings == 1
    assert list(shared) == []


def test_next_while_another_thread_closes_it() -> None:
    """The reader waits, and then finds the end: it never sees a generator that is already executing."""
    log = Log()
    shared = SharedGenerator(log.run(pauses_in="close"))
    assert next(shared) == 0
    closer = threading.Thread(target=shared.close)
    closer.start()
    assert log.running.wait(60)
    items: list[list[int]] = []
    reader = threading.Thread(target=lambda: items.append(list(shared)))
    reader.start()
    log.resume.set()
    reader.join()
    closer.join()
    assert items == [[]]
    assert log.closings == 1


def test_close_within_the_generator() -> None:
    """It is closed at its next pause, and the item it was about to yield is delivered."""
    closed: list[bool] = []

    def run() -> Generator[int, None, None]:
        results.append(shared.close())
        try:
            yield 1
        finally:
            closed.append(True)

    results: list[bool] = []
    shared = SharedGenerator(run())
    assert list(shared) == [1]
    assert results == [False]
    assert closed == [True]


def test_generator_that_runs_itself_is_an_error() -> None:
    def run() -> Generator[int, None, None]:
        yield next(shared)

    shared: SharedGenerator[Generator[int, None, None]] = SharedGenerator(run())
    with pytest.raises(ValueError, match="already executing"):
        next(shared)
