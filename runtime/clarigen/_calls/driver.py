"""The two loops that drive the flow of a unary call: one blocks, one awaits.

The loops decide nothing. The flow decides what to do and what a reply means (see `call`). A connection derives from a
driver and performs the actions. Streams and synchronous batches do not use these loops.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .call import UnaryFlow

_R = TypeVar("_R")


class Driver(ABC):
    """Drives the flows of unary calls in the calling thread."""

    def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call, and return its result."""
        try:
            action = next(flow)
            while True:
                try:
                    reply = self.perform(action)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    action = flow.throw(error)
                else:
                    action = flow.send(reply)
        except StopIteration as end:
            result: _R = end.value
            return result

    @abstractmethod
    def perform(self, action: Any) -> Any:
        """Perform an action, and return its result or raise `GrpcFailure`."""


class AsyncDriver(ABC):
    """Drives the flows of unary calls in the calling task."""

    async def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call, and return its result."""
        try:
            action = next(flow)
            while True:
                try:
                    reply = await self.perform(action)
                except Exception as error:  # noqa: BLE001 - the flow decides what it means
                    action = flow.throw(error)
                else:
                    action = flow.send(reply)
        except StopIteration as end:
            result: _R = end.value
            return result

    @abstractmethod
    async def perform(self, action: Any) -> Any:
        """Perform an action, and return its result or raise `GrpcFailure`."""
