"""The examples of README.md, run as they stand against the sandbox and a real keyring."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from desktop import Desktop
from mcp import Client, StdioServerParameters
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, ROOT, Home, Sidecar
from transcript import FILES

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
ANSWER = "Hello, Curtis Feitty. PAYABLES_TEAM read: Which invoices are on hold?"


def block(language: str, containing: str) -> str:
    """The one block of code that holds the text."""
    found = [code for name, code in BLOCKS if name == language and containing in code]
    assert len(found) == 1, f"{len(found)} blocks of '{language}' hold {containing}"
    return found[0]


def with_values_of(sandbox: Sandbox, code: str) -> str:
    """The lines that a reader fills in, filled in."""
    values = {
        "DOMAIN": sandbox.domain_url, "POD": sandbox.pod_url, "SCOPE": sandbox.scope, "CLIENT": sandbox.client_id,
    }
    for name, value in values.items():
        code, count = re.subn(rf"^{name}=.*$", f"{name}={value}", code, flags=re.MULTILINE)
        assert count == 1, name
    return code


class Reader:
    """Somebody in a clone of the repository, with the program built and a keyring unlocked."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder = folder
        self.environment = home.environment | {"ONBEHALF_BIN": BINARY, "PYTHONPATH": str(ROOT / "clients" / "python")}
        folder.mkdir()
        (folder / "clients").symlink_to(ROOT / "clients")
        (folder / "node_modules").mkdir()
        (folder / "node_modules" / "onbehalf").symlink_to(ROOT / "clients" / "node")

    def run(self, *command: str, input: str = "", **environment: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment | environment, timeout=PATIENCE_SECONDS,
            input=input, capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shell(self, code: str, **environment: str) -> str:
        return self.run("sh", "-euc", code, **environment)

    def make_key(self) -> str:
        self.shell(block("sh", "createKey"))
        return (self.folder / "dev5-key.pem").read_text()

    def import_key(self) -> str:
        (self.folder / "CoE_oAuth_private_key.pem").write_text(FILES["payablesKeyPem"])
        (self.folder / "CoE_oAuth_certificate.pem").write_text(FILES["payablesCertificatePem"])
        self.shell(block("sh", "importKey"), ONBEHALF_ARGS="--admin")
        return FILES["payablesCertificatePem"]


@pytest.fixture
def newcomer(tmp_path: Path, home: Home, desktop: Desktop) -> Reader:
    desktop.start_keyring()
    return Reader(tmp_path / "clone", home)


@pytest.fixture(params=[Reader.make_key, Reader.import_key], ids=["key made", "key imported"])
def reader(request: pytest.FixtureRequest, newcomer: Reader, sandbox: Sandbox) -> Reader:
    """Has done the steps of "Your own identity domain and pod"."""
    take_key: Callable[[Reader], str] = request.param
    sandbox.register_certificate("dev5-key", take_key(newcomer))
    newcomer.shell(with_values_of(sandbox, block("sh", "CLIENT=")), ONBEHALF_ARGS="--admin")
    return newcomer


def test_every_client_gets_the_answer(reader: Reader, sandbox: Sandbox) -> None:
    program = block("python", "OnBehalfError")
    assert len(program.splitlines()) <= 20
    assert reader.run(sys.executable, "-c", program).endswith(f"{ANSWER}\n")
    assert reader.run("node", "--input-type=module", "-e", block("js", "invokeAgent")) == f"{ANSWER}\n"
    assert reader.shell(block("sh", "invokeAgent")) == f"{ANSWER}\n"
    assert [row["actor"] for row in sandbox.audit(side="pod", action="agent.invoke")] == ["curtis.feitty"] * 3


def test_text_comes_as_it_is_written(reader: Reader) -> None:
    told = reader.run(sys.executable, "-c", block("python", "resume_agent"))
    answer = ANSWER.replace("Which invoices are on hold?", "Pay what is due.")
    assert told == f"{answer}complete {answer}\n"


def test_a_person_answers_a_run_that_waits(reader: Reader, sandbox: Sandbox) -> None:
    sandbox.put_agent("PAYABLES_TEAM", roles=["PAYABLES"], approval={"question": "Pay 12.50?"})
    told = reader.run(sys.executable, "-c", block("python", "resume_agent"), input="approve\n")
    asked = "{'node': 'APPROVAL', 'message': 'Pay 12.50?'}\nYour answer: "
    answer = ANSWER.replace("Which invoices are on hold?", "Pay what is due.")
    assert told == f"Pay 12.50?{asked}complete {answer}\n"
    [row] = sandbox.audit(side="pod", action="agent.resume")
    assert (row["actor"], row["detail"]) == ("curtis.feitty", "approved by curtis.feitty")


def test_agents_are_found_within_the_profile(reader: Reader) -> None:
    assert reader.shell(block("sh", "listAgents")) == "PAYABLES_TEAM  Payables Team\nPayables Team\n"


def hosts() -> dict[str, dict[str, Any]]:
    """What the README has for MCP hosts, by the member in which each looks for servers."""
    blocks = [json.loads(code) for name, code in BLOCKS if name == "json" and "--mcp" in code]
    return {place: servers["fusion"] for [(place, servers)] in (block.items() for block in blocks)}


@pytest.mark.parametrize("place", ["mcpServers", "servers", "context_servers"])
def test_an_assistant_runs_an_agent(reader: Reader, desktop: Desktop, sandbox: Sandbox, place: str) -> None:
    """The official SDK starts it as hosts do: without the variables of the desktop, but for those of the README."""
    assert len(hosts()) == 3
    entry = hosts()[place]
    assert entry["command"] == "onbehalf" and set(entry.get("env", {})) <= {"DBUS_SESSION_BUS_ADDRESS"}
    bus = {"DBUS_SESSION_BUS_ADDRESS": reader.environment["DBUS_SESSION_BUS_ADDRESS"]}
    server = StdioServerParameters(command=BINARY, args=entry["args"], env=bus | {"HOME": reader.environment["HOME"]})

    async def run() -> Any:
        async with Client(server) as client:
            return await client.call_tool("invoke_agent", {"agent": "PAYABLES_TEAM", "message": "Hello"})

    assert anyio.run(run).structured_content["output"] == "Hello, Curtis Feitty. PAYABLES_TEAM read: Hello"
    assert [row["actor"] for row in sandbox.audit(side="pod", action="agent.invoke")] == ["curtis.feitty"]


def test_emacs_is_configured_in_the_same_way() -> None:
    words = re.findall(r'"([^"]*)"', block("elisp", "mcp-hub-servers"))
    assert words == ["fusion", "onbehalf", *hosts()["mcpServers"]["args"]]


def test_any_resource_is_called_as_the_user(reader: Reader, sandbox: Sandbox) -> None:
    reader.shell(block("sh", "apiScopes"))
    printed = reader.run(sys.executable, "-c", block("python", "callApi"))
    assert printed == "200 CURTIS.FEITTY-1-SEEN\n200 CURTIS.FEITTY-2-SEEN\n"
    rows = sandbox.audit(side="pod", action="resource.change")
    assert [(row["actor"], row["outcome"]) for row in rows] == [("curtis.feitty", "granted")] * 2


def test_diagnose_passes(reader: Reader) -> None:
    lines = reader.shell(block("sh", "diagnose")).splitlines()
    assert lines
    assert [line for line in lines if not line.startswith("pass  ")] == []


def test_the_setup_guide_is_that_of_the_key(reader: Reader) -> None:
    assert "upload dev5-key.pem under the alias dev5-key" in reader.shell(block("sh", "getSetupGuide"))


def test_the_requests_are_seen(reader: Reader, sandbox: Sandbox) -> None:
    """The profile of the README gives out no assertions; whoever may change it can have them put in."""
    code = block("sh", "exportRequest")
    assert "ONBEHALF_USER_ASSERTION" in reader.shell(code)
    profile = json.loads(reader.shell("clients/shell/obo getProfile name=dev5"))
    profile["policy"]["rawCredentials"] = True
    (reader.folder / "raw.json").write_text(json.dumps(profile))
    reader.shell('clients/shell/obo saveProfile profile:="$(cat raw.json)"', ONBEHALF_ARGS="--admin")
    with_secrets = code.replace("format=curl", "format=curl includeSecrets:=true").replace("--help", "")
    assert f'"output":"{ANSWER}"' in reader.shell(with_secrets)
    assert [row["actor"] for row in sandbox.audit(side="pod", action="agent.invoke")] == ["curtis.feitty"]


@pytest.fixture
def server(home: Home) -> Iterator[list[str]]:
    """The command line of "On a server", with folders of its own."""
    folder = home.path / "server"
    folder.mkdir(mode=0o700)
    command = re.sub(r"/(etc|var/lib)/onbehalf", str(folder), block("", "onbehalf --store")).replace("\\\n", "").split()
    home.private_file("server/passphrase", "a passphrase\n")
    home.private_file("server/policy.json", block("json", "subjects"))
    assert command[0] == "onbehalf"
    yield command[1:]


def test_the_server_answers_within_its_policy(home: Home, sandbox: Sandbox, server: list[str]) -> None:
    home.config = home.path / "server" / "config.json"
    options = [option for option in server if option not in ("--config", str(home.config))]
    with Sidecar(home, "--admin", *options) as person:
        onboard(person, sandbox)
    with Sidecar(home, *options) as backend:
        ask = {"profile": "dev5", "subject": "curtis.feitty", "message": "Hello"}
        assert backend.call("invokeAgent", agent="PAYABLES_TEAM", **ask)["state"] == "complete"
        assert backend.refusal("invokeAgent", agent="DRAFT_TEAM", **ask).kind == "agent_denied"
        assert backend.refusal("getToken", profile="dev5", subject="The.Admin").kind == "subject_denied"


def test_a_socket_serves_as_stdin_and_stdout(home: Home, server: list[str]) -> None:
    """What systemd gives a service of Accept=yes."""
    ours, theirs = socket.socketpair()
    with ours, subprocess.Popen(
        [BINARY, *server], stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=home.environment
    ) as program:
        theirs.close()
        ours.settimeout(PATIENCE_SECONDS)
        ours.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        ours.shutdown(socket.SHUT_WR)
        with ours.makefile("rb") as answers:
            assert [json.loads(line) for line in answers] == [{"jsonrpc": "2.0", "id": 1, "result": {}}]
        assert program.wait(PATIENCE_SECONDS) == 0
