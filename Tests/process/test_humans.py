"""Runs that wait for a person: what is asked, who answers, and how."""

from typing import Any

import pytest
from onboarding import onboard, profile
from runs import OTHER, USER, Watching
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

TEAM = {"agent": "APPROVAL_TEAM"}
QUESTION = "Pay 12.50 to Acme?"
APPROVAL = {"node": "CONFIRM", "question": QUESTION, "roles": ["PAYABLES"]}
DONE = "Hello, Curtis Feitty. APPROVAL_TEAM read: Pay Acme"
BY_MESSAGE, BY_NODE = "message", "resumeNodeInput"


def asked(sidecar: Sidecar, sandbox: Sandbox, **approval: Any) -> dict[str, Any]:
    """A run that waits."""
    sandbox.agent("APPROVAL_TEAM", states=["COMPLETE"], approval=APPROVAL | approval)
    run = sidecar.call("invokeAgent", **USER, **TEAM, message="Pay Acme")
    assert (run["state"], run["waitingFor"]) == ("waiting", {"node": "CONFIRM", "message": QUESTION})
    return run


def ids(run: dict[str, Any]) -> dict[str, Any]:
    return TEAM | {"jobId": run["jobId"], "conversationId": run["conversationId"]}


def reply(way: str, approved: bool) -> dict[str, Any]:
    return {way: {"approved": approved}} if way == BY_NODE else {way: "Approve." if approved else "Refuse"}


@pytest.mark.parametrize("way", [BY_MESSAGE, BY_NODE])
def test_what_is_approved_is_done(sidecar: Sidecar, sandbox: Sandbox, way: str) -> None:
    run = asked(sidecar, sandbox)
    waiting = sidecar.call("getAgentRun", **USER, **TEAM, jobId=run["jobId"], wait=True)
    assert waiting["waitingFor"]["message"] == QUESTION, "it is answered at once, and moves nothing"
    watching = Watching(sidecar, "resumeAgent", **USER, **ids(run), **reply(way, True))
    done = watching.result()
    assert (done["state"], done["output"], "waitingFor" in done) == ("complete", DONE, False)
    assert (done["jobId"] == run["jobId"]) == (way == BY_NODE)
    row, = sandbox.audit(action="agent.resume")
    assert (row["actor"], row["detail"]) == ("curtis.feitty", "approved by curtis.feitty")
    sandbox_rows = sidecar.call("queryAudit")["rows"]
    ours = [row for row in sandbox_rows if row.get("operation") == "resumeAgent"]
    assert sorted(row["event"] for row in ours) == ["intent", "outcome"]
    assert next(row for row in ours if row["event"] == "outcome")["jobId"] == done["jobId"]


@pytest.mark.parametrize("way", [BY_MESSAGE, BY_NODE])
@pytest.mark.parametrize("state", ["COMPLETE", "FAILED"])
def test_what_is_refused_is_not(sidecar: Sidecar, sandbox: Sandbox, way: str, state: str) -> None:
    run = asked(sidecar, sandbox, refusedState=state, refusedAnswer="Refused by a person.")
    answer = {**USER, **ids(run), **reply(way, False)}
    if state == "FAILED":
        refused = sidecar.refusal("resumeAgent", **answer)
        assert (refused.kind, refused.detail["run"]["error"]) == ("agent_failed", "Refused by a person.")
    else:
        assert sidecar.call("resumeAgent", **answer)["output"] == "Refused by a person."
    assert sandbox.audit(action="agent.resume")[0]["detail"] == "refused by curtis.feitty"


def test_a_change_that_is_wanted_is_asked_about_again(sidecar: Sidecar, sandbox: Sandbox) -> None:
    run = asked(sidecar, sandbox, requestChangeMessage="Pay 11.00, then?")
    again = sidecar.call("resumeAgent", **USER, **ids(run), message="Less")
    assert (again["state"], again["waitingFor"]["message"]) == ("waiting", "Pay 11.00, then?")
    assert sidecar.call("resumeAgent", **USER, **ids(again), message="Yes")["state"] == "complete"


def test_nobody_answers_in_time(sidecar: Sidecar, sandbox: Sandbox) -> None:
    run = asked(sidecar, sandbox, timeoutSeconds=60)
    sandbox.settings(clockOffsetSeconds=90)
    late = sidecar.refusal("resumeAgent", **USER, **ids(run), message="Yes")
    assert (late.kind, late.detail["run"]["state"]) == ("run_not_waiting", "failed")
    assert late.detail["run"]["error"] == "Nobody answered within 60 s."
    assert "too long" in late.hint
    assert sandbox.audit(action="agent.resume") == [], "nothing was sent"
    failed = sidecar.call("getAgentRun", **USER, **TEAM, jobId=run["jobId"])
    assert (failed["state"], failed["error"]) == ("failed", "Nobody answered within 60 s.")


def test_an_answer_counts_once(sidecar: Sidecar, sandbox: Sandbox) -> None:
    run = asked(sidecar, sandbox)
    answer = {**USER, **ids(run), **reply(BY_NODE, True)}
    assert sidecar.call("resumeAgent", **answer)["state"] == "complete"
    again = sidecar.refusal("resumeAgent", **answer)
    assert (again.kind, again.detail["run"]["output"]) == ("run_not_waiting", DONE)
    assert len(sandbox.audit(action="agent.resume")) == 1


def test_who_may_run_the_agent_may_not_approve(sidecar: Sidecar, sandbox: Sandbox) -> None:
    run = asked(sidecar, sandbox, roles=["APPROVERS"])
    for way in (BY_MESSAGE, BY_NODE):
        refused = sidecar.refusal("resumeAgent", **USER, **ids(run), **reply(way, True))
        assert (refused.kind, "role" in refused.hint) == ("fusion_forbidden", True)
    assert sidecar.call("getAgentRun", **USER, **TEAM, jobId=run["jobId"])["state"] == "waiting"


def test_whose_profile_only_reads_answers_nothing(sidecar: Sidecar, sandbox: Sandbox) -> None:
    run = asked(sidecar, sandbox)
    policy = {"subjects": {"allow": ["*"]}, "readOnly": True}
    sidecar.call("saveProfile", profile=profile(sandbox, name="reader", policy=policy))
    reader = USER | {"profile": "reader"}
    assert sidecar.refusal("resumeAgent", **reader, **ids(run), message="Yes").kind == "agent_denied"
    assert sidecar.call("getAgentRun", **reader, **TEAM, jobId=run["jobId"])["state"] == "waiting"


@pytest.mark.parametrize("visible_to", ["owner", "anyone"])
@pytest.mark.parametrize("way", [BY_MESSAGE, BY_NODE])
def test_another_answers_from_a_process_of_their_own_if_the_pod_lets_them(
    home: Home, sandbox: Sandbox, visible_to: str, way: str
) -> None:
    options = home.file_store()
    sandbox.settings(jobsVisibleTo=visible_to)
    with Sidecar(home, "--admin", *options) as sidecar:
        onboard(sidecar, sandbox)
        run = asked(sidecar, sandbox)
        answer = {**OTHER, **ids(run), **reply(way, True)}
        assert sidecar.refusal("resumeAgent", **answer).kind == "run_denied"
    with Sidecar(home, *options) as approver:
        if visible_to == "owner":
            assert approver.refusal("resumeAgent", **answer).kind == "fusion_not_found"
        else:
            assert approver.call("resumeAgent", **answer)["state"] == "complete"
            assert sandbox.audit(action="agent.resume")[0]["detail"] == "approved by ap.clerk"


@pytest.mark.parametrize("way", [BY_MESSAGE, BY_NODE])
def test_an_answer_whose_fate_is_unknown_is_not_sent_again(sidecar: Sidecar, sandbox: Sandbox, way: str) -> None:
    run = asked(sidecar, sandbox)
    sandbox.fault("pod", "reset", path="*/invokeAsync", when="after")
    lost = sidecar.refusal("resumeAgent", **USER, **ids(run), **reply(way, True))
    assert (lost.kind, lost.retryable, lost.detail["state"]) == ("unreachable", False, "unknown")
    assert len(sandbox.audit(action="agent.resume")) == 1
    if way == BY_NODE:
        assert lost.detail["jobId"] == run["jobId"] and "getAgentRun" in lost.hint
    assert sidecar.call("getAgentRun", **USER, **TEAM, jobId=run["jobId"], wait=True)["state"] == "complete"


def test_a_new_sidecar_answers_for_a_killed_one(home: Home, sandbox: Sandbox) -> None:
    options = home.file_store()
    with Sidecar(home, "--admin", *options) as killed:
        onboard(killed, sandbox)
        run = asked(killed, sandbox)
        killed.process.kill()
        killed.process.wait()
    with Sidecar(home, *options) as sidecar:
        assert sidecar.call("resumeAgent", **USER, **ids(run), message="Yes")["output"] == DONE
