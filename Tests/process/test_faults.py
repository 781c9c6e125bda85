"""An identity domain and a pod that fail, beyond what is told of it: test_fault_table.py holds that."""

import time
from typing import Any

import pytest
from sandbox.control import Sandbox
from sidecar import Sidecar

TOKEN = "/oauth2/v1/token"


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
    assert (refused.kind, refused.detail) == ("deadline_exceeded", {"waitingFor": sandbox.domain_url})
    assert 0.4 < time.monotonic() - started < 2


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
