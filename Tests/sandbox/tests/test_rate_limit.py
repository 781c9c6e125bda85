"""The domain's own rate limit, as a client meets it."""

import time

import pytest

from sandbox.control import AdminError, Sandbox
from sandbox.tests.caller import Caller


def statuses(caller: Caller, count: int) -> list[int]:
    return [caller.exchange(caller.form()).status_code for _ in range(count)]


@pytest.mark.parametrize("setting", ["tokenRequestsPerSecond", "tokenRequestsPerMinute"])
def test_one_too_many_is_refused_and_not_counted(caller: Caller, setting: str) -> None:
    caller.sandbox.settings(**{setting: 2})
    assert statuses(caller, 4) == [200, 200, 429, 429]
    rows = caller.sandbox.audit(action="token.issue")
    assert [row["status"] for row in rows] == [200, 200, 429, 429]
    assert [row["outcome"] for row in rows[2:]] == ["refused", "refused"]


def test_the_window_slides(caller: Caller) -> None:
    caller.sandbox.settings(tokenRequestsPerSecond=2)
    began = time.monotonic()
    assert statuses(caller, 2) == [200, 200]
    while (answer := caller.exchange(caller.form())).status_code == 429:
        assert time.monotonic() - began < 5
    assert answer.status_code == 200
    assert time.monotonic() - began > 1


def test_it_may_say_how_long_to_wait(caller: Caller) -> None:
    caller.sandbox.settings(tokenRequestsPerMinute=0)
    assert "Retry-After" not in caller.exchange(caller.form()).headers
    caller.sandbox.settings(tokenRetryAfterSeconds=7)
    assert caller.exchange(caller.form()).headers["Retry-After"] == "7"
    caller.sandbox.settings(tokenRequestsPerMinute=None)
    assert statuses(caller, 1) == [200]


def test_a_limit_is_a_number_or_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(AdminError):
        sandbox.settings(tokenRequestsPerSecond="40")
