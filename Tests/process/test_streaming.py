"""What an agent says reaches the client while it says it, and whole, whatever becomes of the stream."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sandbox.control import Sandbox
from sidecar import Refused, Sidecar

TEXT = ["Zürich, ", "Genève 😀", " and Bern."]
WHOLE = "".join(TEXT)


@dataclass
class Told:
    """What was told of one request, in order, and its answer."""

    reports: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)

    def read(self, sidecar: Sidecar, deltas: int | None = None) -> "Told":
        """To the answer, or until so many deltas have come."""
        while deltas is None or len(self.deltas) < deltas:
            message = sidecar.receive()
            if "id" in message:
                self.answer = message
                break
            self.reports.append(message["params"]["value"])
        return self

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [report for report in self.reports if "delta" in report]

    @property
    def text(self) -> str:
        """Put together by the offsets, as each is said to fit to the one before."""
        text = ""
        for delta in self.deltas:
            assert delta["offset"] == len(text), delta
            text += delta["delta"]
        return text

    @property
    def sentences(self) -> str:
        return " ".join(report.get("message", "") for report in self.reports)

    @property
    def run(self) -> dict[str, Any]:
        if "error" in self.answer:
            raise Refused(self.answer["error"])
        return self.answer["result"]


@pytest.fixture
def speaker(sidecar: Sidecar, sandbox: Sandbox) -> Sidecar:
    """A sidecar, and an agent with three deltas: the second to the fourth of the events it streams."""
    sandbox.agent("PAYABLES_TEAM", deltas=TEXT, states=["COMPLETE"])
    return sidecar


def ask(sidecar: Sidecar, **params: Any) -> int:
    call = {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM", "message": "Hello", "stream": True}
    return sidecar.request("invokeAgent", **call | {"workDoneToken": "run"} | params)


def told(sidecar: Sidecar, **params: Any) -> Told:
    ask(sidecar, **params)
    return Told().read(sidecar)


def starts(sandbox: Sandbox) -> list[str]:
    return [row["action"] for row in sandbox.audit(side="pod") if row["action"] in ("agent.chat", "agent.invoke")]


def resident_kilobytes(sidecar: Sidecar) -> int:
    """At most, since it was started."""
    status = Path(f"/proc/{sidecar.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def test_text_arrives_while_the_agent_speaks(speaker: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    ask(speaker)
    seen = Told().read(speaker, deltas=1)
    sandbox.await_faults(held=1)
    assert seen.text == TEXT[0], "the pod has more to say, and has not said it"
    assert (seen.deltas[0]["state"], seen.deltas[0]["agent"]) == ("running", "PAYABLES_TEAM")
    sandbox.release()
    run = seen.read(speaker).run
    assert (run["state"], run["output"], run["streamed"], run["polls"]) == ("complete", WHOLE, True, 0)
    assert seen.text == WHOLE
    assert {delta["jobId"] for delta in seen.deltas} == {run["jobId"]}
    assert [report["node"]["type"] for report in seen.reports if "node" in report] == [
        "NODE_START", "NODE_EXECUTED", "NODE_END",
    ]
    assert starts(sandbox) == ["agent.chat"]


@pytest.mark.parametrize("shape", [
    {"deltaShape": "parts"}, {"finishReasonIn": "event"}, {"noise": True}, {"nodes": []},
    {"nodes": [{"code": "ONE", "children": ["TWO"], "input": {"secret": "x" * 100}}, {"code": "THREE"}]},
])
def test_all_that_streams_may_look_like(speaker: Sidecar, sandbox: Sandbox, shape: dict[str, Any]) -> None:
    sandbox.agent("PAYABLES_TEAM", **shape)
    seen = told(speaker)
    assert (seen.text, seen.run["output"], seen.run["streamed"]) == (WHOLE, WHOLE, True)
    assert "xxx" not in json.dumps(seen.reports), "what goes into a node is not told"


def test_byte_by_byte_it_is_the_same(speaker: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "drip", path="*/chat", secondsPerByte=0)
    seen = told(speaker)
    assert (seen.text, seen.run["streamed"]) == (WHOLE, True)


def test_without_a_token_for_progress_it_is_a_run_as_any_other(speaker: Sidecar) -> None:
    run = speaker.call("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", stream=True)
    assert (run["output"], run["streamed"]) == (WHOLE, True)


@pytest.mark.parametrize("break_", [
    {"afterEvents": 2, "then": "cut"}, {"afterEvents": 3, "then": "reset"}, {"afterEvents": 3, "then": "end"},
    {"afterEvents": 2, "afterBytes": 40, "then": "cut"}, {"afterEvents": 2, "afterBytes": 3, "then": "end"},
    {"afterEvents": 3, "insert": "data: {,}\n\n"}, {"afterEvents": 1, "insert": "data: <html>\n\n"},
    {"afterEvents": 2, "insertBytes": 17 << 20}, {"afterEvents": 2, "insert": "x", "then": "repeat"},
    {"afterEvents": 2, "insert": 'data: {"message": {"content": 7}}\n\n'},
    {"afterEvents": 5, "then": "cut"}, {"afterEvents": 2, "insert": 'data: {"jobId": "../x"}\n\n'},
], ids=str)
def test_a_stream_that_breaks_is_picked_up(speaker: Sidecar, sandbox: Sandbox, break_: dict[str, Any]) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "COMPLETE"])
    sandbox.fault("pod", "stream", **break_)
    seen = told(speaker)
    run = seen.run
    assert (run["state"], run["output"], run["streamed"]) == ("complete", WHOLE, False)
    assert seen.text == WHOLE, "nothing is lost, and nothing comes twice"
    assert run["polls"] > 0 and "asked for instead" in seen.sentences
    assert starts(sandbox) == ["agent.chat"], "it is not started again"


def test_one_that_is_cut_within_a_character_is_picked_up(speaker: Sidecar, sandbox: Sandbox) -> None:
    """The first delta begins `Zü`, and everything before it is ASCII."""
    sandbox.agent("PAYABLES_TEAM", deltas=["ü" * 200], nodes=[])
    sandbox.fault("pod", "stream", afterEvents=0, afterBytes=301, then="cut")
    seen = told(speaker, message="first")
    assert seen.answer["error"]["data"]["detail"]["state"] == "unknown", "the event that names the job was cut"
    sandbox.agent("PAYABLES_TEAM", nodes=[{"code": "ANSWER"}])
    sandbox.fault("pod", "stream", afterEvents=1, afterBytes=301, then="cut")
    seen = told(speaker)
    assert (seen.text, seen.run["output"], seen.run["streamed"]) == ("ü" * 200, "ü" * 200, False)


@pytest.mark.parametrize("break_", [
    {"afterEvents": 0, "then": "cut"}, {"afterEvents": 0, "then": "end"}, {"afterBytes": 9, "then": "reset"},
    {"insert": "data: {,}\n\n"}, {"drop": ["jobId"]}, {"drop": ["jobId"], "afterEvents": 3, "then": "cut"},
], ids=str)
def test_one_that_breaks_before_its_job_is_known_is_not_started_again(
    speaker: Sidecar, sandbox: Sandbox, break_: dict[str, Any]
) -> None:
    sandbox.fault("pod", "stream", **break_)
    ask(speaker)
    error = Told().read(speaker).answer["error"]["data"]
    assert (error["retryable"], error["detail"]["state"]) == (False, "unknown")
    assert "AI Agent Studio" in error["hint"]
    assert starts(sandbox) == ["agent.chat"]


@pytest.mark.parametrize("answer", ["404", "405", "406", "501", "json"])
def test_where_nothing_streams_the_run_is_polled(speaker: Sidecar, sandbox: Sandbox, answer: str) -> None:
    sandbox.agent("PAYABLES_TEAM", streams=False, unstreamed=answer)
    seen = told(speaker)
    assert (seen.run["state"], seen.run["output"], seen.run["streamed"]) == ("complete", WHOLE, False)
    assert "does not stream" in seen.sentences
    assert [delta["delta"] for delta in seen.deltas] == [WHOLE]
    runs = [row for row in sandbox.audit(side="pod", action="agent.invoke") if row["outcome"] == "granted"]
    assert len(runs) == (0 if answer == "json" else 1)


def test_a_stream_of_another_type_is_no_stream(speaker: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", contentType="text/html")
    error = told(speaker).answer["error"]["data"]
    assert (error["kind"], error["retryable"], error["detail"]["state"]) == ("fusion_error", False, "unknown")
    assert starts(sandbox) == ["agent.chat"]


def test_a_refusal_is_the_answer(speaker: Sidecar, sandbox: Sandbox) -> None:
    for params, kind in [
        ({"subject": "no.roles"}, "fusion_forbidden"), ({"agent": "NO_SUCH_TEAM"}, "fusion_not_found"),
        ({"wait": False}, "invalid_params"),
    ]:
        ask(speaker, **params)
        assert Told().read(speaker).answer["error"]["data"]["kind"] == kind


def test_a_run_that_waits_for_a_person(sidecar: Sidecar, sandbox: Sandbox) -> None:
    seen = told(sidecar, agent="APPROVAL_TEAM")
    run = seen.run
    assert (run["state"], run["streamed"], run["polls"]) == ("waiting", True, 0)
    assert run["waitingFor"]["node"] == "APPROVAL"
    assert run["waitingFor"]["message"] == run["output"] == seen.text != ""


def test_a_run_that_fails(speaker: Sidecar, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["ERROR"], error="out of budget")
    seen = told(speaker)
    failed = seen.answer["error"]["data"]
    assert (failed["kind"], failed["detail"]["run"]["error"]) == ("agent_failed", "out of budget")
    assert seen.text == WHOLE, "what it said before"


def test_a_megabyte_reaches_a_client_that_reads_slowly(speaker: Sidecar, sandbox: Sandbox) -> None:
    words = [f"{number:07} of a rather long answer 😀\n" for number in range(1 << 15)]
    whole = "".join(words)
    assert len(whole.encode()) > 1 << 20
    sandbox.agent("PAYABLES_TEAM", deltas=words)
    before = resident_kilobytes(speaker)
    ask(speaker, timeoutMs=120_000)
    seen = Told()
    while not seen.answer:
        speaker.received += os.read(speaker.process.stdout.fileno(), 512)
        while (frame := speaker.next_frame()) is not None:
            message = json.loads(frame)
            if "id" in message:
                seen.answer = message
            else:
                seen.reports.append(message["params"]["value"])
    assert (seen.text, seen.run["output"], seen.run["streamed"]) == (whole, whole, True)
    assert resident_kilobytes(speaker) - before < 64 << 10


def test_who_leaves_closes_the_stream_and_is_told_where_the_run_is(speaker: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    number = ask(speaker)
    seen = Told().read(speaker, deltas=1)
    sandbox.await_faults(held=1)
    speaker.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": number}})
    error = seen.read(speaker).answer["error"]["data"]
    assert (error["kind"], error["detail"]["state"]) == ("cancelled", "detached")
    sandbox.await_faults(left=1)
    run = speaker.call("getAgentRun", subject="curtis.feitty", agent="PAYABLES_TEAM", jobId=error["detail"]["jobId"], wait=True)
    assert run["output"] == WHOLE


def test_time_that_ends_tells_where_the_run_is(speaker: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    error = told(speaker, timeoutMs=3000).answer["error"]["data"]
    assert (error["kind"], error["detail"]["state"]) == ("deadline_exceeded", "detached")
    assert error["detail"]["jobId"]


def test_a_token_that_was_revoked_is_renewed_for_the_stream(speaker: Sidecar, sandbox: Sandbox) -> None:
    assert told(speaker).run["streamed"] is True
    sandbox.revoke_tokens("curtis.feitty")
    assert told(speaker).run["streamed"] is True


def test_the_audit_has_the_run(speaker: Sidecar, sandbox: Sandbox) -> None:
    run = told(speaker).run
    rows = [row for row in speaker.call("queryAudit")["rows"] if row.get("operation") == "invokeAgent"]
    assert [(row["event"], row.get("outcome")) for row in rows] == [("outcome", "ok"), ("intent", None)]
    assert rows[0]["jobId"] == run["jobId"]
