"""An identity domain and a pod that fail in every way: the right kind, and honest about whether to try again."""

import time
from typing import Any

import pytest
from sandbox.control import Sandbox
from sidecar import Sidecar

TOKEN = "/oauth2/v1/token"
HTML = {"headers": {"Content-Type": "text/html"}, "body": "<html>Service Unavailable</html>"}

# How the token endpoint fails; the kind, whether trying again makes sense, and what is told.
DOMAIN: list[tuple[str, dict[str, Any], str, bool, str]] = [
    ("respond", {"status": 429, "headers": {"Retry-After": "2"}}, "rate_limited", True, "429"),
    ("respond", {"status": 503, **HTML}, "identity_domain_error", True, "503"),
    ("respond", {"status": 200, **HTML}, "identity_domain_error", False, "proxy"),
    ("respond", {"status": 200, "body": '{"access_token": '}, "identity_domain_error", False, "proxy"),
    ("respond", {"status": 200, "body": "{}"}, "identity_domain_error", False, "proxy"),
    ("truncate", {"afterBytes": 20}, "unreachable", True, "ended before"),
    ("reset", {"when": "before"}, "unreachable", True, "127.0.0.1"),
    ("huge", {"sizeBytes": 64 << 20}, "response_too_large", False, "bytes"),
    ("huge", {"sizeBytes": 64 << 20, "declared": False}, "response_too_large", False, "bytes"),
    ("token", {"claims": {"sub": "ap.clerk"}}, "wrong_user", False, "ap.clerk, who was not asked for"),
    ("token", {"drop": ["sub"]}, "wrong_user", False, "sub"),
    ("token", {"claims": {"tok_type": "IT"}}, "wrong_user", False, "tok_type"),
    ("token", {"claims": {"sub_type": "client"}}, "wrong_user", False, "sub_type"),
    ("token", {"drop": ["scope"]}, "identity_domain_error", False, "scope"),
    ("token", {"claims": {"scope": "urn:elsewhere"}}, "identity_domain_error", False, "urn:elsewhere"),
    ("token", {"drop": ["exp"]}, "identity_domain_error", False, "exp"),
    ("token", {"claims": {"exp": 1_700_000_000}}, "identity_domain_error", False, "before it came"),
    ("token", {"opaque": True}, "wrong_user", False, "opaque"),
    ("token", {"response": {"expires_in": "soon"}}, "identity_domain_error", False, "expires_in"),
]


@pytest.mark.parametrize(
    ("fault", "details", "kind", "retryable", "told"), DOMAIN, ids=[f"{case[0]} {case[2]} {case[4]}" for case in DOMAIN]
)
def test_the_identity_domain_fails(
    sidecar: Sidecar, sandbox: Sandbox, fault: str, details: dict[str, Any], kind: str, retryable: bool, told: str
) -> None:
    sandbox.fault("domain", fault, path=TOKEN, **details)
    refused = sidecar.refusal("getToken", subject="curtis.feitty")
    assert (refused.kind, refused.retryable) == (kind, retryable), refused.error
    assert told in refused.message + refused.hint + str(refused.detail), refused.error
    assert "Service Unavailable" not in str(refused.error), "a body is no error text"
    # The fault has passed. Nothing of it was kept.
    token = sidecar.call("getToken", subject="curtis.feitty")
    assert (token["subject"], token["source"]) == ("curtis.feitty", "exchange")


def test_how_long_to_wait_is_passed_on(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "respond", path=TOKEN, status=429, headers={"Retry-After": "2"})
    refused = sidecar.refusal("getToken", subject="curtis.feitty")
    assert refused.error["data"]["retryAfterMs"] == 2000


def test_what_is_refused_carries_the_ecid(sidecar: Sidecar, sandbox: Sandbox) -> None:
    refused = sidecar.refusal("getToken", subject="nobody")
    row, = sandbox.audit(side="domain", outcome="refused")
    assert refused.detail["ecid"] == row["ecid"]


@pytest.mark.parametrize("side", ["domain", "pod"])
def test_a_redirect_is_not_followed(sidecar: Sidecar, sandbox: Sandbox, side: str) -> None:
    sandbox.fault(side, "redirect", method="POST", location=f"{sandbox.pod_url}/elsewhere", status=307)
    refused = sidecar.refusal("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello")
    assert refused.kind == "unexpected_redirect"
    assert sandbox.audit(action="unplanned") == [], "nothing was sent to the target"


def test_silence_is_answered_within_the_callers_time(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "hang", path=TOKEN)
    started = time.monotonic()
    refused = sidecar.refusal("getToken", subject="curtis.feitty", timeoutMs=500)
    assert refused.kind in ("deadline_exceeded", "network_timeout")
    assert refused.retryable
    assert 0.4 < time.monotonic() - started < 2


def test_a_clock_that_is_wrong_is_told(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(clockOffsetSeconds=3600)
    refused = sidecar.refusal("getToken", subject="curtis.feitty")
    assert (refused.kind, refused.retryable) == ("clock_skew", True)
    assert abs(refused.detail["clockOffsetMs"] - 3_600_000) < 5000


# How the pod fails when an agent is started.
POD: list[tuple[str, dict[str, Any], str, bool]] = [
    ("respond", {"status": 401, "times": None}, "fusion_unauthorized", False),
    ("respond", {"status": 403, **HTML}, "fusion_forbidden", False),
    ("respond", {"status": 404}, "fusion_not_found", False),
    ("respond", {"status": 503, **HTML}, "fusion_error", True),
    ("respond", {"status": 200, **HTML}, "fusion_error", False),
    # The pod may have begun the run: to send it again would be a second one.
    ("truncate", {"afterBytes": 20}, "unreachable", False),
    ("reset", {"when": "after"}, "unreachable", False),
    ("huge", {"sizeBytes": 64 << 20}, "response_too_large", False),
]


@pytest.mark.parametrize(
    ("fault", "details", "kind", "retryable"), POD, ids=[f"{case[0]} {case[2]}" for case in POD]
)
def test_the_pod_fails(
    sidecar: Sidecar, sandbox: Sandbox, fault: str, details: dict[str, Any], kind: str, retryable: bool
) -> None:
    sandbox.fault("pod", fault, path="*/invokeAsync", **details)
    request = {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM", "message": "Hello"}
    refused = sidecar.refusal("invokeAgent", **request)
    assert (refused.kind, refused.retryable) == (kind, retryable), refused.error
    sandbox.clear_faults()
    assert sidecar.call("invokeAgent", wait=False, **request)["state"] == "running"


def test_a_refused_token_is_renewed_once(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "respond", path="*/invokeAsync", status=401)
    run = sidecar.call("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", wait=False)
    assert run["state"] == "running"
    assert len(sandbox.audit(action="token.issue", outcome="granted")) == 2


@pytest.mark.parametrize("fault", [("respond", {"status": 503}), ("reset", {"when": "before"})], ids=lambda it: it[0])
def test_a_poll_that_fails_does_not_end_the_run(
    sidecar: Sidecar, sandbox: Sandbox, fault: tuple[str, dict[str, Any]]
) -> None:
    kind, details = fault
    sandbox.fault("pod", kind, path="*/status/*", after=1, **details)
    run = sidecar.call("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello")
    assert run["state"] == "complete"
