"""The card of an agent, which who may run the agent may see."""

import pytest
import requests

from sandbox.tests.caller import Caller


def test_a_card_is_shown_to_who_may_run_the_agent(caller: Caller) -> None:
    card = caller.card(caller.token("ap.clerk")).json()
    assert (card["name"], card["version"], card["provider"]["organization"]) == ("Payables Team", "1", "Sandbox")
    assert card["url"] == f"{caller.sandbox.pod_url}/api/fusion-ai/orchestrator/a2a/v1/PAYABLES_TEAM"
    [row] = caller.sandbox.audit(side="pod")
    assert [row[name] for name in ("action", "target", "actor", "outcome")] == [
        "agent.card", "PAYABLES_TEAM", "ap.clerk", "granted",
    ]


def test_a_card_says_what_its_record_does(caller: Caller) -> None:
    skills = [{"id": "pay", "name": "Pay", "description": "Pays invoices.", "tags": ["money"]}]
    caller.sandbox.agent("PAYABLES_TEAM", name="Payables", description="All about invoices.", version=7, skills=skills)
    card = caller.card(caller.token()).json()
    assert [card[name] for name in ("name", "description", "version")] == ["Payables", "All about invoices.", "7"]
    assert card["skills"] == skills


@pytest.mark.parametrize(("user", "agent", "status"), [
    ("ap.clerk", "HR_TEAM", 403), ("no.roles", "PAYABLES_TEAM", 403), ("curtis.feitty", "DRAFT_TEAM", 403),
    ("curtis.feitty", "NO_TEAM", 404), ("curtis.feitty", "no_team", 404),
])
def test_a_card_is_hidden_from_others(caller: Caller, user: str, agent: str, status: int) -> None:
    answer = caller.card(caller.token(user), agent)
    assert answer.status_code == status
    assert answer.json().get("o:errorCode") == ("FAI-40300" if status == 403 else None)


def test_a_card_needs_the_scope_of_agents_and_no_more(caller: Caller) -> None:
    assert caller.card(caller.token(scope=caller.sandbox.api_scope)).status_code == 401
    assert caller.card("none").status_code == 401


def test_a_card_meets_the_faults_of_the_pod(caller: Caller) -> None:
    token = caller.token()
    caller.sandbox.fault("pod", "respond", path="*/agent.json", status=503)
    assert caller.card(token).status_code == 503
    caller.sandbox.fault("pod", "reset", path="*/agent.json")
    with pytest.raises(requests.ConnectionError):
        caller.card(token)
    assert caller.card(token).status_code == 200
