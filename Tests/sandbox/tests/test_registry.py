"""The registry of agents: it shows everybody the agents that they may run."""

from typing import Any

import pytest
import requests

from sandbox.tests.caller import CARDS, Caller, bearer


def codes(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["resources"]]


@pytest.mark.parametrize(("user", "seen", "unseen"), [
    ("curtis.feitty", {"PAYABLES_TEAM", "HR_TEAM"}, {"DRAFT_TEAM"}),
    ("ap.clerk", {"PAYABLES_TEAM"}, {"HR_TEAM", "DRAFT_TEAM"}),
    ("no.roles", set(), {"PAYABLES_TEAM", "HR_TEAM", "DRAFT_TEAM"}),
])
def test_everybody_sees_what_they_may_run(caller: Caller, user: str, seen: set[str], unseen: set[str]) -> None:
    found = set(codes(caller.search(caller.token(user))))
    assert seen <= found and not unseen & found
    [row] = caller.sandbox.audit(action="agent.search")
    assert [row[name] for name in ("target", "actor", "outcome")] == ["agents", user, "granted"]


def test_an_entry_names_the_agent_and_leads_to_its_card(caller: Caller) -> None:
    token = caller.token()
    answer = caller.search(token, query="hr").json()
    [entry] = answer["resources"]
    assert (entry["id"], entry["name"], entry["location"]["type"]) == ("HR_TEAM", "Hr Team", "agent_card")
    card = caller.session.get(entry["location"]["url"], headers=bearer(token), timeout=10).json()
    assert card["name"] == "Hr Team"
    assert (answer["registry_version"], answer["total_count"]) == ("1.0", 1)


@pytest.mark.parametrize(("query", "found"), [
    ("", True), (" ", True), ("hr", True), ("HR T", True), ("HR_TEAM", False), ("payables", False), ("%", False),
])
def test_names_are_searched(caller: Caller, query: str, found: bool) -> None:
    assert ("HR_TEAM" in codes(caller.search(caller.token(), query=query))) is found


def test_pages_follow_one_another(caller: Caller) -> None:
    for number in range(30):
        caller.sandbox.put_agent(f"PAGED_{number:02}", name=f"Paged {number:02}", roles=["HR"])
    token = caller.token()
    assert len(codes(caller.search(token, query="paged"))) == 25
    first, second = (codes(caller.search(token, query="paged", skip=skip, top=20)) for skip in (0, 20))
    assert first + second == [f"PAGED_{number:02}" for number in range(30)]
    assert codes(caller.search(token, query="paged", skip=30, top=20)) == []
    assert caller.search(token, query="paged", top=3).json()["total_count"] == 30


@pytest.mark.parametrize(("body", "why"), [
    ({"query": 1}, "query must be str"), ({"skip": "1"}, "skip must be int"), ({"top": True}, "top must be int"),
    ({"top": 0}, "top"), ({"skip": -1}, "skip"), ({"limit": 1}, "Unknown member limit"),
])
def test_a_search_is_held_to_the_schema(caller: Caller, body: dict[str, Any], why: str) -> None:
    answer = caller.search(caller.token(), **body)
    assert answer.status_code == 400 and why in answer.json()["message"]


def test_a_search_is_json_and_a_post(caller: Caller) -> None:
    url, headers = f"{caller.sandbox.pod_url}{CARDS}/agents/search", bearer(caller.token())
    assert caller.session.post(url, data="{}", headers=headers, timeout=10).status_code == 400
    assert caller.session.post(f"{url}?query=hr", json={}, headers=headers, timeout=10).status_code == 400
    assert caller.session.get(url, headers=headers, timeout=10).status_code == 405


def test_a_search_needs_the_scope_of_agents_and_no_more(caller: Caller) -> None:
    assert caller.search(caller.token(scope=caller.sandbox.api_scope)).status_code == 401
    assert caller.search("none").status_code == 401


def test_a_search_meets_the_faults_of_the_pod(caller: Caller) -> None:
    token = caller.token()
    caller.sandbox.fault("pod", "respond", path="*/agents/search", status=404)
    assert caller.search(token).status_code == 404
    caller.sandbox.fault("pod", "truncate", path="*/agents/search", afterBytes=20)
    with pytest.raises(requests.RequestException):
        caller.search(token)
    assert codes(caller.search(token))
