"""The requests of a job that no call waits for, over the shared channel of synchronous clients.

`in_flight` runs the job. Interceptors do not see its requests, which are no calls of the application. This module is
loaded by the job itself, so that no call pays for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from .._calls.actions import GrpcFailure, Send, Sleep
from .._calls.driver import Driver
from .._calls.grpc_status import failure_from_grpc
from .._calls.retry import Deadline
from .channel_pool import Lease
from .endpoint import Endpoint
from .in_flight import FORK_GATE, leave_when_done, park_at_exit, start_call

_MAX_REPLY_BYTES: Final = 4 << 20
"""The size of the largest reply that is read: parsing a larger one would take time from the program."""


def run_job(endpoint: Endpoint, job: Callable[[Driver], None]) -> None:
    """Run a job in this thread.

    Args:
        endpoint: The server.
        job: The job. It gets a driver for its requests.
    """
    driver = BackgroundDriver(endpoint)
    try:
        job(driver)
    finally:
        park_at_exit()
        driver.close()


class BackgroundDriver(Driver):
    """Drives a flow of queries. The channel is acquired with the first request."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lease: Lease | None = None

    def perform(self, action: Send | Sleep) -> Any:
        """Send a request and return the reply, or sleep; raise `GrpcFailure` if the request failed."""
        if isinstance(action, Sleep):
            time.sleep(action.seconds)
            return None
        deadline = Deadline(action.timeout, time.monotonic)
        reply: bytes | None = None
        while reply is None:
            reply = self._send(action, deadline.remaining())
        if len(reply) > _MAX_REPLY_BYTES:
            raise GrpcFailure("RESOURCE_EXHAUSTED", f"the reply has {len(reply)} bytes")
        return reply

    def _send(self, action: Send, timeout: float | None) -> bytes | None:
        """Send a request and return the reply; None if a fork canceled it."""
        lease = self._lease = self._lease or Lease(self._endpoint.target)
        function = lease.get_callable("unary_unary", action.rpc)
        metadata = self._endpoint.credential.metadata
        import grpc  # here: opening the channel has imported it, see `import_grpc`

        try:
            call = start_call(
                lambda: function.future(
                    action.request, timeout=timeout, metadata=metadata, wait_for_ready=True
                ),
                0,
            )
            FORK_GATE.add_job_call(call)
            reply: bytes = leave_when_done(call).result()
            return reply
        except grpc.FutureCancelledError:
            park_at_exit()  # the end of the program cancels it, too
            return None
        except grpc.RpcError as error:
            failure = failure_from_grpc(error)
        except ValueError:
            failure = GrpcFailure("CANCELLED", "the channel was closed")
        # Not raised in the `except`: `__context__` would be grpc's error, whose traceback holds the metadata.
        raise failure

    def close(self) -> None:
        """Release the channel."""
        channel = self._lease.release() if self._lease is not None else None
        if channel is not None:
            with FORK_GATE:
                channel.close()
