"""A client of a model of which only the signatures are known, for `gen-client call`.

It takes the wire descriptions of methods as values, where generated code has constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import new_class
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

from ._model_ref import ModelRef
from ._sync.client import Client
from .errors import InputError

if TYPE_CHECKING:
    from ._openai.exchange import Transports
    from ._sync.batch import Batch
    from ._sync.stream import Stream
    from ._wire.method import Streaming, Unary

_R = TypeVar("_R")


class ModelClient(Client):
    """A client of which no code was generated: it takes the wire descriptions of methods as values."""

    def call(self, method: Unary[_R], values: Sequence[object]) -> _R:
        """Call a unary method with one value per parameter."""
        return self._unary(method, *values)

    def stream(self, method: Streaming[_R], values: Sequence[object]) -> Stream[_R]:
        """Call a streaming method with one value per parameter."""
        return self._stream(method, *values)

    def batch(
        self, method: Unary[_R], inputs: Iterator[Mapping[str, object] | InputError]
    ) -> Batch[_R]:
        """Call a unary method once per input; an input has values by the names of parameters, or is an error."""
        return self._batch(method, inputs)

    def chat(self, body: Mapping[str, object], parameters: tuple[str, str]) -> Any:
        """Return the answer of an OpenAI-compatible model to a chat, parsed.

        Args:
            body: The body of the request, as OpenAI's API has it.
            parameters: The names of the parameters of both transports.

        Raises:
            ClarigenError: The call failed, or the answer is a failure.
        """
        transports, message = _prepare_chat(body, parameters)
        return _parse_chat(self._unary(transports.unary, message))

    def stream_chat(self, body: Mapping[str, object], parameters: tuple[str, str]) -> Iterator[Any]:
        """Yield the parsed events of a chat; the arguments and errors are those of `chat`."""
        transports, message = _prepare_chat(body, parameters)
        with self._stream(transports.stream, message) as items:
            yield from map(_parse_chat, items)


def _prepare_chat(
    body: Mapping[str, object], parameters: tuple[str, str]
) -> tuple[Transports, str]:
    """Return the transports of a model and the message of a chat."""
    import json

    from ._openai.model import describe_transports
    from ._openai.request import CHAT, make_message

    return describe_transports(parameters), make_message(CHAT, json.dumps(body).encode()).text


def _parse_chat(text: str) -> Any:
    """Parse an answer or an event; raise the error that it stands for."""
    import json

    from ._openai.failures import find_failure
    from .errors import DecodeError

    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise DecodeError("chat: the model's answer is not JSON") from None
    failure = find_failure(answer)
    if failure is not None:
        raise failure.error
    return answer


def open_client(
    model: ModelRef | None, class_options: Mapping[str, str], **options: Any
) -> ModelClient:
    """Create a client of a model.

    Args:
        model: The model; None for the only one that a runner serves.
        class_options: The options of the class, as generated code has them: `version_id`, `deployment_id` and others.
        options: The arguments of a client.

    Raises:
        ConfigError: The credential, the server, the model or an option is missing or wrong.
    """
    keywords = {"model": model, **class_options} if model is not None else {}
    cls: type[ModelClient] = new_class("Model", (ModelClient,), keywords)
    return cls(**options)


def make_printable(stream: TextIO) -> TextIO:
    """Return a stream that writes a model's text to another, so that neither a terminal nor a CI runner obeys it."""
    from .examples import PrintableOutput

    return cast("TextIO", PrintableOutput(stream))
