"""The short form of `make soak`: the same checks with fewer calls."""

from __future__ import annotations

import pytest

from faults.soak import Level, soak


def test_soak_leaks_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert soak(4000, rounds=8) == ""
    assert capfd.readouterr().err == ""


def test_soak_reports_growth() -> None:
    before = Level(100_000, 10, 20, 0)
    assert Level(105_000, 12, 22, 0).describe_growth(before) == ""
    assert Level(200_000, 20, 30, 1).describe_growth(before) == (
        "memory 100000 -> 200000 kB, threads 10 -> 20, file descriptors 20 -> 30,"
        " 1 calls still open at the server"
    )


def test_soak_tolerates_threads_of_grpc() -> None:
    levels = [Level(9, 1, 8, 0), Level(8, 9, 12, 2)]
    assert Level.minimum_of(levels) == Level(8, 1, 8, 2)
