"""The gRPC channels of a process: one per target, shared by all its clients.

A client holds a `Lease` of a channel. When the last lease is released, the channel is closed. `channel`
opens channels.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._after_fork import register_resettable
from .channel import open_channel
from .in_flight import FORK_GATE

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .endpoint import Target

SERVICE: Final = "/clarifai.api.V2/"
"""The prefix of every RPC's path."""

_Key: TypeAlias = "tuple[Target, str, AbstractEventLoop | None, tuple[int, ...]]"
"""What clients that share a channel have in common: target, root certificates, event loop, ids of interceptors."""


class _SharedChannel:
    """An open channel.

    Attributes:
        channel: grpc's channel.
        leases: The number of leases that are not released.
        is_inherited: Whether it was opened before a fork, in the parent process.
    """

    __slots__ = ("channel", "interceptors", "is_inherited", "leases")

    def __init__(self, channel: Any, interceptors: tuple[object, ...]) -> None:
        self.channel = channel
        self.interceptors = interceptors  # kept alive, so that their ids stay unique
        self.leases = 0
        self.is_inherited = False


class ChannelPool:
    """The open channels of this process. Thread-safe.

    Attributes:
        channels: The channels by key (see `_Key`).
        lock: Guards the channels and their leases. It is re-entrant, because garbage collection may release
            a lease while this thread holds the lock.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.channels: dict[_Key, _SharedChannel] = {}
        self._inherited: list[_SharedChannel] = []
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Set the parent's channels aside: a child can neither use nor close them."""
        self.lock = threading.RLock()
        for shared in self.channels.values():
            shared.is_inherited = True
            self._inherited.append(shared)
        self.channels.clear()

    def add_lease(self, key: _Key, interceptors: tuple[object, ...]) -> _SharedChannel:
        """Add a lease to the channel of a key, and return the channel. Open it if necessary."""
        target, certificates, loop, _ = key
        with self.lock:
            shared = self.channels.get(key)
            if shared is None:
                with FORK_GATE:
                    channel = open_channel(target, certificates, loop, interceptors)
                shared = self.channels[key] = _SharedChannel(channel, interceptors)
            shared.leases += 1
        return shared

    def remove_lease(self, key: _Key, shared: _SharedChannel) -> bool:
        """Remove a lease from a channel. Return whether the caller must close the channel."""
        with self.lock:
            if shared.is_inherited:
                return False
            shared.leases -= 1
            if shared.leases:
                return False
            if self.channels.get(key) is shared:
                del self.channels[key]
            return True


POOL: Final = ChannelPool()
"""The channels of all clients."""


class Lease:
    """A client's right to use the shared channel to a target.

    Attributes:
        channel: grpc's channel, or grpc.aio's if the lease is for an event loop. It is `Any`, because their
            type stubs do not cover calls that send and return bytes.
    """

    __slots__ = ("_callables", "_is_released", "_key", "_shared", "channel")

    def __init__(
        self,
        target: Target,
        loop: AbstractEventLoop | None = None,
        interceptors: tuple[object, ...] = (),
    ) -> None:
        certificates = os.environ.get("CLARIFAI_ROOT_CERTIFICATES_PATH", "")
        self._is_released = True  # so that `__del__` does nothing if `acquire` raises
        self._key: _Key = (target, certificates, loop, tuple(map(id, interceptors)))
        self._shared = POOL.add_lease(self._key, interceptors)
        self._is_released = False
        self.channel: Any = self._shared.channel
        self._callables: dict[str, Any] = {}

    def get_callable(self, kind: str, rpc: str) -> Any:
        """Return grpc's multi-callable for an RPC. It takes and returns bytes.

        Args:
            kind: `unary_unary`, `unary_stream` or `stream_stream`.
            rpc: The RPC's name.
        """
        callable_ = self._callables.get(rpc)
        if callable_ is None:
            callable_ = self._callables[rpc] = getattr(self.channel, kind)(SERVICE + rpc)
        return callable_

    @property
    def is_inherited(self) -> bool:
        """Whether the channel was opened before a fork, in the parent process."""
        return self._shared.is_inherited

    def release(self) -> Any:
        """End the lease. Return the channel if the caller must close it, because this was its last lease."""
        with POOL.lock:
            if self._is_released:
                return None
            self._is_released = True
            return self._shared.channel if POOL.remove_lease(self._key, self._shared) else None

    def __del__(self) -> None:
        # A view of a client is often made for one call, and dropped without `close`. The channel is not closed
        # here, but by grpc, when nothing refers to it any more.
        if not getattr(self, "_is_released", True) and not sys.is_finalizing():
            with FORK_GATE:
                self.release()
                self._callables.clear()
                self.channel = None
