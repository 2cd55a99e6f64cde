"""The server: a loopback port, threads, and the service behind them.

What lives here: `serve`, and `Server`. How an RPC is answered is `_rpcs`'s. grpc and protobuf are imported when
something is served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, Self

from ..errors import ConfigError

if TYPE_CHECKING:
    from ._call_log import Call
    from ._service import Service

_HOST: Final = "127.0.0.1"
_PORTS: Final = range(1 << 16)  # beyond, grpc would silently take another one
_MAX_MESSAGE_BYTES: Final = 1 << 30
"""The largest message in bytes, as the platform's own servers have it."""


def serve(
    implementation: object,
    *,
    port: int = 0,
    threads: int = 16,
    record: int = 1000,
    version: str = "testing",
) -> Server:
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
        implementation: The object, or `Samples`. Its methods are called from several threads at once.
        port: The port, 1 to 65535; 0 for one that is free.
        threads: How many calls run at once, at least 1.
        record: How many calls `Server.calls` has, the last ones, with their arguments; 0 for none.
        version: The id of the model's version; empty for one without an id.

    Returns:
        The server, already running; leave its `with` block, or close it, to stop it.

    Raises:
        ConfigError: A method cannot be served, the port is taken, or an argument is out of range.
    """
    if port not in _PORTS:
        raise ConfigError(f"port {port} does not exist: give 1 to 65535, or 0 for one that is free")
    if threads < 1:
        raise ConfigError(f"at least 1 thread must serve, not {threads}: give threads=1 or more")
    if record < 0:
        raise ConfigError(f"record is {record!r}; it must be a number from 0")
    from ._service import Service

    return Server(Service(implementation, record, version), port, threads)


class Serve(Protocol):
    """What the pytest fixture `clarigen_serve` is: `serve`, whose servers are closed when the test ends."""

    def __call__(
        self,
        implementation: object,
        *,
        port: int = ...,
        threads: int = ...,
        record: int = ...,
        version: str = ...,
    ) -> Server:
        """Serve an object; the arguments are those of `serve`."""
        ...


class Server:
    """A running server. A context manager.

    Attributes:
        port: Its port on 127.0.0.1.
        url: Its address, for `base_url=` and for `gen-client --url`.
        faults: What goes wrong with its calls; see `Faults.add`.
    """

    def __init__(self, service: Service, port: int, threads: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        import grpc

        from . import _handlers
        from ._faults import Faults

        self._service = service
        self.faults = Faults(service.list_methods, _handlers.grpc_status_names())
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="clarigen-testing")
        self._server = grpc.server(
            self._threads,
            handlers=[_handlers.RpcHandlers(service, self.faults).build_handler()],
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
                ("grpc.so_reuseport", 0),  # a port that is taken is an error, not shared
            ],
        )
        try:
            self.port: int = self._server.add_insecure_port(f"{_HOST}:{port}")
        except RuntimeError:
            raise ConfigError(f"port {port} of {_HOST} cannot be served; is it taken?") from None
        self.url = f"grpc://{_HOST}:{self.port}"
        self._server.start()

    @property
    def calls(self) -> list[Call]:
        """The calls of the object's methods, in the order in which they began: those that ran.

        A request that ended before, by a fault or by an argument that does not fit, is not among
        them; one with several inputs is a call each.
        """
        return self._service.call_log.calls()

    def deploy(self, implementation: object, *, version: str = "") -> str:
        """Serve another object from now on, as a new version of the model; it may have other methods.

        Who asks for an earlier version by its id still gets that one.

        Args:
            implementation: The object, as `serve` takes it.
            version: The version's id; by default one is made.

        Returns:
            The version's id.

        Raises:
            ConfigError: A method cannot be served, or the version is there already.
        """
        return self._service.deploy(implementation, version)

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
