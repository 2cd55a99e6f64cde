"""Waiting until a model accepts calls. The flow is driven by hand, with a scripted clock and random numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from clarigen import (
    AuthenticationError,
    ClarigenError,
    ModelNotReadyError,
    ModelRef,
    NotFoundError,
    PermissionDeniedError,
)
from clarigen._calls.actions import GrpcFailure, Sleep
from clarigen._calls.address import Address, Routing
from clarigen._calls.readiness import wait_until_ready
from clarigen._calls.retry import Policy
from clarigen._calls.retry_throttle import RetryThrottle
from clarigen._calls.status import STATUSES
from clarigen._proto import (
    Deployment,
    GetDeploymentRequest,
    GetModelRequest,
    GetModelVersionRequest,
    Model,
    ModelVersion,
    MultiOutputResponse,
    PostModelOutputsRequest,
    SingleDeploymentResponse,
    SingleModelResponse,
    SingleModelVersionResponse,
    SingleUserResponse,
    Status,
    User,
)

REF = ModelRef("acme", "vision", "echo")
UNKNOWN = GrpcFailure("UNIMPLEMENTED", "Method not found!")
REFUSED = GrpcFailure("UNAVAILABLE", "failed to connect to all addresses")
LOST = GrpcFailure("UNAVAILABLE", "Socket closed")
ANYWHERE = Routing()
LATE = GrpcFailure("DEADLINE_EXCEEDED", "Deadline Exceeded")
READY = 21100
SUCCESS = 10000

WAITING = [21101, 21103, 21104, 21107]
BROKEN = [21102, 21105, 21106, 21108, 21109]
STARTING = [21351, 21352, 21354, 21355]
DOWN = [21350, 21353, 25903]

Reply = int | GrpcFailure


class World:
    """A platform with scripted replies to each query, and what it was asked.

    The last reply of a list is repeated.
    """

    def __init__(
        self,
        *,
        version: list[Reply] | None = None,
        model: list[Reply] | None = None,
        deployment: Reply = 0,
        takes: float = 0.0,
    ) -> None:
        self.now = 100.0
        self.rpcs: list[str] = []
        self.pauses: list[float] = []
        self.timeouts: list[float | None] = []
        self._version = version or [READY]
        self._model = model or [SUCCESS]
        self._deployment = deployment
        self._takes = takes
        self._answers: dict[str, Callable[[bytes], bytes]] = {
            "GetModel": self._latest,
            "GetModelVersion": self._state,
            "GetDeployment": self._where,
            "GetUser": self._me,
            "PostModelOutputs": self._asked,
        }

    def wait(
        self,
        timeout: float | None = 600.0,
        *,
        reference: ModelRef | None = REF,
        version_id: str = "",
        routing: Routing = ANYWHERE,
    ) -> None:
        """Drive the flow to its end."""
        policy = Policy(timeout, 0, RetryThrottle(), lambda: self.now, lambda: 1.0)
        flow = wait_until_ready(Address(reference, version_id, routing), policy)
        reply: Any = None
        while True:
            try:
                action = flow.throw(reply) if isinstance(reply, GrpcFailure) else flow.send(reply)
            except StopIteration:
                return
            if isinstance(action, Sleep):
                self.pauses.append(action.seconds)
                self.now, reply = self.now + action.seconds, None
                continue
            self.rpcs.append(action.rpc)
            self.timeouts.append(action.timeout)
            self.now += self._takes
            try:
                reply = self._answers[action.rpc](action.request)
            except GrpcFailure as failure:
                reply = failure

    def error(self, timeout: float | None = 600.0, **options: Any) -> ClarigenError:
        with pytest.raises(ClarigenError) as caught:
            self.wait(timeout, **options)
        return caught.value

    def _latest(self, request: bytes) -> bytes:
        query = GetModelRequest.FromString(request)
        assert (query.user_app_id.user_id, query.user_app_id.app_id, query.model_id) == REF
        model = Model(id="echo", model_version=ModelVersion(id="v9"))
        return SingleModelResponse(status=Status(code=SUCCESS), model=model).SerializeToString()

    def _state(self, request: bytes) -> bytes:
        query = GetModelVersionRequest.FromString(request)
        assert query.version_id in ("v9", "v7")
        state = _next(self._version)
        version = ModelVersion(
            id=query.version_id, status=Status(code=state, details="some details")
        )
        response = SingleModelVersionResponse(status=Status(code=SUCCESS), model_version=version)
        return response.SerializeToString()

    def _where(self, request: bytes) -> bytes:
        query = GetDeploymentRequest.FromString(request)
        assert (query.deployment_id, query.user_app_id.user_id) == ("d1", "owner")
        state = _next([self._deployment])
        if state > 1:
            return SingleDeploymentResponse(status=Status(code=state)).SerializeToString()
        response = SingleDeploymentResponse(
            status=Status(code=SUCCESS), deployment=Deployment(id="d1", status=state)
        )
        return response.SerializeToString()

    def _me(self, _: bytes) -> bytes:
        response = SingleUserResponse(status=Status(code=SUCCESS), user=User(id="owner"))
        return response.SerializeToString()

    def _asked(self, request: bytes) -> bytes:
        (item,) = PostModelOutputsRequest.FromString(request).inputs
        assert item.data.metadata.fields["_method_name"].string_value == "_GET_SIGNATURES"
        assert [part.ByteSize() for part in item.data.parts] == [0]
        status = Status(code=_next(self._model), details="some details")
        return MultiOutputResponse(status=status).SerializeToString()


def _next(replies: list[Reply]) -> int:
    reply = replies.pop(0) if len(replies) > 1 else replies[0]
    if isinstance(reply, GrpcFailure):
        raise reply
    return reply


PLATFORM = ["GetModel", "GetModelVersion"]
MODEL = "PostModelOutputs"


@pytest.mark.item(14)
def test_a_ready_model_is_asked_once() -> None:
    world = World()
    world.wait()
    assert world.rpcs == [*PLATFORM, MODEL]
    assert world.pauses == []


@pytest.mark.item(17)
@pytest.mark.parametrize("state", WAITING)
def test_the_model_is_not_asked_before_its_version_is_ready(state: int) -> None:
    world = World(version=[state, state, READY])
    world.wait()
    assert world.rpcs == [*PLATFORM * 3, MODEL]
    assert world.pauses == [0.5, 0.8]


@pytest.mark.parametrize("state", STARTING)
def test_the_platform_is_not_asked_again_while_the_model_starts(state: int) -> None:
    """That includes 21352, which calls do not wait for."""
    world = World(model=[state, state, SUCCESS])
    world.wait()
    assert world.rpcs == [*PLATFORM, MODEL, MODEL, MODEL]


@pytest.mark.item(17)
@pytest.mark.parametrize("state", BROKEN)
def test_a_version_that_failed_is_an_error_at_once(state: int) -> None:
    world = World(version=[state])
    error = world.error()
    assert isinstance(error, ModelNotReadyError)
    assert world.rpcs == PLATFORM
    assert error.code == state
    assert str(error).startswith("echo: not ready, and waiting does not help: it")
    assert str(error).endswith("some details); upload it again, or give another version_id")


@pytest.mark.parametrize("state", DOWN)
def test_a_model_that_is_not_deployed_is_an_error_at_once(state: int) -> None:
    world = World(model=[state])
    error = world.error()
    assert isinstance(error, ModelNotReadyError)
    assert (error.code, len(world.rpcs)) == (state, 3)
    assert STATUSES[state].not_ready_reason in str(error)
    assert "deploy it, or give another deployment_id" in str(error)


@pytest.mark.item(49)
@pytest.mark.parametrize("timeout", [0.1, 3.0, 60.0])
def test_at_the_deadline_the_error_says_why_the_model_is_not_ready(timeout: float) -> None:
    """The last poll takes place shortly before the deadline, and the deadline is never exceeded."""
    world = World(model=[21355])
    error = world.error(timeout)
    assert isinstance(error, ModelNotReadyError)
    assert str(error).startswith("echo: not ready after")
    assert "it is being loaded (PostModelOutputs: 21355 MODEL_LOADING: some details)" in str(error)
    assert (error.code, error.name) == (21355, "MODEL_LOADING")
    assert error.attempts == world.rpcs.count(MODEL)
    assert timeout - min(1.0, timeout / 4) - 1e-9 <= error.elapsed <= timeout
    assert error.elapsed == pytest.approx(world.now - 100)


def test_each_query_has_the_remaining_time_as_timeout() -> None:
    world = World(takes=1.0)
    world.wait(10.0)
    assert world.timeouts == [10.0, 9.0, 8.0]
    world = World(model=[21355, SUCCESS])
    world.wait(None)
    assert set(world.timeouts) == {None}


def test_a_named_version_is_not_looked_up() -> None:
    world = World()
    world.wait(version_id="v7")
    assert world.rpcs == ["GetModelVersion", MODEL]


def test_a_local_runner_is_asked_only_for_its_model() -> None:
    world = World(model=[21355, SUCCESS])
    world.wait(reference=None)
    assert world.rpcs == [MODEL, MODEL]
    world = World(version=[UNKNOWN], model=[21355, SUCCESS])
    world.wait(version_id="v7")
    assert world.rpcs == ["GetModelVersion", MODEL, MODEL]


@pytest.mark.parametrize(
    "failure", [REFUSED, LOST, GrpcFailure("RESOURCE_EXHAUSTED", "full"), 10030, 11005]
)
def test_a_server_that_is_not_up_yet_is_waited_for(failure: Reply) -> None:
    world = World(model=[failure] * 30 + [SUCCESS])
    world.wait(reference=None)
    assert world.rpcs == [MODEL] * 31


def test_a_server_that_stays_down_is_not_ready() -> None:
    error = World(model=[REFUSED]).error(30.0, reference=None)
    assert isinstance(error, ModelNotReadyError)
    assert str(error).startswith(
        "the model: not ready after 29 seconds: the server cannot be reached"
    )
    assert error.name == "UNAVAILABLE"
    error = World(model=[LATE], takes=30.0).error(30.0, reference=None)
    assert isinstance(error, ModelNotReadyError)
    assert str(error).startswith("the model: not ready after 30 seconds: no answer")


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        (11001, AuthenticationError),
        (21201, PermissionDeniedError),
        (21200, NotFoundError),
        (GrpcFailure("UNAUTHENTICATED", "who?"), AuthenticationError),
    ],
)
def test_a_refusal_keeps_its_error(refusal: Reply, kind: type[ClarigenError]) -> None:
    world = World(model=[refusal])
    assert type(world.error()) is kind
    assert world.pauses == []


@pytest.mark.parametrize("code", [10020, 21313, 30101])
def test_a_legacy_model_is_running(code: int) -> None:
    """It takes the query for an image, and fails."""
    World(model=[code]).wait()


def test_a_deployment_is_checked() -> None:
    here = Routing(deployment_id="d1")
    world = World()
    world.wait(routing=here)
    assert world.rpcs == [*PLATFORM, "GetUser", "GetDeployment", MODEL]
    error = World(deployment=1).error(routing=here)
    assert isinstance(error, ModelNotReadyError)
    assert "the deployment is disabled (25903 DEPLOYMENT_DISABLED)" in str(error)
    assert isinstance(World(deployment=25900).error(routing=here), NotFoundError)


@pytest.mark.parametrize("refusal", [11007, 25901, UNKNOWN])
def test_a_deployment_may_be_called_without_permission_to_read_it(refusal: Reply) -> None:
    world = World(deployment=refusal)
    world.wait(routing=Routing(deployment_id="d1", user_id="owner"))
    assert world.rpcs == [*PLATFORM, "GetDeployment", MODEL]


def test_the_log_says_why_the_model_is_not_ready(caplog: pytest.LogCaptureFixture) -> None:
    """There is one line for each reason, and one at the end."""
    with caplog.at_level(logging.INFO, "clarigen"):
        World(version=[21107, 21107, READY], model=[21351, 21355, 21355, SUCCESS]).wait()
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "echo: waiting: it is being built (21107 MODEL_BUILDING: some details)",
        "echo: waiting: it is being deployed (PostModelOutputs: 21351 MODEL_DEPLOYING: some details)",
        "echo: waiting: it is being loaded (PostModelOutputs: 21355 MODEL_LOADING: some details)",
        "echo: ready after 7.9 s",
    ]
