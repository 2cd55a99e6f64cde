"""The progress of a batch: a bar, or a line in a notebook that cannot show one."""

from __future__ import annotations

import re

import pytest
import rich.console
import rich.progress

from clarigen import Client, InputError, wire
from clarigen._client import progress
from clarigen.testing import serve

ECHO = wire.unary("echo", wire.field("x", wire.INT), returns=wire.INT)


class Echo(Client):
    def echo_batch(self, inputs: object, total: object) -> list[int]:
        return self._batch(ECHO, inputs, True, total).collect()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Model:
    def echo(self, x: int) -> int:
        return x


def test_a_total_is_told_of_inputs_without_a_length(monkeypatch: pytest.MonkeyPatch) -> None:
    totals: list[float | None] = []
    add_task = rich.progress.Progress.add_task

    def note_total(self: rich.progress.Progress, *words: str, **options: object) -> object:
        totals.append(options["total"])  # type: ignore[arg-type]
        return add_task(self, *words, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(rich.progress.Progress, "add_task", note_total)
    with serve(Model()) as server, Echo(base_url=server.url) as model:
        for inputs, total in (((), None), ([{"x": 1}], None), (iter([{"x": 1}]), 1), (iter(()), 7)):
            model.echo_batch(inputs, total)
        for wrong in (True, -1, "7", 1.5):
            with pytest.raises(InputError, match="echo: `total` must be the number of inputs"):
                model.echo_batch([], wrong)
    assert totals == [0, 1, 1, 7]


def test_a_notebook_without_widgets_shows_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    recwarn: pytest.WarningsRecorder,
) -> None:
    monkeypatch.setattr(rich.console, "_is_jupyter", lambda: True)
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    with progress.progress_bar("echo", 3) as advance:
        for _ in range(3):
            advance()
    out, err = capsys.readouterr()
    states = err.split("\r")
    assert (out, list(recwarn)) == ("", [])
    assert states[1] == "echo: 0/3   "
    assert re.fullmatch(r"echo: 3/3, [0-9]+/s   \n", states[-1])
