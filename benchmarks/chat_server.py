"""The server of the chats: the same stream over HTTP, as OpenAI's API has it, and over gRPC.

`python -m benchmarks.chat_server COUNT` prints both addresses and serves until its standard input is closed. Each stream
has COUNT chunks.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from clarigen.testing import serve

_HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
_DELTA = {"index": 0, "delta": {"content": "A piece of text "}, "finish_reason": None}
CHUNK = json.dumps({**_HEAD, "choices": [_DELTA]})


class Chat:
    """The model."""

    def openai_transport(self, msg: str) -> str:
        """Not used."""
        return msg

    def openai_stream_transport(self, msg: str) -> Iterator[str]:
        """Stream the chunks."""
        del msg
        yield from (CHUNK for _ in range(int(sys.argv[1])))


class Handler(BaseHTTPRequestHandler):
    """The HTTP server."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *_: object) -> None:
        """Log nothing."""

    def do_POST(self) -> None:
        """Stream the chunks."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(int(sys.argv[1])):
            self.wfile.write(f"data: {CHUNK}\n\n".encode())
            self.wfile.flush()
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


def main() -> None:
    """Serve until the standard input is closed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http, serve(Chat()) as server:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{http.server_address[1]}/v1", server.url, flush=True)
        sys.stdin.read()
        http.shutdown()


if __name__ == "__main__":
    main()
