"""A TCP proxy that spoils connections: resets, stalls, half-closes, and what else networks do.

What lives here: `Proxy`, and its faults. It reads HTTP/2 frames, and so can do its harm at a moment that
a test can name: before a request, after it, in the midst of the answer. Each connection has one thread,
which waits for both sides at once; so a connection that is reset is reset there and then.
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
        client: The side of whoever called.
        server: The side of the server.
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
        """Carry frames to and fro until one side ends; then both do."""
        with suppress(
            EOFError, OSError, ValueError
        ):  # reset, closed by a fault, or by the end of the test
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
            kind = frame[3] if frame[5:9] != bytes(4) else -1  # what is of no stream is no message
            if side is self.client:
                self._fault.up(self, frame, kind)
            else:
                self._fault.down(self, frame, kind)

    def _cut(self, side: socket.socket, size: int) -> bytes:
        cut, self._rest[side] = self._rest[side][:size], self._rest[side][size:]
        return cut

    def reset(self) -> None:
        """End it as a crashed machine does: with a reset, not with a goodbye."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.client.close()
        self.server.close()

    def end(self) -> None:
        """End it."""
        for side in (self.client, self.server):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


class Fault:
    """No fault: what comes is passed on.

    Frames are told by their kind: 0 carries a message, 1 headers; -1 belongs to no call.
    """

    def accepted(self, link: Link) -> None:
        """A connection was made."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        """The client sends a frame."""
        link.server.sendall(frame)

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        """The server sends a frame."""
        link.client.sendall(frame)


class BlackHole(Fault):
    """Takes everything and says nothing."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        pass

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        pass


class ResetBefore(Fault):
    """Resets before there is a request."""

    def accepted(self, link: Link) -> None:
        link.reset()


class ResetAfter(Fault):
    """Resets when the server has begun to answer; no answer arrives."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _HEADERS:
            link.reset()
        else:
            super().down(link, frame, kind)


class ResetMidway(Fault):
    """Resets in the midst of the first answer."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _DATA:
            super().down(link, frame[: len(frame) // 2], kind)
            link.reset()
        else:
            super().down(link, frame, kind)


class OnDemand(Fault):
    """Resets when the test says so."""

    def __init__(self) -> None:
        self.links: list[Link] = []

    def accepted(self, link: Link) -> None:
        self.links.append(link)

    def strike(self) -> None:
        """Reset every connection."""
        for link in self.links:
            link.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with suppress(OSError):
                link.server.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closes both


class GoAway(Fault):
    """Says at the first request of a connection that it takes no others, and answers it."""

    def __init__(self) -> None:
        self._told: set[Link] = set()

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _DATA and link not in self._told:
            self._told.add(link)
            link.client.sendall(goaway(_EVERY_STREAM))
        super().up(link, frame, kind)


class GoAwayRefusing(Fault):
    """Says at a request that it takes none, not this one either; it never reaches the server."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _HEADERS:
            link.client.sendall(goaway(0))
        elif kind == -1:
            super().up(link, frame, kind)


class HalfClose(Fault):
    """Closes its side when the answer begins; the server goes on, unheard."""

    def __init__(self) -> None:
        self._closed = False

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == _HEADERS and not self._closed:
            self._closed = True
            link.client.shutdown(socket.SHUT_WR)
        elif not self._closed:
            super().down(link, frame, kind)


class ByteByByte(Fault):
    """Passes on one byte at a time, both ways."""

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        for place in range(len(frame)):
            link.server.sendall(frame[place : place + 1])

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        for place in range(len(frame)):
            link.client.sendall(frame[place : place + 1])


class Slow(Fault):
    """Passes on 10 kB a second."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        for place in range(0, len(frame), 100):
            time.sleep(0.01)  # it is what is tried
            link.client.sendall(frame[place : place + 100])


class Stall(Fault):
    """Passes on what belongs to no call, and no answer."""

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if kind == -1:
            super().down(link, frame, kind)


class StallMidway(Fault):
    """Passes on half of the first answer, and nothing more."""

    def __init__(self) -> None:
        self._full = False

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        if self._full:
            return
        if kind == _DATA:
            self._full = True
            frame = frame[: len(frame) // 2]
        super().down(link, frame, kind)


class Pause(Fault):
    """Holds the second half of the first message of a side back, and the connection with it, until told to go on."""

    def __init__(self, *, of_the_request: bool) -> None:
        self.stalled = threading.Event()
        self.go_on = threading.Event()
        self._of_the_request = of_the_request

    def up(self, link: Link, frame: bytes, kind: int) -> None:
        self._pass(link.server, frame, here=self._of_the_request and kind == _DATA)

    def down(self, link: Link, frame: bytes, kind: int) -> None:
        self._pass(link.client, frame, here=not self._of_the_request and kind == _DATA)

    def _pass(self, side: socket.socket, frame: bytes, *, here: bool) -> None:
        if here and not self.stalled.is_set():
            side.sendall(frame[: len(frame) // 2])
            frame = frame[len(frame) // 2 :]
            self.stalled.set()
            self.go_on.wait(60)
        side.sendall(frame)


def goaway(last: int) -> bytes:
    """The frame that says that streams above this one are not taken, for no reason."""
    return struct.pack(">I", 8)[1:] + bytes([_GOAWAY, 0]) + bytes(4) + struct.pack(">II", last, 0)


class Proxy:
    """The proxy before a server of this machine. It runs inside its `with` block.

    Attributes:
        connections: How many were made.
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
