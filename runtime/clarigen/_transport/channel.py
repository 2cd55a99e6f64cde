"""The gRPC channels of a process: one per target, shared by all its clients.

grpc is imported when a channel is opened.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._version import __version__
from ..errors import ConfigError
from .endpoint import Target
from .in_flight import fork_gate

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

SERVICE: Final = "/clarifai.api.V2/"
"""What the path of every RPC begins with."""

_MAX_MESSAGE_BYTES: Final = 1 << 30
"""The largest message in bytes, as the platform's own servers have it; grpc's default is 4 MiB."""

_INTERCEPTOR_KINDS: Final = ("UnaryUnary", "UnaryStream", "StreamUnary", "StreamStream")
"""The kinds of interceptors, as both of grpc's modules name them."""


class _SharedChannel:
    """An open channel, its interceptors, and how many clients use it."""

    __slots__ = ("channel", "interceptors", "users")

    def __init__(self, channel: Any, interceptors: tuple[object, ...]) -> None:
        self.channel = channel
        self.interceptors = interceptors  # kept, so that no other has their identity
        self.users = 0


_Key: TypeAlias = "tuple[Target, str, AbstractEventLoop | None, tuple[int, ...]]"
_open_channels: Final[dict[_Key, _SharedChannel]] = {}
_lock = threading.RLock()  # a collection inside it may drop another share
_inherited: Final[list[_SharedChannel]] = []


def _forked() -> None:
    """In a forked child, leave the parent's channels alone: they cannot be used, nor closed."""
    # The parent's lock may be held by a thread that the child does not have.
    global _lock  # noqa: PLW0603
    _lock = threading.RLock()
    _inherited.extend(_open_channels.values())
    _open_channels.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Lease:
    """A client's share in the channel to a target, of one event loop or of none, with its interceptors.

    Attributes:
        channel: The channel: grpc's, or grpc.aio's for a loop. Their stubs know no calls of plain
            bytes.
    """

    __slots__ = ("_calls", "_key", "_process", "_shared", "channel")

    def __init__(
        self,
        target: Target,
        loop: AbstractEventLoop | None = None,
        interceptors: tuple[object, ...] = (),
    ) -> None:
        certificates = os.environ.get("CLARIFAI_ROOT_CERTIFICATES_PATH", "")
        self._key: _Key = (target, certificates, loop, tuple(map(id, interceptors)))
        with _lock:
            shared = _open_channels.get(self._key)
            if shared is None:
                with fork_gate:
                    channel = _open_channel(target, certificates, loop, interceptors)
                shared = _open_channels[self._key] = _SharedChannel(channel, interceptors)
            shared.users += 1
        self._shared: _SharedChannel | None = shared
        self._process = os.getpid()
        self.channel: Any = shared.channel
        self._calls: dict[str, Any] = {}

    def multi_callable(self, kind: str, rpc: str) -> Any:
        """What calls an RPC with bytes and returns bytes.

        Args:
            kind: `unary_unary`, `unary_stream` or `stream_stream`.
            rpc: The RPC's name.
        """
        call = self._calls.get(rpc)
        if call is None:
            call = self._calls[rpc] = getattr(self.channel, kind)(SERVICE + rpc)
        return call

    @property
    def is_inherited(self) -> bool:
        """Whether this is another process than the one the channel was opened in."""
        return self._process != os.getpid()

    def release(self) -> Any:
        """Give the share back; the channel, for the caller to close, if it was the last."""
        with _lock:
            shared, self._shared = self._shared, None
            if shared is None or self.is_inherited:
                return None
            shared.users -= 1
            if shared.users:
                return None
            if _open_channels.get(self._key) is shared:
                del _open_channels[self._key]
        return shared.channel

    def __del__(self) -> None:
        # Views of a client are made for one call and dropped; grpc closes a channel that nobody has.
        if getattr(self, "_shared", None) is not None and not sys.is_finalizing():
            with fork_gate:
                self.release()
                self._calls.clear()
                self.channel = None


def _open_channel(
    target: Target,
    certificates: str,
    loop: AbstractEventLoop | None,
    interceptors: tuple[Any, ...],
) -> Any:
    import grpc
    import grpc.aio

    options = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.enable_retries", 0),  # one layer of retries, and it is ours
        # Else a forked child's channel would take over its parent's connections.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.primary_user_agent", f"clarigen/{__version__}"),
        # What stays on this machine, a credential among it, does not leave it by the environment's proxy.
        ("grpc.enable_http_proxy", not target.loopback),
    ]
    factory: Any = grpc if loop is None else grpc.aio
    _check_interceptors(interceptors, factory)
    more = {} if loop is None else {"interceptors": interceptors}
    if target.secure:
        credentials = grpc.ssl_channel_credentials(_read_root_certificates(certificates))
        channel = factory.secure_channel(target.address, credentials, options, **more)
    else:
        channel = factory.insecure_channel(target.address, options, **more)
    return grpc.intercept_channel(channel, *interceptors) if loop is None else channel


def _check_interceptors(interceptors: tuple[Any, ...], factory: Any) -> None:
    kinds = [getattr(factory, f"{kind}ClientInterceptor") for kind in _INTERCEPTOR_KINDS]
    for interceptor in interceptors:
        if not isinstance(interceptor, tuple(kinds)):
            raise ConfigError(
                f"interceptors: {type(interceptor).__name__} is none; a client takes grpc's own,"
                " its twin those of grpc.aio"
            )


def _read_root_certificates(certificates: str) -> bytes | None:
    """The certificates of a PEM file; None, for grpc's own, without one."""
    if not certificates:
        return None
    from pathlib import Path

    try:
        return Path(certificates).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"CLARIFAI_ROOT_CERTIFICATES_PATH cannot be read: {error.strerror}"
        ) from None
