"""Everything the pod must say no to."""

import pytest
import requests

from sandbox.tests.caller import Caller


def refused(answer: requests.Response, status: int, detail: str) -> dict:
    body = answer.json()
    assert answer.status_code == status and body["status"] == status, answer.text
    assert detail in body["detail"]
    return body


@pytest.mark.parametrize(("user", "agent", "body", "status", "detail"), [
    ("ap.clerk", "HR_TEAM", {}, 403, "ap.clerk has no role"),
    ("no.roles", "PAYABLES_TEAM", {}, 403, "no.roles has no role"),
    ("curtis.feitty", "DRAFT_TEAM", {}, 403, "not saved as PUBLISHED"),
    ("curtis.feitty", "PAYABLES_TEAM", {"status": "DRAFT"}, 403, "not saved as DRAFT"),
    ("curtis.feitty", "PAYABLES_TEAM", {"invocationMode": "ADMIN"}, 403, "no role"),
    ("curtis.feitty", "NO_TEAM", {}, 404, "no agent team"),
    ("curtis.feitty", "payables_team", {}, 404, "no agent team"),
])
def test_agents_a_user_may_not_run(
    caller: Caller, user: str, agent: str, body: dict, status: int, detail: str
) -> None:
    answer = refused(caller.invoke(caller.token(user), agent, **body), status, detail)
    assert answer.get("o:errorCode") == ("FAI-40300" if status == 403 else None)
    row = caller.sandbox.audit(side="pod")[-1]
    assert (row["actor"], row["target"], row["outcome"]) == (user, agent, "refused")


def test_a_draft_runs_as_a_draft(caller: Caller) -> None:
    assert caller.invoke(caller.token(), "DRAFT_TEAM", status="DRAFT").status_code == 202


@pytest.mark.parametrize(("body", "detail"), [
    ({"message": None}, "message must be"),
    ({"message": ""}, "message must be"),
    ({"message": {"content": []}}, "message must be"),
    ({"conversational": None}, "conversational must be true"),
    ({"conversational": False}, "conversational must be true"),
    ({"conversational": "true"}, "conversational must be"),
    ({"version": "13"}, "version must be"),
    ({"version": True}, "version must be"),
    ({"parameters": []}, "parameters must be"),
    ({"invocationMode": "USER"}, "invocationMode must be"),
    ({"status": "published"}, "status must be"),
    ({"resumeNodeInput": {}}, "resumeNodeInput needs"),
    ({"useInternalConfig": True}, "Unknown member useInternalConfig"),
])
def test_invocations_off_the_schema(caller: Caller, body: dict, detail: str) -> None:
    refused(caller.invoke(caller.token(), **body), 400, detail)


def test_a_job_and_a_conversation_belong_to_their_user(caller: Caller) -> None:
    mine, other = caller.token("curtis.feitty"), caller.token("ap.clerk")
    started = caller.invoke(mine).json()
    refused(caller.status(other, started["jobId"]), 404, "no such job")
    refused(caller.status(mine, started["jobId"], "HR_TEAM"), 404, "no such job")
    refused(caller.status(mine, "unknown"), 404, "no such job")
    refused(caller.status(mine, started["jobId"], invocationMode="ADMIN"), 400, "invoked as END_USER")
    refused(caller.status(mine, started["jobId"], verbose="1"), 400, "unknown parameter verbose")
    refused(caller.invoke(other, conversationId=started["conversationId"]), 404, "no such conversation")
    refused(caller.invoke(mine, conversationId="made-up"), 404, "no such conversation")
    refused(caller.invoke(mine, jobId=started["jobId"]), 409, "does not wait")
    caller.sandbox.settings(jobsVisibleTo="anyone")
    assert caller.status(other, started["jobId"]).status_code == 200


def test_tokens_the_pod_does_not_take(caller: Caller) -> None:
    expiring = caller.exchange(caller.form(scope=f"{caller.sandbox.scope} urn:opc:resource:expiry=60")).json()
    for token, detail in [
        ("nonsense", "not a token of this domain"),
        (caller.user_assertion("curtis.feitty"), "not a token of this domain"),
        (caller.sandbox.id_token("curtis.feitty"), "tok_type"),
        (caller.token(scope=caller.sandbox.api_scope), "not for"),
    ]:
        answer = caller.invoke(token)
        refused(answer, 401, detail)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="fusion", error="invalid_token"'
    url = f"{caller.sandbox.pod_url}/fscmRestApi/resources/11.13.18.05/invoices"
    refused(caller.session.get(url, timeout=10), 401, "no bearer token")
    refused(caller.session.get(url, auth=("curtis.feitty", "welcome1"), timeout=10), 401, "no bearer token")
    caller.sandbox.settings(clockOffsetSeconds=61)
    refused(caller.invoke(expiring["access_token"]), 401, "expired")
    caller.sandbox.settings(clockOffsetSeconds=0)
    caller.sandbox.user("curtis.feitty", active=False)
    refused(caller.invoke(expiring["access_token"]), 401, "not an active user")


def test_what_was_not_planned_leaves_a_trace(caller: Caller) -> None:
    for url in (caller.sandbox.domain_url, caller.sandbox.pod_url):
        assert caller.session.get(f"{url}/api/nothing", timeout=10).status_code == 404
    wrong_way = f"{caller.sandbox.pod_url}/api/fusion-ai/orchestrator/agent/v2/PAYABLES_TEAM/invokeAsync"
    assert caller.session.get(wrong_way, timeout=10).status_code == 405
    assert [row["side"] for row in caller.sandbox.audit(action="unplanned")] == ["domain", "pod", "pod"]
