"""Which model a request means, and on what it shall run: the part that all requests of a client share.

What lives here: the addressing of requests, serialised once. A deployment or a nodepool has an owner;
where only the platform knows who that is, the first call asks it, once.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple

from .._model_ref import ME, ModelRef
from ..errors import ConfigError

if TYPE_CHECKING:
    from .._proto import RunnerSelector


class Routing(NamedTuple):
    """On what a model shall run; nothing for where the platform thinks best.

    Attributes:
        deployment_id: A deployment of the model.
        compute_cluster_id: A compute cluster, together with a nodepool of it.
        nodepool_id: The nodepool.
        user_id: The owner of the deployment or the cluster; by default, of the credential.
    """

    deployment_id: str | None = None
    compute_cluster_id: str | None = None
    nodepool_id: str | None = None
    user_id: str | None = None

    def validate(self) -> Routing:
        """The same, if it does not contradict itself.

        Raises:
            ConfigError: A deployment and a nodepool, half a nodepool, or an owner of nothing.
        """
        if self.deployment_id and (self.compute_cluster_id or self.nodepool_id):
            raise ConfigError(
                "give deployment_id, or compute_cluster_id and nodepool_id, but not both"
            )
        if bool(self.compute_cluster_id) != bool(self.nodepool_id):
            raise ConfigError("compute_cluster_id and nodepool_id go together: give both")
        if self.user_id and not self.is_set:
            raise ConfigError("deployment_user_id without a deployment_id or a nodepool_id")
        return self

    @property
    def is_set(self) -> bool:
        """Whether it is said at all where the model shall run."""
        return bool(self.deployment_id or self.nodepool_id)

    def to_runner_selector(self, user_id: str) -> RunnerSelector | None:
        """The platform's form of it."""
        from .._proto import ComputeCluster, Deployment, Nodepool, RunnerSelector

        if self.deployment_id:
            return RunnerSelector(deployment=Deployment(id=self.deployment_id, user_id=user_id))
        if self.nodepool_id:
            cluster = ComputeCluster(id=self.compute_cluster_id or "", user_id=user_id)
            return RunnerSelector(nodepool=Nodepool(id=self.nodepool_id, compute_cluster=cluster))
        return None


class Address:
    """The part of every request that says which model is meant.

    Attributes:
        reference: The model; None for whichever a local runner serves.
        version_id: Its version; empty for the latest.
        routing: On what it shall run.
    """

    def __init__(self, reference: ModelRef | None, version_id: str, routing: Routing) -> None:
        self.reference = reference
        self.version_id = version_id
        self.routing = routing
        named = None if routing.user_id in (None, "", ME) else routing.user_id
        self._owner = named if routing.is_set else ""
        self._encoded = self._encode(self._owner) if self._owner is not None else None

    def resolve(self, timeout: float | None) -> Generator[Any, Any, bytes]:
        """The part, serialised. A flow of `_call`, which may ask the platform who `me` is."""
        if self._encoded is None:
            self._encoded = self._encode((yield from self.resolve_owner(timeout)))
        return self._encoded

    def resolve_owner(self, timeout: float | None) -> Generator[Any, Any, str]:
        """Who owns the deployment or the nodepool. A flow of `_call`, as `resolve` is."""
        if self._owner is None:
            from .platform import get_user_id

            self._owner = yield from get_user_id(timeout)
        return self._owner

    def _encode(self, owner: str) -> bytes:
        from .._proto import PostModelOutputsRequest, UserAppIDSet

        request = PostModelOutputsRequest(
            version_id=self.version_id, runner_selector=self.routing.to_runner_selector(owner)
        )
        if self.reference is not None:
            user_id, app_id, model_id = self.reference
            request.user_app_id.CopyFrom(UserAppIDSet(user_id=user_id, app_id=app_id))
            request.model_id = model_id
        return request.SerializeToString()
