"""A TCP proxy that injects faults into connections: resets, stalls, half-closes and others.

It parses HTTP/2 frames, so that a fault can be injected at a defined moment: before a request, after it, or within a
response. One thread per connection serves both directions; therefore a reset takes effect at once.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from contextlib import suppress
from typing import Final, Self

PREFACE: Final = 24
"""How many bytes a client says before its first frame."""

_DATA: Final = 0
_HEADERS: Final = 1
_GOAWAY: Final = 7
_EVERY_STREAM: Final = (1 << 31) - 1


class Link:
    """A connection through the proxy.

    Attributes:
        client: The socket to the client.
        server: The socket to the server.
    """

    def __init__(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        self.client = client
        self.server = server
        self._fault = fault
        self._rest = {client: b"", server: b""}
        self._heard = False
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self) -> None:
        """Forward frames in both directions until one side ends, then close both."""
        with suppress(
            EOFError, OSError, ValueError
        ):  # reset, or closed by a fault or at the end of the test
            while True:
                for side in select.select([self.client, self.server], [], [])[0]:
                    data = side.recv(1 << 16)
                    if not data:
                        raise EOFError
                    self._rest[side] += data
                    self._carry(side)
        self.end()

    def _carry(self, side: socket.socket) -> None:
        if side is self.client and not self._heard and len(self._rest[side]) >= PREFACE:
            self._heard = True
            self._fault.up(self, self._cut(side, PREFACE), -1)
        while (len(self._rest[side]) >= 9) and (side is self.server or self._heard):
            size = 9 + int.from_bytes(self._rest[side][:3], "big")
            if len(self._rest[side]) < size:
                return
            frame = self._cut(side, size)
            kind = (
                frame[3] if frame[5:9] != bytes(4) else -1
            )  # frames of stream 0 belong to no call
            if side is self.client:
                self._fault.up(self, frame, kind)
            else:
                self._fault.down(self, frame, kind)

    def _cut(self, side: socket.socket, size: int) -> bytes:
        cut, self._rest[side] = self._rest[side][:size], self._rest[side][size:]
        return cut

    def reset(self) -> None:
        """Close both sides with a TCP reset, as if the machine had crashed."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.close()
        self.server.close()

    def end(self) -> None:
        """Close both sides."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


class Fault:
    """The base class of faults; by itself it forwards everything.

    `kind` of a frame is 0 for DATA, 1 for HEADERS, and -1 for a frame that belongs to no stream.
    """

    def accepted(self, link: Link) -> None:
        """Handle a new connection."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        """Handle a frame of the client."""
        link.server.sendall(frame)

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        """Handle a frame of the server."""
        link.client.sendall(frame)


class BlackHole(Fault):
    """Swallow everything."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        pass

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        pass


class ResetBefore(Fault):
    """Reset each connection before its first request."""

    def accepted(self, link: Link) -> None:
        link.reset()


class ResetAfter(Fault):
    """Reset when the server starts to respond, before the response arrives."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _HEADERS:
            link.reset()
        else:
            super().down(link, frame, kind)


class ResetMidway(Fault):
    """Reset within the first response."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _DATA:
            super().down(link, frame[: len(frame) // 2], kind)
            link.reset()
        else:
            super().down(link, frame, kind)


class OnDemand(Fault):
    """Reset when the test calls `strike`."""

    def __init__(self) -> None:
        self.links: list[Link] = []

    def accepted(self, link: Link) -> None:
        self.links.append(link)

    def strike(self) -> None:
        """Reset every connection."""
        for link in self.links:
            link.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):
                link.server.shutdown(
                    socket.SHUT_RDWR
                )  # wakes up the thread, which closes both sides


class GoAway(Fault):
    """Send GOAWAY with the first request of a connection, and let that request be answered."""

    def __init__(self) -> None:
        self._notified: set[Link] = set()

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _DATA and link not in self._notified:
            self._notified.add(link)
            link.client.sendall(goaway(_EVERY_STREAM))
        super().up(link, frame, kind)


class GoAwayRefusing(Fault):
    """Send GOAWAY instead of forwarding a request, which never reaches the server.

    Args:
        connections: How many connections are affected; the requests on later ones are forwarded.
    """

    def __init__(self, connections: int = 1 << 30) -> None:
        self._connections = connections
        self._affected: set[Link] = set()

    def accepted(self, link: Link) -> None:
        if len(self._affected) < self._connections:
            self._affected.add(link)

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        if link not in self._affected:
            super().up(link, frame, kind)
        elif kind == _HEADERS:
            link.client.sendall(goaway(0))
        elif kind == -1:
            super().up(link, frame, kind)


class HalfClose(Fault):
    """Close the client's side when the response starts; the server continues, but nothing arrives."""

    def __init__(self) -> None:
        self._closed = False

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _HEADERS and not self._closed:
            self._closed = True
            link.client.shutdown(socket.SHUT_WR)
        elif not self._closed:
            super().down(link, frame, kind)


class ByteByByte(Fault):
    """Forward single bytes, in both directions."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        for place in range(len(frame)):
            link.server.sendall(frame[place : place + 1])

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        for place in range(len(frame)):
            link.client.sendall(frame[place : place + 1])


class Slow(Fault):
    """Forward 10 kB per second."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        for place in range(0, len(frame), 100):
            time.sleep(0.01)  # the slow connection itself
            link.client.sendall(frame[place : place + 100])


class Stall(Fault):
    """Forward only frames that belong to no stream, so that no response arrives."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == -1:
            super().down(link, frame, kind)


class StallMidway(Fault):
    """Forward half of the first response, then nothing."""

    def __init__(self) -> None:
        self._has_stalled = False

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if self._has_stalled:
            return
        if kind == _DATA:
            self._has_stalled = True
            frame = frame[: len(frame) // 2]
        super().down(link, frame, kind)


class Pause(Fault):
    """Hold the second half of the first message of one side, and the connection with it, until `go_on` is set."""

    def __init__(self, *, is_of_request: bool) -> None:
        self.stalled = threading.Event()
        self.go_on = threading.Event()
        self._is_of_request = is_of_request

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        self._forward(link.server, frame, is_held=self._is_of_request and kind == _DATA)

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        self._forward(link.client, frame, is_held=not self._is_of_request and kind == _DATA)

    def _forward(self, side: socket.socket, frame: bytes, *, is_held: bool) -> None:
        if is_held and not self.stalled.is_set():
            side.sendall(frame[: len(frame) // 2])
            frame = frame[len(frame) // 2 :]
            self.stalled.set()
            self.go_on.wait(60)
        side.sendall(frame)


def goaway(last: int) -> bytes:
    """Build a GOAWAY frame with the error code NO_ERROR.

    Args:
        last: The last stream that the server will still answer.
    """
    return struct.pack(">I", 8)[1:] + bytes([_GOAWAY, 0]) + bytes(4) + struct.pack(">II", last, 0)


class Proxy:
    """The proxy in front of a server on this machine. It runs inside its `with` block.

    Attributes:
        connections: How many connections were accepted.
    """

    def __init__(self, upstream: int, fault: Fault) -> None:
        self.connections = 0
        self._upstream = upstream
        self._fault = fault
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._links: list[Link] = []

    @property
    def url(self) -> str:
        """The base URL for clients."""
        return f"grpc://127.0.0.1:{self._listener.getsockname()[1]}"

    def wait_until_disconnected(self) -> bool:
        """Wait until each connection has ended; return False if one is still open after ten seconds."""
        links = self._threads[1:]
        for thread in links:
            thread.join(10)
        return not any(thread.is_alive() for thread in links)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                server = socket.create_connection(("127.0.0.1", self._upstream))
                link = Link(client, server, self._fault)
                self._links.append(link)
                self._fault.accepted(link)
                thread = threading.Thread(target=link.run, daemon=True)
                self._threads.append(thread)
                thread.start()

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for link in self._links:
            link.end()
        for thread in self._threads:
            thread.join(10)
