"""Tokens in memory, and a domain that is slow or away: who has a good token does not notice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.control import Sandbox
from sidecar import Sidecar, framed

TOKEN = "/oauth2/v1/token"


def issued(sandbox: Sandbox) -> int:
    return len(sandbox.audit(side="domain", action="token.issue"))


def cache(sidecar: Sidecar) -> dict[str, Any]:
    return sidecar.call("getStatus")["cache"]


def token(sidecar: Sidecar, **params: Any) -> dict[str, Any]:
    return sidecar.call("getToken", subject="curtis.feitty", **params)


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < seconds


def use(sidecar: Sidecar, seconds: float) -> list[dict[str, Any]]:
    """A caller every tenth of a second who needs a second of life; none of them waits."""
    answers, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        with no_longer_than(1):
            answers.append(token(sidecar, minTtlSeconds=1))
        time.sleep(0.1)
    return answers


def test_a_token_in_use_is_renewed_ahead(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(tokenSeconds=6)
    assert token(sidecar)["source"] == "exchange"
    answers = use(sidecar, 7)
    assert {answer["source"] for answer in answers} == {"cache"}
    assert len({answer["accessToken"] for answer in answers}) == issued(sandbox) >= 3
    told = cache(sidecar)
    assert told["renewals"] == {"begun": issued(sandbox) - 1, "failed": 0}
    assert (told["hits"], told["misses"]) == (len(answers), 1)
    before = issued(sandbox)
    time.sleep(4)
    assert issued(sandbox) == before, "what is not used is not renewed"


def test_a_thousand_callers_of_a_token_that_has_become_stale(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(tokenSeconds=6)
    token(sidecar)
    time.sleep(3.5)
    request = {"jsonrpc": "2.0", "method": "getToken", "params": {"subject": "curtis.feitty", "minTtlSeconds": 1}}
    sidecar.send_bytes(b"".join(framed(request | {"id": number}) for number in range(1000)))
    assert {sidecar.receive()["result"]["subject"] for _ in range(1000)} == {"curtis.feitty"}
    assert issued(sandbox) == 2


def test_an_outage_in_mid_life_is_not_noticed(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(tokenSeconds=14)
    token(sidecar)
    sandbox.fault("domain", "respond", path=TOKEN, status=503, times=None)
    answers = use(sidecar, 10)
    assert {answer["source"] for answer in answers} == {"cache"}
    assert sandbox.faults()[0]["matched"] == 1, "the domain is not asked at each use"
    told = cache(sidecar)
    assert told["renewals"] == {"begun": 1, "failed": 1} and told["stale"] == 1 and told["servedStale"] > 10
    sandbox.clear_faults()
    use(sidecar, 6)
    assert cache(sidecar)["fresh"] == 1


def test_a_domain_that_does_not_answer_is_waited_for_two_seconds(sidecar: Sidecar, sandbox: Sandbox) -> None:
    # Fewer than the 60 that are wanted.
    sandbox.settings(tokenSeconds=30)
    old = token(sidecar)["accessToken"]
    sandbox.fault("domain", "hang", path=TOKEN, times=None)
    begun = time.monotonic()
    bridged = token(sidecar)
    assert 1.8 < time.monotonic() - begun < 4
    assert (bridged["source"], bridged["accessToken"]) == ("cache", old)
    with no_longer_than(1.5):
        assert token(sidecar, timeoutMs=2000)["source"] == "cache"
    assert sandbox.faults()[0]["matched"] == 1, "all wait for the one exchange, which goes on"
    # Who makes demands hears the truth.
    assert sidecar.refusal("getToken", subject="curtis.feitty", minTtlSeconds=40, timeoutMs=500).kind == "deadline_exceeded"
    sandbox.clear_faults()
    assert token(sidecar, forceRefresh=True)["source"] == "exchange"


def test_a_domain_that_is_down_is_not_asked_by_each_caller(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(tokenSeconds=30)
    old = token(sidecar)["accessToken"]
    sandbox.fault("domain", "respond", path=TOKEN, status=503, times=None)
    with no_longer_than(4):
        assert token(sidecar)["accessToken"] == old
    matched = sandbox.faults()[0]["matched"]
    assert matched <= 3
    with no_longer_than(4):
        for _ in range(100):
            assert token(sidecar)["accessToken"] == old
    assert sandbox.faults()[0]["matched"] == matched
    # Agents and callApi do the same.
    run = sidecar.call("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", wait=False)
    assert run["state"] == "running"
    assert sandbox.faults()[0]["matched"] == matched
    for demand in ({"minTtlSeconds": 40}, {"forceRefresh": True}):
        assert sidecar.refusal("getToken", subject="curtis.feitty", **demand).kind == "identity_domain_error"


def test_a_user_who_was_disabled_is_refused(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(tokenSeconds=30)
    token(sidecar)
    sandbox.user("curtis.feitty", active=False)
    assert sidecar.refusal("getToken", subject="curtis.feitty").kind == "invalid_grant"
    assert sidecar.refusal("getToken", subject="curtis.feitty", minTtlSeconds=0).kind == "invalid_grant"
    assert cache(sidecar)["entries"] == 0


def test_lock_ends_a_renewal(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(tokenSeconds=6)
    token(sidecar)
    time.sleep(3.5)
    sandbox.fault("domain", "delay", path=TOKEN, delaySeconds=1)
    assert token(sidecar, minTtlSeconds=1)["source"] == "cache"
    sandbox.await_faults(1)
    sidecar.call("lock")
    time.sleep(1.2)
    assert cache(sidecar)["entries"] == 0
    assert sidecar.refusal("getToken", subject="curtis.feitty").kind == "locked"
