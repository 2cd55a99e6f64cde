"""Deferred dataclasses: what compiles them, and that they behave like dataclasses of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from clarigen import Concept, Image
from clarigen._data import Value
from support import run

if TYPE_CHECKING:
    from dataclasses import dataclass, field
else:
    from clarigen._dataclass import dataclass, field


def define_class() -> Any:
    """Return a new class that nothing has used yet."""

    @dataclass(frozen=True, slots=True)
    class Reading:
        """A reading."""

        name: str
        tags: list[str] = field(default_factory=list, hash=False)
        unit: str = field(default="K", kw_only=True)

    return Reading


@dataclass(frozen=True, slots=True)
class Level:
    """A class that pickles can name."""

    depth: int
    unit: str = "m"


def match_positionally(value: Any, cls: Any) -> Any:
    match value:
        case cls(name):
            return name


def create_subclass(cls: Any) -> Any:
    return dataclasses.dataclass(frozen=True)(type("Sub", (cls,), {}))


FIRST_USES: dict[str, Callable[[Any], object]] = {
    "is_dataclass": dataclasses.is_dataclass,
    "fields": lambda cls: [each.name for each in dataclasses.fields(cls)],
    "signature": lambda cls: str(inspect.signature(cls)),
    "instance": lambda cls: repr(cls("a")),
    "equality": lambda cls: (cls("a") == cls("a"), cls("a") == cls("b"), hash(cls("a")) != 0),
    "match": lambda cls: match_positionally(cls("a"), cls),
    "match_args": lambda cls: cls.__match_args__,
    "replace": lambda cls: repr(dataclasses.replace(cls("a"), unit="C")),
    "asdict": lambda cls: dataclasses.asdict(cls("a", ["x"])),
    "copy": lambda cls: repr(copy.deepcopy(cls("a", ["x"]))),
    "own fields": lambda cls: "__dataclass_fields__" in vars(cls),
    "subclass": lambda cls: repr(create_subclass(cls)("a")),
    "name": lambda cls: (cls.__name__, cls.__qualname__, cls.__module__, cls.__doc__),
}


@pytest.mark.parametrize("use", FIRST_USES.values(), ids=FIRST_USES)
def test_the_first_use_of_a_class_is_that_of_a_dataclass(use: Any) -> None:
    deferred = define_class()
    assert use(deferred) == use(_define_standard_class())


def _define_standard_class() -> Any:
    body = {
        "__annotations__": {"name": "str", "tags": "list[str]", "unit": "str"},
        "__module__": __name__,
        "__qualname__": define_class.__qualname__ + ".<locals>.Reading",
        "__doc__": "A reading.",
        "tags": dataclasses.field(default_factory=list, hash=False),
        "unit": dataclasses.field(default="K", kw_only=True),
    }
    return dataclasses.dataclass(frozen=True, slots=True)(type("Reading", (), body))


def test_an_instance_is_frozen_and_has_no_dict() -> None:
    reading = define_class()("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        reading.name = "b"
    assert not hasattr(reading, "__dict__")


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in Python 3.13")
def test_copy_replace() -> None:
    replace: Any = vars(copy)["replace"]
    assert replace(define_class()("a"), name="b").name == "b"


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        define_class()()


def test_threads_that_create_the_first_instances_at_once() -> None:
    count = 8
    barrier = Barrier(count)

    def create(cls: Any, number: int) -> Any:
        barrier.wait()
        return cls(str(number), unit="C")

    with ThreadPoolExecutor(count) as pool:
        for _ in range(20):
            cls = define_class()
            made = list(pool.map(create, [cls] * count, range(count)))
            assert [(each.name, each.tags, each.unit) for each in made] == [
                (str(number), [], "C") for number in range(count)
            ]


def test_a_pickle_is_loaded_where_the_class_is_not_compiled() -> None:
    content = pickle.dumps(Concept("cat", value=0.5))
    code = f"import pickle; print(pickle.loads({content!r}))"
    completed = run(sys.executable, "-c", code)
    assert completed.stdout == "Concept(name='cat', value=0.5, id='cat')\n", completed.stderr


def test_pickles_have_the_form_of_the_standard_library() -> None:
    # Packages that were generated earlier have written some.
    standard = dataclasses.make_dataclass(
        "Level",
        [("depth", int), ("unit", str, "m")],
        frozen=True,
        slots=True,
        namespace={"__module__": __name__},
    )
    assert Level(3).__getstate__() == standard(3).__getstate__()
    assert pickle.loads(pickle.dumps(Level(3))) == Level(3)


def test_the_base_of_values_is_no_dataclass() -> None:
    assert not dataclasses.is_dataclass(Value)
    assert dataclasses.is_dataclass(Image)


def test_decoded_values_are_compiled() -> None:
    code = """
from clarigen import wire
from clarigen._proto import Data
data = Data(concepts=[{"id": "a", "name": "b", "value": 0.5}])
[concept] = wire.list_of(wire.CONCEPT).decode(data, {})
from clarigen import Concept
match concept:
    case Concept(name):
        print(name, end=" ")
try:
    concept.name = "c"
except AttributeError as error:
    print(error)
"""
    completed = run(sys.executable, "-c", code)
    assert completed.stdout == "b cannot assign to field 'name'\n", completed.stderr


def test_a_fork_waits_until_a_class_is_compiled() -> None:
    code = """
import os
from clarigen import Concept
child = os.fork()
if child:
    print(os.waitpid(child, 0)[1], Concept("a").name)
else:
    os._exit(0 if Concept("b").name == "b" else 1)
"""
    completed = run(sys.executable, "-c", code)
    assert completed.stdout == "0 a\n", completed.stderr
