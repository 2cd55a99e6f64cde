"""The Python that README.md and docs/testing.md show about testing an application runs unchanged."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

import clarigen
from clarigen import Client, wire
from clarigen.testing import serve
from support import ROOT

PAGE: Final = (ROOT / "docs" / "testing.md").read_text("utf-8")
README: Final = (ROOT / "README.md").read_text("utf-8").split("\n## Test\n")[1].split("\n## ")[0]


class O4Mini(Client):
    """The client that the pages use."""

    def predict(self, prompt: str, *, max_tokens: int = 256) -> str:
        return self._unary(_PREDICT, prompt, max_tokens)


_PREDICT = wire.unary(
    "predict",
    wire.field("prompt", wire.STR),
    wire.field("max_tokens", wire.INT, default=256),
    returns=wire.STR,
)


def blocks() -> list[str]:
    """Return the blocks of Python."""
    return re.findall(r"^```python\n(.*?)^```", README + PAGE, re.MULTILINE | re.DOTALL)


def examples() -> list[str]:
    """Return the blocks of Python that need no other file."""
    return [block for block in blocks() if "def test_" not in block and "read_text" not in block]


@pytest.mark.parametrize("example", examples())
def test_an_example_runs(example: str) -> None:
    names: dict[str, Any] = {"O4Mini": O4Mini}
    exec(compile(example, "testing.md", "exec"), names)


def test_there_are_examples() -> None:
    assert len(examples()) >= 4


class Model:
    """A model that echoes."""

    def predict(self, prompt: str, max_tokens: int = 256) -> str:
        return prompt


@pytest.mark.parametrize(
    ("status", "error"), re.findall(r"^\| `([A-Z_]+)` \| `(\w+)` \|$", PAGE, re.MULTILINE)
)
def test_a_status_of_the_table_raises_its_error(status: str, error: str) -> None:
    with serve(Model()) as server, O4Mini(base_url=server.url, timeout=2) as model:
        server.faults.add(status=status)
        with pytest.raises(clarigen.ClarigenError) as raised:
            model.with_options(max_retries=0).predict("hello")
    assert type(raised.value) is getattr(clarigen, error)
