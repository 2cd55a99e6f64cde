"""gRPC interceptors between a client and its channel, including OpenTelemetry's."""

from __future__ import annotations

import asyncio
import pickle
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.instrumentation import grpc as _untyped
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from clarigen import ConfigError
from faults.platform_standin import PAT, Standin

otel: Any = _untyped
PATH = "/clarifai.api.V2/PostModelOutputs"


class RecordingInterceptor(grpc.UnaryUnaryClientInterceptor):
    """An interceptor that records the calls of all its copies."""

    paths: list[str] = []  # noqa: RUF012

    def intercept_unary_unary(
        self, continuation: Any, client_call_details: Any, request: Any
    ) -> Any:
        self.paths.append(client_call_details.method)
        return continuation(client_call_details, request)


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """The exporter of the process's only tracer provider, which OpenTelemetry's grpc instrumentation uses."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    exporter.clear()
    return exporter


def test_client_views_and_copies_use_interceptors(package: Any, platform: Standin) -> None:
    RecordingInterceptor.paths.clear()
    with (
        package.PlatformEcho() as plain,
        package.PlatformEcho(interceptors=[RecordingInterceptor()]) as model,
    ):
        plain.predict("a")
        assert RecordingInterceptor.paths == []
        assert model.predict("a") == "a"
        assert model.with_options(timeout=5).predict("b") == "b"
        assert model.predict_batch([{"prompt": "c"}]).collect() == ["c"]
        with pickle.loads(pickle.dumps(model)) as copy:
            assert copy.predict("d") == "d"
    assert RecordingInterceptor.paths == [PATH] * 4


@dataclass
class Unhashable(RecordingInterceptor):
    """An interceptor that compares by value and therefore has no hash."""


def test_interceptors_may_be_unhashable(package: Any, platform: Standin) -> None:
    RecordingInterceptor.paths.clear()
    with package.PlatformEcho(interceptors=[Unhashable()]) as model:
        assert model.predict("a") == "a"
    assert RecordingInterceptor.paths == [PATH]


def test_other_errors_are_not_blamed_on_interceptors(
    package: Any, platform: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError("of another kind")

    monkeypatch.setattr(grpc, "insecure_channel", fails)
    with pytest.raises(ValueError, match="of another kind"):
        package.PlatformEcho(interceptors=[RecordingInterceptor()])


@pytest.mark.parametrize("wrong", [object(), "text"])
def test_objects_that_are_no_interceptors_are_rejected(
    package: Any, platform: Standin, wrong: object
) -> None:
    with pytest.raises(ConfigError, match=r"`interceptors` must be .* of grpc"):
        package.PlatformEcho(interceptors=[wrong])

    async def run() -> None:
        async with package.AsyncPlatformEcho(interceptors=[wrong]) as model:
            await model.predict("a")

    with pytest.raises(ConfigError, match="`interceptors` must be"):
        asyncio.run(run())


def test_opentelemetry_interceptors_can_be_passed(
    package: Any, platform: Standin, spans: InMemorySpanExporter
) -> None:
    async def run() -> None:
        interceptors = otel.aio_client_interceptors()
        async with package.AsyncPlatformEcho(interceptors=interceptors) as model:
            assert await model.predict("a") == "a"
            assert await model.predict_batch([{"prompt": "b"}]).collect() == ["b"]

    asyncio.run(run())
    spans_of_call = spans.get_finished_spans()
    assert [span.name for span in spans_of_call] == [PATH] * 2
    assert PAT not in str([span.to_json() for span in spans_of_call])


def test_opentelemetry_instruments_calls(
    package: Any, platform: Standin, spans: InMemorySpanExporter
) -> None:
    instrumentors = [otel.GrpcInstrumentorClient(), otel.GrpcAioInstrumentorClient()]
    for instrumentor in instrumentors:
        instrumentor.instrument()
    try:
        with package.PlatformEcho() as model:
            assert model.predict("a") == "a"
            assert model.predict_batch([{"prompt": "b"}]).collect() == ["b"]

        async def run() -> None:
            async with package.AsyncPlatformEcho() as twin:
                assert await twin.predict("a") == "a"

        asyncio.run(run())
    finally:
        for instrumentor in instrumentors:
            instrumentor.uninstrument()
    assert [span.name for span in spans.get_finished_spans()] == [PATH] * 3
