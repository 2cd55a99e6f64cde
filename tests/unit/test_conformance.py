"""Every item of docs/protocol.md 10, and every known defect of the official SDK, has a test that carries its name.

`@pytest.mark.item(17)` marks a test that covers item 17, `@pytest.mark.defect("…")` one that shows that a
defect does not exist here. `OVERRIDDEN` lists the items from which clarigen differs on purpose; the test
that carries such a number covers what clarigen does instead.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from support import ROOT

ITEMS: Final = range(1, 70)

OVERRIDDEN: Final[Mapping[int, str]] = {
    6: "No opt-in: a credential is never sent in plaintext to another machine.",
    9: "CLARIFAI_USER_ID and CLARIFAI_APP_ID are not read: a generated class contains its model's reference.",
    26: "Every default that the signature states is sent.",
    34: "An 11.8.x runtime is not installed here: the tests check both slots that the two versions read.",
    50: "UNAVAILABLE is retried only if the request was never sent, or with `idempotent=True`.",
}

DEFECTS: Final = (
    "awaited methods return a coroutine",
    "async errors are retried for 10 s and misreported",
    "async bidirectional is broken",
    "the return type depends on a running loop",
    "no deadline anywhere",
    "authentication failures on streams retried for 45 s",
    "bidirectional retry loses the first item",
    "a retryable status midway ends a stream silently",
    "concurrency refusal not retried",
    "fixed pauses, no jitter",
    "a list for an iterator parameter fails with a gRPC error",
    "an exception in the caller's generator is hidden",
    "the caller's dict is changed",
    "a lone list of dicts taken for a batch",
    "a parameter called `class` kills the client",
    "methods called like client attributes cannot be reached",
    "4 MB answer limit locally",
    "bare `Exception` with the server's stack trace",
    "one failed first call poisons the client",
    "first use from many threads races",
    "no close",
    "concepts change type with their count",
    "zero results become `{}`",
    "results of zero chunks raise",
)
"""In the words of the issue that asked for the runtime."""


def marked() -> Iterator[tuple[str, object, str]]:
    """Each mark in the tests: its kind, what it says, and the test that it stands at."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
                continue
            for call in node.decorator_list:
                if isinstance(call, ast.Call):
                    kind = ast.unparse(call.func).removeprefix("pytest.mark.")
                    if kind in ("item", "defect"):
                        for said in call.args:
                            yield kind, ast.literal_eval(said), f"{path.name}::{node.name}"


TESTS: Final[Mapping[tuple[str, object], list[str]]] = defaultdict(list)
for _kind, _said, _test in marked():
    TESTS[_kind, _said].append(_test)


@pytest.mark.parametrize("number", ITEMS)
def test_every_item_has_a_test(number: int) -> None:
    assert TESTS.get(("item", number)), f"no test carries item {number}"


@pytest.mark.parametrize("name", DEFECTS)
def test_every_known_defect_has_a_test(name: str) -> None:
    assert TESTS.get(("defect", name)), f"no test carries {name!r}"


def test_no_mark_says_what_is_not_listed() -> None:
    names = {("item", number) for number in ITEMS} | {("defect", name) for name in DEFECTS}
    assert set(TESTS) <= names
    assert set(OVERRIDDEN) <= set(ITEMS)
