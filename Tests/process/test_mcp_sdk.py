"""The official SDK as the host, which starts its child with next to no environment."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import mcp.client.session
import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp_host import REVISIONS, STATELESS, USER, options
from mcp_types import ElicitResult
from sandbox.control import Sandbox
from sidecar import BINARY, Home

HELLO = {"agent": "PAYABLES_TEAM", "message": "Hello"}
Work = Callable[[Client], Awaitable[Any]]


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The SDK asks for its newest revision with a handshake; an older one is put in its mouth."""
    if request.param != STATELESS:
        monkeypatch.setattr(mcp.client.session, "LATEST_HANDSHAKE_VERSION", request.param)
    return request.param


def served(desk: Home, revision: str, work: Work, *more: str, person: Any = None, **how: Any) -> Any:
    """Runs `work` with a connected client of that revision."""

    async def run() -> Any:
        server = StdioServerParameters(
            command=BINARY, args=["--config", str(desk.config), *options(desk, *more, **how)],
            env={"HOME": str(desk.path)},
        )
        mode = STATELESS if revision == STATELESS else "legacy"
        async with Client(server, mode=mode, elicitation_callback=person) as client:
            assert client.protocol_version == revision
            return await work(client)

    return anyio.run(run)


def test_a_handshake_and_a_list(desk: Home, revision: str) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in served(desk, revision, work)}
    assert set(tools) == {"invoke_agent", "list_agents", "get_agent_run"}
    assert tools["invoke_agent"].annotations.destructive_hint is True
    assert tools["list_agents"].annotations.read_only_hint is True


def test_a_host_that_knows_both_eras_takes_the_newer(desk: Home) -> None:
    async def run() -> None:
        server = StdioServerParameters(command=BINARY, args=["--config", str(desk.config), *options(desk)])
        async with Client(server) as client:
            assert client.protocol_version == STATELESS and client.server_info.name == "onbehalf"
            assert client.server_capabilities.tools is not None

    anyio.run(run)


def test_a_call_with_progress(desk: Home, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "RUNNING", "COMPLETE"])
    reports: list[tuple[float, str | None]] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, message))

    async def work(client: Client) -> Any:
        return await client.call_tool("invoke_agent", HELLO, progress_callback=told)

    result = served(desk, revision, work)
    assert result.is_error is False
    assert result.structured_content["state"] == "complete"
    assert json.loads(result.content[0].text) == result.structured_content
    assert len(reports) >= 3 and [number for number, _ in reports] == sorted({number for number, _ in reports})
    assert {row["actor"] for row in sandbox.audit(side="pod")} == {USER}


def test_cancelling(desk: Home, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING"])
    jobs: list[str] = []

    async def work(client: Client) -> Any:
        started = anyio.Event()

        async def told(progress: float, total: float | None, message: str | None) -> None:
            jobs.append((message or "").rpartition("job ")[2].rstrip(")"))
            started.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: client.call_tool("invoke_agent", HELLO, progress_callback=told))
            await started.wait()
            tasks.cancel_scope.cancel()
        return await client.call_tool("get_agent_run", {"jobId": jobs[0]})

    assert served(desk, revision, work).structured_content["state"] == "running"


def test_errors(desk: Home, revision: str) -> None:
    async def work(client: Client) -> None:
        denied = await client.call_tool("invoke_agent", {"agent": "HR_TEAM", "message": "x"})
        assert denied.is_error and denied.structured_content["error"]["kind"] == "agent_denied"
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("get_token", {})
        assert unknown.value.code == -32602

    served(desk, revision, work, agents="PAYABLES_*")


@pytest.mark.parametrize(
    ("answer", "state", "kind"),
    [
        (ElicitResult(action="accept", content={"decision": "approve"}), "complete", None),
        (ElicitResult(action="accept", content={"decision": "refuse"}), "complete", None),
        (ElicitResult(action="decline"), "waiting", "approval_declined"),
        (ElicitResult(action="cancel"), "waiting", "approval_dismissed"),
    ],
)
def test_a_person_is_asked(
    desk: Home, sandbox: Sandbox, revision: str, answer: ElicitResult, state: str, kind: str | None
) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["WAITING"])
    asked: list[Any] = []

    async def person(context: Any, params: Any) -> ElicitResult:
        asked.append(params)
        return answer

    async def work(client: Client) -> Any:
        run = (await client.call_tool("invoke_agent", HELLO)).structured_content
        return await client.call_tool("resume_agent", {"jobId": run["jobId"]})

    facts = served(desk, revision, work, "--allow-resume", person=person).structured_content
    assert (facts["state"], facts.get("error", {}).get("kind")) == (state, kind)
    [form] = asked
    assert "PAYABLES_TEAM" in form.message and USER in form.message
    assert form.requested_schema["properties"]["decision"]["enum"] == ["approve", "refuse", "answer"]


def test_a_host_without_forms(desk: Home, sandbox: Sandbox, revision: str) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["WAITING"])

    async def work(client: Client) -> None:
        run = (await client.call_tool("invoke_agent", HELLO)).structured_content
        try:
            result = await client.call_tool("resume_agent", {"jobId": run["jobId"]})
        except MCPError as error:
            assert revision == STATELESS and error.code == -32021
        else:
            assert result.structured_content["error"]["kind"] == "elicitation_unsupported"

    served(desk, revision, work, "--allow-resume")
    assert len([row for row in sandbox.audit(side="pod") if row["status"] == 202]) == 1
