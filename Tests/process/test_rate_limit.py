"""A domain with limits: the sidecar stays within them, tells who has to wait, and does not ask what is refused."""

import time
from typing import Any

import pytest
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar, framed

TOKEN = "/oauth2/v1/token"


def request(identifier: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}


def answers(sidecar: Sidecar, count: int) -> dict[Any, dict[str, Any]]:
    """By their ids, in the order they came; progress is passed over."""
    found: dict[Any, dict[str, Any]] = {}
    while len(found) < count:
        message = sidecar.receive()
        if "id" in message:
            found[message["id"]] = message
    return found


def make_users(sandbox: Sandbox, *names: str) -> None:
    for name in names:
        sandbox.put_user(name, displayName=name, roles=[])


def issued(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.audit(side="domain", action="token.issue")


def test_a_burst_stays_within_what_the_domain_takes(home: Home, sandbox: Sandbox) -> None:
    batch, single = [f"user{number}" for number in range(110)], [f"single{number}" for number in range(10)]
    make_users(sandbox, *batch, *single, "hasty")
    sandbox.settings(tokenRequestsPerSecond=20)
    limit = {"perSecond": 20, "perMinute": 1000}
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox, rateLimit=limit)
        sidecar.call("saveProfile", profile=profile(sandbox, name="single", rateLimit=limit))
        begun = time.monotonic()
        sidecar.send_bytes(b"".join(framed(request(user, "getToken", profile="dev5", subject=user)) for user in batch))
        sidecar.send_bytes(b"".join(framed(request(user, "getToken", profile="single", subject=user)) for user in single))
        sidecar.send(request("hasty", "getToken", profile="dev5", subject="hasty", timeoutMs=1500))
        first = sidecar.receive()
        while first["id"] != "hasty":
            first = sidecar.receive()
        told = time.monotonic() - begun
        assert told < 1.5, "who cannot be served in time is told at once"
        assert first["error"]["data"]["kind"] == "rate_limited"
        assert first["error"]["data"]["retryAfterMs"] > 1500
        detail = first["error"]["data"]["detail"]
        assert (detail["perSecond"], detail["perMinute"]) == (20, 1000) and detail["queued"] > 60
        done = time.monotonic()
        while {row["actor"] for row in issued(sandbox)} < {*batch, *single}:
            assert time.monotonic() - done < 25
            sidecar.read_more(time.monotonic() + 25)
    rows = issued(sandbox)
    assert {row["status"] for row in rows} == {200}
    order = [row["actor"] for row in rows]
    assert max(order.index(user) for user in single) < 60, "a single user waits for a batch"
    assert time.monotonic() - begun > 5, "the limit was kept"


def test_who_waits_is_told_so(home: Home, sandbox: Sandbox) -> None:
    make_users(sandbox, "a", "b", "c")
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox, rateLimit={"perSecond": 1, "perMinute": 2})
        for user in ("a", "b"):
            sidecar.call("getToken", subject=user)
        sidecar.send(request("waits", "getToken", subject="c", workDoneToken="t", timeoutMs=90_000))
        report: dict[str, Any] = {}
        while "state" not in report:
            report = sidecar.receive()["params"]["value"]
        assert report["state"] == "queued" and report["ahead"] == 0 and 50_000 < report["estimatedMs"] < 61_000
        sidecar.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "waits"}})
        begun = time.monotonic()
        answer = answers(sidecar, 1)["waits"]
        assert answer["error"]["data"]["detail"]["state"] == "queued"
        assert time.monotonic() - begun < 1
        # A rate that is changed counts for the next.
        sidecar.call("saveProfile", profile=profile(sandbox, rateLimit={"perSecond": 10, "perMinute": 100}))
        assert sidecar.call("getToken", subject="c")["source"] == "exchange"


def test_a_429_is_waited_for(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "respond", path=TOKEN, status=429, headers={"Retry-After": "2"})
    begun = time.monotonic()
    assert sidecar.call("getToken", subject="curtis.feitty")["source"] == "exchange"
    assert time.monotonic() - begun >= 2


def test_while_the_domain_wants_a_pause_nothing_is_sent(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "respond", path=TOKEN, status=429, headers={"Retry-After": "60"}, times=None)
    for subject in ("curtis.feitty", "ap.clerk"):
        refused = sidecar.refusal("getToken", subject=subject, timeoutMs=10_000)
        assert (refused.kind, refused.retryable) == ("rate_limited", True)
        assert 50_000 < refused.error["data"]["retryAfterMs"] <= 60_000
    assert sandbox.faults()[0]["matched"] == 1


@pytest.mark.parametrize("fault", [("respond", {"status": 503}), ("reset", {"when": "before"})], ids=lambda it: it[0])
def test_what_passes_is_attempted_again_with_assertions_of_its_own(
    sidecar: Sidecar, sandbox: Sandbox, fault: tuple[str, dict[str, Any]]
) -> None:
    kind, details = fault
    sandbox.fault("domain", kind, path=TOKEN, times=2, **details)
    assert sidecar.call("getToken", subject="curtis.feitty")["source"] == "exchange"
    assert [row["status"] for row in issued(sandbox)] == [200], "the sandbox refuses an assertion that it has seen"


def test_a_domain_that_is_down_is_told_soon(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("createKey", alias="k")
    sidecar.call("saveProfile", profile=profile(sandbox, name="down", identityDomainUrl="http://127.0.0.1:1", key="k"))
    begun = time.monotonic()
    assert sidecar.refusal("getToken", profile="down", subject="curtis.feitty").kind == "unreachable"
    assert time.monotonic() - begun < 4


def test_a_hopeless_refusal_is_not_asked_for_again(sidecar: Sidecar, sandbox: Sandbox) -> None:
    first = sidecar.refusal("getToken", subject="nobody")
    again = sidecar.refusal("getToken", subject="nobody")
    assert (again.kind, again.hint, again.detail["ecid"]) == (first.kind, first.hint, first.detail["ecid"])
    assert "rememberedSeconds" in again.detail and "rememberedSeconds" not in first.detail
    assert again.error["data"]["retryAfterMs"] <= 10_000
    assert len(issued(sandbox)) == 1
    sidecar.refusal("getToken", subject="nobody", forceRefresh=True)
    sidecar.call("diagnose", subject="nobody")
    assert len([row for row in issued(sandbox) if row["actor"] == "nobody"]) == 3
    # The client is as it was: others are not concerned.
    assert sidecar.call("getToken", subject="curtis.feitty")["source"] == "exchange"


@pytest.mark.parametrize("change", ["profile", "secret"])
def test_what_changes_here_is_tried_at_once(sidecar: Sidecar, sandbox: Sandbox, change: str) -> None:
    basic = profile(sandbox, name="basic", clientAuthentication="client_secret_basic")
    sidecar.call("saveProfile", profile=basic)
    sidecar.call("setClientSecret", profile="basic", clientSecret="wrong")
    for _ in range(3):
        assert sidecar.refusal("getToken", profile="basic", subject="curtis.feitty").kind == "invalid_client"
    assert sidecar.refusal("getToken", profile="basic", subject="ap.clerk").detail["rememberedSeconds"] >= 0
    assert len(issued(sandbox)) == 1
    if change == "profile":
        sidecar.call("saveProfile", profile=basic | {"clientAuthentication": "client_assertion"})
    else:
        sidecar.call("setClientSecret", profile="basic", clientSecret=sandbox.client_secret)
    assert sidecar.call("getToken", profile="basic", subject="curtis.feitty")["source"] == "exchange"
