"""The server: a service on a loopback port, with a pool of threads.

`_handlers` handles the RPCs. grpc and protobuf are imported when something is served, so that importing
`clarigen.testing` stays cheap for tests that only use fakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from ..errors import ConfigError

if TYPE_CHECKING:
    from ._call_log import Call
    from ._service import Service
else:
    Call = Service = Any

_HOST: Final = "127.0.0.1"
_PORTS: Final = range(1 << 16)  # grpc would silently replace a larger number by another port
_MAX_MESSAGE_BYTES: Final = 1 << 30
"""The same limit as on the platform's own servers."""


def serve(
    implementation: object,
    *,
    port: int = 0,
    threads: int = 16,
    record: int = 1000,
    version: str = "testing",
) -> Server:
    """Serve a plain Python object with the platform's protocol, on a port of this machine.

    The public methods with annotations are served, those of base classes first. A method's docstring
    and defaults become part of its signature. Parameters and results may be `str`, `bytes`, `int`,
    `float`, `bool`, clarigen's `Text`, `Image`, `Audio`, `Video`, `Concept`, `Region` and `Frame`,
    `list[T]`, `tuple[A, B]`, dataclasses (records), `clarigen.JSON` or a plain `dict` or `list`
    (JSON), numpy's `NDArray[...]`, `Literal[...]` (choices); `Iterator[T]` or `Iterable[T]` is a
    stream. `T | None` needs a default of None. `Annotated[T, Param(...)]` adds a description
    and a range. If a method raises, the caller gets a PredictionError, as from a failed model.

        with serve(Detector()) as server, DetectorClient(base_url=server.url) as model:
            ...

    Args:
        implementation: The object, which may be a `Samples`. Its methods are called from several
            threads at once.
        port: The port, 1 to 65535; 0 picks a free one.
        threads: How many calls run at once, from 1.
        record: How many of the latest calls `Server.calls` keeps, from 0.
        version: The id of the model's version; empty for a version without an id.

    Returns:
        The server, already running. It stops at the end of its `with` block, or by `close`.

    Raises:
        ConfigError: A method cannot be served, the port is taken, or an argument is out of range.
    """
    if port not in _PORTS:
        raise ConfigError(f"`port` must be 1 to 65535, or 0 for a free one, not {port}")
    if threads < 1:
        raise ConfigError(f"`threads` must be a number from 1, not {threads}")
    if record < 0:
        raise ConfigError(f"`record` must be a number from 0, not {record!r}")
    from ._service import Service

    return Server(Service(implementation, record, version), port, threads)


class Serve(Protocol):
    """The type of the pytest fixture `clarigen_serve`: `serve`, with servers that stop after the test."""

    def __call__(
        self,
        implementation: object,
        *,
        port: int = ...,
        threads: int = ...,
        record: int = ...,
        version: str = ...,
    ) -> Server:
        """Serve an object. The arguments are those of `serve`."""
        ...


def _check_port(port: int) -> None:
    """Raise `OSError` if a port is taken."""
    import os
    import socket

    if port:
        with socket.socket() as probe:
            if os.name == "posix":  # a port whose last connections have just ended is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))


class Server:
    """A running server. A context manager.

    Attributes:
        port: The port on 127.0.0.1.
        url: The address, for `base_url=` and for `gen-client --url`.
        faults: The faults that it injects into calls; see `Faults.add`.
    """

    def __init__(self, service: Service, port: int, threads: int) -> None:
        from concurrent.futures import ThreadPoolExecutor

        import grpc

        from . import _handlers
        from ._faults import Faults

        self._service = service
        self.faults = Faults(service.list_methods, _handlers.list_error_statuses())
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
            _check_port(port)  # first, because grpc would log a line of its own
            self.port: int = self._server.add_insecure_port(f"{_HOST}:{port}")
        except (OSError, RuntimeError):
            raise ConfigError(
                f"cannot listen on port {port} of {_HOST}; choose a port that is not in use"
            ) from None
        self.url = f"grpc://{_HOST}:{self.port}"
        self._server.start()

    @property
    def calls(self) -> list[Call]:
        """The calls of the object's methods, in the order in which they started.

        A request is not among them if a fault or an invalid argument ended it before the method ran. A
        request with several inputs is one call per input.
        """
        return self._service.call_log.list_calls()

    def deploy(self, implementation: object, *, version: str = "") -> str:
        """Serve another object as the latest version of the model; it may have other methods.

        Calls that ask for an earlier version by its id still reach that version.

        Args:
            implementation: The object, as for `serve`.
            version: The version's id; generated by default.

        Returns:
            The version's id.

        Raises:
            ConfigError: A method cannot be served, or the version exists already.
        """
        return self._service.deploy(implementation, version)

    def wait(self) -> None:
        """Wait until another thread or a signal handler closes the server."""
        self._server.wait_for_termination()

    def close(self) -> None:
        """Stop the server and end the calls in flight. Idempotent."""
        self._server.stop(None).wait()
        self._threads.shutdown(wait=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<clarigen.testing.Server {self.url}>"
