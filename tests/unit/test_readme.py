"""What the README shows of testing an application is run, as it stands there."""

from __future__ import annotations

import re
from typing import Any

import pytest

from clarigen import Client, wire
from support import ROOT

_SECTION = "## Testing an application"


class O4Mini(Client):
    """The client of the README's model."""

    def predict(self, prompt: str, *, max_tokens: int = 256) -> str:
        return self._one(_PREDICT, prompt, max_tokens)


_PREDICT = wire.unary(
    "predict",
    wire.field("prompt", wire.STR),
    wire.field("max_tokens", wire.INT, default=256),
    returns=wire.STR,
)


def examples() -> list[str]:
    """The Python of that section."""
    section = (ROOT / "README.md").read_text("utf-8").split(_SECTION)[1].split("\n## ")[0]
    return re.findall(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", [one for one in examples() if "def test_" not in one])
def test_an_example_of_the_readme_runs(example: str) -> None:
    names: dict[str, Any] = {"O4Mini": O4Mini}
    exec(compile(example, "README.md", "exec"), names)
