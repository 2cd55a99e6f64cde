"""Waiting until a model accepts calls, without I/O.

First, the platform is asked whether the version is built and the deployment is enabled. This is skipped for a local
runner, which does not support these queries. Then the model itself is asked, because only it knows whether it runs:
for its signatures, never for a prediction. The module `status` says which answers are worth waiting for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from .._log import LOGGER
from .._proto import Status
from .._text import escape_unprintable
from ..errors import ModelError, ModelNotReadyError, NotFoundError
from .actions import GrpcFailure, Sleep
from .address import Address
from .grpc_status import CallError, classify_failure, error_from_failure
from .platform import (
    DISABLED_STATE,
    SIGNATURES_RPC,
    UNIMPLEMENTED,
    get_deployment,
    get_signatures_response,
    get_version,
    get_version_id,
)
from .retry import Attempts, Deadline, Policy, next_poll_delay
from .status import DEPLOYMENT_DISABLED, Component, Retryability, classify_status, raise_for_status

if TYPE_CHECKING:
    from .call import UnaryFlow

_RECONNECT_PAUSE: Final = 0.1
"""The pause after a poll that found no connection, in seconds."""

_REMEDIES: Final[Mapping[Component | None, str]] = {
    "version": "upload it again, or give another version_id",
    "deployment": "deploy it, or give another deployment_id",
}


def wait_until_ready(address: Address, policy: Policy) -> UnaryFlow[None]:
    """Wait until a model accepts calls.

    Args:
        address: The model.
        policy: Limits the time to wait. Its `max_retries` has no effect, because a poll is harmless.

    Raises:
        ModelNotReadyError: The model is not ready in time, or does not become ready by itself.
        ClarigenError: A query was refused, for example because the credential is wrong.
    """
    model = address.reference.model_id if address.reference is not None else "the model"
    attempts, poll, logged_reason = Attempts(policy), _Poll(address), ""
    while True:
        attempts.count += 1
        try:
            yield from poll.run(attempts.deadline)
            break
        except (GrpcFailure, ModelError) as obstacle:
            reason = _describe_obstacle(obstacle)
            delay = _next_delay(attempts, obstacle)
            if delay is None:
                raise attempts.annotate(
                    _build_final_error(model, obstacle, reason, attempts)
                ) from None
        if reason != logged_reason:
            LOGGER.info("%s: waiting: %s", model, escape_unprintable(reason))
            logged_reason = reason
        attempts.waits += 1
        yield Sleep(delay)
    LOGGER.info("%s: ready after %.1f s", model, attempts.deadline.elapsed())


def _next_delay(attempts: Attempts, obstacle: GrpcFailure | ModelError) -> float | None:
    """Return the seconds to wait before the next poll; None if there is none."""
    delay = next_poll_delay(attempts) if _is_worth_waiting(obstacle) else None
    if delay is not None and isinstance(obstacle, GrpcFailure) and obstacle.is_unsent:
        return min(delay, _RECONNECT_PAUSE)  # the poll has already waited for a connection
    return delay


class _Poll:
    """The queries of each poll. What the platform has confirmed is not asked again."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._must_ask_platform = address.reference is not None

    def run(self, deadline: Deadline) -> UnaryFlow[None]:
        """Make the queries, and raise the first error that keeps the model from accepting calls."""
        if self._must_ask_platform:
            try:
                yield from self._check_version(deadline)
                yield from self._check_deployment(deadline)
            except GrpcFailure as failure:
                if failure.code != UNIMPLEMENTED:
                    raise
            self._must_ask_platform = False
        address_fields = yield from self._address.resolve(deadline.remaining)
        response = yield from get_signatures_response(address_fields, deadline.remaining())
        if not classify_status(response.status.code).proves_running:
            raise_for_status(response.status, SIGNATURES_RPC)

    def _check_version(self, deadline: Deadline) -> UnaryFlow[None]:
        reference, version_id = self._address.reference, self._address.version_id
        assert reference is not None
        if not version_id:
            version_id = yield from get_version_id(reference, "", deadline.remaining())
        version = yield from get_version(reference, version_id, deadline.remaining())
        if classify_status(version.status.code).not_ready_reason:
            raise_for_status(version.status)

    def _check_deployment(self, deadline: Deadline) -> UnaryFlow[None]:
        deployment_id = self._address.routing.deployment_id
        if not deployment_id:
            return
        owner = yield from self._address.resolve_owner(deadline.remaining)
        try:
            deployment = yield from get_deployment(deployment_id, owner, deadline.remaining())
        except NotFoundError:
            raise
        except ModelError:  # a caller may use a deployment without permission to read it
            return
        if deployment.status == DISABLED_STATE:
            raise_for_status(Status(code=DEPLOYMENT_DISABLED))


def _is_worth_waiting(obstacle: GrpcFailure | ModelError) -> bool:
    """Return whether another poll may succeed. Polls are idempotent: it does not matter whether the last one ran."""
    if isinstance(obstacle, GrpcFailure):
        if obstacle.code == "DEADLINE_EXCEEDED" or obstacle.is_unsent:
            return True
        return classify_failure(obstacle).retryability is not Retryability.NEVER
    info = classify_status(obstacle.code)
    return info.resolves_itself or (
        not info.not_ready_reason and info.retryability is not Retryability.NEVER
    )


def _describe_obstacle(obstacle: GrpcFailure | ModelError) -> str:
    """Describe what keeps the model from accepting calls."""
    if isinstance(obstacle, GrpcFailure):
        is_unreachable = obstacle.code == "UNAVAILABLE"
        problem = "the server cannot be reached" if is_unreachable else "no answer"
        return f"{problem} ({obstacle})"
    reason = classify_status(obstacle.code).not_ready_reason
    return f"{reason} ({obstacle})" if reason else str(obstacle)


def _build_final_error(
    model: str, obstacle: GrpcFailure | ModelError, reason: str, attempts: Attempts
) -> CallError:
    """Return the error that ends the wait."""
    if _is_worth_waiting(obstacle):
        message = f"{model}: not ready after {attempts.deadline.elapsed():.3g} seconds: {reason}"
    elif isinstance(obstacle, GrpcFailure):
        return error_from_failure(obstacle, model, timeout=attempts.deadline.timeout)
    elif classify_status(obstacle.code).not_ready_reason:
        remedy = _REMEDIES[classify_status(obstacle.code).component]
        message = f"{model}: not ready, and waiting does not help: {reason}; {remedy}"
    else:
        return obstacle
    if isinstance(obstacle, GrpcFailure):
        return ModelNotReadyError(message, name=obstacle.code, details=obstacle.details)
    return ModelNotReadyError(
        message,
        code=obstacle.code,
        name=obstacle.name,
        description=obstacle.description,
        details=obstacle.details,
        request_id=obstacle.request_id,
    )
