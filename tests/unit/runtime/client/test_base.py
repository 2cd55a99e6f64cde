"""The configuration of clients: views, pickled copies, and the seams for tests."""

from __future__ import annotations

import pickle

import pytest

from clarigen import Client, ConfigError, ModelRef, Response
from clarigen._client.base import get_policy, with_policy

URL = "grpc://127.0.0.1:1"


class Detector(Client, model=ModelRef("acme", "vision", "detector")):
    """A client without methods."""


def test_view_changes_only_the_options_that_are_given() -> None:
    with Detector(base_url=URL, timeout=7, max_retries=1) as model:
        policy = get_policy(model.with_options(idempotent=True))
        assert (policy.timeout, policy.max_retries, policy.idempotent) == (7, 1, True)
        assert get_policy(model.with_options(timeout=None)).timeout is None
        assert get_policy(model).timeout == 7


@pytest.mark.parametrize("options", [{"batch_size": 0}, {"batch_size": 129}, {"concurrency": 0}])
def test_invalid_batch_limits_are_rejected(options: dict[str, int]) -> None:
    (name,) = options
    with Detector(base_url=URL) as model, pytest.raises(ConfigError, match=f"`{name}` must be"):
        model.with_options(**options)  # type: ignore[arg-type]


def record_nothing(response: Response) -> None:
    """Observe a response."""


def test_pickled_copy_has_the_same_options() -> None:
    with Detector(base_url=URL, timeout=7, verify=False, on_response=record_nothing) as model:
        view = model.with_options(max_retries=2, batch_size=5, concurrency=3)
        copy: Detector = pickle.loads(pickle.dumps(view))
    policy = get_policy(copy)
    assert type(copy) is Detector
    assert (policy.timeout, policy.max_retries) == (7, 2)
    assert pickle.dumps(copy) == pickle.dumps(view)


def stopped_clock() -> float:
    """Return the same time again and again."""
    return 0.0


def test_policy_of_a_view_can_be_replaced_and_is_kept() -> None:
    with Detector(base_url=URL) as model:
        view = with_policy(model, get_policy(model).replace(clock=stopped_clock))
        clocks = [get_policy(client).clock for client in (view.with_options(timeout=5), model)]
    assert clocks[0] is stopped_clock
    assert clocks[1] is not stopped_clock
