"""The gRPC channels of a process: one per target, shared by all its clients.

A client holds a `Lease` of a channel. When the last lease is released, the channel is closed. A channel whose
connection may be dead is retired: calls under way go on, and the next ones open another. `channel` opens channels.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .._after_fork import register_resettable
from .channel import OpenChannel, open_channel, read_root_certificates
from .connecting import REASON_RPC
from .in_flight import FORK_GATE, ForkGate

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .endpoint import Target

SERVICE: Final = "/clarifai.api.V2/"
"""The prefix of every RPC's path."""

_Key: TypeAlias = "tuple[Target, bytes | None, AbstractEventLoop | None, tuple[int, ...]]"
"""What clients that share a channel have in common: target, root certificates, event loop, ids of interceptors."""


class SharedChannel:
    """An open channel.

    Attributes:
        channel: grpc's channel for calls.
        base: The same channel without interceptors.
        read_state: Returns the state of the channel, by gRPC's numbers. Its argument is whether to connect.
        leases: The number of leases that are not released.
        answers: The number of answers that came over the channel, roughly: it changes with each.
        was_connected: Whether a client with interceptors has seen it connected.
        is_abandoned: Whether it can never be closed.
        is_stale: Whether no new call may use it: it was opened before a fork, in the parent process, or is retired.
    """

    __slots__ = (
        "answers",
        "base",
        "channel",
        "interceptors",
        "is_abandoned",
        "is_stale",
        "leases",
        "read_state",
        "was_connected",
    )

    def __init__(self, opened: OpenChannel, interceptors: tuple[object, ...]) -> None:
        self.channel, self.base, self.read_state = opened
        self.interceptors = interceptors  # kept alive, so that their ids stay unique
        self.leases = self.answers = 0
        self.is_stale = self.was_connected = self.is_abandoned = False


class ChannelPool:
    """The open channels of this process. Thread-safe.

    Attributes:
        channels: The channels by key (see `_Key`).
        lock: Guards the channels and their leases. It is re-entrant, because garbage collection may release
            a lease while this thread holds the lock. For the same reason, no thread may hold it while it waits
            for another thread.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.channels: dict[_Key, SharedChannel] = {}
        self._inherited: list[SharedChannel] = []
        register_resettable(self)

    def reset_after_fork(self) -> None:
        """Set the parent's channels aside: a child can neither use nor close them."""
        self.lock = threading.RLock()
        for shared in self.channels.values():
            shared.is_stale = True
            self._inherited.append(shared)
        self.channels.clear()

    def add_lease(self, key: _Key, interceptors: tuple[object, ...]) -> SharedChannel:
        """Add a lease to the channel of a key, and return the channel. Open it if necessary."""
        with self.lock:
            shared = self.channels.get(key)
            if shared is not None:
                shared.leases += 1
                return shared
        # Not under the lock: grpc waits for a thread that it starts, and garbage collection may release a lease there.
        target, certificates, loop, _ = key
        with FORK_GATE:
            opened = open_channel(target, certificates, loop, interceptors)
        with self.lock:
            # If another thread was faster, its channel is used. grpc closes ours when nothing refers to it.
            shared = self.channels.setdefault(key, SharedChannel(opened, interceptors))
            shared.leases += 1
        return shared

    def remove_lease(self, key: _Key, shared: SharedChannel) -> bool:
        """Remove a lease from a channel. Return whether the caller must close the channel."""
        with self.lock:
            if shared.is_stale:
                return False
            shared.leases -= 1
            if shared.leases:
                return False
            if self.channels.get(key) is shared:
                del self.channels[key]
            return True

    def retire(self, key: _Key, shared: SharedChannel) -> None:
        """Have the next lease open another channel. gRPC closes this one when its last call has ended."""
        with self.lock:
            shared.is_stale = True
            if self.channels.get(key) is shared:
                del self.channels[key]


def _leak(shared: SharedChannel) -> None:
    """Keep a channel until the process ends, and beyond the end of the interpreter."""
    import ctypes  # needed after a fault of grpc only

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(shared))


POOL: Final = ChannelPool()
"""The channels of all clients."""


class Lease:
    """A client's right to use the shared channel to a target.

    Attributes:
        channel: grpc's channel, or grpc.aio's if the lease is for an event loop. It is `Any`, because their
            type stubs do not cover calls that send and return bytes.
        shared: The channel with its state.
        read_state: Returns the state of the channel, by gRPC's numbers. Its argument is whether to connect.
    """

    __slots__ = ("_callables", "_is_released", "_key", "channel", "read_state", "shared")

    def __init__(
        self,
        target: Target,
        loop: AbstractEventLoop | None = None,
        interceptors: tuple[object, ...] = (),
    ) -> None:
        self._is_released = True  # so that `__del__` does nothing if `acquire` raises
        certificates = read_root_certificates()
        self._key: _Key = (target, certificates, loop, tuple(map(id, interceptors)))
        self.shared = POOL.add_lease(self._key, interceptors)
        self._is_released = False
        self.channel: Any = self.shared.channel
        self.read_state = self.shared.read_state
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

    def make_reason_callable(self) -> Any:
        """Return grpc's multi-callable for the RPC that says why the channel is not connected."""
        return self.shared.base.unary_unary(REASON_RPC)

    @property
    def is_stale(self) -> bool:
        """Whether no new call may use the channel, so that a new lease is needed."""
        return self.shared.is_stale

    def retire(self) -> None:
        """Retire the channel, because its connection may be dead."""
        POOL.retire(self._key, self.shared)

    def abandon(self) -> None:
        """Retire the channel, because no thread serves its calls. grpc would wait for them for ever to close it."""
        with POOL.lock:
            is_first = not self.shared.is_abandoned
            self.shared.is_abandoned = True
        self.retire()
        if is_first:
            _leak(self.shared)

    def release(self) -> Any:
        """End the lease. Return the channel if the caller must close it, because this was its last lease."""
        with POOL.lock:
            if self._is_released:
                return None
            self._is_released = True
            return self.shared.channel if POOL.remove_lease(self._key, self.shared) else None

    def __del__(
        self, is_finalizing: Callable[[], bool] = sys.is_finalizing, fork_gate: ForkGate = FORK_GATE
    ) -> None:
        # A view of a client is often made for one call, and dropped without `close`. The channel is not closed
        # here, but by grpc, when nothing refers to it any more. The globals are arguments, because at the end of the
        # interpreter they may be gone.
        if not getattr(self, "_is_released", True) and not is_finalizing():
            with fork_gate:
                self.release()
                self._callables.clear()
                self.channel = None
