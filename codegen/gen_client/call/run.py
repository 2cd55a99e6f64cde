"""Calls of one method: one, a stream, or a batch of lines. Results are yielded; nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clarigen._tooling import ModelClient, open_client
from clarigen.errors import ClarigenError, InputError
from gen_client.call.describe import CallableMethod
from gen_client.call.readers import has_type, parse_json
from gen_client.call.words import ArgumentReader
from gen_client.diagnostics import Refusal
from gen_client.interface.model import MethodKind

__all__ = ["Caller", "ModelClient", "Values", "open_client"]

Values = Mapping[str, Any]
"""Arguments by the names of parameters."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Calls a method of a model.

    Attributes:
        client: The client.
        method: The method.
        reader: Reads its arguments, and from standard input the items of a stream that no argument gives.
    """

    client: ModelClient
    method: CallableMethod
    reader: ArgumentReader

    def is_stream(self, values: Values) -> bool:
        """Return whether a call yields several results."""
        if self.method.transports is not None:
            return values.get("stream") is True
        return self.method.kind is not MethodKind.UNARY

    def call(self, values: Values) -> Any:
        """Return the result of a call that has one.

        Raises:
            ClarigenError: A value does not fit, or the call failed.
        """
        if self.method.transports is not None:
            return self.client.chat(self._make_body(values), self.method.transports)
        return self.client.call(self.method.wire, self.method.wire.bind(values))

    def stream(self, values: Values) -> Iterator[Any]:
        """Yield the results of a call as they come. Leaving the iteration early cancels the call.

        Raises:
            ClarigenError: A value does not fit, or the call failed.
            Refusal: A line of standard input does not fit.
        """
        if self.method.transports is not None:
            body = self._make_body(values)
            yield from self.client.stream_chat(body, self.method.transports)
            return
        argument = self.method.stream_argument
        if argument is not None and argument.name not in values:
            lines = self.reader.stdin.iter_lines()
            items_in = (self.reader.read_item(argument, line) for line in lines)
            values = {**values, argument.name: items_in}
        with self.client.stream(self.method.wire, self.method.wire.bind(values)) as results:
            yield from results

    def run_batch(
        self, lines: Iterable[bytes], shared: Values
    ) -> Iterator[Any | ClarigenError | Refusal]:
        """Yield the result of each line, in the order of the lines, or the error in its place.

        Args:
            lines: Objects of arguments, as JSON.
            shared: The arguments of all lines; a line may have others.
        """
        if self.method.transports is None and self.method.kind is MethodKind.UNARY:
            yield from self._run_requests(lines, shared)
            return
        for line in lines:
            try:
                values = self._read_line(line, shared)
                if self.is_stream(values):
                    yield list(self.stream(values))
                else:
                    yield self.call(values)
            except (ClarigenError, Refusal) as error:
                yield error

    def _run_requests(
        self, lines: Iterable[bytes], shared: Values
    ) -> Iterator[Any | ClarigenError]:
        """Yield the outcomes of a method that the platform takes batches of."""
        with self.client.batch(self.method.wire, self.read_inputs(lines, shared)) as batch:
            yield from batch.outcomes(isolate=True)

    def read_inputs(self, lines: Iterable[bytes], shared: Values) -> Iterator[Values | InputError]:
        """Yield the arguments of each line, or why they do not fit.

        Args:
            lines: Objects of arguments, as JSON.
            shared: The arguments of all lines; a line may have others.
        """
        for line in lines:
            try:
                yield self._read_line(line, shared)
            except InputError as error:
                yield error

    def _read_line(self, line: bytes, shared: Values) -> Values:
        """Read the arguments of a line.

        Raises:
            InputError: They do not fit.
        """
        try:
            content = parse_json(line.decode("utf-8"))
        except ValueError as error:
            problem = "must be UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise InputError(
                f"{self.method.name}: a line {problem}", method=self.method.name
            ) from None
        first = self.method.arguments[0].name if self.method.arguments else ""
        if first and not has_type(content, dict):  # the first argument alone
            content = {first: content}
        try:
            return {**shared, **self.reader.read_object(content)}
        except Refusal as refusal:
            raise InputError(refusal.diagnostic.message, method=self.method.name) from None

    def _make_body(self, values: Values) -> dict[str, Any]:
        """Return the body of a chat.

        Raises:
            InputError: It has no messages.
        """
        if "messages" not in values:
            raise InputError(
                "chat: `messages` is required", method=self.method.name, parameter="messages"
            )
        return {"model": "model", **values}
