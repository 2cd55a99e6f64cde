"""Objects that are reset in forked children."""

from __future__ import annotations

import gc
import os
from weakref import ref

import pytest

from clarigen._after_fork import register_resettable

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Counter:
    """An object that counts its resets."""

    def __init__(self) -> None:
        self.resets = 0
        register_resettable(self)

    def reset_after_fork(self) -> None:
        self.resets += 1


def resets_in_child(counter: Counter) -> int:
    child = os.fork()
    if not child:
        os._exit(counter.resets)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_object_is_reset_in_the_child_alone() -> None:
    counter = Counter()
    assert resets_in_child(counter) == 1
    assert counter.resets == 0


def test_dropped_object_is_forgotten() -> None:
    counter = Counter()
    reference = ref(counter)
    del counter
    gc.collect()
    assert reference() is None
