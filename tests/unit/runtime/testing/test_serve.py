"""`clarigen.testing.serve`: which methods are served, how they are described, and how calls are answered."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import grpc
import numpy.typing as npt
import pytest

from clarigen import (
    JSON,
    Audio,
    Client,
    Concept,
    ConfigError,
    Frame,
    Image,
    PredictionError,
    Region,
    Stream,
    Text,
    Video,
    _proto,
    wire,
)
from clarigen.testing import Param, Server, serve

PATH = "/clarifai.api.V2/"


def _rpc(server: Server, rpc: str, request: Any, answer: Any) -> Any:
    with grpc.insecure_channel(server.url.removeprefix("grpc://")) as channel:
        call: Any = channel.unary_unary(
            PATH + rpc,
            request_serializer=type(request).SerializeToString,
            response_deserializer=answer.FromString,
        )
        return call(request, timeout=30)


def _request(*methods: str) -> _proto.PostModelOutputsRequest:
    """Build a request with one input per method name, without arguments."""
    request = _proto.PostModelOutputsRequest()
    for method in methods:
        data = request.inputs.add().data
        data.metadata.fields["_method_name"].string_value = method
        data.parts.add()
    return request


def _predict(server: Server, *methods: str) -> Any:
    return _rpc(server, "PostModelOutputs", _request(*methods), _proto.MultiOutputResponse)


def _signatures(implementation: object) -> dict[str, Any]:
    with serve(implementation) as server:
        signatures = json.loads(_predict(server, "_GET_SIGNATURES").outputs[0].data.text.raw)
    assert isinstance(signatures, dict)
    return signatures


# Signatures.


@dataclass(frozen=True)
class Point:
    x: Annotated[float, Param("Rightwards.")]
    tags: list[str]


class Base:
    def first(self) -> str:
        return "base"


class Model(Base):
    attribute = 3

    def predict(
        self,
        prompt: str,
        n: Annotated[int, Param("How many.", ge=1, le=5)] = 3,
        mode: Literal["a", "b"] = "a",
        data: JSON | None = None,
        points: list[tuple[Point, int]] | None = None,
    ) -> list[Point]:
        """Predict.

        At length.
        """
        return [Point(1.0, [prompt])] * n

    def unannotated(self, x):  # type: ignore[no-untyped-def]
        return x

    def _private(self, x: str) -> str:
        return x

    @staticmethod
    def static(x: bool) -> Iterator[Text]:
        yield Text(str(x))

    @classmethod
    def of_class(cls, items: Iterable[Annotated[int, Param("Each.")]]) -> Iterator[int]:
        yield from items


def test_served_method_has_a_signature() -> None:
    point = {
        "type": "NAMED_FIELDS",
        "typeArgs": [
            {"name": "x", "type": "FLOAT", "description": "Rightwards."},
            {"name": "tags", "type": "LIST", "typeArgs": [{"name": "tags_item", "type": "STR"}]},
        ],
    }
    pair = {
        "name": "points_item",
        "type": "TUPLE",
        "typeArgs": [
            {"name": "points_item_item", **point},
            {"name": "points_item_item", "type": "INT"},
        ],
    }
    assert _signatures(Model())["predict"] == {
        "name": "predict",
        "methodType": "UNARY_UNARY",
        "description": "Predict.\n\nAt length.",
        "inputFields": [
            {"name": "prompt", "type": "STR", "required": True},
            {
                "name": "n",
                "type": "INT",
                "description": "How many.",
                "modelTypeRangeInfo": {"min": 1, "max": 5},
                "isParam": True,
                "default": "3",
            },
            {
                "name": "mode",
                "type": "STR",
                "modelTypeEnumOptions": [{"id": "a"}, {"id": "b"}],
                "isParam": True,
                "default": "a",
            },
            {"name": "data", "type": "JSON_DATA", "default": "null"},
            {"name": "points", "type": "LIST", "typeArgs": [pair], "default": "null"},
        ],
        "outputFields": [
            {"name": "return", "type": "LIST", "typeArgs": [{"name": "return_item", **point}]}
        ],
    }


def test_annotated_public_methods_are_served_base_class_first() -> None:
    signatures = _signatures(Model())
    assert list(signatures) == ["first", "predict", "static", "of_class"]
    assert signatures["static"]["methodType"] == "UNARY_STREAMING"
    assert signatures["static"]["outputFields"] == [
        {"name": "return", "type": "TEXT", "iterator": True}
    ]
    assert signatures["of_class"]["methodType"] == "STREAMING_STREAMING"
    assert signatures["of_class"]["inputFields"] == [
        {
            "name": "items",
            "type": "INT",
            "description": "Each.",
            "iterator": True,
            "isParam": True,
            "required": True,
        }
    ]


@pytest.mark.parametrize(
    ("annotation", "type_"),
    [
        (str, "STR"),
        (bytes, "BYTES"),
        (int, "INT"),
        (float, "FLOAT"),
        (bool, "BOOL"),
        (npt.NDArray[Any], "NDARRAY"),
        (JSON, "JSON_DATA"),
        (dict, "JSON_DATA"),
        (list, "JSON_DATA"),
        (dict[str, list[int]], "JSON_DATA"),
        (Text, "TEXT"),
        (Image, "IMAGE"),
        (Concept, "CONCEPT"),
        (Region, "REGION"),
        (Frame, "FRAME"),
        (Audio, "AUDIO"),
        (Video, "VIDEO"),
        (Point, "NAMED_FIELDS"),
        (tuple[int, str], "TUPLE"),
        (list[JSON], "LIST"),
        (Literal[1, 2], "INT"),
        (Literal[True], "BOOL"),
    ],
)
def test_parameter_of_every_type_is_served(annotation: Any, type_: str) -> None:
    assert _only_field(annotation)["type"] == type_


def _only_field(annotation: Any, **default: Any) -> dict[str, Any]:
    class Fake:
        def predict(self, x: Any = None) -> str:
            return ""

    Fake.predict.__annotations__["x"] = annotation
    Fake.predict.__defaults__ = (default["default"],) if default else None
    field: dict[str, Any] = _signatures(Fake())["predict"]["inputFields"][0]
    return field


@pytest.mark.parametrize(
    ("annotation", "default", "text"),
    [
        (str, "hi", "hi"),
        (str, "null", "null"),
        (str | None, None, "null"),
        (int, -5, "-5"),
        (float, 1.0, "1.0"),
        (float, float("inf"), "Infinity"),
        (bool, True, "true"),
        (list[int], [1, 2], "[1, 2]"),
        (tuple[int, str], (1, "z"), '[1, "z"]'),
        (dict, {"a": None}, '{"a": null}'),
        (bytes, b"ab", "b'ab'"),
        (Text, Text("tt"), "Text(text='tt', url='')"),
    ],
)
def test_defaults_are_formatted_like_the_platforms(
    annotation: Any, default: Any, text: str
) -> None:
    field = _only_field(annotation, default=default)
    assert field["default"] == text
    assert "required" not in field


def test_empty_default_has_no_text() -> None:
    assert _only_field(str, default="") == {"name": "x", "type": "STR"}


# Objects that cannot be served.


@dataclass(frozen=True)
class Endless:
    child: Endless


def _serve_parameter(annotation: Any, default: Any = ...) -> Callable[[], object]:
    return lambda: _only_field(annotation, **({} if default is ... else {"default": default}))


class Unfinished:
    def predict(self, x, y: int) -> str:  # type: ignore[no-untyped-def]
        return ""


class NoResult:
    def predict(self, x: int):  # type: ignore[no-untyped-def]
        return x


class ReturnsNone:
    def predict(self, x: int) -> None: ...


class MayReturnNone:
    def predict(self, x: int) -> str | None: ...


class Star:
    def predict(self, *x: int) -> str:
        return ""


class Reserved:
    def predict(self, with_proto: bool) -> str:
        return ""


class Coroutine:
    async def predict(self, x: int) -> str:
        return ""


class OnlyIn:
    def predict(self, x: Iterator[str]) -> str:
        return ""


class TwoStreams:
    def predict(self, x: Iterator[str], y: Iterator[str]) -> Iterator[str]:
        yield ""


class StreamWithDefault:
    def predict(self, x: Iterator[str] | None = None) -> Iterator[str]:
        yield ""


class Unknown:
    def predict(self, x: Missing) -> str:  # type: ignore[name-defined]  # noqa: F821
        return ""


class Empty:
    pass


@pytest.mark.parametrize(
    ("serving", "message"),
    [
        (_serve_parameter(set[int]), "predict: parameter `x`: set[int] cannot be served"),
        (_serve_parameter(Any), "predict: parameter `x`: "),
        (_serve_parameter(int | str), "predict: parameter `x`: int | str cannot be served"),
        (_serve_parameter(list[int | None]), "predict: parameter `x`: int | None cannot be served"),
        (_serve_parameter(list[Iterator[int]]), "predict: parameter `x`: "),
        (_serve_parameter(tuple[int, ...]), "has no fixed length"),
        (_serve_parameter(Literal[1, "a"]), "the values of a Literal must be of one type"),
        (_serve_parameter(Endless), "Endless contains itself"),
        (_serve_parameter(int | None, 3), "may be None only if None is its default"),
        (_serve_parameter(int | None), "may be None only if None is its default"),
        (lambda: serve(Unfinished()), "predict: parameter `x` has no annotation"),
        (lambda: serve(NoResult()), "predict: the result has no annotation; add one"),
        (lambda: serve(ReturnsNone()), "predict: the result: "),
        (lambda: serve(MayReturnNone()), "predict: the result must not be None"),
        (lambda: serve(Star()), "predict: parameter `x` must be passed by name"),
        (lambda: serve(Reserved()), "the platform reserves this name"),
        (lambda: serve(Coroutine()), "predict: a served method must not be async"),
        (lambda: serve(OnlyIn()), "a method that takes a stream must return a stream"),
        (lambda: serve(TwoStreams()), "only one parameter may be a stream, not x, y"),
        (lambda: serve(StreamWithDefault()), "a stream must be the whole parameter or result"),
        (_serve_parameter(Iterator[int], ()), "is a stream and must not have a default"),
        (lambda: serve(Unknown()), "Unknown.predict: its annotations do not evaluate"),
        (lambda: serve(Empty()), "Empty has no public method with annotations"),
        (lambda: serve(Model), "serve an object, not the class; pass Model()"),
    ],
)
def test_object_that_cannot_be_served_is_rejected(
    serving: Callable[[], object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        serving()
    assert message in str(caught.value)


def test_port_in_use_is_rejected() -> None:
    with serve(Model()) as server, pytest.raises(ConfigError, match=f"port {server.port} "):
        serve(Model(), port=server.port)


# Calls.


class Echo:
    def echo(self, x: str) -> str:
        return x

    def hello(self, x: str = "hello") -> str:
        return x

    def wrong(self) -> int:
        return "3"  # type: ignore[return-value]

    def wrong_inside(self) -> list[Point]:
        return [Point(x="1", tags=[])]  # type: ignore[arg-type]

    def items(self, n: int) -> Iterator[str]:
        yield from map(str, range(n))


class EchoClient(Client):
    def echo(self, x: str) -> str:
        return self._unary(_ECHO, x)

    def items_as_unary(self, n: int) -> str:
        return self._unary(_ITEMS_AS_UNARY, n)


_ECHO = wire.unary("echo", wire.field("x", wire.STR), returns=wire.STR)
_ITEMS_AS_UNARY = wire.unary("items", wire.field("n", wire.INT), returns=wire.STR)


@pytest.fixture(scope="module")
def echo() -> Iterator[Server]:
    with serve(Echo()) as server:
        yield server


@pytest.mark.parametrize(
    ("method", "details"),
    [
        ("nowhere", "Method nowhere not found in model class"),
        ("", "Method  not found in model class"),
        ("echo", "Missing required field: x"),
        ("wrong", "wrong: the result must be an int, not str '3'"),
        ("wrong_inside", "wrong_inside: the result[0].x must be a float, not str '1'"),
    ],
)
def test_failed_method_answers_a_status_with_its_cause(
    echo: Server, method: str, details: str
) -> None:
    answer = _predict(echo, method)
    assert (answer.status.code, answer.status.details) == (10020, details)
    assert any(line.startswith("Traceback") for line in answer.status.stack_trace)
    assert not answer.outputs


def test_inputs_of_a_request_are_answered_in_order_and_fail_together(echo: Server) -> None:
    good = _predict(echo, "hello", "hello")
    assert good.status.code == 10000
    assert [o.data.parts[0].data.string_value for o in good.outputs] == ["hello", "hello"]
    assert [o.status.code for o in good.outputs] == [10000, 10000]
    bad = _predict(echo, "hello", "wrong")
    assert (bad.status.code, len(bad.outputs)) == (10020, 0)
    assert _predict(echo).status.code == 10000


def test_method_called_with_the_wrong_rpc_fails(echo: Server) -> None:
    message = "is UNARY_STREAMING, but was called as UNARY"
    with (
        EchoClient(base_url=echo.url, timeout=30) as model,
        pytest.raises(PredictionError, match=message),
    ):
        model.items_as_unary(3)


def test_large_messages_are_served(echo: Server) -> None:
    text = "x" * (8 << 20)
    with EchoClient(base_url=echo.url, timeout=30) as model:
        assert model.echo(text) == text


def test_discovery_answers_like_the_platform(echo: Server) -> None:
    user_app = _proto.UserAppIDSet(user_id="u", app_id="a")
    model = _rpc(
        echo,
        "GetModel",
        _proto.GetModelRequest(user_app_id=user_app, model_id="m"),
        _proto.SingleModelResponse,
    )
    assert model.status.code == 10000
    assert (model.model.user_id, model.model.app_id, model.model.id) == ("u", "a", "m")
    version = _rpc(
        echo,
        "GetModelVersion",
        _proto.GetModelVersionRequest(
            user_app_id=user_app, model_id="m", version_id=model.model.model_version.id
        ),
        _proto.SingleModelVersionResponse,
    ).model_version
    assert version == model.model.model_version
    assert version.status.code == 21100
    assert [s.name for s in version.method_signatures] == [
        "echo",
        "hello",
        "wrong",
        "wrong_inside",
        "items",
    ]
    assert [s.method_type for s in version.method_signatures] == [1, 1, 1, 1, 2]
    assert version.method_signatures[3].output_fields[0].type == 17
    pages = [
        _rpc(
            echo,
            "ListModelVersions",
            _proto.ListModelVersionsRequest(user_app_id=user_app, model_id="m", page=page),
            _proto.MultiModelVersionResponse,
        )
        for page in (1, 2)
    ]
    assert [len(page.model_versions) for page in pages] == [1, 0]


# Bidirectional streams.


class Loop:
    def double(self, items: Iterator[int]) -> Iterator[int]:
        for item in items:
            yield item * 2


class LoopClient(Client):
    def double(self, items: Iterable[int]) -> Stream[int]:
        return self._stream(_DOUBLE, items)


_DOUBLE = wire.bidi_stream("double", wire.field("items", wire.INT, stream=True), returns=wire.INT)


def test_served_bidi_streams_interleave() -> None:
    """Each item depends on the answer to the previous one: a server that reads all items first would deadlock."""
    answers: queue.Queue[int] = queue.Queue()

    def items() -> Iterator[int]:
        yield 1
        for _ in range(5):
            yield answers.get(timeout=20)

    with serve(Loop()) as server, LoopClient(base_url=server.url, timeout=30) as model:
        seen = []
        for answer in model.double(items()):
            seen.append(answer)
            answers.put(answer)
    assert seen == [2, 4, 8, 16, 32, 64]


def test_closing_the_server_ends_open_calls() -> None:
    waiting: queue.Queue[int] = queue.Queue()

    def items() -> Iterator[int]:
        yield 1
        yield waiting.get(timeout=20)

    server = serve(Loop())
    with LoopClient(base_url=server.url, timeout=30) as model:
        stream = model.double(items())
        assert next(stream) == 2
        server.close()
        server.close()
        server.wait()
        with pytest.raises(Exception, match="double: "):
            next(stream)
        waiting.put(0)
