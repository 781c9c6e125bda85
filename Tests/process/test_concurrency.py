"""Many callers at once: shared exchanges, order, cancelling, deadlines, batches, both framings."""

import json
import time
from typing import Any

import pytest
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar, framed

TOKEN = "/oauth2/v1/token"
AGENT = {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM", "message": "Hello"}


def request(identifier: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}


def cancel(identifier: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": identifier}}


def test_a_thousand_callers_for_one_user_cause_one_exchange(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.send_bytes(b"".join(framed(request(n, "getToken", subject="curtis.feitty")) for n in range(1000)))
    answers = [sidecar.receive() for _ in range(1000)]
    assert sorted(answer["id"] for answer in answers) == list(range(1000))
    assert len({answer["result"]["accessToken"] for answer in answers}) == 1
    assert len(sandbox.audit(side="domain", action="token.issue")) == 1


def test_callers_for_many_users_get_each_their_own(sidecar: Sidecar, sandbox: Sandbox) -> None:
    users = [f"user{number}" for number in range(40)]
    for user in users:
        sandbox.put_user(user, displayName=user, roles=[])
    sidecar.send_bytes(b"".join(framed(request(user, "getToken", subject=user)) for user in users))
    answers = [sidecar.receive() for _ in users]
    assert all(answer["result"]["subject"] == answer["id"] for answer in answers)
    assert sorted(row["actor"] for row in sandbox.audit(action="token.issue")) == sorted(users)


def test_who_leaves_does_not_cancel_it_for_the_others(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "delay", path=TOKEN, delaySeconds=60)
    for identifier in ("leaves", "stays"):
        sidecar.send(request(identifier, "getToken", subject="curtis.feitty"))
    sandbox.await_faults()
    sidecar.send(cancel("leaves"))
    answer = sidecar.receive()
    assert (answer["id"], answer["error"]["code"]) == ("leaves", -32800)
    sidecar.send(request("short", "getToken", subject="curtis.feitty", timeoutMs=200))
    answer = sidecar.receive()
    assert (answer["id"], answer["error"]["data"]["kind"]) == ("short", "deadline_exceeded")
    sandbox.clear_faults()
    answer = sidecar.receive()
    assert (answer["id"], answer["result"]["source"]) == ("stays", "exchange")
    assert len(sandbox.audit(action="token.issue")) == 1


def test_a_pipelined_script_needs_no_waiting(home: Home, sandbox: Sandbox) -> None:
    """Every later request that names the key or the profile waits for its change."""
    fields = profile(sandbox)
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.send_bytes(b"".join(map(framed, [
            request(1, "createKey", alias="payables", bits=3072),
            request(2, "getKey", alias="payables"),
            request(3, "saveProfile", profile=fields),
            request(4, "mintAssertion", profile="dev5", type="user", subject="curtis.feitty"),
            request(5, "mintAssertion", type="user", subject="ap.clerk"),
            request(6, "ping"),
        ])))
        answers = {answer["id"]: answer for answer in (sidecar.receive() for _ in range(6))}
        assert [number for number in answers if "error" in answers[number]] == []
        assert answers[2]["result"]["bits"] == 3072
        assert [answers[number]["result"]["claims"]["sub"] for number in (4, 5)] == ["curtis.feitty", "ap.clerk"]
        sidecar.send_bytes(b"".join(map(framed, [
            request(7, "deleteProfile", name="dev5"),
            request(8, "getToken", profile="dev5", subject="curtis.feitty"),
            request(9, "deleteKey", alias="payables"),
            request(10, "getKey", alias="payables"),
        ])))
        answers = {answer["id"]: answer for answer in (sidecar.receive() for _ in range(4))}
        assert answers[8]["error"]["data"]["kind"] == "profile_not_found"
        assert answers[10]["error"]["data"]["kind"] == "key_not_found"


def started(sidecar: Sidecar) -> dict[str, Any]:
    """The first progress report that has a job."""
    while True:
        message = sidecar.receive()
        assert message.get("method") == "$/progress", message
        if "jobId" in str(message):
            return message["params"]["value"]


@pytest.fixture
def endless(sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING"])


def next_answer(sidecar: Sidecar) -> dict[str, Any]:
    while "id" not in (message := sidecar.receive()):
        pass
    return message


def test_a_cancelled_run_says_where_it_goes_on(sidecar: Sidecar, sandbox: Sandbox, endless: None) -> None:
    sidecar.send(request("run", "invokeAgent", workDoneToken="t", **AGENT))
    report = started(sidecar)
    begun = time.monotonic()
    sidecar.send(cancel("run"))
    answer = next_answer(sidecar)
    assert time.monotonic() - begun < 1
    assert (answer["id"], answer["error"]["code"]) == ("run", -32800)
    detail = answer["error"]["data"]["detail"]
    assert (detail["state"], detail["agent"]) == ("detached", "PAYABLES_TEAM")
    assert detail["jobId"] in str(report)
    sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"])
    found = sidecar.call("getAgentRun", agent="PAYABLES_TEAM", jobId=detail["jobId"], subject="curtis.feitty")
    assert found["jobId"] == detail["jobId"]


def test_a_run_that_takes_too_long_says_where_it_goes_on(sidecar: Sidecar, endless: None) -> None:
    begun = time.monotonic()
    refused = sidecar.refusal("invokeAgent", timeoutMs=1200, **AGENT)
    assert 1.1 < time.monotonic() - begun < 2.5
    assert (refused.kind, refused.detail["state"]) == ("deadline_exceeded", "detached")
    assert refused.detail["jobId"]


def test_a_run_that_may_have_begun_is_of_unknown_state(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("getToken", subject="curtis.feitty")
    sandbox.fault("pod", "hang", path="*/invokeAsync")
    begun = time.monotonic()
    refused = sidecar.refusal("invokeAgent", timeoutMs=300, **AGENT)
    assert time.monotonic() - begun < 3
    assert (refused.kind, refused.detail) == ("deadline_exceeded", {"state": "unknown", "agent": "PAYABLES_TEAM"})


def test_a_pod_that_answers_a_little_late_has_told_the_job(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("getToken", subject="curtis.feitty")
    sandbox.fault("pod", "delay", path="*/invokeAsync", delaySeconds=60)
    number = sidecar.request("invokeAgent", timeoutMs=300, **AGENT)
    sandbox.await_faults()
    # A later deadline passes, and so has that of the run.
    sandbox.fault("domain", "hang", path=TOKEN)
    assert sidecar.refusal("getToken", subject="ap.clerk", timeoutMs=300).retryable
    sandbox.clear_faults()
    error = sidecar.answer(number)["error"]["data"]
    assert (error["kind"], error["detail"]["state"]) == ("deadline_exceeded", "detached")
    assert error["detail"]["jobId"]


def test_progress_comes_in_order_and_before_the_answer(sidecar: Sidecar) -> None:
    sidecar.send(request("run", "invokeAgent", workDoneToken="token", **AGENT))
    messages = []
    while not messages or "id" not in messages[-1]:
        messages.append(sidecar.receive())
    *progress, answer = messages
    assert answer["result"]["state"] == "complete"
    assert all(message["params"]["token"] == "token" for message in progress)
    kinds = [message["params"]["value"]["kind"] for message in progress]
    assert (kinds[0], kinds[-1], set(kinds[1:-1])) == ("begin", "end", {"report"})
    assert answer["result"]["jobId"] in str(progress[1])
    assert sidecar.call("ping") == {}


@pytest.mark.parametrize(("states", "state"), [
    (["WAITING"], "waiting"),
    (["COMPLETED"], "complete"),
    (["SUCCESS"], "complete"),
    (["NEW_STATE", "COMPLETE"], "complete"),
])
def test_states_of_a_run(sidecar: Sidecar, sandbox: Sandbox, states: list[str], state: str) -> None:
    sandbox.fault("pod", "run", path="*/invokeAsync", states=states)
    assert sidecar.call("invokeAgent", **AGENT)["state"] == state


@pytest.mark.parametrize("state", ["ERROR", "FAILED", "CANCELLED"])
def test_a_run_that_fails_is_an_error_with_the_run(sidecar: Sidecar, sandbox: Sandbox, state: str) -> None:
    sandbox.fault("pod", "run", path="*/invokeAsync", states=[state])
    refused = sidecar.refusal("invokeAgent", **AGENT)
    assert (refused.kind, refused.detail["run"]["state"]) == ("agent_failed", "failed")


def test_a_conversation_goes_on(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"], answer="turn {turn}")
    first = sidecar.call("invokeAgent", **AGENT)
    second = sidecar.call("invokeAgent", **AGENT, conversationId=first["conversationId"])
    assert (first["output"], second["output"]) == ("turn 1", "turn 2")


def test_a_batch_is_answered_as_one(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "hang", path=TOKEN)
    sidecar.send([
        request(1, "ping"),
        {"jsonrpc": "2.0", "method": "initialized"},
        request(2, "getToken", subject="curtis.feitty"),
        request(3, "getTokn"),
        {"jsonrpc": "2.0", "id": 4},
        request(5, "shutdown"),
        cancel(2),
    ])
    answers = sidecar.receive()
    assert isinstance(answers, list)
    codes = {answer["id"]: answer["error"]["code"] if "error" in answer else None for answer in answers}
    assert codes == {1: None, 2: -32800, 3: -32601, 4: -32600, 5: -32600}
    assert sidecar.call("ping") == {}


def test_a_batch_that_is_too_long(sidecar: Sidecar) -> None:
    sidecar.send([request(n, "ping") for n in range(101)])
    assert sidecar.receive()["error"]["code"] == -32600
    sidecar.send([{"jsonrpc": "2.0", "method": "initialized"}] * 100)
    assert sidecar.call("ping") == {}


def test_the_main_job_with_headers(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory", framing="headers") as sidecar:
        sidecar.call("initialize", processId=None, clientInfo={"name": "test"}, capabilities={}, rootUri=None)
        onboard(sidecar, sandbox)
        assert sidecar.call("invokeAgent", **AGENT, wait=False)["state"] == "running"
        sidecar.send([request(1, "ping")])
        assert sidecar.receive()["error"]["code"] == -32600


def test_headers_as_clients_write_them(home: Home) -> None:
    body = json.dumps(request("\u00e9", "ping"), ensure_ascii=False).encode()
    header = b"Content-Type: application/vscode-jsonrpc; charset=utf8\r\ncontent-length: %d\r\n\r\n" % len(body)
    with Sidecar(home, "--store", "memory", framing="headers") as sidecar:
        for byte in header + body:
            sidecar.send_bytes(bytes([byte]))
        assert sidecar.receive() == {"jsonrpc": "2.0", "id": "\u00e9", "result": {}}


def test_framing_can_be_fixed(home: Home) -> None:
    with Sidecar(home, "--store", "memory", "--framing", "headers", framing="headers") as sidecar:
        sidecar.send_bytes(framed(request(1, "ping")))
        answer, = sidecar.rest()
        assert answer["id"] is None
        assert sidecar.wait() == 1


def test_ids_come_back_as_they_were_written(home: Home) -> None:
    with Sidecar(home, "--store", "memory") as sidecar:
        for written in [b"1.0", b"12345678901234567890", b"-0", b'"\\u00e9"', b'""', b"0"]:
            sidecar.send_bytes(b'{"jsonrpc":"2.0","id":%s,"method":"ping"}\n' % written)
            while (frame := sidecar.next_frame()) is None:
                sidecar.read_more(time.monotonic() + 30)
            assert json.loads(frame)["id"] == json.loads(written)
            assert b'"id":' + written in frame or written == b'"\\u00e9"'
