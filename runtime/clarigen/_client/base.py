"""What both twins of a client are made with: which model, which server, which credential, how long.

What lives here: the constructor that every generated class shares, and how its arguments, the environment
and the baked reference become an `Endpoint`. It opens nothing; the clients do, when they are made.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from .._calls.response import Observer, Recording, active_recordings, recording
from .._data import SERVER_DEFAULT, Default
from .._model_ref import ModelRef
from .._transport.endpoint import (
    DEFAULT_BASE_URL,
    DEFAULT_RETRIES,
    DEFAULT_TIMEOUT,
    Endpoint,
    find_base_url,
    make_policy,
)
from ..errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from .._calls.address import Address, Routing
    from .._calls.batch import BatchPlan
    from .._calls.call import CallContext, UnaryFlow
    from .._wire.method import Unary

_R = TypeVar("_R")


class ClientBase(ABC):
    """The part of `Client` and `AsyncClient` that does not differ."""

    _model: ClassVar[ModelRef | None] = None
    _version: ClassVar[str] = ""
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
        """Bake in what a generated class knows: its model, and the version and the deployment that it is made for."""
        super().__init_subclass__()
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
        max_retries: int = DEFAULT_RETRIES,
        idempotent: bool = False,
        verify: bool = False,
        on_response: Observer | None = None,
        interceptors: Sequence[object] = (),
    ) -> None:
        """Make a client. Nothing is sent yet.

        Args:
            pat: A personal access token; by default CLARIFAI_PAT.
            session_token: A session token in its place; by default CLARIFAI_SESSION_TOKEN.
            base_url: The server: the platform (by default, or CLARIFAI_API_BASE), or a local
                runner such as `grpc://127.0.0.1:8000`.
            model: Another model with the same methods: its URL or a `ModelRef`.
            version_id: A version of the model; by default the one that the package was made for, if
                one was named then, else the latest.
            deployment_id: The deployment that shall run it; by default the one that the package was
                made for, if one was named then, else the platform chooses.
            deployment_user_id: The owner of the deployment or the cluster; by default, of the
                credential (the first call asks the platform who that is).
            compute_cluster_id: In place of a deployment, a cluster, together with `nodepool_id`.
            nodepool_id: A nodepool of that cluster.
            timeout: How long a call may take with all its attempts, in seconds, above 0; ten
                minutes if nothing is said, None for no limit. A model that is starting is waited for.
            max_retries: How often a call is sent again, from 0, when the server refused it or
                could not be reached.
            idempotent: Whether a call that may have run is sent again as well, when the connection
                is lost: it may run, and be billed, more than once.
            verify: Whether the first call compares the model's methods with those that this class
                was generated from, and raises SignatureMismatchError if calls may break.
            on_response: Is told of each call that has succeeded, with a `Response`: for metrics,
                logs, billing. Called where the call is made; it cannot change the result.
            interceptors: gRPC's own client interceptors, the first one outermost: grpc's, and
                grpc.aio's for the asyncio twin. They see the metadata, the credential with it.

        Raises:
            ConfigError: The credential, the server, the model or the timeout is missing or wrong.
        """
        from .._calls.address import Address
        from .._drift.check import Drift, find_package

        reference, version = self._resolve_model(model, version_id, base_url)
        self._endpoint = Endpoint.find(
            base_url,
            pat=pat,
            session_token=session_token,
            timeout=timeout,
            max_retries=max_retries,
            idempotent=idempotent,
            interceptors=interceptors,
        )
        where = (deployment_id, compute_cluster_id, nodepool_id, deployment_user_id)
        routing = self._resolve_routing(where, own_model=model is None)
        self._address: Address = Address(reference, version, routing)
        self._drift = Drift(find_package(type(self), ClientBase), verify=verify)
        self._on_response = on_response
        self._base_url = base_url
        self._has_explicit_credential = bool(pat or session_token)
        self._batch_limits: tuple[int | None, int | None] = (None, None)
        self._identity = object()  # views made by `with_options` share it
        self._connect()

    def _resolve_model(
        self, model: ModelRef | str | None, version_id: str | None, base_url: str | None
    ) -> tuple[ModelRef | None, str]:
        """The model and the version that are meant: a version that is baked in is one of the model beside it.

        Raises:
            ConfigError: The model is wrong, or the platform is meant and none is known.
        """
        if isinstance(model, str):
            reference, its_version = ModelRef.parse(model)
            return reference, version_id or its_version
        if model is not None:
            return model, version_id or ""
        if self._model is None and find_base_url(base_url) == DEFAULT_BASE_URL:
            raise ConfigError(
                f"{type(self).__name__} was generated without a model's reference: give"
                " model='USER/APP/models/MODEL', or base_url='grpc://HOST:PORT' for a local runner"
            )
        return self._model, version_id or self._version

    def _resolve_routing(self, given: tuple[str | None, ...], *, own_model: bool) -> Routing:
        """Where the model shall run: as given, else as baked in, which is said of the own model on the platform.

        Raises:
            ConfigError: What is given contradicts itself.
        """
        from .._calls.address import Routing

        baked = own_model and not self._endpoint.target.loopback
        return Routing(*(given if any(given) or not baked else self._default_routing)).validate()

    def with_options(
        self,
        *,
        timeout: float | Default | None = SERVER_DEFAULT,
        max_retries: int | None = None,
        idempotent: bool | None = None,
        on_response: Observer | None = None,
        batch_size: int | None = None,
        concurrency: int | None = None,
    ) -> Self:
        """A client that differs in these options, over the same connection. This one stays as it is.

        Args:
            timeout: How long a call may take, in seconds, above 0; None for no limit; left out,
                as it is here.
            max_retries: How often a call is sent again, from 0; None for as it is here.
            idempotent: Whether a call that may have run is sent again; None for as it is here.
            on_response: Who is told of each call; None for as it is here.
            batch_size: How many inputs of a batch go into one request, 1 to 128; None for as it is
                here: found as it goes, at first.
            concurrency: How many requests of a batch are in flight, from 1; None for as it is here.

        Raises:
            ConfigError: An option is wrong.
        """
        old = self._endpoint
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        other._endpoint = Endpoint(
            old.target,
            old.credentials,
            make_policy(
                old.target,
                old.policy.timeout if isinstance(timeout, Default) else timeout,
                old.policy.max_retries if max_retries is None else max_retries,
                idempotent=old.policy.idempotent if idempotent is None else idempotent,
            ),
            old.interceptors,
        )
        other._on_response = on_response or self._on_response
        size, calls = self._batch_limits
        if not 1 <= (batch_size or 1) <= 128 or batch_size == 0:
            raise ConfigError(f"batch_size is {batch_size!r}; it must be a number from 1 to 128")
        if concurrency is not None and concurrency < 1:
            raise ConfigError(f"concurrency is {concurrency!r}; it must be a number from 1")
        other._batch_limits = (batch_size or size, concurrency or calls)
        other._connect()
        return other

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[()], dict[str, Any]]:
        """Pickle the configuration: no connection, and no credential.

        Raises:
            TypeError: The client was made with a credential, which its copy could not find.
        """
        if self._has_explicit_credential:
            raise TypeError(
                f"{type(self).__name__} was made with a credential, and a pickle never holds one:"
                " set CLARIFAI_PAT instead"
            )
        address, policy = self._address, self._endpoint.policy
        copied = partial(
            type(self),
            base_url=self._base_url,
            model=address.reference,
            version_id=address.version_id,
            deployment_id=address.routing.deployment_id,
            deployment_user_id=address.routing.user_id,
            compute_cluster_id=address.routing.compute_cluster_id,
            nodepool_id=address.routing.nodepool_id,
            timeout=policy.timeout,
            max_retries=policy.max_retries,
            idempotent=policy.idempotent,
            verify=self._drift.is_required,
            on_response=self._on_response,
            interceptors=self._endpoint.interceptors,
        )
        return copied, (), {"_batch_limits": self._batch_limits}

    def _readiness(self, timeout: float | None) -> UnaryFlow[None]:
        """The flow that waits until the model can be called."""
        from dataclasses import replace

        from .._calls.readiness import wait_until_ready

        its_policy = make_policy(self._endpoint.target, timeout, 0)
        return wait_until_ready(
            self._address, replace(self._endpoint.policy, timeout=its_policy.timeout)
        )

    def recording(self) -> AbstractContextManager[Recording]:
        """Collect what the calls of this client return beside their values.

            with model.recording() as seen:
                model.predict("Hello")
            print(seen.usage, seen[0].request_id)

        Each call made inside the block, and in tasks started there, adds a `Response` when it has
        succeeded; a stream adds one at its end, a batch one a request.
        """
        return recording(self._identity)

    def _connect(self) -> None:
        """Load what calls need, so that the first call does not, and open the connection."""
        from .._calls import batch, call

        self._flows, self._batches = call, batch
        always = (self._on_response,) if self._on_response is not None else ()
        self._call_context = call.CallContext(
            self._address, self._endpoint.policy, always, self._drift
        )
        self._open()

    def _context(self) -> CallContext:
        """What a call of this client is made with, here and now."""
        usual, seen = self._call_context, active_recordings(self._identity)
        return usual._replace(observers=(*seen, *usual.observers)) if seen else usual

    def _batch_factory(self, method: Unary[_R]) -> Callable[[bool], BatchPlan[_R]]:
        """What makes the work of a batch of this client, isolating failures or not."""
        context, pace = self._context(), self._batches.AdaptiveLimits(*self._batch_limits)
        return lambda isolate: self._batches.BatchPlan(method, context, pace, isolate=isolate)

    @abstractmethod
    def _open(self) -> None:
        """Open the connection of this twin."""
