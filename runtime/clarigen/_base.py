"""What both twins of a client are made with: which model, which server, which credential, how long.

What lives here: the constructor that every generated class shares, and how its arguments, the environment
and the baked reference become an `Endpoint`. It opens nothing; `_client` and `_aio` do, when they are made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from ._reference import ModelRef
from .errors import ConfigError

if TYPE_CHECKING:
    from ._channel import Credentials, Target

DEFAULT_TIMEOUT: Final = 600.0
"""How long a call may take if nothing else is said, in seconds: enough for a model to start."""


SERVICE: Final = "/clarifai.api.V2/"
"""What the path of every RPC begins with."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client's calls go.

    Attributes:
        target: The server.
        credentials: What the calls prove themselves with.
        timeout: How long a call may take, in seconds; None for no limit.
    """

    target: Target
    credentials: Credentials
    timeout: float | None

    @classmethod
    def find(
        cls,
        base_url: str | None = None,
        *,
        pat: str | None = None,
        session_token: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
    ) -> Endpoint:
        """The endpoint for these arguments and, where they are left out, the environment.

        Raises:
            ConfigError: The address, the credential or the timeout is missing or wrong.
        """
        from . import _channel

        if timeout is not None and not 0 < timeout < float("inf"):
            raise ConfigError(f"timeout is {timeout!r}; it must be seconds above 0, or None")
        target = _channel.Target.parse(_channel.base_url(base_url))
        return cls(target, _channel.Credentials.find(target, pat, session_token), timeout)


class ClientBase:
    """The part of `Client` and `AsyncClient` that does not differ."""

    _model: ClassVar[ModelRef | None] = None

    def __init_subclass__(cls, *, model: ModelRef | None = None) -> None:
        super().__init_subclass__()
        if model is not None:
            cls._model = model

    def __init__(
        self,
        *,
        pat: str | None = None,
        session_token: str | None = None,
        base_url: str | None = None,
        model: ModelRef | str | None = None,
        version_id: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
    ) -> None:
        """Make a client. Nothing is sent yet.

        Args:
            pat: A personal access token; by default CLARIFAI_PAT.
            session_token: A session token in its place; by default CLARIFAI_SESSION_TOKEN.
            base_url: The server: the platform (by default, or CLARIFAI_API_BASE), or a local
                runner such as `grpc://127.0.0.1:8000`.
            model: Another model with the same methods: its URL or a `ModelRef`.
            version_id: A version of the model; by default the latest.
            timeout: How long a call may take, in seconds, above 0; None for no limit.

        Raises:
            ConfigError: The credential, the server, the model or the timeout is missing or wrong.
        """
        from . import _channel

        reference, version = _meant(self._model, model, version_id)
        if reference is None and _channel.base_url(base_url) == _channel.DEFAULT_BASE:
            raise ConfigError(
                f"{type(self).__name__} was generated without a model's reference: give"
                " model='USER/APP/models/MODEL', or base_url='grpc://HOST:PORT' for a local runner"
            )
        self._endpoint = Endpoint.find(
            base_url, pat=pat, session_token=session_token, timeout=timeout
        )
        self._addressed = _address(reference, version)
        self._open()

    def _open(self) -> None:
        """Open the connection of this twin."""
        raise NotImplementedError


def _meant(
    baked: ModelRef | None, given: ModelRef | str | None, version_id: str | None
) -> tuple[ModelRef | None, str]:
    """The model and the version that a client means."""
    if isinstance(given, str):
        reference, version = ModelRef.parse(given)
        return reference, version_id or version
    return given or baked, version_id or ""


def _address(reference: ModelRef | None, version_id: str) -> bytes:
    """The part of every request that says which model is meant, serialised once."""
    from ._proto import PostModelOutputsRequest, UserAppIDSet

    if reference is None:
        return PostModelOutputsRequest(version_id=version_id).SerializeToString()
    return PostModelOutputsRequest(
        user_app_id=UserAppIDSet(user_id=reference.user_id, app_id=reference.app_id),
        model_id=reference.model_id,
        version_id=version_id,
    ).SerializeToString()
