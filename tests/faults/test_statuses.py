"""Every status of gRPC and of the platform that a server can return, with every kind of call.

The tables repeat docs/protocol.md 1.7 and 6.2; nothing here reads the runtime's own table. A transient status is
retried, no more often than allowed; any other is raised at once. A stream is retried only before its first item.
"""

from __future__ import annotations

import pytest
from clarifai_grpc.grpc.api.status import status_code_pb2

from clarigen import errors
from clarigen._calls import status
from faults.callers import (
    KINDS,
    KINDS_AND_TWINS,
    RESULTS,
    TWINS,
    FinishedCall,
    Outcome,
    ask,
    successful_outcome,
)
from faults.scripted import Answer, Platform, Refuse, Scripted, Step

RETRIES = 2

GRPC = {
    "CANCELLED": "TransportError",
    "UNKNOWN": "TransportError",
    "INVALID_ARGUMENT": "TransportError",
    "DEADLINE_EXCEEDED": "DeadlineExceededError",
    "NOT_FOUND": "NotFoundError",
    "ALREADY_EXISTS": "TransportError",
    "PERMISSION_DENIED": "PermissionDeniedError",
    "UNAUTHENTICATED": "AuthenticationError",
    "RESOURCE_EXHAUSTED": "UnavailableError",
    "FAILED_PRECONDITION": "TransportError",
    "ABORTED": "TransportError",
    "OUT_OF_RANGE": "TransportError",
    "UNIMPLEMENTED": "TransportError",
    "INTERNAL": "TransportError",
    "UNAVAILABLE": "UnavailableError",
    "DATA_LOSS": "TransportError",
}
PLATFORM: dict[str, list[int]] = {
    "AuthenticationError": [11001, 11002, 11008, 11009, 11200],
    "PermissionDeniedError": [11000, 11007, 11104, 21201, 25601],
    "NotFoundError": [11101, 21200, 25600, 25700, 25800, 25900],
    "RateLimitError": [11003, 11004, 11005, 11006],
    "ModelNotReadyError": [
        *(21101, 21102, 21103, 21104, 21105, 21106, 21107, 21108, 21109),
        *(21350, 21351, 21352, 21353, 21354, 21355, 25903),
    ],
    "PredictionError": [
        *(10020, 21202, 21203, 21313, 25608, 30002, 30101, 30102, 30104, 30105, 30106),
        *(30300, 39999, 40001, 40033),
    ],
    "ServerError": [
        *(0, 10030, 25604, 25605, 25606, 25607, 40030, 40031, 40032, 90500, 98004, 98021, 99009),
    ],
    "ModelError": [
        *(10040, 10050, 10070, 11100, 11102, 11103, 11105, 25602, 25603, 25609, 25901, 54321),
    ],
}
PASSING = {10030, 11003, 11005, 25604, 40030, 40031}
FULL = "Concurrent RPC limit exceeded!"
STARTING = {21351, 21354, 21355}
UNNAMED = {25901, 54321}

CODES = [(code, name) for name, codes in PLATFORM.items() for code in codes]
Each = dict[tuple[str, str], Outcome]


def ask_each(step: Step) -> Each:
    """Return the outcome of a call of each kind, sync and async, on a server that repeats one step."""
    outcomes: Each = {}
    for kind, twin in KINDS_AND_TWINS:
        with Scripted(lambda _: step) as server:
            outcomes[kind, twin] = outcome = ask(kind, twin, server.url, max_retries=RETRIES)
            assert (outcome.attempts or 1) == len(server.sends)
            assert server.executed == []
    return outcomes


def all_end(error: str, *, passing: bool) -> Each:
    return {
        (kind, twin): Outcome((), error, 1 + RETRIES if passing else 1)
        for kind, twin in KINDS_AND_TWINS
    }


@pytest.mark.item(50, 51)
@pytest.mark.defect("authentication failures on streams retried for 45 s")
@pytest.mark.parametrize(("code", "error"), GRPC.items())
def test_grpc_statuses(code: str, error: str) -> None:
    assert ask_each(Refuse(code)) == all_end(error, passing=False)


@pytest.mark.item(50)
@pytest.mark.defect("authentication failures on streams retried for 45 s")
@pytest.mark.parametrize(("code", "error"), [row for row in CODES if row[0] not in STARTING])
def test_platform_statuses(code: int, error: str) -> None:
    assert ask_each(Platform(code)) == all_end(error, passing=code in PASSING)
    assert code in status.STATUSES or code >= 98000 or code in UNNAMED


def test_mixed_status_without_outputs_raises() -> None:
    """MIXED_STATUS refers to the statuses of the outputs."""
    outcomes = ask_each(Platform(10010))
    assert outcomes == {cell: Outcome((), "DecodeError", None) for cell in KINDS_AND_TWINS}


@pytest.mark.item(49)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("code", sorted(STARTING))
def test_starting_model_is_awaited(code: int, kind: str, twin: str) -> None:
    """The call waits until its timeout, whatever `max_retries` is."""

    def starts(send: int) -> Step:
        return Platform(code) if send < 6 else Answer()

    with Scripted(starts) as server:
        outcome = ask(kind, twin, server.url, max_retries=0)
    assert outcome == successful_outcome(kind, 7)
    with Scripted(lambda _: Platform(code)) as server:
        asked = FinishedCall(kind, twin, server.url, chance=1.0, timeout=2.0, max_retries=0)
    # Attempts at 0, 0.5 and 1.3 s; the next delay is cut, so that the last attempt begins at 1.5 s.
    assert asked.outcome.error == "ModelNotReadyError"
    assert asked.outcome.attempts == len(server.sends)
    assert len(server.sends) in (3, 4)  # 3 on a machine under load


@pytest.mark.item(52)
@pytest.mark.defect("a retryable status midway ends a stream silently")
@pytest.mark.parametrize("twin", TWINS)
@pytest.mark.parametrize("kind", ["stream", "bidi"])
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Platform(21355, after=2), "ModelNotReadyError"),
        (Platform(11005, after=2), "RateLimitError"),
        (Platform(10020, after=2), "PredictionError"),
        (Refuse("RESOURCE_EXHAUSTED", after=2), "UnavailableError"),
        (Refuse("UNAVAILABLE", "failed to connect", after=2), "UnavailableError"),
        (Refuse("UNAUTHENTICATED", after=2), "AuthenticationError"),
    ],
)
def test_status_within_a_stream_is_not_retried(
    step: Step, error: str, kind: str, twin: str
) -> None:
    """The items before the status are delivered, then the error is raised; no failure looks like success."""
    with Scripted(lambda _: step) as server:
        outcome = ask(kind, twin, server.url)
    assert outcome == Outcome(tuple(RESULTS[kind][:2]), error, 1)
    assert len(server.sends) == 1


@pytest.mark.defect("concurrency refusal not retried")
@pytest.mark.parametrize(("kind", "twin"), KINDS_AND_TWINS)
def test_transient_statuses_are_retried(kind: str, twin: str) -> None:
    """Two refusals, then success: one result from one execution, with all attempts counted."""
    steps: list[Step] = [Refuse("RESOURCE_EXHAUSTED", FULL), Platform(11005), Answer()]
    with Scripted(lambda send: steps[send]) as server:
        assert ask(kind, twin, server.url) == successful_outcome(kind, len(steps))
    assert len(server.executed) == len(set(server.executed))


def test_status_names_match_the_platform() -> None:
    official = {int(value): name for name, value in status_code_pb2.StatusCode.items()}
    ours = {code: info.name for code, info in status.STATUSES.items()}
    assert ours == {code: official[code] for code in ours}


def test_error_classes_are_public() -> None:
    """Every class of the tables is public."""
    assert set(PLATFORM) | set(GRPC.values()) <= set(errors.__all__)
