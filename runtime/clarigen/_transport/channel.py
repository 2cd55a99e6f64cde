"""One gRPC channel: its options, its certificates and its interceptors.

grpc is imported when a channel is opened, because importing a generated package must not load it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from .._version import __version__
from ..errors import ConfigError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .endpoint import Target

MAX_MESSAGE_BYTES: Final = 1 << 30
"""The largest message, as on the platform's servers; grpc's default is 4 MiB."""

_INTERCEPTOR_KINDS: Final = ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream")
"""The first part of the names of interceptor classes, in grpc and in grpc.aio."""

_OPTIONS: Final = (
    # The details of a failure, such as a traceback, may be long. With the default of 16 kB, their place is taken by
    # an error of gRPC that says nothing, even for a call that succeeded.
    # Between the two limits, gRPC refuses at random.
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
    # `_calls` retries. gRPC itself only sends again what a server provably has not processed (transparent retries of
    # gRFC A6): no service config can add to that.
    ("grpc.enable_retries", 1),
    ("grpc.service_config_disable_resolution", 1),
    # A stream that nobody reads may receive so many bytes (2 MiB). By measuring the network (bdp_probe), gRPC would allow
    # a hundred of them gigabytes. With 50 ms to the server, a stream still gets 40 MB per second.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 2 << 20),
    # A server or a load balancer limits the calls of a connection, often to 100. When they are taken, gRPC 1.84 and
    # later opens another connection (gRFC A105), up to its own limit of 10. Earlier releases ignore this.
    ("grpc.service_config", '{"connectionScaling": {"maxConnectionsPerSubchannel": 10}}'),
    # A NAT or a load balancer may forget a connection without a word. The timeout also becomes TCP_USER_TIMEOUT, so
    # that data which nobody acknowledges ends the connection. Servers count pings at shorter intervals than 300 s as
    # abuse. Without calls, there are no pings.
    ("grpc.keepalive_time_ms", 310_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    # gRPC's defaults let a channel wait up to two minutes before it connects again.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    (
        "grpc.min_reconnect_backoff_ms",
        10_000,
    ),  # not a backoff, but the timeout of each connection attempt
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    # Without it, a forked child's channel would take over connections of the parent.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.primary_user_agent", f"clarigen/{__version__}"),
)


class OpenChannel(NamedTuple):
    """An open channel.

    Attributes:
        channel: The channel for calls, with the interceptors.
        base: The channel without interceptors.
        read_state: Returns the state of the channel, by gRPC's numbers. Its argument is whether to connect.
    """

    channel: Any
    base: Any
    read_state: Callable[[bool], int]


def open_channel(
    target: Target,
    certificates: bytes | None,
    loop: AbstractEventLoop | None,
    interceptors: tuple[Any, ...],
) -> OpenChannel:
    """Open a channel of grpc, or of grpc.aio if there is an event loop.

    Args:
        target: The server.
        certificates: Root certificates in PEM format; None for grpc's own.
        loop: The event loop that uses the channel; None for a synchronous client.
        interceptors: The client's interceptors, the outermost first.

    Raises:
        ConfigError: An interceptor is of the wrong kind.
    """
    import grpc
    import grpc.aio

    if "gevent.monkey" in sys.modules:
        _init_gevent()
    options = [
        *_OPTIONS,
        ("grpc.max_receive_message_length", target.max_reply_bytes or MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        # A proxy named by the environment must not see calls to this machine, or their credentials.
        ("grpc.enable_http_proxy", not target.loopback),
    ]
    module: Any = grpc if loop is None else grpc.aio
    _check_interceptors(interceptors, module)
    keywords = {} if loop is None else {"interceptors": interceptors}
    if target.secure:
        credentials = grpc.ssl_channel_credentials(certificates)
        channel = module.secure_channel(target.address, credentials, options, **keywords)
    else:
        channel = module.insecure_channel(target.address, options, **keywords)
    read_state = _find_state_reader(channel)
    if loop is None:
        _record_instrumented_streams(channel)
    if loop is None and interceptors:  # `intercept_channel` imports a module even if there are none
        from .stream_recorder import StreamRecorder

        intercepted = grpc.intercept_channel(channel, *interceptors, StreamRecorder())
        return OpenChannel(intercepted, channel, read_state)
    return OpenChannel(channel, channel, read_state)


_gevent_pids: Final[set[int]] = set()
"""The processes in which gRPC works with gevent."""


def _init_gevent() -> None:
    """Let gRPC wait by gevent if gevent has replaced the threads of this process: otherwise streams would hang."""
    monkey = sys.modules["gevent.monkey"]
    if os.getpid() not in _gevent_pids and monkey.is_module_patched("threading"):
        from grpc.experimental.gevent import init_gevent

        init_gevent()
        _gevent_pids.add(os.getpid())


def _record_instrumented_streams(channel: Any) -> None:
    """Record the calls of streams if instrumentation such as OpenTelemetry's has wrapped the channel."""
    import grpc

    inner = getattr(channel, "_channel", None)
    while isinstance(inner, grpc.Channel):
        outer, channel, inner = channel, inner, getattr(inner, "_channel", None)
        if not isinstance(inner, grpc.Channel):
            from .stream_recorder import StreamRecorder

            outer._channel = grpc.intercept_channel(channel, StreamRecorder())


def _find_state_reader(channel: Any) -> Callable[[bool], int]:
    """Return the function that returns the state of a channel, by gRPC's numbers.

    It is private, but the same in grpc and grpc.aio. The public ways need a thread, or convert the state to an enum.
    Instrumentation may have wrapped the channel, once or several times.
    """
    inner = channel
    while not hasattr(inner, "check_connectivity_state"):
        inner = inner._channel
    read_state: Callable[[bool], int] = inner.check_connectivity_state
    return read_state


def _check_interceptors(interceptors: tuple[Any, ...], module: Any) -> None:
    kinds = tuple(getattr(module, f"{kind}ClientInterceptor") for kind in _INTERCEPTOR_KINDS)
    for interceptor in interceptors:
        if not isinstance(interceptor, kinds):
            raise ConfigError(
                f"`interceptors` must be client interceptors of {module.__name__},"
                f" not {type(interceptor).__name__}; Client takes those of grpc, AsyncClient those of grpc.aio"
            )


def read_root_certificates() -> bytes | None:
    """Return the content of the file that CLARIFAI_ROOT_CERTIFICATES_PATH names; None if it names none.

    Raises:
        ConfigError: The file cannot be read, or is not a PEM file.
    """
    path = os.environ.get("CLARIFAI_ROOT_CERTIFICATES_PATH")
    if not path:
        return None
    from pathlib import Path

    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"the file that CLARIFAI_ROOT_CERTIFICATES_PATH names cannot be read: {error.strerror}"
        ) from None
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise ConfigError(
            f"CLARIFAI_ROOT_CERTIFICATES_PATH: {path} is not a PEM file with certificates; convert it, or name"
            " another"
        )
    return content
