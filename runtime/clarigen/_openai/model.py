"""The bases of clients for OpenAI-compatible models.

A generated package of such a model imports this module, so it must stay light: the library `openai` is imported when
`openai()` is called.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final, NamedTuple

from .._async.client import AsyncClient
from .._client.base import ClientBase
from .._sync.client import Client

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
        """Set the parameters of the transports that a class is generated for, and what every client's class has."""
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


class OpenAIModel(OpenAIModelBase, Client):
    """The base of generated clients for OpenAI-compatible models."""


class AsyncOpenAIModel(OpenAIModelBase, AsyncClient):
    """The base of generated async clients for OpenAI-compatible models."""
