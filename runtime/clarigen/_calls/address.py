"""Which model a request addresses, and where that model runs.

The fields that all requests of a client share are encoded once. They include the owner of a deployment or nodepool:
if only the platform knows it, the first call asks for it. The protobuf messages are imported when an `Address` is
created, so that importing this module does not load protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, NamedTuple

from .._model_ref import ME, ModelRef
from ..errors import ConfigError

if TYPE_CHECKING:
    from .._proto import RunnerSelector
    from .actions import Send


class Routing(NamedTuple):
    """Where a model runs: on a deployment, on a nodepool, or where the platform chooses.

    Attributes:
        deployment_id: A deployment of the model.
        compute_cluster_id: A compute cluster, if a nodepool is chosen.
        nodepool_id: A nodepool of that cluster.
        user_id: Owner of the deployment or cluster; None for the owner of the credential.
    """

    deployment_id: str | None = None
    compute_cluster_id: str | None = None
    nodepool_id: str | None = None
    user_id: str | None = None

    def validate(self) -> Routing:
        """Return this routing if it is consistent.

        Raises:
            ConfigError: It names both a deployment and a nodepool, a nodepool without its cluster or the
                reverse, or an owner alone.
        """
        if self.deployment_id and (self.compute_cluster_id or self.nodepool_id):
            raise ConfigError(
                "give deployment_id, or compute_cluster_id and nodepool_id, but not both"
            )
        if bool(self.compute_cluster_id) != bool(self.nodepool_id):
            raise ConfigError("compute_cluster_id and nodepool_id go together: give both")
        if self.user_id and not self.is_set:
            raise ConfigError(
                "deployment_user_id must not be given without a deployment_id or a nodepool_id"
            )
        return self

    @property
    def is_set(self) -> bool:
        """Whether it names a deployment or a nodepool."""
        return bool(self.deployment_id or self.nodepool_id)

    def to_runner_selector(self, owner: str) -> RunnerSelector | None:
        """Convert to the platform's message; None if the platform chooses.

        Args:
            owner: User id of the owner of the deployment or cluster.
        """
        from .._proto import ComputeCluster, Deployment, Nodepool, RunnerSelector

        if self.deployment_id:
            return RunnerSelector(deployment=Deployment(id=self.deployment_id, user_id=owner))
        if self.nodepool_id:
            cluster = ComputeCluster(id=self.compute_cluster_id or "", user_id=owner)
            return RunnerSelector(nodepool=Nodepool(id=self.nodepool_id, compute_cluster=cluster))
        return None


class Address:
    """The model that a client calls, as the fields that all its requests share.

    Attributes:
        reference: The model; None for the model that a local runner serves.
        version_id: Its version; empty for the latest.
        routing: Where it runs.
    """

    def __init__(self, reference: ModelRef | None, version_id: str, routing: Routing) -> None:
        self.reference = reference
        self.version_id = version_id
        self.routing = routing
        owner = None if routing.user_id in (None, "", ME) else routing.user_id
        # None: only the platform knows the owner. Empty: none is needed.
        self._owner = owner if routing.is_set else ""
        self._encoded = self._encode(self._owner) if self._owner is not None else None

    def resolve(self, remaining: Callable[[], float | None]) -> Generator[Send, bytes, bytes]:
        """Return the fields that address the model, encoded. This queries the owner if necessary.

        Args:
            remaining: Returns the time left for a request, in seconds; None for no limit.
        """
        if self._encoded is None:
            self._encoded = self._encode((yield from self.resolve_owner(remaining)))
        return self._encoded

    def resolve_owner(self, remaining: Callable[[], float | None]) -> Generator[Send, bytes, str]:
        """Return the owner of the deployment or nodepool, if any. This queries the platform if necessary.

        Args:
            remaining: Returns the time left for the query, in seconds; None for no limit.
        """
        if self._owner is None:
            from .platform import get_user_id

            self._owner = yield from get_user_id(remaining())
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
