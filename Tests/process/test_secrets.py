"""Planted secrets are looked for in every byte that leaves the program, after all that it can be asked to do."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile import AT_THE_DOMAIN, AT_THE_POD, Hostile
from leaks import Search
from onboarding import onboard, profile
from sandbox.control import Sandbox
from secrets_in_use import CLIENT_SECRET, GARBAGE, KEY_FILE, PEM, STORE, encrypted_keys, keys_in, numbers, plain_keys
from sidecar import BINARY, Home
from transcript import FILES
from watched import EXPORTED, METHODS, Watched

USER = {"profile": "dev5", "subject": "curtis.feitty"}
AGENT = {"agent": "PAYABLES_TEAM", "message": "Hello"}
# A message that is none, with a secret in it, where a parser may stop.
BROKEN = [
    '{"jsonrpc":"2.0","id":1,"method":"setClientSecret","params":{"profile":"basic","clientSecret":%s',
    '{"jsonrpc":"2.0","id":1,"method":"importKey","params":{%s}}',
    '{"jsonrpc":"2.0","id":1,"method":"importKey","params":{"alias":"x","pem":%s "passphrase":1}}',
    '{"jsonrpc":"2.0","id":1,"method":"importKey","params":{"alias":"x","alias":"y","pem":%s}}',
    '{"jsonrpc":"2.0","id":1,"method":"importKey","params":%s}',
    '{"jsonrpc":"2.0","id":1,"method":"importKey","params":[%s]}',
    '{"jsonrpc":"2.0","id":1,"method":17,"params":{"pem":%s}}',
    '{"jsonrpc":%s,"id":1,"method":"importKey"}',
    '{"jsonrpc":"2.0","id":{"pem":%s},"method":"importKey"}',
    '[{"jsonrpc":"2.0","id":1,"method":"importKey","params":{"alias":"x","pem":%s,"passphrase":{}}}]',
    "%s",
]


class Gate:
    """One home, all its sidecars, and every secret that was in one of them."""

    def __init__(self, home: Home, sandbox: Sandbox) -> None:
        self.home, self.sandbox = home, sandbox
        self.store = home.path / "store"
        self.passphrase = home.private_file("store.passphrase", STORE["file"] + "\n")
        self.planted = {self.passphrase, home.private_file("changed.passphrase", STORE["change"])}
        self.planted.add(home.private_file("moved.passphrase", STORE["move"]))
        self.secrets = {
            **numbers("the planted key", PEM.encode()),
            **{f"passphrase of the store, by {source}": text.encode() for source, text in STORE.items()},
            "passphrase of a key file": KEY_FILE.encode(),
            # Also in a Basic header: base64 is searched for whatever stands before it.
            "client secret": CLIENT_SECRET.encode(),
            "garbage given as a key": GARBAGE.encode(),
        }
        self.sidecars: list[Watched] = []
        self.surroundings: dict[str, bytes] = {}

    def sidecar(self, *options: str, **how: Any) -> Watched:
        self.sidecars.append(Watched(self.home, *options, **how))
        return self.sidecars[-1]

    def person(self) -> Watched:
        return self.sidecar("--admin", "--store", f"file:{self.store}", "--passphrase-file", str(self.passphrase))

    def is_secret(self, **texts: str) -> None:
        for name, text in texts.items():
            # The header of a JWT says which key signed it, and is in the answer to mintAssertion for everybody to read.
            self.secrets[f"{name} {len(self.secrets)}"] = text[text.find(".") + 1:].encode()

    def output(self) -> dict[str, bytes]:
        """Every place that bytes can leave to. What was planted there is no leak."""
        files = {path for path in self.home.path.rglob("*") if path.is_file()} - self.planted
        return {
            **{str(path.relative_to(self.home.path)): path.read_bytes() for path in files},
            **{f"stdout of sidecar {number}": one.unasked_output() for number, one in enumerate(self.sidecars)},
            **self.surroundings,
        }


@pytest.fixture
def gate(home: Home, sandbox: Sandbox) -> Iterator[Gate]:
    gate = Gate(home, sandbox)
    yield gate
    for sidecar in gate.sidecars:
        sidecar.stop()


def keys_and_profiles(gate: Gate, person: Watched) -> None:
    for form, params in (plain_keys(gate.home) | encrypted_keys(gate.home)).items():
        person.call("importKey", alias=form, **params)
        if "passphrase" in params:
            person.refusal("importKey", alias=f"{form}-x", **params | {"passphrase": GARBAGE})
            person.refusal("importKey", alias=f"{form}-x", **params | {"passphrase": ""})
        person.refusal("importKey", alias=f"{form}-x", **params, certificatePem=FILES["otherCertificatePem"])
    key = person.call("importKey", alias="payables", pem=PEM)
    gate.sandbox.register_certificate(key["kid"], key["certificatePem"])
    scopes = [{"pathPrefix": "/fscmRestApi", "scope": gate.sandbox.api_scope}]
    person.call("saveProfile", profile=profile(gate.sandbox, apiScopes=scopes))
    person.call("saveProfile", profile=profile(gate.sandbox, name="basic", clientAuthentication="client_secret_basic"))
    person.call("setClientSecret", profile="basic", clientSecret=CLIENT_SECRET)
    person.call("createKey", alias="spare")
    for method, params in (("deleteKey", {"alias": "crlf"}), ("getKey", {"alias": "spare"}), ("listKeys", {}),
                           ("getProfile", {"name": "basic"}), ("listProfiles", {})):
        person.call(method, **params)
    person.call("saveProfile", profile=profile(gate.sandbox, name="gone"))
    person.call("deleteProfile", name="gone")


def tokens_and_agents(gate: Gate, person: Watched) -> None:
    own = gate.sandbox.id_token("curtis.feitty")
    forged = own[:-20] + "A" * 20
    gate.is_secret(user_token=own, forged_user_token=forged)
    for kind in ("user", "client"):
        subject = {"subject": "curtis.feitty"} if kind == "user" else {}
        gate.is_secret(assertion=person.call("mintAssertion", profile="dev5", type=kind, **subject)["assertion"])
    gate.is_secret(token=person.call("getToken", **USER)["accessToken"])
    person.call("getToken", **USER)
    gate.is_secret(token=person.call("getToken", profile="dev5", userToken=own)["accessToken"])
    run = person.call("invokeAgent", **USER, **AGENT)
    person.call("invokeAgent", profile="dev5", userToken=own, workDoneToken="progress", **AGENT)
    person.call("invokeAgent", stream=True, workDoneToken="progress", **USER, **AGENT)
    person.call("getAgentRun", **USER, agent="PAYABLES_TEAM", jobId=run["jobId"])
    for user in (USER, {"profile": "dev5", "userToken": own}):
        person.call("listAgents", **user)
        person.call("getAgentCard", agent="PAYABLES_TEAM", **user)
    person.refusal("listAgents", query="x" * 1025, **USER)
    person.refusal("getAgentCard", agent="NO_TEAM", **USER)
    gate.sandbox.fault("pod", "run", path="*/invokeAsync", states=["WAITING"])
    waiting = person.call("invokeAgent", **USER, **AGENT)
    answer = {"agent": "PAYABLES_TEAM", "conversationId": waiting["conversationId"], "jobId": waiting["jobId"]}
    person.refusal("resumeAgent", profile="dev5", userToken=forged, message="Yes", **answer)
    person.call("resumeAgent", profile="dev5", userToken=own, resumeNodeInput={"approved": True}, **answer)
    person.refusal("resumeAgent", **USER, message="Yes", **answer)
    person.refusal("resumeAgent", profile="dev5", subject="ap.clerk", message="Yes", **answer)
    person.call("callApi", method="GET", path="/fscmRestApi/resources/11.13.18.05/invoices", **USER)
    for question in ({}, {"agent": "PAYABLES_TEAM"}, {"method": "GET", "path": "/fscmRestApi/resources"}):
        person.call("explain", **USER, **question)
        person.call("explain", profile="dev5", userToken=own, **question)
    person.call("diagnose", agent="PAYABLES_TEAM", bundle=True, **USER)
    person.call("diagnose", profile="dev5", userToken=own, agent="PAYABLES_TEAM", bundle=True)
    person.refusal("diagnose", agent="no code", **USER)
    person.call("diagnose", profile="basic", subject="curtis.feitty")
    person.call("inspectToken", **USER)
    for token in (own, forged):
        person.call("inspectToken", profile="dev5", token=token)
    person.refusal("inspectToken", profile="dev5", token=f"{own} {own}")
    person.call("invalidateToken", **USER)
    for refused in (forged, own + "A", f"{own} {own}"):
        person.refusal("getToken", profile="dev5", userToken=refused)
        person.refusal("invokeAgent", profile="dev5", userToken=refused, **AGENT)
        person.refusal("listAgents", profile="dev5", userToken=refused)
    person.refusal("getToken", userToken=own, **USER)
    person.refusal("getToken", profile="basic", subject="curtis.feitty")


def exports(gate: Gate, person: Watched) -> None:
    """With their assertions, which are asked for, and without; a secret and a user's own token are in none."""
    own = gate.sandbox.id_token("curtis.feitty")
    gate.is_secret(exported_user_token=own)
    for how in ({"format": "curl"}, {"format": "postman", **AGENT}):
        for user in (USER, {"profile": "dev5", "userToken": own}, {"profile": "basic", "subject": "curtis.feitty"}):
            person.call("exportRequest", **how, **user)
            exported = json.dumps(person.call("exportRequest", includeSecrets=True, **how, **user))
            found = EXPORTED.findall(exported)
            assert len(found) == (2 if user == USER else 1)
            gate.is_secret(**{f"exported {number}": assertion for number, assertion in enumerate(found)})
    person.refusal("exportRequest", format="curl", profile="dev5", userToken=f"{own} {own}")
    person.call("getSetupGuide", profile="basic")
    person.call("getSetupGuide", alias="spare")


def rotation_and_stores(gate: Gate, person: Watched) -> None:
    def rotate(step: str, **params: Any) -> Any:
        return person.call("rotateKey", alias="payables", step=step, **params)

    following = rotate("start")["next"]
    person.refusal("rotateKey", alias="payables", step="try", **USER)
    gate.sandbox.register_certificate(following["kid"], following["certificatePem"])
    rotate("try", **USER)
    rotate("finish")
    rotate("abort")
    elsewhere = {"toStore": f"file:{gate.home.path}/moved", "toPassphraseFile": f"{gate.home.path}/moved.passphrase"}
    person.call("moveKeys", fromStore=f"file:{gate.store}", aliases=["pkcs8", "spare"], **elsewhere)
    person.refusal("moveKeys", fromStore=f"file:{gate.store}", **elsewhere | {"toPassphraseFile": str(gate.passphrase)})
    gate.secrets |= keys_in(gate.store, STORE["file"]) | keys_in(gate.home.path / "moved", STORE["move"])
    person.call("changePassphrase", newPassphraseFile=f"{gate.home.path}/changed.passphrase")
    person.call("changePassphrase", newPassphraseFile=str(gate.passphrase))
    person.refusal("changePassphrase", newPassphraseFile=f"{gate.home.path}/absent")


def wrong_and_broken(gate: Gate, person: Watched) -> None:
    """Secrets of the wrong type, in the wrong place, in messages that are none, in requests that are withdrawn."""
    for secret in (CLIENT_SECRET, KEY_FILE, PEM):
        for wrong in ([secret], {"text": secret}, secret + "\n\0"):
            person.refusal("setClientSecret", profile="basic", clientSecret=wrong)
            person.refusal("importKey", alias="x", pem=wrong, passphrase=17)
            person.refusal("importKey", alias="x", pem=GARBAGE, passphrase=wrong)
            person.refusal("importKey", alias="x", pkcs12Base64=wrong, certificatePem=wrong)
        for method in METHODS - {"initialize", "exit", "shutdown", "rpc.discover", "ping", "lock"}:
            for name in ("alias", "profile", "subject", "name", "step", "userToken", "scope", "timeoutMs", "planted"):
                person.send({"jsonrpc": "2.0", "id": "wrong", "method": method, "params": {name: [secret]}})
                person.answer("wrong")
        for message in BROKEN:
            person.send_bytes(message.replace("%s", json.dumps(secret)).encode() + b"\n")
            person.receive()
        identifier = person.request("importKey", alias="withdrawn", pem=PEM, passphrase=secret)
        person.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": identifier}})
        person.answer(identifier)


def every_method_with_an_error(person: Watched) -> None:
    """A param that no method has, with a secret in it."""
    for method in sorted(METHODS - {"exit", "initialize", "shutdown"}):
        person.refusal(method, planted=CLIENT_SECRET)


def echoes(gate: Gate, person: Watched, hostile: Hostile) -> None:
    """A domain and a pod that send back what they are sent, for both ways in which a client shows who it is."""
    places = {"identityDomainUrl": hostile.url, "fusionUrl": hostile.url, "clientId": "hostile"}
    person.call("createKey", alias="hostile")
    for name, authentication in (("hostile", "client_assertion"), ("hostile-basic", "client_secret_basic")):
        person.call("saveProfile", profile=profile(
            gate.sandbox, name=name, key="hostile", clientAuthentication=authentication, opaqueTokens="accept", **places
        ))
    person.call("setClientSecret", profile="hostile-basic", clientSecret=CLIENT_SECRET)
    for name in ("hostile", "hostile-basic"):
        user = {"profile": name, "subject": "curtis.feitty"}
        hostile.is_domain = True
        for hostile.answer in AT_THE_DOMAIN.values():
            person.answer(person.request("getToken", forceRefresh=True, **user))
            person.answer(person.request("inspectToken", **user))
            person.call("diagnose", bundle=True, **user)
        hostile.is_domain = False
        person.call("getToken", forceRefresh=True, **user)
        for hostile.answer in AT_THE_POD.values():
            person.answer(person.request("invokeAgent", workDoneToken="progress", wait=False, **user, **AGENT))
            streamed = {"workDoneToken": "progress", "stream": True, "timeoutMs": 1000}
            person.answer(person.request("invokeAgent", **streamed, **user, **AGENT))
            person.answer(person.request("callApi", method="POST", path="/anything", body={}, **user))
            person.answer(person.request("listAgents", **user))
            person.answer(person.request("getAgentCard", agent="PAYABLES_TEAM", **user))
            person.call("diagnose", agent="PAYABLES_TEAM", bundle=True, **user)
    hide(gate, hostile)


def hide(gate: Gate, hostile: Hostile) -> None:
    """What a pod says of a token's claims in the output of a run is the answer that was asked for; its signature is not."""
    signatures = {sent.rpartition(".")[2] for sent in hostile.sent}
    gate.secrets |= {f"credential {number}": signature.encode() for number, signature in enumerate(signatures)}


def models(gate: Gate, hostile: Hostile) -> None:
    """MCP hosts, one at an honest pod and two at one that echoes: no tool has a credential in what it says."""
    for name in ("dev5", "hostile", "hostile-basic"):
        store = ("--store", f"file:{gate.store}", "--passphrase-file", str(gate.passphrase))
        with gate.sidecar(
            *store, "--mcp", "--profile", name, "--subject", "curtis.feitty", "--agents", "*", "--allow-resume",
            "--max-runs-per-minute", "1000",
        ) as host:
            host.call("initialize", protocolVersion="2025-11-25", capabilities={"elicitation": {}})
            host.call("tools/list")
            hostile.is_domain = False
            for token, hostile.answer in enumerate(AT_THE_POD.values() if name != "dev5" else [hostile.answer]):
                run = {"name": "invoke_agent", "arguments": AGENT, "_meta": {"progressToken": token}}
                identifier = host.request("tools/call", **run)
                # Up to the first that is said of it; a run that seems to go on is not waited for.
                while "id" not in (said := host.receive()) and said["params"]["progressToken"] != token:
                    pass
                cancelled = {"requestId": identifier}
                host.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": cancelled})
            identifier = host.request("tools/call", name="list_agents")
            while host.receive().get("id") != identifier:
                pass
            for secret in (CLIENT_SECRET, KEY_FILE, PEM):
                for tool in ("invoke_agent", "list_agents", "get_agent_run", "resume_agent"):
                    for planted in ({"planted": secret}, {"agent": [secret]}, {"jobId": {"x": secret}}):
                        host.call("tools/call", name=tool, arguments=planted)
                host.refusal("tools/call", name=[secret])
            for method in sorted(METHODS - {"initialize", "ping"}):
                assert host.refusal(method).kind == "method_not_found"
    hide(gate, hostile)


def test_no_secret_comes_out(gate: Gate) -> None:
    with gate.person() as person, Hostile(gate.sandbox.scope) as hostile:
        person.call("initialize", clientInfo={"name": "gate"})
        keys_and_profiles(gate, person)
        tokens_and_agents(gate, person)
        exports(gate, person)
        rotation_and_stores(gate, person)
        echoes(gate, person, hostile)
        models(gate, hostile)
        wrong_and_broken(gate, person)
        person.call("queryAudit", limit=1000)
        person.call("verifyAudit")
        person.call("rpc.discover")
        person.call("ping")
        person.call("getStatus")
        person.refusal("initialize")
        every_method_with_an_error(person)
        gate.surroundings |= person.surroundings()
        person.call("lock")
        person.call("shutdown")
        person.refusal("shutdown", planted=CLIENT_SECRET)
        person.send({"jsonrpc": "2.0", "method": "exit"})
        person.wait()
    succeeded = {method for method, outcome in person.called if outcome == "ok"}
    failed = {method for method, outcome in person.called if outcome != "ok"}
    # A notification; that it was heeded is seen by the end of the process.
    assert METHODS - succeeded == {"exit"} == METHODS - failed
    gate.secrets |= keys_in(gate.store, STORE["file"])
    leaks = Search(gate.secrets).leaks(gate.output())
    assert not leaks, "\n".join(leaks)
    assert person.stderr.count("importKey") > 20, "the log was written, so that something was searched"
    assert len(person.unasked_output()) > 100_000


@pytest.mark.parametrize("source", ["file", "descriptor", "credential"])
@pytest.mark.parametrize("crash", [signal.SIGABRT, signal.SIGSEGV, signal.SIGTERM])
def test_no_secret_comes_out_of_a_crash(gate: Gate, source: str, crash: signal.Signals) -> None:
    """While a key is open, for every way in which the passphrase came in."""
    gate.passphrase.write_text(STORE[source])
    with gate.person() as person:
        onboard(person, gate.sandbox)
    options, how = ["--store", f"file:{gate.store}"], {}
    if source == "file":
        options += ["--passphrase-file", str(gate.passphrase)]
    elif source == "descriptor":
        options += ["--passphrase-fd", "3"]
        how = {"command": ("sh", "-c", f'exec "$@" 3<{gate.passphrase}', "sh", BINARY)}
    else:
        folder = gate.home.path / "credentials"
        folder.mkdir(mode=0o700)
        gate.passphrase = gate.passphrase.rename(folder / "onbehalf-passphrase")
        gate.planted.add(gate.passphrase)
        how = {"environment": {"CREDENTIALS_DIRECTORY": str(folder)}}
    limits = ("prlimit", "--core=unlimited", "env", f"--chdir={gate.home.path}")
    backend = gate.sidecar(*options, command=(*limits, *how.pop("command", (BINARY,))), **how)
    gate.is_secret(assertion=backend.call("mintAssertion", type="user", **USER)["assertion"])
    gate.is_secret(token=backend.call("getToken", **USER)["accessToken"])
    gate.surroundings |= backend.surroundings()
    backend.process.send_signal(crash)
    assert backend.wait() == (0 if crash is signal.SIGTERM else -crash)
    gate.secrets |= keys_in(gate.store, STORE[source])
    leaks = Search(gate.secrets).leaks(gate.output())
    assert not leaks, "\n".join(leaks)
    if os.geteuid() == 0:
        assert b"--store" in b"".join(gate.surroundings.values())
    assert not [path for path in Path(gate.home.path).rglob("core*")]
