"""Runs that wait for a person: what is asked, who may answer, and what each answer does."""

import concurrent.futures

import pytest
import requests

from sandbox.control import AdminError
from sandbox.tests.caller import Caller

TEAM = "APPROVAL_TEAM"
QUESTION = "May it go on? Answer approve, refuse, or what should change."
ANSWER = "Hello, Curtis Feitty. APPROVAL_TEAM read: Pay it"


@pytest.fixture
def team(caller: Caller) -> Caller:
    """Its agent waits at once, and ends at once when it is answered."""
    caller.sandbox.agent(TEAM, states=["COMPLETE"])
    return caller


def waiting(caller: Caller, token: str) -> dict:
    started = caller.invoke(token, TEAM, message="Pay it").json()
    seen = caller.status(token, started["jobId"], TEAM).json()
    assert (seen["status"], seen["output"], seen["pausedNode"]) == ("WAITING", QUESTION, "APPROVAL")
    return started


def outcome(caller: Caller, token: str, job: str) -> dict:
    """The first that a run shows after RUNNING."""
    while (seen := caller.status(token, job, TEAM).json())["status"] == "RUNNING":
        pass
    return {name: seen[name] for name in ("status", "output", "error", "pausedNode") if name in seen}


def test_a_run_asks_before_it_ends_and_shows_what(caller: Caller) -> None:
    token = caller.token()
    job = caller.invoke(token, TEAM, message="Pay it").json()["jobId"]
    states = [caller.status(token, job, TEAM).json() for _ in range(4)]
    assert [seen["status"] for seen in states] == ["RUNNING", "RUNNING", "WAITING", "WAITING"]
    assert [seen.get("output") for seen in states] == [None, None, QUESTION, QUESTION]


@pytest.mark.parametrize("way", ["message", "message to the job", "resumeNodeInput", "resumeNodeInput in words"])
@pytest.mark.parametrize(("word", "approved", "end"), [
    ("Approve.", True, {"status": "COMPLETE", "output": ANSWER}),
    (" no ", False, {"status": "COMPLETE", "output": "Refused by a person."}),
])
def test_an_answer_lets_it_go_on(team: Caller, way: str, word: str, approved: bool, end: dict) -> None:
    token = team.token()
    first = waiting(team, token)
    answer = team.invoke(token, TEAM, **{
        "message": {"message": word, "conversationId": first["conversationId"]},
        "message to the job": {"message": word, "jobId": first["jobId"]},
        "resumeNodeInput": {"message": None, "jobId": first["jobId"], "resumeNodeInput": {"approved": approved}},
        "resumeNodeInput in words": {
            "message": None, "jobId": first["jobId"], "resumeNodeInput": {"message": word},
            "conversationId": first["conversationId"],
        },
    }[way])
    assert answer.status_code == 202, answer.text
    assert (answer.json()["jobId"] == first["jobId"]) == (way != "message")
    assert answer.json()["conversationId"] == first["conversationId"]
    assert outcome(team, token, answer.json()["jobId"]) == outcome(team, token, first["jobId"]) == end
    [row] = team.sandbox.audit(action="agent.resume")
    assert (row["actor"], row["target"], row["status"]) == ("curtis.feitty", f"{TEAM}/{answer.json()['jobId']}", 202)
    assert row["detail"] == f"{'approved' if approved else 'refused'} by curtis.feitty"


def test_a_refusal_may_fail_the_run(team: Caller) -> None:
    approval = {"refusedState": "FAILED", "refusedAnswer": "Not with me.", "refuseWords": ["njet"], "node": "CFO"}
    team.sandbox.agent(TEAM, approval=approval)
    token = team.token()
    first = team.invoke(token, TEAM).json()
    assert team.status(token, first["jobId"], TEAM).json()["pausedNode"] == "CFO"
    team.invoke(token, TEAM, message="NJET!", conversationId=first["conversationId"])
    assert outcome(team, token, first["jobId"]) == {"status": "FAILED", "error": "Not with me."}


def test_a_wish_is_asked_about_again_and_not_for_ever(team: Caller) -> None:
    team.sandbox.agent(TEAM, approval={"maxIterations": 2, "requestChangeMessage": "And now?"})
    token = team.token()
    first = waiting(team, token)
    for _ in range(2):
        team.invoke(token, TEAM, message="Half of it", conversationId=first["conversationId"])
        asked = {"status": "WAITING", "output": "And now?", "pausedNode": "APPROVAL"}
        assert outcome(team, token, first["jobId"]) == asked
    team.invoke(token, TEAM, message="A quarter", conversationId=first["conversationId"])
    error = "Neither approved nor refused in 2 iterations."
    assert outcome(team, token, first["jobId"]) == {"status": "FAILED", "error": error}


def test_a_wish_may_be_followed_by_an_approval(team: Caller) -> None:
    token = team.token()
    first = waiting(team, token)
    for reply in ("Half of it", "yes"):
        team.invoke(token, TEAM, message=reply, conversationId=first["conversationId"])
        end = outcome(team, token, first["jobId"])
    assert end == {"status": "COMPLETE", "output": ANSWER}
    details = [row["detail"] for row in team.sandbox.audit(action="agent.resume")]
    assert details == ["a change wanted by curtis.feitty", "approved by curtis.feitty"]


def test_nobody_answers_in_time(team: Caller) -> None:
    team.sandbox.agent(TEAM, approval={"timeoutSeconds": 600})
    token = team.token()
    first = waiting(team, token)
    team.sandbox.settings(clockOffsetSeconds=601)
    late = team.invoke(token, TEAM, message=None, jobId=first["jobId"], resumeNodeInput={"approved": True})
    assert late.status_code == 409
    failed = {"status": "FAILED", "error": "Nobody answered within 600 s."}
    assert outcome(team, token, first["jobId"]) == failed
    again = team.invoke(token, TEAM, message="approve", conversationId=first["conversationId"]).json()
    assert outcome(team, token, again["jobId"])["status"] == "WAITING"
    assert outcome(team, token, first["jobId"]) == failed


def test_only_a_waiting_run_is_answered_and_only_once(team: Caller) -> None:
    token = team.token()
    first = team.invoke(token, TEAM).json()
    reply = {"message": None, "jobId": first["jobId"], "resumeNodeInput": {"approved": True}}
    team.sandbox.agent(TEAM, states=["RUNNING", "COMPLETE"])
    running = team.invoke(token, TEAM).json()
    assert team.invoke(token, TEAM, **reply | {"jobId": running["jobId"]}).status_code == 409
    assert [team.invoke(token, TEAM, **reply).status_code for _ in range(2)] == [202, 409]


def test_of_many_answers_at_once_one_counts(team: Caller) -> None:
    token = team.token()
    first = waiting(team, token)
    reply = {"message": None, "jobId": first["jobId"], "resumeNodeInput": {"approved": True}}
    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(lambda _: team.invoke(token, TEAM, **reply).status_code, range(20)))
    assert sorted(statuses) == [202] + [409] * 19
    assert len(team.sandbox.audit(action="agent.resume", outcome="granted")) == 1


def test_an_answer_whose_fate_is_unknown_has_counted(team: Caller) -> None:
    token = team.token()
    first = waiting(team, token)
    reply = {"message": None, "jobId": first["jobId"], "resumeNodeInput": {"approved": True}}
    team.sandbox.fault("pod", "reset", path="*/invokeAsync", when="after")
    with pytest.raises(requests.ConnectionError):
        team.invoke(token, TEAM, **reply)
    assert outcome(team, token, first["jobId"]) == {"status": "COMPLETE", "output": ANSWER}
    assert team.invoke(token, TEAM, **reply).status_code == 409


def test_a_fault_may_lead_an_answered_run_elsewhere(team: Caller) -> None:
    token = team.token()
    for by_job in (True, False):
        first = waiting(team, token)
        team.sandbox.fault("pod", "run", states=["FAILED"], error="The payment was stopped.")
        place = {"jobId": first["jobId"]} if by_job else {"conversationId": first["conversationId"]}
        job = team.invoke(token, TEAM, message="approve", **place).json()["jobId"]
        assert outcome(team, token, job) == {"status": "FAILED", "error": "The payment was stopped."}


@pytest.mark.parametrize("reply", [{}, {"approved": "yes"}, {"approved": True, "more": 1}, {"message": 1}])
def test_what_is_no_answer(team: Caller, reply: dict) -> None:
    token = team.token()
    first = waiting(team, token)
    answer = team.invoke(token, TEAM, message=None, jobId=first["jobId"], resumeNodeInput=reply)
    assert answer.status_code == 400 and "approved, true or false" in answer.json()["detail"]
    assert outcome(team, token, first["jobId"])["status"] == "WAITING"


def test_who_may_answer_is_a_role_of_its_own(team: Caller) -> None:
    team.sandbox.agent(TEAM, approval={"roles": ["CFO"]})
    token = team.token()
    first = waiting(team, token)
    replies = [
        {"message": "approve", "conversationId": first["conversationId"]},
        {"message": None, "jobId": first["jobId"], "resumeNodeInput": {"approved": True}},
    ]
    for reply in replies:
        answer = team.invoke(token, TEAM, **reply)
        assert (answer.status_code, answer.json()["detail"]) == (403, "curtis.feitty has no role to answer this.")
    assert outcome(team, token, first["jobId"])["status"] == "WAITING"
    rows = team.sandbox.audit(action="agent.resume")
    assert [(row["actor"], row["outcome"]) for row in rows] == [("curtis.feitty", "refused")] * 2
    team.sandbox.user("curtis.feitty", roles=["PAYABLES", "CFO"])
    assert team.invoke(token, TEAM, **replies[0]).status_code == 202


def test_another_user_answers_only_where_jobs_are_seen_by_anyone(team: Caller) -> None:
    mine, other = team.token("curtis.feitty"), team.token("ap.clerk")
    first = waiting(team, mine)
    replies = [
        {"message": None, "jobId": first["jobId"], "resumeNodeInput": {"approved": True}},
        {"message": "approve", "conversationId": first["conversationId"]},
    ]
    for reply in replies:
        assert team.invoke(other, TEAM, **reply).status_code == 404
        assert team.chat(other, TEAM, **reply).status_code == 404
    team.sandbox.settings(jobsVisibleTo="anyone")
    resumed = team.invoke(other, TEAM, **replies[1])
    assert resumed.status_code == 202
    assert team.sandbox.audit(action="agent.resume")[-1]["detail"] == "approved by ap.clerk"
    assert outcome(team, mine, first["jobId"]) == {"status": "COMPLETE", "output": ANSWER}
    team.sandbox.settings(jobsVisibleTo="owner")
    assert team.status(other, resumed.json()["jobId"], TEAM).status_code == 404
    assert team.status(mine, resumed.json()["jobId"], TEAM).status_code == 200
    team.sandbox.settings(jobsVisibleTo="anyone")
    assert team.invoke(other, TEAM, message="More", conversationId=first["conversationId"]).status_code == 202
    team.sandbox.settings(jobsVisibleTo="owner")
    assert team.invoke(mine, TEAM, message="More", conversationId=first["conversationId"]).status_code == 202


def test_a_message_to_another_agent_in_the_conversation_is_no_answer(team: Caller) -> None:
    team.sandbox.agent(TEAM, approval={"roles": ["CFO"]})
    token = team.token()
    first = waiting(team, token)
    other = team.invoke(token, "PAYABLES_TEAM", message="approve", conversationId=first["conversationId"])
    assert other.status_code == 202
    assert outcome(team, token, first["jobId"])["status"] == "WAITING"
    assert team.sandbox.audit(action="agent.resume") == []


def test_a_stream_pauses_and_the_answer_is_streamed(team: Caller) -> None:
    token = team.token()
    events = team.told(token, TEAM, message="Pay it")
    assert events[-1]["message"] == {"output": QUESTION, "pausedNode": "APPROVAL", "finishReason": "paused"}
    assert not [event for event in events if "content" in event.get("message", {})]
    job = events[0]["jobId"]
    assert outcome(team, token, job)["status"] == "WAITING"
    wish = team.told(token, TEAM, message="Half", conversationId=events[0]["conversationId"])
    assert wish[-1]["message"]["output"] == "Changed. May it go on now?"
    events = team.told(token, TEAM, message=None, jobId=job, resumeNodeInput={"approved": True})
    assert events[-1]["message"] == {"output": ANSWER, "finishReason": "stop"} and events[0]["jobId"] == job
    assert outcome(team, token, wish[0]["jobId"]) == outcome(team, token, job)
    rows = [(row["action"], row["status"]) for row in team.sandbox.audit(side="pod") if row["action"] != "agent.status"]
    assert rows == [("agent.chat", 200), ("agent.resume", 200), ("agent.resume", 200)]


def test_a_stream_that_is_left_before_the_question_waits_all_the_same(team: Caller) -> None:
    token = team.token()
    team.sandbox.fault("pod", "stream", afterEvents=1, then="cut")
    with team.chat(token, TEAM, message="Pay it") as answer:
        lines = answer.iter_lines(chunk_size=1)
        job = next(lines).split(b'"jobId": "')[1][:32].decode()
    assert outcome(team, token, job) == {"status": "WAITING", "output": QUESTION, "pausedNode": "APPROVAL"}


@pytest.mark.parametrize("approval", [
    {"question": 1}, {"who": "CFO"}, "yes", {"refusedState": "WAITING"}, {"roles": "CFO"}, {"maxIterations": "3"},
])
def test_an_approval_that_can_not_be(team: Caller, approval: object) -> None:
    with pytest.raises(AdminError, match="pproval"):
        team.sandbox.agent(TEAM, approval=approval)
