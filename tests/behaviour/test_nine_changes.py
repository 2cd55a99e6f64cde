"""Nine changes of a model, and what each of our voices says of it: all agree on which of them break callers.

The voices are `--check`, `diff`, `verify=True`, the warning in the log, the type checkers over code for the model as it
was, and fakes. griffe, which compares Python packages and knows nothing of models, is an independent oracle.
"""

from __future__ import annotations

import importlib
import logging
import shutil
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import griffe
import pytest

from clarigen import ClarigenError, SignatureMismatchError
from clarigen.testing import Param, fake, serve
from command import run_command
from gen_client import cli
from type_checkers import CHECKERS

MODEL: Final = "acme/town/models/people"
CALLER: Final = """
from {package} import People


def find(model: People) -> list[str]:
    people = model.find("x", top=3, mode="good")
    lists = model.find([{"text": "a", "top": 4}])
    return [person.name for person in [*people, *lists[0]]]
"""
MAKER: Final = """
from {package} import FindResult

bob = FindResult(name="Bob", age=3)
"""


@dataclass
class Person:
    name: str
    age: int


@dataclass
class PersonWithEmail:
    name: str
    age: int
    email: str


class Before:
    def find(self, text: str, top: int = 5, mode: Literal["fast", "good"] = "fast") -> list[Person]:
        """Find people in a text."""
        return [Person(f"{text} {top} {mode}", 30)]

    def answer(self, prompt: str) -> Iterator[str]:
        """Answer."""
        yield prompt


class OptionRenamed(Before):
    def find(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, text: str, limit: int = 5, mode: Literal["fast", "good"] = "fast"
    ) -> list[Person]:
        """Find people in a text."""
        return [Person(f"{text} {limit} {mode}", 30)]


class TypeWidened(Before):
    def find(
        self, text: str, top: float = 5.0, mode: Literal["fast", "good"] = "fast"
    ) -> list[Person]:
        """Find people in a text."""
        return [Person(f"{text} {top:g} {mode}", 30)]


class ResultChanged(Before):
    def find(  # type: ignore[override]
        self, text: str, top: int = 5, mode: Literal["fast", "good"] = "fast"
    ) -> list[str]:
        """Find people in a text."""
        return [f"{text} {top} {mode}"]


class MethodAdded(Before):
    def count(self, text: str) -> int:
        """Count."""
        return len(text)


class FieldAdded(Before):
    def find(  # type: ignore[override]
        self, text: str, top: int = 5, mode: Literal["fast", "good"] = "fast"
    ) -> list[PersonWithEmail]:
        """Find people in a text."""
        return [PersonWithEmail(f"{text} {top} {mode}", 30, "a@b")]


class DescriptionChanged(Before):
    def find(
        self,
        text: Annotated[str, Param("The text.")],
        top: int = 5,
        mode: Literal["fast", "good"] = "fast",
    ) -> list[Person]:
        """Find all people in a text."""
        return [Person(f"{text} {top} {mode}", 30)]


class OptionAdded(Before):
    def find(
        self,
        text: str,
        top: int = 5,
        mode: Literal["fast", "good"] = "fast",
        language: str = "en",
    ) -> list[Person]:
        """Find people in a text."""
        return [Person(f"{text} {top} {mode}", 30)]


class DefaultChanged(Before):
    def find(
        self, text: str, top: int = 10, mode: Literal["fast", "good"] = "fast"
    ) -> list[Person]:
        """Find people in a text."""
        return [Person(f"{text} {top} {mode}", 30)]


class ChoiceRemoved(Before):
    def find(  # type: ignore[override]
        self, text: str, top: int = 5, mode: Literal["fast"] = "fast"
    ) -> list[Person]:
        """Find people in a text."""
        return [Person(f"{text} {top} {mode}", 30)]


@dataclass(frozen=True)
class Expected:
    """What all say of a change.

    Attributes:
        model: The model with the change.
        lines: The lines of `diff`, with their classes; those that break callers first.
        old_client: What a client that was generated before gets; the start of the error, if it is one.
        fake: What a test's fake gets that was written before; the start of the error, if it is one.
        is_seen_by_checkers: Whether type checkers refuse code that calls the model as before.
        breaks_makers: Whether code that makes a result is refused, although callers are not.
        griffe: What griffe says.
    """

    model: type[Before]
    lines: tuple[str, ...]
    old_client: str = "x 3 good"
    fake: str = "Bob"
    is_seen_by_checkers: bool = True
    breaks_makers: bool = False
    griffe: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.model.__name__

    @property
    def is_breaking(self) -> bool:
        return any(line.startswith("breaking") for line in self.lines)

    @property
    def breaking_lines(self) -> tuple[str, ...]:
        return tuple(
            line.removeprefix("breaking").strip()
            for line in self.lines
            if line.startswith("breaking")
        )


CHANGES: Final = (
    Expected(
        OptionRenamed,
        ("breaking find.top: is called `limit` now",),
        old_client="x 5 good",  # the server ignores the option
        fake="ConfigError: fake(People, find=…): the method has no parameter `top`",
        griffe=frozenset({"PARAMETER_REMOVED", "OBJECT_REMOVED"}),
    ),
    Expected(
        TypeWidened,
        (
            "breaking find.top: travels as `FLOAT` now, not `INT`, and is lost until the client is generated again",
            "compatible find.top: takes `float` now, not `int`",
            "compatible find.top: left out, it is `5.0` now, not `5`",
        ),
        old_client="x 0 good",  # a server that expects a float does not see the int
        fake="ConfigError: fake(People, find=…): `top` is annotated int; the method passes a float",
        is_seen_by_checkers=False,
        griffe=frozenset({"PARAMETER_CHANGED_DEFAULT"}),
    ),
    Expected(
        ResultChanged,
        (
            "breaking find.return: is `list[str]` now, not `list[FindResult]`",
            "breaking find: there is no type `FindResult` any more",
        ),
        old_client="DecodeError: find: ",
        fake="AttributeError: ",
        griffe=frozenset({"OBJECT_REMOVED"}),
    ),
    Expected(MethodAdded, ("compatible count: is new",)),
    Expected(
        FieldAdded,
        (
            "compatible find.return.email: is new: `str`; code that makes a `FindResult`, such as a fake, must pass it",
        ),
        fake="TypeError: FindResult.__init__() missing 1 required positional argument: 'email'",
        breaks_makers=True,
        griffe=frozenset({"PARAMETER_ADDED_REQUIRED"}),
    ),
    Expected(
        DescriptionChanged,
        (
            "documentation find: its description changed",
            "documentation find.text: its description changed",
            "documentation find.text: is marked in another way by the model's author",
        ),
    ),
    Expected(OptionAdded, ('compatible find.language: is new; left out, it is `"en"`',)),
    Expected(
        DefaultChanged,
        ("compatible find.top: left out, it is `10` now, not `5`",),
        griffe=frozenset({"PARAMETER_CHANGED_DEFAULT"}),
    ),
    Expected(
        ChoiceRemoved,
        ('breaking find.mode: does not take `"good"` any more',),
        fake="InputError: find: ",
    ),
)
_ids = [case.name for case in CHANGES]


@dataclass
class Scene:
    """The packages of the model before and after each change, and the addresses of the models."""

    folder: Path
    urls: dict[str, str]

    def load(self, name: str) -> Any:
        """Import a package, by the name of its model."""
        return importlib.import_module(f"{name}.people")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("changes")
    models: list[type[Before]] = [Before, *(case.model for case in CHANGES)]
    servers = {
        model.__name__: serve(model(), version=model.__name__, threads=2) for model in models
    }
    for name, server in servers.items():
        package = folder / name
        package.mkdir()
        options = ["--url", MODEL, "--api-base", server.url, "--out", str(package), "--quiet"]
        assert cli.main(options) == 0
        (package / "__init__.py").touch()
        for role, source in {"caller": CALLER, "maker": MAKER}.items():
            text = source.replace("{package}", f"{name}.people")
            (folder / f"{role}_{name}.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), *sys.path])
        yield Scene(folder, {name: server.url for name, server in servers.items()})
    for server in servers.values():
        server.close()


@pytest.fixture(params=CHANGES, ids=_ids)
def expected(request: pytest.FixtureRequest) -> Expected:
    case: Expected = request.param
    return case


@pytest.fixture
def open_client(scene: Scene, expected: Expected) -> Any:
    """Return a function that opens the client that was generated before, for the model with the change."""
    client = scene.load("Before").People
    return partial(client, base_url=scene.urls[expected.name], timeout=30)


def _outcome(call: Any) -> str:
    """Return the name of the first person that a call finds, or the error."""
    try:
        return str(call()[0].name)
    except Exception as error:  # noqa: BLE001 - whatever its class, it is what a user sees
        return f"{type(error).__name__}: {error}"


def test_diff(scene: Scene, expected: Expected, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["--url", MODEL, "--api-base", scene.urls[expected.name]]
    words = ["diff", scene.folder / "Before" / "people", *source, "--fail-on", "breaking"]
    code, out, _ = run_command(capsys, *words)
    assert code == expected.is_breaking
    lines = [" ".join(line.split()) for line in out.splitlines() if line.startswith("  ")]
    assert tuple(lines) == expected.lines


def test_check(scene: Scene, expected: Expected, capsys: pytest.CaptureFixture[str]) -> None:
    source = ["--url", MODEL, "--api-base", scene.urls[expected.name]]
    words = [*source, "--out", scene.folder / "Before", "--check"]
    code, out, _ = run_command(capsys, *words)
    assert code == 1
    assert "the model changed" in out


def test_old_client(open_client: Any, expected: Expected, caplog: pytest.LogCaptureFixture) -> None:
    """It answers as it can, and warns of nothing but what breaks callers, in the words of `diff`."""
    caplog.set_level(logging.WARNING, "clarigen")
    with open_client() as model:
        assert _outcome(lambda: model.find("x", top=3, mode="good")).startswith(expected.old_client)
        assert list(model.answer("a")) == ["a"]
        for job in [job for job in threading.enumerate() if job.name == "clarigen-job"]:
            job.join(30)
    warnings = [record.getMessage().split("\n  ") for record in caplog.records]
    assert [tuple(lines) for _, *lines in warnings] == (
        [expected.breaking_lines] if expected.is_breaking else []
    )
    for head, *_ in warnings:
        assert head.startswith(f"the model changed: version {expected.name} answers, and calls may")


def test_verify(open_client: Any, expected: Expected) -> None:
    with open_client(verify=True) as model:
        assert list(model.answer("a")) == ["a"]
        try:
            model.find("x", top=3, mode="good")
            differences: tuple[str, ...] = ()
        except SignatureMismatchError as error:
            differences = error.differences
        except ClarigenError as error:
            pytest.fail(f"verify says nothing, but the call fails: {error}")
    assert differences == expected.breaking_lines


def test_fakes(scene: Scene, expected: Expected) -> None:
    """A function in a test that was written before replaces the method of the new package."""
    package = scene.load(expected.name)

    def find(text: str, top: int, mode: str) -> list[Any]:
        return [package.FindResult(name="Bob", age=3)]

    def call() -> Any:
        model: Any = fake(package.People, find=find)
        return model.find("x", top=3, mode="good")

    assert _outcome(call).startswith(expected.fake)


def test_type_checkers(scene: Scene) -> None:
    """Code that calls the model is refused if a change is breaking, and code that makes results if `diff` says so."""
    broken = {
        f"caller_{case.name}.py"
        for case in CHANGES
        if case.is_breaking and case.is_seen_by_checkers
    }
    makers = {case.name for case in CHANGES if case.breaks_makers} | {"ResultChanged"}
    broken |= {f"maker_{name}.py" for name in makers}
    for name in ("pyright", "pyrefly", "ty"):
        errors = CHECKERS[name](scene.folder, [])
        assert {file for file, _ in errors} == broken, name


def test_griffe(scene: Scene, expected: Expected, tmp_path: Path) -> None:
    """What griffe calls breaking breaks callers or makers, or changes a default; it sees no types."""
    before, after = (
        griffe.load("people", search_paths=[str(folder)], allow_inspection=False)
        for folder in (
            _copy_for_griffe(scene, name, tmp_path) for name in ("Before", expected.name)
        )
    )
    kinds = {breakage.kind.name for breakage in griffe.find_breaking_changes(before, after)}
    assert kinds == expected.griffe
    if kinds & {"PARAMETER_REMOVED", "OBJECT_REMOVED"}:
        assert expected.is_breaking
    assert ("PARAMETER_ADDED_REQUIRED" in kinds) == expected.breaks_makers


def _copy_for_griffe(scene: Scene, name: str, folder: Path) -> Path:
    """Copy a package for griffe, which knows the decorator of dataclasses by its module."""
    copy = shutil.copytree(scene.folder / name, folder / name)
    client = copy / "people" / "client.py"
    text = client.read_text()
    client.write_text(
        text.replace("from clarigen.wire import dataclass", "from dataclasses import dataclass")
    )
    return copy
