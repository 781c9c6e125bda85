"""Runs that outlast what happens meanwhile: to a token, to the pod, to the network, to the sidecar."""

import json
from typing import Any

import pytest
from onboarding import onboard, profile
from runs import HELLO, OTHER, PAYABLES, USER, Watching
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

STARTING = {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>Starting.</html>"}


def polled(sidecar: Sidecar, sandbox: Sandbox, **params: Any) -> Watching:
    """A run that has been looked at once and goes on."""
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "RUNNING", "COMPLETE"])
    watching = Watching(sidecar, "invokeAgent", **HELLO | params)
    watching.report("The run is running.")
    return watching


def has_ended_well(watching: Watching, sandbox: Sandbox) -> dict[str, Any]:
    run = watching.result()
    assert (run["state"], run["output"]) == ("complete", "Hello, Curtis Feitty. PAYABLES_TEAM read: Hello")
    assert len(sandbox.audit(action="agent.invoke")) == 1, "nothing was begun twice"
    return run


def test_a_token_that_is_revoked_in_mid_run_is_replaced(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox)
    assert sandbox.revoke_tokens("curtis.feitty") >= 1
    has_ended_well(watching, sandbox)
    assert len(sandbox.audit(action="token.issue", outcome="granted")) == 2
    assert len(sandbox.audit(action="agent.status", outcome="refused")) == 1, "the old one was shown once more"


def test_a_pod_that_restarts(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox)
    sandbox.restart("pod")
    has_ended_well(watching, sandbox)


def test_a_pod_that_has_forgotten_its_runs(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox)
    sandbox.restart("pod", keep_jobs=False)
    data = watching.error()["data"]
    assert (data["kind"], data["retryable"], data["detail"]["state"]) == ("fusion_not_found", False, "detached")
    assert data["detail"]["jobId"] == watching.reports[1]["jobId"]


def test_what_stands_before_a_pod_that_restarts(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox)
    sandbox.fault("pod", "respond", path="*/status/*", **STARTING)
    sandbox.fault("pod", "redirect", path="*/status/*", location=f"{sandbox.pod_url}/maintenance")
    sandbox.fault("pod", "respond", path="*/status/*", status=429, headers={"Retry-After": "1"})
    sandbox.fault("pod", "reset", path="*/status/*")
    has_ended_well(watching, sandbox)
    assert [report["lastFailure"]["count"] for report in watching.reports if "lastFailure" in report] == [1, 2, 3, 4]


def test_a_network_that_is_cut(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox)
    sandbox.cut("pod")
    for count in (1, 2, 3):
        report = watching.report("Asking again in")
        assert (report["lastFailure"]["kind"], report["lastFailure"]["count"]) == ("unreachable", count)
        assert sandbox.pod_url in report["message"]
    sandbox.restore("pod")
    has_ended_well(watching, sandbox)


def test_an_identity_domain_that_is_away_when_a_token_is_needed(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox)
    sandbox.cut("domain")
    sandbox.revoke_tokens("curtis.feitty")
    report = watching.report("Asking again in")
    assert sandbox.domain_url in report["message"]
    sandbox.restore("domain")
    has_ended_well(watching, sandbox)


def test_at_the_deadline_the_last_failure_is_told(sidecar: Sidecar, sandbox: Sandbox) -> None:
    watching = polled(sidecar, sandbox, timeoutMs=3000)
    sandbox.cut("pod")
    data = watching.error()["data"]
    assert (data["kind"], data["retryable"]) == ("deadline_exceeded", False)
    assert data["detail"]["state"] == "detached"
    assert data["detail"]["lastFailure"]["kind"] == "unreachable"
    sandbox.restore("pod")
    job = data["detail"]["jobId"]
    assert sidecar.call("getAgentRun", **USER, **PAYABLES, jobId=job, wait=True)["state"] == "complete"


def test_a_run_that_outlasts_the_users_own_token(sidecar: Sidecar, sandbox: Sandbox) -> None:
    own = {"profile": "dev5", "userToken": sandbox.id_token("curtis.feitty")}
    watching = Watching(sidecar, "invokeAgent", **own, **PAYABLES, message="Hello")
    watching.report("The run is running.")
    refusal = json.dumps({"error": "invalid_grant", "error_description": "The assertion has expired."})
    sandbox.fault("domain", "respond", path="/oauth2/v1/token", status=400, body=refusal)
    sandbox.revoke_tokens("curtis.feitty")
    data = watching.error()["data"]
    assert (data["kind"], data["retryable"]) == ("invalid_grant", False)
    assert "get a new one" in data["hint"] and "getAgentRun" in data["hint"]
    again = {"profile": "dev5", "userToken": sandbox.id_token("curtis.feitty")}
    run = sidecar.call("getAgentRun", **again, **PAYABLES, jobId=data["detail"]["jobId"], wait=True)
    assert run["state"] == "complete"


def test_a_new_sidecar_goes_on_with_what_a_killed_one_began(home: Home, sandbox: Sandbox) -> None:
    options = home.file_store()
    with Sidecar(home, "--admin", *options) as killed:
        onboard(killed, sandbox)
        watching = polled(killed, sandbox)
        job = watching.reports[-1]["jobId"]
        killed.process.kill()
        killed.process.wait()
    with Sidecar(home, *options) as sidecar:
        again = Watching(sidecar, "getAgentRun", **USER, **PAYABLES, jobId=job, wait=True)
        run = has_ended_well(again, sandbox)
        assert run["jobId"] == job and "conversationId" in run
        more = sidecar.call("invokeAgent", **HELLO, conversationId=run["conversationId"], wait=False)
        assert more["conversationId"] == run["conversationId"]


def test_what_a_run_was_invoked_as_is_known_where_it_began(home: Home, sandbox: Sandbox) -> None:
    options = home.file_store()
    sandbox.user("curtis.feitty", roles=["PAYABLES", "FUSION_AI_ADMIN"])
    with Sidecar(home, "--admin", *options) as sidecar:
        onboard(sidecar, sandbox)
        run = sidecar.call("invokeAgent", **HELLO, invocationMode="ADMIN", wait=False)
        found = {**USER, **PAYABLES, "jobId": run["jobId"]}
        assert sidecar.call("getAgentRun", **found, wait=True)["state"] == "complete"
    with Sidecar(home, *options) as later:
        assert later.refusal("getAgentRun", **found).detail["status"] == 400
        assert later.call("getAgentRun", **found, invocationMode="ADMIN")["state"] == "complete"
        assert later.call("getAgentRun", **found)["state"] == "complete", "it is known from then on"


FATES = {
    "reset before it acts": ("reset", {"when": "before"}, "unreachable"),
    "reset once it has acted": ("reset", {"when": "after"}, "unreachable"),
    "cut off": ("truncate", {"afterBytes": 20}, "unreachable"),
    "500": ("respond", {"status": 500}, "fusion_error"),
    "502": ("respond", {"status": 502}, "fusion_error"),
    "504": ("respond", {"status": 504}, "fusion_error"),
    "a page": ("respond", STARTING, "fusion_error"),
    "no job": ("respond", {"status": 202, "body": "{}"}, "fusion_error"),
    "no end": ("huge", {"sizeBytes": 1 << 26}, "response_too_large"),
    "no answer": ("hang", {}, "deadline_exceeded"),
    "cancelled": ("hang", {}, "cancelled"),
}


@pytest.mark.parametrize("fate", FATES)
def test_a_start_whose_fate_is_unknown_is_not_repeated(sidecar: Sidecar, sandbox: Sandbox, fate: str) -> None:
    fault, details, kind = FATES[fate]
    sandbox.fault("pod", fault, path="*/invokeAsync", **details)
    timeout = {"timeoutMs": 1000} if kind == "deadline_exceeded" else {}
    watching = Watching(sidecar, "invokeAgent", **HELLO, **timeout)
    sandbox.await_faults()
    if kind == "cancelled":
        sidecar.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": watching.id}})
    data = watching.error()["data"]
    assert (data["kind"], data["retryable"], data["detail"]["state"]) == (kind, False, "unknown")
    assert data["detail"]["agent"] == "PAYABLES_TEAM" and "jobId" not in data["detail"]
    sandbox.clear_faults()
    assert sidecar.call("ping") == {}
    assert len(sandbox.audit(action="agent.invoke")) <= 1


@pytest.mark.parametrize("visible_to", ["owner", "anyone"])
def test_in_one_process_a_run_is_its_users(sidecar: Sidecar, sandbox: Sandbox, visible_to: str) -> None:
    sandbox.settings(jobsVisibleTo=visible_to)
    sidecar.call("saveProfile", profile=profile(sandbox, name="other"))
    run = sidecar.call("invokeAgent", **HELLO)
    ids = {"jobId": run["jobId"], "conversationId": run["conversationId"]}
    own = {"profile": "dev5", "userToken": sandbox.id_token("ap.clerk")}
    for user in (OTHER, own, OTHER | {"profile": "other"}):
        for method, params in (
            ("getAgentRun", {"jobId": ids["jobId"]}),
            ("getAgentRun", {"jobId": ids["jobId"], "wait": True}),
            ("invokeAgent", {"conversationId": ids["conversationId"], "message": "And?"}),
            ("resumeAgent", {"conversationId": ids["conversationId"], "message": "Yes"}),
            ("resumeAgent", ids | {"resumeNodeInput": {"approved": True}}),
        ):
            refused = sidecar.refusal(method, **user, **PAYABLES, **params)
            assert refused.kind == "run_denied"
            assert "curtis" not in json.dumps(refused.error).casefold(), "it is not said whose it is"
    assert sandbox.audit(side="pod", actor="ap.clerk") == [], "nothing was sent"
    assert sidecar.call("getAgentRun", **USER | {"profile": "other"}, **PAYABLES, jobId=ids["jobId"])["state"] == "complete"


@pytest.mark.parametrize("visible_to", ["owner", "anyone"])
def test_across_processes_the_pod_decides(home: Home, sandbox: Sandbox, visible_to: str) -> None:
    options = home.file_store()
    sandbox.settings(jobsVisibleTo=visible_to)
    with Sidecar(home, "--admin", *options) as sidecar:
        onboard(sidecar, sandbox)
        run = sidecar.call("invokeAgent", **HELLO)
    found = {**OTHER, **PAYABLES, "jobId": run["jobId"]}
    with Sidecar(home, *options) as later:
        if visible_to == "owner":
            assert later.refusal("getAgentRun", **found).kind == "fusion_not_found"
            assert later.call("getAgentRun", **found | USER)["state"] == "complete", "nobody was shown it before"
        else:
            assert later.call("getAgentRun", **found)["output"] == run["output"]
            assert later.refusal("getAgentRun", **found | USER).kind == "run_denied", "here it was shown to another"
    assert {row["actor"] for row in sandbox.audit(action="agent.status")} <= {"ap.clerk", "curtis.feitty"}
    assert sandbox.audit(action="agent.status", actor="ap.clerk") != [], "that user's token was sent"
