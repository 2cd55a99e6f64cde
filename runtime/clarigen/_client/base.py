"""What the synchronous and the async client share: their configuration, and the context of each call.

The arguments of the constructor, the environment and the class's own model become an endpoint and an address.
The subclasses open the connection and make the calls. This module is loaded with every generated package. So it
imports what calls need in functions, when a client is created.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from .._calls.response import (
    Observer,
    RecordedClient,
    Recording,
    get_recording_observers,
    recording,
)
from .._model_ref import ModelRef
from .._types import SERVER_DEFAULT, Default, show_single_calls
from ..errors import ConfigError

if TYPE_CHECKING:
    from .._calls.address import Address, Routing
    from .._calls.call import CallContext
    from .._calls.driver import Driver
    from .._calls.retry import Policy
    from .._transport.endpoint import ClientOptions, Endpoint
else:
    Address = Routing = CallContext = Policy = ClientOptions = Any

ClientT = TypeVar("ClientT", bound="ClientBase")
"""The class of a client, in place of `Self`, which jedi takes for the base class."""

DEFAULT_TIMEOUT: Final = 600.0
"""The time limit of a call by default, in seconds: long enough for a model to start."""

DEFAULT_RETRIES: Final = 4
"""The number of retries of a call by default."""


class ClientBase(ABC):
    """The common base class of `Client` and `AsyncClient`."""

    _model: ClassVar[ModelRef | None] = None
    _version: ClassVar[str] = ""
    # The fields of `Routing`, in its order.
    _default_routing: ClassVar[tuple[str | None, ...]] = (None, None, None, None)

    def __init_subclass__(
        cls,
        *,
        model: ModelRef | None = None,
        version_id: str = "",
        deployment_id: str | None = None,
        deployment_user_id: str | None = None,
        compute_cluster_id: str | None = None,
        nodepool_id: str | None = None,
    ) -> None:
        """Set the model, the version and the deployment that a class is generated for."""
        super().__init_subclass__()
        show_single_calls(cls)
        if model is not None:
            cls._model, cls._version = model, version_id
        if deployment_id or nodepool_id:
            cls._default_routing = (
                deployment_id,
                compute_cluster_id,
                nodepool_id,
                deployment_user_id,
            )

    def __init__(
        self,
        *,
        pat: str | None = None,
        session_token: str | None = None,
        base_url: str | None = None,
        model: ModelRef | str | None = None,
        version_id: str | None = None,
        deployment_id: str | None = None,
        deployment_user_id: str | None = None,
        compute_cluster_id: str | None = None,
        nodepool_id: str | None = None,
        timeout: float | None = DEFAULT_TIMEOUT,
        idle_timeout: float | Default | None = SERVER_DEFAULT,
        stream_timeout: float | None = None,
        max_retries: int = DEFAULT_RETRIES,
        idempotent: bool = False,
        verify: bool | None = None,
        on_response: Observer | None = None,
        interceptors: Sequence[object] = (),
    ) -> None:
        """Create a client. Nothing is sent yet.

        Args:
            pat: Personal access token. The default is CLARIFAI_PAT.
            session_token: Session token, instead of a PAT. The default is CLARIFAI_SESSION_TOKEN.
            base_url: The server: the platform, or a local runner such as `grpc://127.0.0.1:8000`.
                The default is CLARIFAI_API_BASE, or else the platform.
            model: Another model with the same methods: its URL or a `ModelRef`.
            version_id: Version of the model. The default is the version that the package was generated
                for, if it names one, or else the latest.
            deployment_id: Deployment that runs the model. The default is the deployment that the package
                was generated for, if it names one, or else the platform's choice.
            deployment_user_id: Owner of the deployment or of the compute cluster. The default is the
                owner of the credential; the first call asks the platform who that is.
            compute_cluster_id: Compute cluster, together with `nodepool_id`, instead of a deployment.
            nodepool_id: Nodepool of the compute cluster.
            timeout: Time limit of a call with all its attempts, in seconds, above 0; None for no limit.
                The default is ten minutes. The call waits for a model that is starting. For a stream, it
                is the time until the first result.
            idle_timeout: Longest wait of a stream for the next result, in seconds, above 0; None for no
                limit. An input that the stream sends begins the wait anew. The default is `timeout`.
            stream_timeout: Time limit of a stream as a whole, in seconds, above 0. The default is None:
                no limit as long as results arrive.
            max_retries: Number of retries of a call, at least 0. A call is retried if the server refuses
                it or cannot be reached.
            idempotent: Whether to retry after a lost connection, too. The call may then run, and be
                billed, more than once.
            verify: Whether the first call compares the model's methods with those that this class was
                generated from. A call of a method that has changed, so that calls may break, raises
                SignatureMismatchError. By default, the methods are compared in the background once an
                answer comes from another version; what may break calls is logged as a warning. False
                compares nothing.
            on_response: Callback, invoked with a `Response` after each successful call: for metrics,
                logs, billing. It runs where the call is made, and cannot change the result: what it
                raises is logged.
            interceptors: gRPC client interceptors, the outermost first: of `grpc`, or of `grpc.aio` for
                the async client. Interceptors see the call metadata, including the credential.

        Raises:
            ConfigError: The credential, the server, the model or an option is missing or wrong.
        """
        from .._calls.address import Address
        from .._drift.check import DriftChecker, find_package
        from .._transport.credentials import CredentialArguments
        from .._transport.endpoint import ClientOptions, Endpoint

        credentials = CredentialArguments(pat, session_token)
        pat = session_token = None  # so that no traceback's local variables hold them
        self._options = ClientOptions(
            base_url=base_url,
            model=model,
            version_id=version_id,
            deployment_id=deployment_id,
            deployment_user_id=deployment_user_id,
            compute_cluster_id=compute_cluster_id,
            nodepool_id=nodepool_id,
            timeout=timeout,
            max_retries=max_retries,
            idempotent=idempotent,
            verify=verify,
            on_response=on_response,
            interceptors=tuple(interceptors),
            idle_timeout=idle_timeout,
            stream_timeout=stream_timeout,
        )
        reference, version = self._resolve_model()
        self._endpoint = Endpoint.find(base_url, credentials, self._options.interceptors)
        policy = self._options.make_policy(self._endpoint, reference)
        self._address: Address = Address(reference, version, self._resolve_routing())
        endpoint = self._endpoint
        self._drift = DriftChecker(
            find_package(type(self), ClientBase),
            verify=verify,
            server=endpoint.target.address,
            start=None if version else lambda job: _start_job(endpoint, job),
        )
        self._has_explicit_credential = bool(credentials)
        self._identity = (
            RecordedClient()
        )  # all views have the same, so `recording` covers their calls
        self._connect(policy)

    def _resolve_model(self) -> tuple[ModelRef | None, str]:
        """Return the model and the version to call: those of the options, or the class's own.

        Raises:
            ConfigError: The model is wrong, or the server is the platform and no model is known.
        """
        model, version_id = self._options.model, self._options.version_id
        if isinstance(model, str):
            reference, version_in_url = ModelRef.parse(model)
            return reference, version_id or version_in_url
        if model is not None:
            return model, version_id or ""
        if self._model is None and self._options.is_platform:
            raise ConfigError(
                f"{type(self).__name__} was generated without a model reference: pass"
                " model='USER/APP/models/MODEL', or base_url='grpc://HOST:PORT' for a local runner"
            )
        return self._model, version_id or self._version

    def _resolve_routing(self) -> Routing:
        """Return where the model runs: the routing in the options, or else the class's own.

        The class's own routing is not used for another model, or if the server is on this machine.

        Raises:
            ConfigError: The options contradict each other.
        """
        from .._calls.address import Routing

        options = self._options
        routing = Routing(
            options.deployment_id,
            options.compute_cluster_id,
            options.nodepool_id,
            options.deployment_user_id,
        )
        if not any(routing) and options.model is None and not self._endpoint.target.loopback:
            routing = Routing(*self._default_routing)
        return routing.validate()

    def with_options(  # the type variable in place of `Self`: jedi knows it as the class of the client
        self: ClientT,
        *,
        timeout: float | Default | None = SERVER_DEFAULT,
        idle_timeout: float | Default | None = SERVER_DEFAULT,
        stream_timeout: float | Default | None = SERVER_DEFAULT,
        max_retries: int | None = None,
        idempotent: bool | None = None,
        on_response: Observer | None = None,
        batch_size: int | None = None,
        concurrency: int | None = None,
    ) -> ClientT:
        """Return a client with other options that shares this client's channel. This client does not change.

        Args:
            timeout: Time limit of a call, or until a stream's first result, in seconds, above 0; None
                for no limit. If omitted, the current setting.
            idle_timeout: Longest wait of a stream for the next result, in seconds, above 0; None for no
                limit. If omitted, the current setting, or else `timeout`.
            stream_timeout: Time limit of a stream as a whole, in seconds, above 0; None for no limit. If
                omitted, the current setting.
            max_retries: Number of retries of a call, at least 0. None keeps the current setting.
            idempotent: Whether to retry after a lost connection, too. None keeps the current setting.
            on_response: Callback, invoked with a `Response` after each successful call. None keeps the
                current setting.
            batch_size: Number of inputs in each request of a batch, 1 to 128. None keeps the current
                setting. Initially, the size adapts while the batch runs.
            concurrency: Number of requests of a batch in flight, at least 1. None keeps the current
                setting. Initially, the number adapts while the batch runs.

        Raises:
            ConfigError: An option is wrong.
        """
        changes: dict[str, Any] = {
            "max_retries": max_retries,
            "idempotent": idempotent,
            "on_response": on_response,
            "batch_size": batch_size,
            "concurrency": concurrency,
        }
        changes = {name: value for name, value in changes.items() if value is not None}
        limits = {
            "timeout": timeout,
            "idle_timeout": idle_timeout,
            "stream_timeout": stream_timeout,
        }
        changes |= {name: value for name, value in limits.items() if not isinstance(value, Default)}
        options = self._options._replace(**changes)
        options.check()
        policy = self._call_context.policy.replace(
            max_retries=options.max_retries,
            idempotent=options.idempotent,
            **options.time_limits,
        )
        return self._make_view(options, policy)

    def _make_view(self: ClientT, options: ClientOptions, policy: Policy) -> ClientT:
        """Return a copy of this client with other options, which uses the same channel."""
        view = type(self).__new__(type(self))
        vars(view).update(vars(self))
        view._options = options
        view._connect(policy)
        return view

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """Pickle the options, but neither the connection nor the credential.

        Raises:
            TypeError: The client was created with a credential, which the unpickled client would not have.
        """
        if self._has_explicit_credential:
            raise TypeError(
                f"{type(self).__name__} was created with a credential, and a pickle never holds one:"
                " set CLARIFAI_PAT instead"
            )
        return _restore, (type(self), self._options)

    def __repr__(self) -> str:
        options = self.options
        model = "" if options.model is None else f" for {'/'.join(options.model)}"
        version = f", version {options.version_id}" if options.version_id else ""
        return f"<{type(self).__name__}{model}{version} at {options.base_url}>"

    @property
    def options(self) -> ClientOptions:
        """The options of this client as they apply: its model, its version, its server, its time limit.

        `model` is None for the model that a local runner serves, and `version_id` is empty for the latest version.
        """
        address, routing = self._address, self._address.routing
        return self._options._replace(
            base_url=self._endpoint.target.base_url,
            model=address.reference,
            version_id=address.version_id,
            deployment_id=routing.deployment_id,
            deployment_user_id=routing.user_id,
            compute_cluster_id=routing.compute_cluster_id,
            nodepool_id=routing.nodepool_id,
        )

    def recording(self) -> AbstractContextManager[Recording]:
        """Record a `Response` (usage, request id, timing) for each call made in the block.

            with model.recording() as responses:
                model.predict("Hello")
            print(responses.usage, responses[0].request_id)

        It covers the calls and batches of this client and of the clients that `with_options` returns, in the block
        and in tasks that it starts. A call in another thread, such as that of a pool, belongs to the block that
        it is made in; outside any block, it counts in all blocks that are open. Each successful call adds one `Response`: a stream when it ends, a batch
        one per request.
        """
        return recording(self._identity)

    def _connect(self, policy: Policy) -> None:
        """Set the context of calls, and open the connection.

        This loads all that calls need, so that the first call imports nothing.
        """
        from .._calls.call import CallContext

        on_response = self._options.on_response
        observers = () if on_response is None else (on_response,)
        self._call_context = CallContext(self._address, policy, observers, self._drift)
        self._open_connection()

    def _make_context(self) -> CallContext:
        """Return the context of a call that is made now. The active recordings are among its observers."""
        context, recordings = self._call_context, get_recording_observers(self._identity)
        if not recordings:
            return context
        return context._replace(observers=(*recordings, *context.observers))

    def _make_readiness_policy(self, timeout: float | None) -> Policy:
        """Return the policy for waiting until the model is ready.

        Raises:
            ConfigError: The timeout is wrong.
        """
        self._options._replace(timeout=timeout).check()
        return self._call_context.policy.replace(timeout=timeout)

    @abstractmethod
    def _open_connection(self) -> None:
        """Open a connection, and set `self._connection`."""


def _start_job(endpoint: Endpoint, job: Callable[[Driver], None]) -> None:
    """Run a job in the background, with requests to a server. What the job needs is loaded by its thread."""
    from .._transport.in_flight import start_job

    def run() -> None:
        from .._transport.background import run_job

        run_job(endpoint, job)

    start_job(run)


def _restore(cls: type[ClientT], options: ClientOptions) -> ClientT:
    """Create a client from pickled options. It finds its credential in the environment."""
    arguments = options._asdict()
    batch_size, concurrency = arguments.pop("batch_size"), arguments.pop("concurrency")
    return cls(**arguments).with_options(batch_size=batch_size, concurrency=concurrency)


# For tests. These are functions, because a generated class may have methods of any public name.


def get_policy(client: ClientBase) -> Policy:
    """Return the time limit and the retries of a client's calls."""
    return client._call_context.policy  # pyright: ignore[reportPrivateUsage]


def with_policy(client: ClientT, policy: Policy) -> ClientT:
    """Return a view of a client with another policy, for example with another clock."""
    options = client._options  # pyright: ignore[reportPrivateUsage]
    return client._make_view(options, policy)  # pyright: ignore[reportPrivateUsage]
