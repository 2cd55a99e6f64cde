"""The short form of `make soak`: the same calls and the same measures, fewer of them."""

from __future__ import annotations

import pytest

from faults.soak import Level, soak


def test_many_calls_leave_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    assert soak(4000, rounds=8) == ""
    assert capfd.readouterr().err == ""


def test_what_rises_is_told() -> None:
    before = Level(100_000, 10, 20, 0)
    assert Level(105_000, 12, 22, 0).risen(before) == ""
    assert Level(200_000, 20, 30, 1).risen(before) == (
        "memory 100000 -> 200000 kB, threads 10 -> 20, file descriptors 20 -> 30,"
        " 1 calls still open at the server"
    )


def test_threads_of_grpc_come_and_go() -> None:
    levels = [Level(9, 1, 8, 0), Level(8, 9, 12, 2)]
    assert Level.least(levels) == Level(8, 1, 8, 2)
