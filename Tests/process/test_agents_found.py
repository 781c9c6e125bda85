"""Agents are found as the end user, within what policy allows, whatever the registry of the pod says."""

import json
from typing import Any

import pytest
from onboarding import profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

CURTIS, CLERK = {"subject": "curtis.feitty"}, {"subject": "ap.clerk"}
SEARCH, CARD = "*/agents/search", "*/agent.json"


def codes(answer: dict[str, Any]) -> set[str]:
    return {agent["agent"] for agent in answer["agents"]}


def registry(sandbox: Sandbox, *entries: Any, **members: Any) -> None:
    """The pod's registry says this to the next who asks."""
    body = json.dumps({"resources": list(entries)} | members)
    sandbox.fault("pod", "respond", path=SEARCH, status=200, body=body)


def deny(sidecar: Sidecar, sandbox: Sandbox, *agents: str) -> None:
    """Only these are allowed from now on."""
    sidecar.call("saveProfile", profile=profile(sandbox, policy={"subjects": {"allow": ["*"]}, "agents": list(agents)}))


def test_two_users_see_what_each_may_run(sidecar: Sidecar, sandbox: Sandbox) -> None:
    assert {"PAYABLES_TEAM", "HR_TEAM"} <= codes(sidecar.call("listAgents", **CURTIS))
    clerks = codes(sidecar.call("listAgents", **CLERK))
    assert "PAYABLES_TEAM" in clerks and not clerks & {"HR_TEAM", "DRAFT_TEAM"}
    own = sidecar.call("listAgents", userToken=sandbox.id_token("no.roles"))
    assert own == {"agents": [], "truncated": False, "omitted": 0}
    rows = sandbox.audit(action="agent.search")
    assert [row["actor"] for row in rows] == ["curtis.feitty", "ap.clerk", "no.roles"]


def test_what_is_found_is_read_and_run(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.agent("HR_TEAM", name="People", version=3, skills=[{"id": "leave", "name": "Leave", "tags": ["days"]}])
    [found] = sidecar.call("listAgents", query="people", **CURTIS)["agents"]
    assert (found["agent"], found["name"]) == ("HR_TEAM", "People")
    assert found["cardUrl"] == f"{sandbox.pod_url}/api/fusion-ai/orchestrator/a2a/v1/HR_TEAM/.well-known/agent.json"
    card = sidecar.call("getAgentCard", agent=found["agent"], **CURTIS)
    assert (card["name"], card["version"], card["skills"][0]["tags"]) == ("People", "3", ["days"])
    assert sidecar.call("invokeAgent", agent=found["agent"], message="Hi", **CURTIS)["state"] == "complete"


def test_every_page_is_read(sidecar: Sidecar, sandbox: Sandbox) -> None:
    wanted = [f"PAGED_{number:03}" for number in range(230)]
    for code in wanted:
        sandbox.put_agent(code, roles=["HR"])
    answer = sidecar.call("listAgents", query="paged", **CURTIS)
    assert [agent["agent"] for agent in answer["agents"]] == wanted
    assert (answer["truncated"], answer["omitted"]) == (False, 0)
    assert len(sandbox.audit(action="agent.search")) == 3


def test_a_rule_of_the_profile_hides_an_agent(sidecar: Sidecar, sandbox: Sandbox) -> None:
    deny(sidecar, sandbox, "PAYABLES_*")
    answer = sidecar.call("listAgents", **CURTIS)
    assert codes(answer) == {"PAYABLES_TEAM"} and answer["omitted"] == 0
    before = len(sandbox.audit())
    refused = sidecar.refusal("getAgentCard", agent="HR_TEAM", **CLERK)
    assert refused.kind == "agent_denied"
    assert len(sandbox.audit()) == before, "nothing was signed or sent"
    [row] = sidecar.call("queryAudit", outcome="agent_denied")["rows"]
    assert [row[name] for name in ("event", "operation", "agent", "subject")] == [
        "denied", "getAgentCard", "HR_TEAM", "ap.clerk",
    ]


def test_a_policy_file_hides_an_agent_at_once(home: Home, sandbox: Sandbox) -> None:
    policy = home.private_file("policy.json", json.dumps({"subjects": {"allow": ["*"]}}))
    with Sidecar(home, "--admin", "--store", "memory", "--policy", str(policy)) as sidecar:
        key = sidecar.call("createKey", alias="payables")
        sandbox.register_certificate("payables", key["certificatePem"])
        sidecar.call("saveProfile", profile=profile(sandbox))
        assert "HR_TEAM" in codes(sidecar.call("listAgents", **CURTIS))
        policy.write_text(json.dumps({"subjects": {"allow": ["*"]}, "agents": ["PAYABLES_*"]}))
        assert codes(sidecar.call("listAgents", **CURTIS)) == {"PAYABLES_TEAM"}
        refused = sidecar.refusal("getAgentCard", agent="HR_TEAM", **CURTIS)
        assert (refused.kind, refused.error["data"]["detail"]["layer"]) == ("agent_denied", "policy file")


def test_a_hostile_registry_is_data(sidecar: Sidecar, sandbox: Sandbox) -> None:
    deny(sidecar, sandbox, "PAYABLES_*", "GOOD")
    registry(
        sandbox,
        {"id": "GOOD", "name": "\x1b[31mred\r\n\u202egnitirw\U000e0041 " + "x" * 5000,
         "location": {"type": "agent_card", "url": "https://elsewhere.example/a2a/v1/HR_TEAM"}},
        {"id": "../HR_TEAM"}, {"id": "good"}, {"name": "no code"}, None, 7, [["GOOD"]],
        {"id": "HR_TEAM", "name": "denied"},
        {"id": "x", "location": {"url": "https://elsewhere.example/a2a/v1/HR_TEAM/.well-known/agent.json"}},
        {"id": "GOOD", "name": "again"}, registry_version={"deep": [[]]}, total_count="many",
    )
    answer = sidecar.call("listAgents", **CURTIS)
    [good] = answer["agents"]
    assert good["name"].startswith(" [31mred  gnitirw xxx") and len(good["name"]) == 201
    assert good["cardUrl"] == "https://elsewhere.example/a2a/v1/HR_TEAM"
    assert (answer["truncated"], answer["omitted"]) == (False, 6)


@pytest.mark.parametrize("body", [
    "[" * 5000, '{"resources":' + "[" * 200 + "]" * 200 + "}", '{"resources": 1}', "[1, 2", "", "\ufeff[]", "<html>",
])
def test_what_is_no_registry_is_an_error(sidecar: Sidecar, sandbox: Sandbox, body: str) -> None:
    sandbox.fault("pod", "respond", path=SEARCH, status=200, body=body)
    refused = sidecar.refusal("listAgents", **CURTIS)
    assert (refused.kind, refused.retryable) == ("fusion_error", False)
    assert "HR_TEAM" in codes(sidecar.call("listAgents", **CURTIS))


def test_a_registry_without_end_is_cut_off(sidecar: Sidecar, sandbox: Sandbox) -> None:
    """Every page has something new, and says that there is more."""
    for page in range(60):
        registry(sandbox, *({"id": f"A_{page}_{number}"} for number in range(3)), total_count=10**9)
    answer = sidecar.call("listAgents", **CURTIS)
    assert (len(answer["agents"]), answer["truncated"]) == (150, True)


def test_an_answer_as_long_as_may_be_fits_into_a_message(sidecar: Sidecar, sandbox: Sandbox) -> None:
    skill = {"id": '"' * 200, "description": "\\" * 2000, "tags": ['"' * 200] * 16}
    entry = {"description": '"' * 2000, "skills": [skill] * 32}
    for page in range(4):
        registry(sandbox, *({"id": f"A_{page}_{number}"} | entry for number in range(10)), total_count=40)
    answer = sidecar.call("listAgents", **CURTIS)
    assert (len(answer["agents"]), answer["truncated"]) == (30, True)
    assert 8 << 20 < len(json.dumps(answer)) < 16 << 20


def test_where_a_card_leads_is_not_followed(sidecar: Sidecar, sandbox: Sandbox) -> None:
    card = '{"name": "x", "url": "http://127.0.0.1:1/elsewhere", "id": 90071992547409931}'
    sandbox.fault("pod", "respond", path=CARD, status=200, body=card)
    answer = sidecar.call("getAgentCard", agent="HR_TEAM", **CURTIS)
    assert answer["url"] == "http://127.0.0.1:1/elsewhere"
    assert answer["id"] == 90071992547409931
    assert sidecar.call("invokeAgent", agent="HR_TEAM", message="Hi", **CURTIS)["state"] == "complete"
    sandbox.fault("pod", "redirect", path=CARD, location="http://127.0.0.1:1/card")
    assert sidecar.refusal("getAgentCard", agent="HR_TEAM", **CURTIS).kind == "unexpected_redirect"


def test_reads_are_repeated(sidecar: Sidecar, sandbox: Sandbox) -> None:
    for path in (SEARCH, CARD):
        sandbox.fault("pod", "reset", path=path, when="after")
        sandbox.fault("pod", "respond", path=path, status=503)
    assert "HR_TEAM" in codes(sidecar.call("listAgents", **CURTIS))
    assert sidecar.call("getAgentCard", agent="HR_TEAM", **CURTIS)["name"] == "Hr Team"


def test_they_end_with_lock(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("listAgents", **CURTIS)
    sidecar.call("lock")
    assert sidecar.refusal("listAgents", **CURTIS).kind == "locked"
    assert sidecar.refusal("getAgentCard", agent="HR_TEAM", **CURTIS).kind == "locked"
