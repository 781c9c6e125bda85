"""MCP on the raw wire, in each of its revisions; `mcp_host.py` holds every message to the published schema."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
from mcp_host import REVISIONS, STATELESS, USER, Host, options
from sandbox.control import Sandbox
from sidecar import BINARY, Home

HELLO = {"agent": "PAYABLES_TEAM", "message": "Hello"}
Start = Callable[..., Host]


@pytest.fixture
def start(desk: Home) -> Start:
    return lambda *more, **how: Host(desk, *more, **how)


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_run(start: Start, sandbox: Sandbox, revision: str) -> None:
    with start(revision=revision) as host:
        run = host.facts("invoke_agent", **HELLO)
        assert run["state"] == "complete" and "Hello" in run["output"]
        assert host.facts("get_agent_run", jobId=run["jobId"]) | {"startedAt": 0, "finishedAt": 0} == run | {
            "startedAt": 0, "finishedAt": 0,
        }
        again = host.facts("invoke_agent", **HELLO, conversationId=run["conversationId"])
        assert again["conversationId"] == run["conversationId"] and again["jobId"] != run["jobId"]
    assert {row["actor"] for row in sandbox.audit(side="pod")} == {USER}


def test_what_is_offered(start: Start, revision: str) -> None:
    with start(revision=revision) as host:
        tools = host.tools()
    assert list(tools) == ["invoke_agent", "list_agents", "get_agent_run"]
    with start("--allow-resume", revision=revision) as host:
        tools = host.tools()
    assert list(tools) == ["invoke_agent", "list_agents", "get_agent_run", "resume_agent"]
    for name, tool in tools.items():
        hints = tool["annotations"]
        acts = name in ("invoke_agent", "resume_agent")
        assert (hints["readOnlyHint"], hints["openWorldHint"]) == (not acts, True)
        assert hints.get("destructiveHint") is (True if acts else None)
        assert not {"subject", "profile", "user"} & set(tool["inputSchema"]["properties"])
    assert set(tools["resume_agent"]["inputSchema"]["properties"]) == {"jobId"}


def test_agents_are_found_within_what_may_be_run(start: Start, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("HR_TEAM", name="People \x1b[31m", version=3)
    with start(revision=revision) as host:
        found = {agent["agent"]: agent for agent in host.facts("list_agents")["agents"]}
        assert {"PAYABLES_TEAM", "HR_TEAM"} <= set(found) and "\x1b" not in found["HR_TEAM"]["name"]
        [people] = host.facts("list_agents", query="people")["agents"]
        assert people["agent"] == "HR_TEAM"
        assert host.failure("list_agents", query=7)["error"]["kind"] == "invalid_params"
    with start(revision=revision, agents="PAYABLES_*,OTHER") as host:
        agents = [agent["agent"] for agent in host.facts("list_agents")["agents"]]
        assert "PAYABLES_TEAM" in agents and all(code.startswith("PAYABLES_") for code in agents)


def test_progress_grows_and_ends_with_the_result(start: Start, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "RUNNING", "COMPLETE"])
    with start(revision=revision) as host:
        identifier = host.start("invoke_agent", _meta={"progressToken": "t-1"}, **HELLO)
        messages = [host.receive()]
        while "id" not in messages[-1]:
            messages.append(host.receive())
        *reports, answer = [message.get("params") or message for message in messages]
        assert answer["id"] == identifier
        numbers = [report["progress"] for report in reports]
        assert numbers == sorted(set(numbers)) and len(numbers) >= 3
        assert all(report["progressToken"] == "t-1" for report in reports)
        assert answer["result"]["structuredContent"]["jobId"] in reports[0]["message"]


def test_a_cancelled_call_is_not_answered(start: Start, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING"])
    with start(revision=revision) as host:
        identifier = host.start("invoke_agent", _meta={"progressToken": 7}, **HELLO)
        report = host.receive()
        params = {"requestId": identifier, "reason": "not wanted"}
        host.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
        # What is sent behind it is answered, and nothing of the call comes any more.
        for _ in range(3):
            following = host.request("tools/list")
            while (message := host.receive()).get("id") != following:
                assert message["method"] == "notifications/progress"
        job = report["params"]["message"].rpartition("job ")[2].rstrip(")")
        assert host.facts("get_agent_run", jobId=job)["state"] == "running"
        # Who gave up before it was told a job asks for the one begun last.
        assert host.facts("get_agent_run")["jobId"] == job
        host.end_input()
        assert [message for message in host.rest() if "id" in message] == []


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"agent": "PAYABLES_TEAM"}, "invalid_params"),
        ({"agent": 1, "message": "x"}, "invalid_params"),
        ({"agent": "payables", "message": "x"}, "invalid_params"),
        (HELLO | {"subject": "ap.clerk"}, "invalid_params"),
        (HELLO | {"approve": True}, "invalid_params"),
        (HELLO | {"conversationId": "somebody-elses"}, "conversation_not_found"),
        ({"agent": "HR_TEAM", "message": "x"}, "agent_denied"),
    ],
)
def test_a_call_that_fails_is_a_result(
    start: Start, sandbox: Sandbox, revision: str, arguments: dict[str, Any], kind: str
) -> None:
    with start(revision=revision, agents="PAYABLES_*,NO_SUCH") as host:
        facts = host.failure("invoke_agent", **arguments)
        assert (facts["state"], facts["error"]["kind"]) == ("none", kind)
        # No hint sends a model to what it does not have.
        assert not {"rpc.discover", "policy.agents", "detail.jobId"} & set(facts["error"]["hint"].replace(";", "").split())
    assert sandbox.audit(side="pod") == []


def test_a_run_that_fails_is_a_result(start: Start, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["ERROR"], error="The ledger is closed.")
    with start(revision=revision) as host:
        facts = host.failure("invoke_agent", **HELLO)
        assert facts["state"] == "failed" and facts["error"]["kind"] == "agent_failed"
        assert "The ledger is closed." in json.dumps(facts["agentError"])
        assert "ledger" not in json.dumps(facts["error"])


@pytest.mark.parametrize(("fault", "state"), [({"status": 403}, "none"), ({"status": 200, "body": "?"}, "unknown")])
def test_what_is_not_known_is_not_called_nothing(
    start: Start, sandbox: Sandbox, revision: str, fault: dict[str, Any], state: str
) -> None:
    """A conversation in which a message may have begun something is not gone on with."""
    with start(revision=revision) as host:
        run = host.facts("invoke_agent", **HELLO)
        sandbox.fault("pod", "respond", path="*/invokeAsync", **fault)
        on = {"conversationId": run["conversationId"]}
        facts = host.failure("invoke_agent", **HELLO, **on)
        assert (facts["state"], facts["error"]["retryable"]) == (state, False)
        again = host.use("invoke_agent", **HELLO, **on)["structuredContent"]
        assert again.get("error", {}).get("kind") == (None if state == "none" else "conversation_uncertain")


def test_runs_of_others_are_not_shown(start: Start, revision: str) -> None:
    with start(revision=revision) as host:
        run = host.facts("invoke_agent", **HELLO)
    with start(revision=revision) as host:
        for run_asked_for in ({"jobId": run["jobId"]}, {}):
            facts = host.failure("get_agent_run", **run_asked_for)
            assert facts["error"]["kind"] == "run_not_found"
        facts = host.failure("invoke_agent", **HELLO, conversationId=run["conversationId"])
        assert facts["error"]["kind"] == "conversation_not_found"


def test_so_many_runs_in_a_minute(start: Start, sandbox: Sandbox, revision: str) -> None:
    with start("--max-runs-per-minute", "2", revision=revision) as host:
        for _ in range(2):
            host.facts("invoke_agent", **HELLO)
        facts = host.failure("invoke_agent", **HELLO)
    assert facts["error"]["kind"] == "too_many_requests" and facts["error"]["retryable"] is True
    assert 0 < facts["error"]["retryAfterMs"] <= 60_000
    assert len([row for row in sandbox.audit(side="pod") if row["status"] == 202]) == 2


def test_what_an_agent_returns_is_bounded_and_cannot_hide(start: Start, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", answer="\x1b[31mred\u202e\U000e0041" + "x" * 400_000)
    with start(revision=revision) as host:
        run = host.facts("invoke_agent", **HELLO)
    assert run["truncated"] is True and len(run["output"].encode()) <= 256 << 10
    assert run["output"].startswith("\ufffd[31mred\ufffd\ufffdx")


ERRORS = [
    ('{"jsonrpc":"2.0","id":1,"method":"getToken"}', -32601, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}', -32601, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"shutdown"}', -32601, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"exit"}', -32601, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"resources/list"}', -32601, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"resume_agent","_meta":META}}', -32602, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":META}}', -32602, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":META}}', -32602, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_agents","arguments":[],"_meta":META}}',
     -32602, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"2","_meta":META}}', -32602, 1),
    ('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[1]}', -32602, 1),
    ('{"jsonrpc":"2.0","id":"a","method":7}', -32600, "a"),
    ('[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600, None),
    ("[]", -32600, None),
    ('{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, None),
    ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, None),
    ("{", -32700, None),
]


@pytest.mark.parametrize(("message", "code", "identifier"), ERRORS)
def test_what_is_no_request_of_mcp(start: Start, revision: str, message: str, code: int, identifier: Any) -> None:
    with start(revision=revision) as host:
        host.send_bytes(message.replace("META", json.dumps(host.meta)).encode() + b"\n")
        # The oldest schema has no error without an id, so there it cannot be held to it.
        answer = super(Host, host).receive() if identifier is None else host.receive()
        assert answer["error"]["code"] == code and answer.get("id") == identifier
        assert ("id" in answer) == (identifier is not None)
        assert host.tools()


def test_notifications_that_are_not_known_are_ignored(start: Start, revision: str) -> None:
    with start(revision=revision) as host:
        for method in ("exit", "$/cancelRequest", "notifications/roots/list_changed", "notifications/cancelled"):
            host.send({"jsonrpc": "2.0", "method": method, "params": {"id": 1, "requestId": {}}})
        host.send({"jsonrpc": "2.0", "id": 99, "result": {"action": "accept", "content": {"decision": "approve"}}})
        assert host.tools()


@pytest.mark.parametrize(("asked", "agreed"), [
    ("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("2024-11-05", "2025-11-25"),
    ("2026-07-28", "2025-11-25"), ("", "2025-11-25"),
])
def test_a_revision_is_agreed_on(start: Start, asked: str, agreed: str) -> None:
    with start(revision=agreed, greet=False) as host:
        assert host.refusal_of("tools/list", None)["code"] == -32602
        assert host.call("ping") == {}
        host.revision = asked
        identifier = super(Host, host).request(
            "initialize", protocolVersion=asked, capabilities={}, clientInfo={"name": "test", "version": "1"}
        )
        host.revision, host.methods[identifier] = agreed, "initialize"
        result = host.answer(identifier)["result"]
        assert result["protocolVersion"] == agreed and result["capabilities"] == {"tools": {}}
        assert host.tools()
        assert host.refusal("initialize", protocolVersion=agreed, capabilities={},
                            clientInfo={"name": "test", "version": "1"}).error["code"] == -32600
        assert host.call("ping") == {}


def test_without_a_handshake(start: Start) -> None:
    with start(revision=STATELESS) as host:
        found = host.call("server/discover")
        assert found["supportedVersions"] == [STATELESS] and found["cacheScope"] == "private" and found["ttlMs"] > 0
        listed = host.call("tools/list")
        assert listed["cacheScope"] == "private" and listed["ttlMs"] > 0
        for version in ("1900-01-01", "2025-11-25"):
            meta = host.meta | {"io.modelcontextprotocol/protocolVersion": version}
            error = host.refusal_of("tools/list", meta)
            assert error == {"code": -32022, "message": "Unsupported protocol version",
                             "data": {"supported": [STATELESS], "requested": version}}
        incomplete = {name: value for name, value in host.meta.items() if not name.endswith("clientCapabilities")}
        assert host.refusal_of("tools/list", incomplete)["code"] == -32602
        assert host.refusal_of("ping", host.meta)["code"] == -32601
        assert host.refusal_of("initialize", None)["code"] == -32602


def test_it_ends_with_its_input(start: Start, sandbox: Sandbox, revision: str) -> None:
    """What was asked is finished first, as with the other protocol."""
    with start(revision=revision) as host:
        identifier = host.start("invoke_agent", **HELLO)
        host.end_input()
        [answer] = [message for message in host.rest() if "id" in message]
        assert answer["id"] == identifier and answer["result"]["structuredContent"]["state"] == "complete"
        assert host.wait() == 0


def test_a_signal_ends_it(start: Start, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING"])
    with start(revision=revision) as host:
        host.start("invoke_agent", _meta={"progressToken": 1}, **HELLO)
        host.receive()
        begun = time.monotonic()
        host.process.send_signal(signal.SIGTERM)
        [*_, answer] = host.rest()
        assert answer["result"]["structuredContent"]["state"] == "running"
        assert host.wait() == 0 and time.monotonic() - begun < 2


def test_the_command_line_is_held_to(desk: Home) -> None:
    for wrong in (["--mcp"], [*options(desk), "--admin"], [*options(desk), "--framing", "headers"], ["--subject", "x"]):
        done = subprocess.run([BINARY, *wrong], input=b"", env=desk.environment, capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (2, b"") and done.stderr.startswith(b"onbehalf: ")


def test_who_runs_agents_is_recorded(start: Start, desk: Home) -> None:
    """The pair of rows of the other protocol, and a row for what the command line forbids."""
    with start(revision=STATELESS, agents="PAYABLES_TEAM") as host:
        run = host.facts("invoke_agent", **HELLO)
        host.failure("invoke_agent", agent="HR_TEAM", message="x")
    rows = [json.loads(line) for file in desk.state.glob("*.jsonl") for line in file.read_text().splitlines()]
    intent, outcome, denied = [
        row for row in rows if row.get("operation") == "invokeAgent" and row["sidecar"] == host.process.pid
    ]
    assert (intent["event"], intent["subject"], intent["agent"]) == ("intent", USER, "PAYABLES_TEAM")
    assert (outcome["event"], outcome["outcome"], outcome["jobId"]) == ("outcome", "ok", run["jobId"])
    assert (denied["event"], denied["layer"], denied["agent"]) == ("denied", "command line", "HR_TEAM")
    assert "HELLO" not in json.dumps(rows) and denied["host"]["pid"] == os.getpid()


def test_both_eras_in_one_process(start: Start) -> None:
    with start(revision="2025-11-25") as host:
        run = host.facts("invoke_agent", **HELLO)
        host.revision = STATELESS
        assert host.facts("get_agent_run", jobId=run["jobId"])["state"] == "complete"
        host.revision = "2025-11-25"
        assert host.tools()
