"""Runs told as they happen: the events of a stream, and that its run is a job like any other."""

import json

import pytest
import requests

from sandbox.tests.caller import Caller, data_of


def contents(events: list[dict]) -> list[object]:
    return [event["message"]["content"] for event in events if "content" in event.get("message", {})]


def event_of(line: bytes) -> dict:
    return json.loads(line.removeprefix(b"data: "))


def test_a_stream_tells_a_run_from_its_first_node_to_its_output(caller: Caller) -> None:
    token = caller.token()
    with caller.chat(token, message="Compare these") as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["Transfer-Encoding"] == "chunked" and "Content-Length" not in answer.headers
        *lines, last = data_of(answer.content)
    assert last == "[DONE]"
    events = [json.loads(line) for line in lines]
    output = "Hello, Curtis Feitty. PAYABLES_TEAM read: Compare these"
    assert events[-1]["message"] == {"output": output, "finishReason": "stop"}
    assert "".join(contents(events)) == output and len(contents(events)) == 7
    told = [event["nodeProgressMessage"] for event in events if "nodeProgressMessage" in event]
    assert [(node["nodeCode"], node["type"]) for node in told] == [
        ("ANSWER", kind) for kind in ("NODE_START", "NODE_EXECUTED", "NODE_END")
    ]
    assert len({(event["jobId"], event["conversationId"]) for event in events}) == 1
    shown = caller.status(token, events[0]["jobId"]).json()
    assert (shown["status"], shown["output"], shown["conversationId"]) == (
        "COMPLETE", output, events[0]["conversationId"]
    )
    [row] = caller.sandbox.audit(action="agent.chat")
    assert (row["actor"], row["target"], row["outcome"]) == ("curtis.feitty", "PAYABLES_TEAM", "granted")


def test_the_record_of_an_agent_says_what_its_streams_tell(caller: Caller) -> None:
    caller.sandbox.agent(
        "PAYABLES_TEAM", deltas=["Grüezi ", "{Welt}\n", "👋"], deltaShape="parts", finishReasonIn="event",
        nodes=[
            {"code": "FIND", "children": ["SEARCH"], "input": {"q": 1}, "output": [2]}, {"code": "WRITE"},
        ],
    )
    events = caller.told(caller.token())
    assert contents(events) == [[{"text": text}] for text in ("Grüezi ", "{Welt}\n", "👋")]
    assert events[-1]["message"] == {"output": "Grüezi {Welt}\n👋"} and events[-1]["finishReason"] == "stop"
    told = [event["nodeProgressMessage"] for event in events if "nodeProgressMessage" in event]
    assert told[:5] == [
        {"nodeCode": "FIND", "type": "NODE_START", "nodeInput": {"q": 1}},
        {"nodeCode": "SEARCH", "type": "CHILD_NODE_START"},
        {"nodeCode": "SEARCH", "type": "CHILD_NODE_END"},
        {"nodeCode": "FIND", "type": "NODE_EXECUTED", "nodeOutput": [2]},
        {"nodeCode": "FIND", "type": "NODE_END", "nodeOutput": [2]},
    ]
    caller.sandbox.agent("PAYABLES_TEAM", answer="In the end.", nodes=[], deltas=["At first."])
    events = caller.told(caller.token())
    assert (contents(events), events[-1]["message"]["output"], len(events)) == (
        [[{"text": "At first."}]], "In the end.", 2
    )


def test_text_goes_out_as_utf_8_and_between_other_lines_when_asked_for(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", deltas=["Zürich"], noise=True)
    with caller.chat(caller.token()) as answer:
        stream = answer.content
    assert "Zürich".encode() in stream
    for noise in (b": keep-alive\r\n", b"\r\n\n", b"event: message\r\n", b"id: 7\n", b"retry: 3000\n", b"}\r\n\r\n"):
        assert noise in stream
    assert "".join(contents([json.loads(text) for text in data_of(stream)[:-1]])) == "Zürich"


@pytest.mark.parametrize(("states", "message", "member"), [
    (["ERROR"], {"finishReason": "error"}, "error"),
    (["RUNNING", "FAILED"], {"finishReason": "error"}, "error"),
    (["RUNNING", "WAITING"], {"finishReason": "paused", "pausedNode": "ANSWER"}, None),
])
def test_streams_of_runs_that_do_not_complete(
    caller: Caller, states: list[str], message: dict, member: str | None
) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", states=states, deltas=["So far."], error="No.")
    token = caller.token()
    events = caller.told(token)
    assert contents(events) == ["So far."]
    assert events[-1]["message"] == message and events[-1].get("error") == ("No." if member else None)
    shown = caller.status(token, events[0]["jobId"]).json()
    assert (shown["status"], shown.get("error")) == (states[-1], "No." if member else None)


def test_a_run_fault_holds_for_a_stream_when_its_path_says_so(caller: Caller) -> None:
    caller.sandbox.fault("pod", "run", path="*/chat", states=["FAILED"], error="Broken.")
    events = caller.told(caller.token())
    assert (events[-1]["message"], events[-1]["error"]) == ({"finishReason": "error"}, "Broken.")


def test_each_event_is_on_the_wire_at_once_and_the_job_runs_meanwhile(caller: Caller) -> None:
    sandbox, token = caller.sandbox, caller.token()
    sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"])
    sandbox.fault("pod", "stream", afterEvents=1, then="stall")
    with caller.chat(token) as answer:
        lines = answer.iter_lines(chunk_size=1)
        first = event_of(next(lines))
        assert first["nodeProgressMessage"]["type"] == "NODE_START"
        assert sandbox.await_faults(held=1)[0]["held"] == 1
        with requests.Session() as other:
            seen = Caller(sandbox, caller.key, caller.certificate, other).status(token, first["jobId"]).json()
        assert seen["status"] == "RUNNING"
        sandbox.release()
        assert list(lines)[-2:] == [b"data: [DONE]", b""]
    assert caller.status(token, first["jobId"]).json()["status"] == "COMPLETE"
    assert sandbox.faults()[0]["matched"] == 1


def test_a_run_goes_on_when_its_stream_is_left(caller: Caller) -> None:
    sandbox, token = caller.sandbox, caller.token()
    sandbox.fault("pod", "stream", afterEvents=2, afterBytes=5, then="stall")
    with caller.chat(token) as answer:
        lines = answer.iter_lines(chunk_size=1)
        first = event_of(next(lines))
        sandbox.await_faults(held=1)
    assert sandbox.await_faults(left=1)[0]["held"] == 0
    seen = [caller.status(token, first["jobId"]).json() for _ in range(3)]
    assert [answer["status"] for answer in seen] == ["RUNNING", "RUNNING", "COMPLETE"]
    assert seen[-1]["output"] == "Hello, Curtis Feitty. PAYABLES_TEAM read: Hi"


def test_a_stream_is_as_slow_as_its_agent(caller: Caller) -> None:
    """And a run without an end has a stream without one."""
    caller.sandbox.agent("PAYABLES_TEAM", eventSeconds=0.02, deltas=["a", "b"])
    answer = caller.chat(caller.token())
    assert answer.elapsed.total_seconds() < 5
    assert data_of(answer.content)[-1] == "[DONE]"
    for slow in ({"states": ["RUNNING"], "eventSeconds": 0}, {"seconds": 3600}, {"eventSeconds": 3600}):
        caller.sandbox.agent("PAYABLES_TEAM", **slow)
        with caller.chat(caller.token()) as answer:
            lines = answer.iter_lines(chunk_size=1)
            first = event_of(next(lines))
            assert caller.status(caller.token(), first["jobId"]).json()["status"] == "RUNNING"


def test_a_conversation_goes_on_by_stream(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", answer="turn {turn}")
    token = caller.token()
    first = caller.told(token, conversationId=None)
    second = caller.told(token, conversationId=first[0]["conversationId"])
    assert second[0]["conversationId"] == first[0]["conversationId"]
    assert second[-1]["message"]["output"] == "turn 2"


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/*", "text/event-streams"])
def test_who_does_not_accept_events_gets_none(caller: Caller, accept: str) -> None:
    token = caller.token()
    answer = caller.chat(token, accept=accept)
    assert (answer.status_code, answer.json()["detail"]) == (406, "The request must accept text/event-stream.")
    assert caller.chat(token, accept="application/json, text/event-stream;q=0.9").status_code == 200


@pytest.mark.parametrize("status", ["404", "405", "406", "501"])
def test_an_agent_that_does_not_stream_starts_nothing(caller: Caller, status: str) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", streams=False, unstreamed=status)
    answer = caller.chat(caller.token())
    assert (answer.status_code, answer.json()["detail"]) == (int(status), "PAYABLES_TEAM can not be streamed.")
    assert [row["outcome"] for row in caller.sandbox.audit(action="agent.chat")] == ["refused"]


def test_an_agent_that_does_not_stream_may_start_its_run(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", streams=False, unstreamed="json", states=["COMPLETE"])
    token = caller.token()
    answer = caller.chat(token)
    assert (answer.status_code, answer.headers["Content-Type"]) == (202, "application/json")
    assert caller.status(token, answer.json()["jobId"]).json()["status"] == "COMPLETE"


@pytest.mark.parametrize(("user", "agent", "body", "status"), [
    ("ap.clerk", "HR_TEAM", {}, 403), ("no.roles", "PAYABLES_TEAM", {}, 403),
    ("curtis.feitty", "DRAFT_TEAM", {}, 403), ("curtis.feitty", "NO_TEAM", {}, 404),
    ("curtis.feitty", "PAYABLES_TEAM", {"message": ""}, 400), ("curtis.feitty", "PAYABLES_TEAM", {"extra": 1}, 400),
    ("curtis.feitty", "PAYABLES_TEAM", {"conversationId": "made-up"}, 404),
    ("curtis.feitty", "PAYABLES_TEAM", {"jobId": "made-up"}, 404),
])
def test_a_stream_is_refused_as_an_invocation_is(
    caller: Caller, user: str, agent: str, body: dict, status: int
) -> None:
    token = caller.token(user)
    assert caller.chat(token, agent, **body).status_code == caller.invoke(token, agent, **body).status_code == status
    assert caller.chat(caller.token(user, scope=caller.sandbox.api_scope), agent, **body).status_code == 401
