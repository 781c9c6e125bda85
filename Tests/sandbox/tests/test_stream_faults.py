"""What can go wrong with a stream, byte by byte."""

import json

import pytest
import requests

from sandbox.control import AdminError
from sandbox.tests.caller import Caller, data_of

DELTAS = ["Zürich, ", "Genève"]
WHOLE = "data: [DONE]\n\n"


@pytest.fixture
def caller(caller: Caller) -> Caller:
    """Six events and `[DONE]`; the third holds the first delta."""
    caller.sandbox.agent("PAYABLES_TEAM", deltas=DELTAS, nodes=[{"code": "ONE"}], states=["COMPLETE"])
    return caller


def received(answer: requests.Response) -> tuple[bytes, bool]:
    """What of the body came, and whether its end did."""
    body = b""
    try:
        for piece in answer.iter_content(None):
            body += piece
    except requests.RequestException:
        return body, False
    return body, True


def stream(caller: Caller, **fault: object) -> tuple[bytes, bool]:
    caller.sandbox.fault("pod", "stream", **fault)
    with caller.chat(caller.token()) as answer:
        assert answer.status_code == 200
        return received(answer)


def right(caller: Caller) -> bytes:
    with caller.chat(caller.token()) as answer:
        return answer.content


def job_of(body: bytes) -> str:
    return json.loads(data_of(body.partition(b"\n")[0])[0])["jobId"]


@pytest.mark.parametrize("after", [0, 1, 5, 6])
@pytest.mark.parametrize(("then", "whole"), [("cut", False), ("reset", False), ("end", True)])
def test_it_breaks_after_so_many_events(caller: Caller, after: int, then: str, whole: bool) -> None:
    body, ended = stream(caller, afterEvents=after, then=then)
    assert (len(data_of(body)), ended) == (after, whole)
    assert body == b"" or body.endswith(b"\n\n")


def test_it_breaks_in_the_middle_of_a_character(caller: Caller) -> None:
    event = right(caller).split(b"\n\n")[1]
    place = event.index("ü".encode()) + 1
    body, ended = stream(caller, afterEvents=1, afterBytes=place, then="cut")
    assert not ended and body.endswith(b'"content": "Z\xc3')


def test_a_truncated_answer_is_a_stream_cut_at_a_byte(caller: Caller) -> None:
    caller.sandbox.fault("pod", "truncate", path="*/chat", afterBytes=333)
    with caller.chat(caller.token()) as answer:
        body, ended = received(answer)
    assert (len(body), ended) == (333, False)


def test_byte_by_byte_it_is_the_same_stream(caller: Caller) -> None:
    caller.sandbox.fault("pod", "drip", path="*/chat", secondsPerByte=0)
    events = [json.loads(line) for line in data_of(right(caller))[:-1]]
    assert [event["message"]["content"] for event in events[1:3]] == DELTAS and len(events) == 6


def test_a_broken_stream_leaves_its_run_alone(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "RUNNING", "COMPLETE"])
    for then in ("cut", "reset", "end"):
        body, _ = stream(caller, afterEvents=1, then=then)
        seen = [caller.status(caller.token(), job_of(body)).json() for _ in range(3)]
        assert [answer["status"] for answer in seen] == ["RUNNING", "RUNNING", "COMPLETE"]
        assert seen[-1]["output"] == "".join(DELTAS)


@pytest.mark.parametrize("insert", ['data: {"jobId": \n\n', "data: [1]\n\n", "\ufeff", ": comment\n", "data: {}\r\r"])
def test_something_is_put_in(caller: Caller, insert: str) -> None:
    body, ended = stream(caller, afterEvents=1, insert=insert)
    first, _, rest = body.partition(b"\n\n")
    assert ended and rest.startswith(insert.encode()) and rest.endswith(WHOLE.encode())


def test_an_event_beyond_all_measure(caller: Caller) -> None:
    body, ended = stream(caller, afterEvents=1, insertBytes=2_000_000)
    assert ended and len(json.loads(data_of(body)[1])["message"]["content"]) == 2_000_000


@pytest.mark.parametrize("insert", ["x", 'data: {"message": {"content": "more"}}\n\n'])
def test_a_line_and_a_stream_without_an_end(caller: Caller, insert: str) -> None:
    caller.sandbox.fault("pod", "stream", afterEvents=1, insert=insert, then="repeat")
    with caller.chat(caller.token()) as answer:
        body = answer.raw.read(1_000_000)
    assert len(body) == 1_000_000 and body.count(insert.encode()) > 10_000
    token, job = caller.token(), job_of(body)
    while caller.status(token, job).json()["status"] != "COMPLETE":  # until the pod sees that nobody reads
        pass


def test_releasing_lets_an_endless_stream_end(caller: Caller) -> None:
    caller.sandbox.fault("pod", "stream", afterEvents=1, insert=": more\n\n", then="repeat")
    with caller.chat(caller.token()) as answer:
        assert len(answer.raw.read(10_000)) == 10_000
        caller.sandbox.release()
        assert answer.raw.read().endswith(WHOLE.encode())


def test_a_stall_in_the_middle_of_an_event(caller: Caller) -> None:
    caller.sandbox.fault("pod", "stream", afterEvents=1, afterBytes=9, then="stall")
    with caller.chat(caller.token()) as answer:
        pieces = answer.iter_content(1)
        body = b""
        while not body.endswith(b"\n\n"):
            body += next(pieces)
        body += b"".join(next(pieces) for _ in range(9))
        assert body.endswith(b"\n\ndata: {\"j")
        assert caller.sandbox.await_faults(held=1)[0]["held"] == 1
        caller.sandbox.release()
        assert len(data_of(body + b"".join(pieces))) == 6 + 1
    assert caller.sandbox.faults()[0]["held"] == 0 and caller.sandbox.faults()[0]["left"] == 0


def test_another_content_type(caller: Caller) -> None:
    for content_type in ("application/json", "text/html; charset=utf-8", ""):
        caller.sandbox.fault("pod", "stream", contentType=content_type)
        with caller.chat(caller.token()) as answer:
            assert answer.headers["Content-Type"] == content_type
            assert len(data_of(answer.content)) == 6 + 1


def test_events_without_a_job_and_a_stream_without_its_last_line(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", noise=True)
    body, ended = stream(caller, drop=["jobId", "conversationId"], done=False)
    told = [json.loads(line) for line in data_of(body)]
    assert ended and len(told) == 6
    assert not [event for event in told if {"jobId", "conversationId"} & set(event)]
    assert [event["message"]["content"] for event in told if "content" in event.get("message", {})] == DELTAS
    assert body.count(b": keep-alive\r\n") == 6


def test_other_faults_are_met_by_streams_too(caller: Caller) -> None:
    token = caller.token()
    caller.sandbox.fault("pod", "respond", path="*/chat", status=503)
    assert caller.chat(token).status_code == 503
    caller.sandbox.fault("pod", "reset", path="*/chat", when="after")
    with pytest.raises(requests.ConnectionError):
        caller.chat(token)
    assert [row["status"] for row in caller.sandbox.audit(action="agent.chat")] == [200]


@pytest.mark.parametrize("members", [
    {"then": "explode"}, {"then": "repeat"}, {"afterEvents": "1"}, {"drop": "jobId"}, {"insert": 1},
])
def test_a_stream_fault_that_can_not_be(caller: Caller, members: dict) -> None:
    with pytest.raises(AdminError, match="Stream"):
        caller.sandbox.fault("pod", "stream", **members)
    with pytest.raises(AdminError, match="POST requests of the pod"):
        caller.sandbox.fault("domain", "stream")
