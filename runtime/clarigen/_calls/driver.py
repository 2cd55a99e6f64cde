"""The two loops that run the generator of a unary call: one in a thread, one that awaits.

They decide nothing: what a call asks for and what the reply means is `_call`'s. How an action is done
is each connection's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .call import UnaryFlow

_R = TypeVar("_R")


class Driver(ABC):
    """Drives the flows of unary calls, in the caller's thread."""

    def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call to its end."""
        try:
            action = next(flow)
            while True:
                try:
                    reply = self.do(action)
                except Exception as raised:  # noqa: BLE001 - for the flow to judge
                    action = flow.throw(raised)
                else:
                    action = flow.send(reply)
        except StopIteration as end:
            result: _R = end.value
            return result

    @abstractmethod
    def do(self, action: Any) -> Any:
        """Do what a flow wants: the reply, or `Failure`."""


class AsyncDriver(ABC):
    """Drives the flows of unary calls, in the caller's task."""

    async def run(self, flow: UnaryFlow[_R]) -> _R:
        """Drive the flow of a unary call to its end."""
        try:
            action = next(flow)
            while True:
                try:
                    reply = await self.do(action)
                except Exception as raised:  # noqa: BLE001 - for the flow to judge
                    action = flow.throw(raised)
                else:
                    action = flow.send(reply)
        except StopIteration as end:
            result: _R = end.value
            return result

    @abstractmethod
    async def do(self, action: Any) -> Any:
        """Do what a flow wants: the reply, or `Failure`."""
