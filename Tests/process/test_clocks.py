"""The clock of the identity domain is not ours, or ours is set while we run."""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import Home, Sidecar
from wrong_clock import WrongClock

HOURS = 3 * 3600


@pytest.fixture
def clock(tmp_path: Path) -> WrongClock:
    return WrongClock(tmp_path)


@pytest.fixture
def misled(home: Home, sandbox: Sandbox, clock: WrongClock) -> Iterator[Sidecar]:
    """A sidecar whose clock is `clock`."""
    with Sidecar(home, "--admin", "--store", "memory", environment=clock.environment) as sidecar:
        onboard(sidecar, sandbox)
        yield sidecar


def outcomes(sandbox: Sandbox) -> list[str]:
    """What has come to the token endpoint."""
    return [row["outcome"] for row in sandbox.audit(action="token.issue")]


def exchange(sidecar: Sidecar) -> str:
    return sidecar.call("getToken", subject="curtis.feitty", forceRefresh=True)["source"]


@pytest.mark.parametrize("ahead", [900, -900])
def test_a_domain_15_minutes_off_costs_one_attempt(sidecar: Sidecar, sandbox: Sandbox, ahead: int) -> None:
    sandbox.settings(clockOffsetSeconds=ahead)
    started = time.monotonic()
    assert exchange(sidecar) == "exchange"
    assert time.monotonic() - started < 3
    assert outcomes(sandbox) == ["refused", "granted"]
    run = sidecar.call("invokeAgent", subject="ap.clerk", agent="PAYABLES_TEAM", message="Hello", wait=False)
    assert run["state"] == "running"
    assert outcomes(sandbox) == ["refused", "granted", "granted"]
    minted = sidecar.call("mintAssertion", type="user", subject="curtis.feitty")
    assert abs(minted["claims"]["iat"] + 5 - ahead - time.time()) < 3
    assert minted["claims"]["exp"] - minted["claims"]["iat"] == 300


@pytest.mark.parametrize("ahead", [HOURS, -HOURS])
def test_a_domain_3_hours_off_stops_signing(sidecar: Sidecar, sandbox: Sandbox, ahead: int) -> None:
    sandbox.settings(clockOffsetSeconds=ahead)
    for method, params in [("getToken", {})] * 5 + [("mintAssertion", {"type": "user"})]:
        refused = sidecar.refusal(method, subject="curtis.feitty", **params)
        assert (refused.kind, refused.retryable) == ("clock_skew", True)
        assert abs(refused.detail["clockOffsetMs"] - ahead * 1000) < 3000
        assert 0 < refused.error["data"]["retryAfterMs"] <= 10_000
        assert ("ahead of" if ahead < 0 else "behind") in refused.message
        assert "3 h 0 min" in refused.message or "2 h 59 min" in refused.message
    assert outcomes(sandbox) == ["refused"], "one attempt showed it, and then nothing was sent"
    rows = sidecar.call("queryAudit")["rows"]
    signed = [row for row in rows if row.get("operation") in ("exchange", "mintAssertion") and row["event"] == "intent"]
    assert len(signed) == 1, "and nothing signed"


@pytest.mark.parametrize("wrong", [900, -900])
def test_our_clock_15_minutes_off_costs_one_attempt(
    misled: Sidecar, sandbox: Sandbox, clock: WrongClock, wrong: int
) -> None:
    clock.set(wrong)
    assert exchange(misled) == "exchange"
    assert exchange(misled) == "exchange"
    assert outcomes(sandbox) == ["refused", "granted", "granted"]


@pytest.mark.parametrize("wrong", [HOURS, -HOURS])
def test_our_clock_set_wrong_by_hours_and_right_again(
    misled: Sidecar, sandbox: Sandbox, clock: WrongClock, wrong: int
) -> None:
    exchange(misled)
    clock.set(wrong)
    for _ in range(3):
        assert misled.refusal("getToken", subject="curtis.feitty", forceRefresh=True).kind == "clock_skew"
    clock.set(0)
    assert exchange(misled) == "exchange"
    assert outcomes(sandbox) == ["granted", "refused", "granted"]


def test_our_clock_jumps_by_minutes_while_the_domains_is_known(
    misled: Sidecar, sandbox: Sandbox, clock: WrongClock
) -> None:
    for wrong in (0, 0, 1200, -1200, 0):
        clock.set(wrong)
        assert exchange(misled) == "exchange"
    assert set(outcomes(sandbox)) == {"granted"}


@pytest.mark.parametrize("status", [200, 400])
def test_a_date_that_is_wrong_once(sidecar: Sidecar, sandbox: Sandbox, status: int) -> None:
    exchange(sidecar)
    wrong = {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"} if status == 200 else {
        "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 900))
    }
    body = "{}" if status == 200 else '{"error": "invalid_request"}'
    sandbox.fault("domain", "respond", path="/oauth2/v1/token", status=status, headers=wrong, body=body)
    refused = sidecar.refusal("getToken", subject="curtis.feitty", forceRefresh=True)
    assert refused.kind == ("identity_domain_error" if status == 200 else "clock_skew")
    assert exchange(sidecar) == "exchange"
    # The date of the refusal was believed for one attempt, whose own answer set it right.
    assert outcomes(sandbox) == (["granted", "granted"] if status == 200 else ["granted", "refused", "granted"])


def test_a_wall_clock_that_is_set_back_keeps_a_token_that_lives_and_no_dead_one(
    misled: Sidecar, sandbox: Sandbox, clock: WrongClock
) -> None:
    sandbox.settings(tokenSeconds=4)
    misled.call("getToken", subject="curtis.feitty")
    clock.set(-1200)
    told = misled.call("getToken", subject="curtis.feitty", minTtlSeconds=1)
    assert told["source"] == "cache" and told["expiresInSeconds"] <= 4
    end = datetime.fromisoformat(told["expiresAt"]).timestamp()
    assert end <= time.time() - 1200 + 4, "by the clock as it is set now"
    time.sleep(4)
    told = misled.call("getToken", subject="curtis.feitty", minTtlSeconds=0)
    assert told["source"] == "exchange" and told["expiresInSeconds"] <= 4


def test_a_machine_that_was_paused_keeps_no_dead_token(misled: Sidecar, sandbox: Sandbox, clock: WrongClock) -> None:
    for _ in range(2):
        exchange(misled)
    clock.set(1000)
    told = misled.call("getToken", subject="curtis.feitty")
    assert told["source"] == "cache" and 2590 < told["expiresInSeconds"] <= 2600
    sandbox.settings(tokenSeconds=600)
    exchange(misled)
    clock.set(1700)
    assert misled.call("getToken", subject="curtis.feitty", minTtlSeconds=0)["source"] == "exchange"
