"""`clarigen.tables.Mapped`: rows to inputs, an error beside its row, and what is raised."""

from __future__ import annotations

import importlib
import json
import pickle
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from clarigen import (
    AsyncClient,
    AuthenticationError,
    Batch,
    Client,
    ConfigError,
    Image,
    ToolResult,
    UnavailableError,
    wire,
)
from clarigen.tables import Mapped
from clarigen.testing import Samples, Server, fake, serve
from golden.packages import GENERATED
from support import run_python

LOOK = wire.unary(
    "look",
    wire.field("image", wire.IMAGE),
    wire.field("times", wire.INT, default=1, ge=1),
    returns=wire.STR,
)
VECTOR = wire.unary("vector", wire.field("length", wire.INT), returns=wire.NDARRAY)


class Model:
    """The model: it fails on images that begin with `bad`."""

    def look(self, image: Image, times: int = 1) -> str:
        content = image.bytes.decode() or image.url
        if content.startswith("bad"):
            raise ValueError(f"cannot see {content}")
        return content * times

    def vector(self, length: int) -> np.ndarray[Any, Any]:
        return np.arange(length, dtype=np.float32)


class Looks(Client):
    """A client of the model, as generated."""

    def look(self, image: Image, *, times: int = 1) -> str:
        return self._unary(LOOK, image, times)

    def look_batch(self, inputs: Iterable[Any]) -> Batch[str]:
        return self._batch(LOOK, inputs, False)

    def vector(self, length: int) -> Any:
        return self._unary(VECTOR, length)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Model()) as server:
        yield server


@pytest.fixture
def model(server: Server) -> Iterator[Looks]:
    with Looks(base_url=server.url, timeout=20, max_retries=0) as model:
        yield model


def errors_of(table: Any) -> list[Any]:
    return [None if e is None else (e["type"], e["again"]) for e in table["error"].to_pylist()]


def test_each_row_has_its_own_result_and_one_bad_row_alone_fails(model: Looks) -> None:
    images = [b"bad" if n == 7 else str(n).encode() for n in range(40)]
    table = pa.table({"id": range(40), "image": images, "times": [None, 2] * 20})
    out = Mapped(model.look)(table)
    assert out.schema == Mapped(model.look).check(table.schema)
    assert out["id"].to_pylist() == list(range(40))
    expected = [None if n == 7 else str(n) * (n % 2 + 1) for n in range(40)]
    assert out["result"].to_pylist() == expected
    assert [n for n, error in enumerate(errors_of(out)) if error] == [7]
    error = out["error"][7].as_py()
    assert error["type"] == "PredictionError"
    assert error["message"].startswith("look: ")
    assert "cannot see bad" in error["message"]
    assert not error["again"]
    assert error["code"].isdigit()


def test_a_row_that_does_not_fit_is_not_sent(model: Looks, server: Server) -> None:
    table = pa.table({"image": ["https://x.example/1", "a.png", None], "times": [1, 1, 0]})
    out = Mapped(model.look)(table)
    assert out["result"].to_pylist() == ["https://x.example/1", None, None]
    assert [e and e["message"] for e in out["error"].to_pylist()] == [
        None,
        "look: `image` must be binary or a URL, not another text",
        "look: `image` is required",
    ]
    assert len(server.calls) == 1


def test_columns_constants_and_names_are_chosen(model: Looks) -> None:
    mapped = Mapped(
        model.look, columns={"image": "content"}, constants={"times": 3}, result="seen", error="why"
    )
    out = mapped(pa.record_batch({"content": [b"a"], "result": ["kept"], "times": ["no number"]}))
    assert out.schema.names == ["content", "result", "times", "seen", "why"]
    assert out["seen"].to_pylist() == ["aaa"]


def test_batches_are_read_as_they_are_needed(model: Looks) -> None:
    read = 0

    def batches() -> Iterator[Any]:
        nonlocal read
        for n in range(200):
            read += 1
            yield pa.record_batch({"image": [f"{n}.{m}".encode() for m in range(n % 3)]}, schema)

    schema = pa.schema([("image", pa.binary())])
    out = Mapped(model.with_options(batch_size=1, concurrency=4).look).batches(batches())
    first = [next(out) for _ in range(5)]
    assert read < 100
    rest = [*first, *out]
    assert [b["result"].to_pylist() for b in rest] == [
        [f"{n}.{m}" for m in range(n % 3)] for n in range(200)
    ]


def test_an_array_is_a_struct_or_a_vector(model: Looks) -> None:
    table = pa.table({"length": [2, 3]})
    content = Mapped(model.vector)(table)["result"].to_pylist()
    assert content[0] == {
        "dtype": "float32",
        "shape": [2],
        "data": np.arange(2, dtype=np.float32).tobytes(),
    }
    type_ = pa.list_(pa.float32())
    out = Mapped(model.vector, type=type_)(table)
    assert out["result"].type == type_
    assert out["result"].to_pylist() == [[0, 1], [0, 1, 2]]
    out = Mapped(model.vector, type=pa.list_(pa.float32(), 2))(table)
    assert out["result"].to_pylist() == [[0, 1], None]
    assert errors_of(out) == [None, ("DecodeError", False)]


def test_a_tool_of_an_mcp_model_is_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    cls = importlib.import_module("lab_tools").LabTools

    def picture(width: int) -> ToolResult:
        return ToolResult([{"type": "text", "text": str(width)}], {"hits": [1]})

    model = fake(cls, add=lambda a, b: a + b, picture=picture)
    table = pa.table({"a": [1, 2, None], "b": [5, None, 1]})
    out = Mapped(model.add)(table)
    assert (out["result"].type, out["result"].to_pylist()) == (pa.int64(), [6, 3, None])
    out = Mapped(model.picture)(pa.table({"width": [3]}))
    assert out["result"].to_pylist() == [
        {"text": "3", "content": '[{"type":"text","text":"3"}]', "structured": '{"hits":[1]}'}
    ]


# What is raised, so that the batch can be run again


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": {"imag": "x"}}, "look: has no parameter 'imag'; it has image, times"),
        ({"constants": {"times": 0}}, "look: `times` must be at least 1, not 0"),
        ({"columns": {"times": "n"}, "constants": {"times": 1}}, "both a column and a constant"),
        ({"error": "result"}, "two columns would have the name 'result'"),
    ],
)
def test_mistakes_are_found_before_pyarrow_is(
    model: Looks, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Mapped(model.look, **arguments)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"img": [b"x"]}, r"`image`: the table has no column 'image'; .*columns=\{'image': …\}"),
        ({"image": [b"x"], "error": [1]}, "the table has a column 'error' already"),
    ],
)
def test_a_table_without_its_columns_is_refused(
    model: Looks, server: Server, table: dict[str, Any], message: str
) -> None:
    mapped = Mapped(model.look)
    for call in (mapped, mapped.check, lambda t: list(mapped.batches(t.to_batches()))):
        content: Any = pa.table(table)
        with pytest.raises(ConfigError, match=message):
            call(content.schema if call == mapped.check else content)
    with pytest.raises(ConfigError, match=r"takes a pyarrow\.Table or RecordBatch, not list"):
        mapped([])
    assert server.calls == []


class AsyncLooks(AsyncClient):
    async def look(self, image: Image) -> str:
        return await self._unary(LOOK, image, 1)


def test_only_methods_that_rows_can_call_are_taken(server: Server) -> None:
    with pytest.raises(ConfigError, match=r"expected a method of a generated client"):
        Mapped(len)
    for method in (AsyncLooks(base_url=server.url).look, Looks.look):
        with pytest.raises(ConfigError, match="of a client that is not async"):
            Mapped(method)


def test_what_no_row_survives_is_raised(model: Looks, server: Server) -> None:
    server.faults.add(error=AuthenticationError)
    with pytest.raises(AuthenticationError):
        Mapped(model.look)(pa.table({"image": [b"a"] * 3}))


@pytest.mark.parametrize("status", ["RUNNER_NEEDS_RETRY", "CONN_THROTTLED", "MODEL_NOT_DEPLOYED"])
def test_what_fails_all_rows_without_one_to_blame_is_raised(
    model: Looks, server: Server, status: str
) -> None:
    fault = server.faults.add(status=status)
    with pytest.raises(Exception, match=status):
        Mapped(model.look)(pa.table({"image": [b"a"] * 3}))
    assert fault.met
    assert server.calls == []


def test_what_fails_some_rows_without_one_to_blame_stands_beside_them(
    model: Looks, server: Server
) -> None:
    server.faults.add(status="CONN_THROTTLED", times=2)
    single = model.with_options(batch_size=1, concurrency=1)
    out = Mapped(single.look)(pa.table({"image": [b"a"] * 4}))
    assert errors_of(out) == [("RateLimitError", True)] * 2 + [None] * 2


def test_a_server_that_is_not_there_is_raised() -> None:
    with Looks(base_url="grpc://127.0.0.1:9", timeout=20, max_retries=0) as model:
        mapped, batch = Mapped(model.look), pa.record_batch({"image": [b"a"]})
        with pytest.raises(UnavailableError):
            mapped(batch)
        with pytest.raises(UnavailableError):
            list(mapped.batches([batch]))


# Workers


PROGRAM = """
import pickle, sys
mapped = pickle.loads(bytes.fromhex(sys.argv[1]))
print("pyarrow" in sys.modules)
import pyarrow as pa
print(mapped(pa.table({"content": [b"x"]}))["error"].to_pylist())
"""


def test_it_works_where_it_is_unpickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(GENERATED)
    lock = json.loads((GENERATED / "detector" / "signatures.json").read_text())
    with serve(Samples(lock["method_signatures"])) as server:
        model = importlib.import_module("detector").Detector(base_url=server.url)
        content = pickle.dumps(Mapped(model.predict, columns={"image": "content"}))
        code = f"import sys; sys.path.insert(0, {str(GENERATED)!r})\n{PROGRAM}"
        done = run_python(code, content.hex())
    assert done.stdout.split("\n")[:2] == ["False", "[None]"], done
