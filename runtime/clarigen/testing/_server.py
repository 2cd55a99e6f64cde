"""The server: a loopback port, threads, and the service behind them.

What lives here: everything of clarigen.testing that touches grpc.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, Self

from .. import _proto
from ..errors import ConfigError
from ._service import Service

if TYPE_CHECKING:
    import grpc

_HOST: Final = "127.0.0.1"
_PORTS: Final = range(1 << 16)  # beyond, grpc would silently take another one
_LIMIT: Final = 1 << 30
"""The largest message in bytes, as the platform's own servers have it."""


def serve(implementation: object, *, port: int = 0, threads: int = 16) -> Server:
    """Put a plain Python object behind the platform's protocol, on a port of this machine.

    Every public method with annotations is served; docstrings and defaults become part of its
    signature. Base classes come first. Parameters and results may be `str`, `bytes`, `int`,
    `float`, `bool`, clarigen's `Text`, `Image`, `Audio`, `Video`, `Concept`, `Region` and `Frame`,
    `list[T]`, `tuple[A, B]`, dataclasses (records), `clarigen.JSON` or a plain `dict` or `list`
    (JSON), numpy's `NDArray[...]`, `Literal[...]` (choices); `Iterator[T]` or `Iterable[T]` is a
    stream. `T | None` goes with a default of None. `Annotated[T, Param(...)]` adds a description
    and a range. A method that raises answers as a failed model does: its caller gets a
    PredictionError.

        with serve(Detector()) as server, DetectorClient(base_url=server.url) as model:
            ...

    Args:
        implementation: The object. Its methods are called from several threads at once.
        port: The port, 1 to 65535; 0 for one that is free.
        threads: How many calls run at once, at least 1.

    Returns:
        The server, already running; leave its `with` block, or close it, to stop it.

    Raises:
        ConfigError: A method cannot be served, the port is taken, or an argument is out of range.
    """
    if port not in _PORTS:
        raise ConfigError(f"port {port} does not exist: give 1 to 65535, or 0 for one that is free")
    if threads < 1:
        raise ConfigError(f"at least 1 thread must serve, not {threads}: give threads=1 or more")
    return Server(Service(implementation), port, threads)


class Server:
    """A running server. A context manager.

    Attributes:
        port: Its port on 127.0.0.1.
        url: Its address, for `base_url=` and for `gen-client --url`.
    """

    def __init__(self, service: Service, port: int, threads: int) -> None:
        import grpc

        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="clarigen-testing")
        self._server = grpc.server(
            self._threads,
            handlers=[_handlers(service)],
            options=[
                ("grpc.max_receive_message_length", _LIMIT),
                ("grpc.max_send_message_length", _LIMIT),
                ("grpc.so_reuseport", 0),  # a port that is taken is an error, not shared
            ],
        )
        try:
            self.port: int = self._server.add_insecure_port(f"{_HOST}:{port}")
        except RuntimeError:
            raise ConfigError(f"port {port} of {_HOST} cannot be served; is it taken?") from None
        self.url = f"grpc://{_HOST}:{self.port}"
        self._server.start()

    def wait(self) -> None:
        """Return once the server is closed, by another thread or a signal."""
        self._server.wait_for_termination()

    def close(self) -> None:
        """Stop, ending the calls that are under way. A second time does nothing."""
        self._server.stop(None).wait()
        self._threads.shutdown(wait=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<clarigen.testing.Server {self.url}>"


def _serialized(message: Any) -> bytes:
    serialized: bytes = message.SerializeToString()
    return serialized


def _handlers(service: Service) -> grpc.GenericRpcHandler:
    import grpc

    def rpc(
        make: Any, function: Callable[[Any], Any], request: Any
    ) -> grpc.RpcMethodHandler[Any, Any]:
        def behave(message: Any, _: grpc.ServicerContext) -> Any:
            return function(message)

        handler: grpc.RpcMethodHandler[Any, Any] = make(
            behave,
            request_deserializer=request.FromString,
            response_serializer=_serialized,
        )
        return handler

    unary, request = grpc.unary_unary_rpc_method_handler, _proto.PostModelOutputsRequest
    return grpc.method_handlers_generic_handler(
        "clarifai.api.V2",
        {
            "PostModelOutputs": rpc(unary, service.predict, request),
            "GenerateModelOutputs": rpc(
                grpc.unary_stream_rpc_method_handler, service.generate, request
            ),
            "StreamModelOutputs": rpc(
                grpc.stream_stream_rpc_method_handler, service.stream, request
            ),
            "GetModel": rpc(unary, service.get_model, _proto.GetModelRequest),
            "GetModelVersion": rpc(unary, service.get_model_version, _proto.GetModelVersionRequest),
            "ListModelVersions": rpc(
                unary, service.list_model_versions, _proto.ListModelVersionsRequest
            ),
        },
    )
