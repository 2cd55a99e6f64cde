"""The HTTP server behind the models of these tests: what vLLM, SGLang or OpenAI are behind real ones.

It answers by the last message of a chat: `echo` returns the request, `fail 429` that HTTP status, `fail midway` breaks the
stream off with an error, `wait` answers when the test lets it. Anything else is greeted. A chat with tools calls the
first one, and answers with its result.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

CHAT_USAGE: Final = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 3},
}
RESPONSES_USAGE: Final = {
    "input_tokens": 5,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 9,
}


class Backend(ThreadingHTTPServer):
    """A server of OpenAI's API.

    Attributes:
        requests: The paths and bodies of the requests, in order.
        released: Set to answer the requests that say `wait`.
        waiting: Set when such a request has come.
        closed: Set when a client has closed the connection of a stream.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.released = threading.Event()
        self.waiting = threading.Event()
        self.closed = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    @property
    def last_body(self) -> dict[str, Any]:
        return self.requests[-1][1]


@contextmanager
def run_backend() -> Iterator[Backend]:
    """Run a backend for the block."""
    with Backend() as backend:
        thread = threading.Thread(target=backend.serve_forever)
        thread.start()
        try:
            yield backend
        finally:
            backend.released.set()
            backend.shutdown()
            thread.join()


class _BackendError(Exception):
    """An error with an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Backend  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *_: object) -> None:
        del format

    def do_GET(self) -> None:
        self._send(200, {"object": "list", "data": [_card("tiny")]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        path = self.path.removeprefix("/v1")
        self.server.requests.append((path, body))
        try:
            if body.get("stream"):
                self._send_events(path, body)
            else:
                self._send(200, _ANSWERS[path](self.server, body))
        except _BackendError as error:
            message = f"refused with {error.status}"
            self._send(error.status, {"error": {"message": message, "type": "test", "code": None}})

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_events(self, path: str, body: dict[str, Any]) -> None:
        events = _STREAMS[path](self.server, body)
        first = next(events)  # an error in its place has a status
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            self._write_event(first)
            for event in events:
                self._write_event(event)
            self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            self.server.closed.set()
        self.close_connection = True

    def _write_event(self, event: dict[str, Any]) -> None:
        name = f"event: {event['type']}\n" if "type" in event else ""
        self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()


def _card(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1, "owned_by": "test", "max_model_len": 100}


def _last_text(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else str(content[0].get("text"))


def _reply(backend: Backend, body: dict[str, Any]) -> dict[str, Any]:
    """Return the message that answers a chat."""
    text, last = _last_text(body), body["messages"][-1]
    if text.startswith("fail "):
        raise _BackendError(int(text.removeprefix("fail ")))
    if text == "wait":
        backend.waiting.set()
        backend.released.wait(60)
    if last["role"] == "tool":
        content = f"the tool says: {text}"
    elif body.get("tools") and text != "echo":
        name = body["tools"][0]["function"]["name"]
        function = {"name": name, "arguments": '{"city": "Oslo"}'}
        call = {"id": "call_1", "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    elif text == "echo":
        content = json.dumps(body, sort_keys=True)
    else:
        content = "Hello from the model"
    return {"role": "assistant", "content": content, "reasoning_content": "because"}


def _chat(backend: Backend, body: dict[str, Any]) -> dict[str, Any]:
    message = _reply(backend, body)
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "tiny",
        "choices": [{"index": 0, "finish_reason": reason, "message": message}],
        "usage": CHAT_USAGE,
    }


def _responses(backend: Backend, body: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "output_text", "text": "Hello from responses", "annotations": []}
    item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "model": "tiny",
        "status": "completed",
        "output": [{**item, "content": [part]}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": RESPONSES_USAGE,
    }


def _embeddings(backend: Backend, body: dict[str, Any]) -> dict[str, Any]:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = [
        {"object": "embedding", "index": index, "embedding": [0.25, -0.5]}
        for index in range(len(texts))
    ]
    usage = {"prompt_tokens": 2, "total_tokens": 2}
    return {"object": "list", "model": "tiny", "data": data, "usage": usage}


def _images(backend: Backend, body: dict[str, Any]) -> dict[str, Any]:
    return {"created": 1700000000, "data": [{"b64_json": "aGVsbG8="}]}


def _chat_events(backend: Backend, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    chunk: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "tiny",
    }

    def piece(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    if _last_text(body) == "fail midway":
        yield piece({"role": "assistant", "content": "Hello"})
        yield {"error": {"message": "the engine died", "type": "server_error", "code": 500}}
        return
    if _last_text(body) == "endless":
        while True:
            yield piece({"role": "assistant", "content": "again "})
    message = _reply(backend, body)
    calls = message.get("tool_calls")
    if calls:
        call, arguments = calls[0], calls[0]["function"]["arguments"]
        start = {**call, "index": 0, "function": {**call["function"], "arguments": ""}}
        yield piece({"role": "assistant", "content": None, "tool_calls": [start]})
        for part in (arguments[:8], arguments[8:]):
            yield piece({"tool_calls": [{"index": 0, "function": {"arguments": part}}]})
    else:
        yield piece({"role": "assistant", "content": ""})
        for word in message["content"].split(" "):
            yield piece({"content": f"{word} "})
    yield piece({}, "tool_calls" if calls else "stop")
    yield {**chunk, "choices": [], "usage": CHAT_USAGE}


def _responses_events(backend: Backend, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    complete = _responses(backend, body)
    started = {**complete, "status": "in_progress", "output": [], "usage": None}
    item = complete["output"][0]
    part, empty = item["content"][0], {**item["content"][0], "text": ""}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    open_item = {**item, "status": "in_progress", "content": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": started},
        {"type": "response.output_item.added", "output_index": 0, "item": open_item},
        {"type": "response.content_part.added", **place, "part": empty},
        {"type": "response.output_text.delta", **place, "delta": part["text"], "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": complete},
    ]
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


_ANSWERS: Final = {
    "/chat/completions": _chat,
    "/responses": _responses,
    "/embeddings": _embeddings,
    "/images/generations": _images,
}
_STREAMS: Final = {"/chat/completions": _chat_events, "/responses": _responses_events}
