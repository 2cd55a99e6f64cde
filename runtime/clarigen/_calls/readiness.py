"""Waiting until a model can be called: `until_ready`, without I/O.

What lives here: what is asked, in which order, and which answers are worth waiting for. The platform knows
whether a version is built and a deployment enabled; only a call into the model tells whether it runs, and
that asks for its methods, never for a prediction. A local runner knows its model and nothing else.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

from .._log import LOGGER, escape_unprintable
from .._proto import Status
from ..errors import ModelError, ModelNotReadyError, NotFoundError
from .actions import Failure, Send, Sleep
from .address import Address
from .platform import (
    DEPLOYMENT_DISABLED,
    UNIMPLEMENTED,
    get_deployment,
    get_signatures,
    get_version,
    get_version_id,
)
from .retry import Attempts, Policy, Retryability, classify_failure, classify_status
from .status import UNREADY, CallError, error_from_failure, error_from_status

_RUNNING: Final = frozenset({10010, 10020, 21313, 25608, 30101})
"""What a model says that runs, and does not understand the question."""

_DEPLOYMENT_DISABLED_STATUS: Final = 25903
_LAST_OF_VERSIONS: Final = 21109
_UPLOAD: Final = "upload it again, or give another version_id"
_DEPLOY: Final = "deploy it, or give another deployment_id"

Flow = Generator[Send | Sleep, Any, None]


def wait_until_ready(address: Address, policy: Policy) -> Flow:
    """Wait until a model can be called.

    Args:
        address: Which model.
        policy: How long to wait. Retries are not counted: nothing runs.

    Raises:
        ModelNotReadyError: The time is over; or at once, if the model does not get ready by itself.
        ClarigenError: The question itself was refused: the credential is wrong, for example.
    """
    model = address.reference.model_id if address.reference is not None else "the model"
    attempts, look, said = Attempts(policy), _Probe(address), ""
    while True:
        attempts.count += 1
        try:
            yield from look.run(attempts)
            break
        except (Failure, ModelError) as caught:
            why = _describe_obstacle(caught)
            pause = attempts.next_poll_delay() if _resolves_itself(caught) else None
            if pause is None:
                raise attempts.annotate(_final_error(model, caught, why, attempts)) from None
        if why != said:
            LOGGER.info("%s: waiting: %s", model, escape_unprintable(why))
            said = why
        yield Sleep(pause)
    LOGGER.info("%s: ready after %.1f s", model, attempts.elapsed())


class _Probe:
    """What is still to be seen of a model: the platform is not asked again for what it has said."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._platform_knows = address.reference is not None

    def run(self, attempts: Attempts) -> Flow:
        """Look; what stands in the way is raised."""
        if self._platform_knows:
            try:
                yield from self._check_version(attempts)
                yield from self._check_deployment(attempts)
            except Failure as failure:
                if failure.code != UNIMPLEMENTED:
                    raise
            self._platform_knows = False
        address = yield from self._address.resolve(attempts.remaining())
        try:
            yield from get_signatures(address, attempts.remaining())
        except ModelError as error:
            if error.code not in _RUNNING:
                raise

    def _check_version(self, attempts: Attempts) -> Flow:
        reference, version_id = self._address.reference, self._address.version_id
        assert reference is not None
        if not version_id:
            version_id = yield from get_version_id(reference, "", attempts.remaining())
        found = yield from get_version(reference, version_id, attempts.remaining())
        if found.status.code in UNREADY:
            _raise_status(found.status)

    def _check_deployment(self, attempts: Attempts) -> Flow:
        deployment_id = self._address.routing.deployment_id
        if not deployment_id:
            return
        owner = yield from self._address.resolve_owner(attempts.remaining())
        try:
            found = yield from get_deployment(deployment_id, owner, attempts.remaining())
        except NotFoundError:
            raise
        except ModelError:  # who may call it need not be allowed to look at it
            return
        if found.status == DEPLOYMENT_DISABLED:
            _raise_status(Status(code=_DEPLOYMENT_DISABLED_STATUS))


def _raise_status(status: Status) -> None:
    error = error_from_status(status)
    assert error is not None
    raise error


def _resolves_itself(caught: Failure | ModelError) -> bool:
    """Whether it is worth looking again. To look does no harm, whatever became of the last question."""
    if isinstance(caught, Failure):
        return (
            caught.code == "DEADLINE_EXCEEDED" or classify_failure(caught) is not Retryability.NEVER
        )
    if caught.code in UNREADY:
        return UNREADY[caught.code][1]
    return classify_status(caught.code) is not Retryability.NEVER


def _describe_obstacle(caught: Failure | ModelError) -> str:
    """What stands in the way."""
    if isinstance(caught, Failure):
        unreached = "the server cannot be reached" if caught.code == "UNAVAILABLE" else "no answer"
        return f"{unreached} ({caught})"
    if caught.code in UNREADY:
        return f"{UNREADY[caught.code][0]} ({caught})"
    return str(caught)


def _final_error(
    model: str, caught: Failure | ModelError, why: str, attempts: Attempts
) -> CallError:
    """The error that ends the waiting."""
    if _resolves_itself(caught):
        text = f"{model}: not ready after {attempts.elapsed():.3g} seconds: {why}"
    elif isinstance(caught, Failure):
        return error_from_failure(caught, model, timeout=attempts.policy.timeout)
    elif caught.code in UNREADY:
        remedy = _UPLOAD if caught.code <= _LAST_OF_VERSIONS else _DEPLOY
        text = f"{model}: not ready, and waiting does not help: {why}; {remedy}"
    else:
        return caught
    if isinstance(caught, Failure):
        return ModelNotReadyError(text, name=caught.code, details=caught.details)
    return ModelNotReadyError(
        text,
        code=caught.code,
        name=caught.name,
        description=caught.description,
        details=caught.details,
        request_id=caught.request_id,
    )
