"""The bases of clients for OpenAI-compatible models.

A generated package of such a model imports this module, so it must stay light: the library `openai` is imported when
`openai()` is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from .._async.client import AsyncClient
from .._client.base import ClientBase
from .._sync.client import Client

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from .exchange import Transports
else:
    AsyncOpenAI = OpenAI = Transports = Any

_HTTP_URL: Final = "https://api.clarifai.com/v2/ext/openai/v1"


class OpenAIEndpoint(NamedTuple):
    """The address of a model at the platform's HTTP endpoint for OpenAI's API.

    Attributes:
        base_url: The URL of the endpoint.
        model: The model's name there: the URL of its web page. Empty if the package has no model reference.
    """

    base_url: str
    model: str


class OpenAIModelBase(ClientBase):
    """What the clients of OpenAI-compatible models share, sync and async.

    Attributes:
        openai_http: The model at the platform's HTTP endpoint, for programs that take only a URL, a name and
            the PAT as API key.
    """

    openai_http: ClassVar[OpenAIEndpoint] = OpenAIEndpoint(_HTTP_URL, "")
    _openai_parameters: ClassVar[tuple[str, str]] = ("msg", "msg")

    def __init_subclass__(
        cls, *, openai_parameters: tuple[str, str] | None = None, **keywords: Any
    ) -> None:
        """Set the names of the transports' parameters and `openai_http`, in addition to what every client has."""
        super().__init_subclass__(**keywords)
        if openai_parameters is not None:
            cls._openai_parameters = openai_parameters
        if cls._model is not None:
            cls.openai_http = OpenAIEndpoint(_HTTP_URL, cls._model.url)

    @property
    def name(self) -> str:
        """A name of the model, for the argument `model` that OpenAI's API requires. The model ignores it."""
        address = self._address
        if address.reference is None:
            return type(self).__name__
        version = f"/versions/{address.version_id}" if address.version_id else ""
        return f"{address.reference.url}{version}"


def make_transports(client_class: type[OpenAIModelBase]) -> Transports:
    """Return the wire descriptions of the transports of a generated class."""
    return describe_transports(
        client_class._openai_parameters  # pyright: ignore[reportPrivateUsage]
    )


def describe_transports(parameters: tuple[str, str]) -> Transports:
    """Return the wire descriptions of the transports of a model.

    Args:
        parameters: The names of their parameters: of the unary one, and of the one that streams.
    """
    from .. import wire
    from .exchange import Transports

    unary, stream = parameters
    return Transports(
        wire.unary("openai_transport", wire.field(unary, wire.STR), returns=wire.STR),
        wire.server_stream(
            "openai_stream_transport", wire.field(stream, wire.STR), returns=wire.STR
        ),
    )


class OpenAIModel(OpenAIModelBase, Client):
    """The base of generated clients for OpenAI-compatible models."""

    def openai(self) -> OpenAI:
        """Return an `openai.OpenAI` whose calls go over this client: with its credential, deployment, timeout and retries.

            chat = model.openai().chat.completions
            answer = chat.create(model=model.name, messages=[{"role": "user", "content": "Hello"}])

        Errors are those of the library `openai`. Closing it does not close this client.

        Raises:
            ConfigError: The library is not installed, or too old: `pip install 'clarigen[openai]'`.
        """
        from .client import create_openai

        return create_openai(self._connection, make_transports(type(self)), self._make_context)


class AsyncOpenAIModel(OpenAIModelBase, AsyncClient):
    """The base of generated async clients for OpenAI-compatible models."""

    def openai(self) -> AsyncOpenAI:
        """Return an `openai.AsyncOpenAI` whose calls go over this client: see `OpenAIModel.openai`."""
        from .client import create_async_openai

        return create_async_openai(
            self._connection, make_transports(type(self)), self._make_context
        )
