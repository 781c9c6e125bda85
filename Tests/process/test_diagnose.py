"""What diagnose says when something is wrong on the way, at the identity domain or at the pod."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from onboarding import onboard, profile
from sandbox.certificates import throwaway_authority
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

ALL = [
    "configuration", "store", "key", "certificate", "proxy", "dns", "tcp", "tls", "discovery", "clock", "client",
    "token", "fidelity", "fusion", "agent",
]
DOCUMENT, CARD = "*/openid-configuration", "*/agent.json"
USER = {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM"}


def checks(sidecar: Sidecar, **params: Any) -> dict[str, dict[str, Any]]:
    """The checks by their ids, which are all there and in order."""
    result = sidecar.call("diagnose", **USER | params)
    assert [check["id"] for check in result["checks"]] == ALL
    assert result["ok"] == (not any(check["status"] == "fail" for check in result["checks"]))
    for check in result["checks"]:
        assert check["summary"].endswith("."), check
        assert check["status"] != "fail" or check["hint"], check
        print(f"{check['status']:5} {check['id']:13} {check['summary']}  -> {check.get('hint', '')}")
    return {check["id"]: check for check in result["checks"]}


def wrong(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: check["status"] for name, check in found.items() if check["status"] not in ("pass", "skip")}


def skipped_for(found: dict[str, dict[str, Any]], cause: str) -> list[str]:
    summary = f"Not tried: the check {cause} comes first, and it failed."
    return [name for name, check in found.items() if check["summary"] == summary]


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
def test_all_is_well(home: Home, over_tls: bool, sandbox: Sandbox, tls_sandbox: Sandbox) -> None:
    there = tls_sandbox if over_tls else sandbox
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, there, caFile=there.ca_file if over_tls else None)
        found = checks(sidecar)
        assert {check["status"] for check in found.values()} == {"pass"}
        assert ("TLSv1." in found["tls"]["summary"]) == over_tls
        seen = [(row["action"], row["actor"]) for row in there.audit() if row["action"] != "unplanned"]
        assert [actor for action, actor in seen if action == "token.issue"] == [None, "curtis.feitty"]
        assert [row for row in seen if row[0].startswith("agent.")] == [("agent.card", "curtis.feitty")], "none was run"


# Faults of the sandbox; which check fails or warns, and what its sentences say.
FAULTS: list[tuple[str, str, str, dict[str, Any], dict[str, str], str]] = [
    ("domain", DOCUMENT, "redirect", {"location": "https://login.example/"},
     {"discovery": "fail"}, "answers with a redirect (302)"),
    ("domain", DOCUMENT, "respond",
     {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html>Sign in</html>"},
     {"discovery": "fail"}, "a web page"),
    ("domain", DOCUMENT, "respond", {"status": 404}, {"discovery": "warn"}, "(404)"),
    ("domain", DOCUMENT, "respond", {"status": 503}, {"discovery": "warn"}, "(503)"),
    ("domain", DOCUMENT, "respond", {"status": 200, "body": "17"}, {"discovery": "fail"}, "something else"),
    ("domain", DOCUMENT, "respond",
     {"status": 200, "body": '{"token_endpoint": "https://evil.example/oauth2/v1/token"}'},
     {"discovery": "warn"}, "a token endpoint elsewhere"),
    ("domain", DOCUMENT, "reset", {"when": "before"}, {"discovery": "fail"}, "before its answer was whole"),
    ("domain", DOCUMENT, "huge", {"sizeBytes": 64 << 20}, {"discovery": "fail"}, "far more than was asked for"),
    ("domain", "*/token", "respond", {"status": 503}, {"client": "fail"}, "503"),
    ("domain", "*/token", "respond", {"status": 429, "headers": {"Retry-After": "60"}},
     {"client": "fail", "token": "fail"}, "429"),
    ("domain", "*/token", "token", {"claims": {"sub": "ap.clerk"}, "after": 1}, {"fidelity": "fail"}, "is ap.clerk"),
    ("domain", "*/token", "token", {"claims": {"tok_type": "IT"}, "after": 1}, {"fidelity": "fail"}, "tok_type"),
    ("domain", "*/token", "token", {"claims": {"sub_type": "client"}, "after": 1}, {"fidelity": "fail"}, "sub_type"),
    ("domain", "*/token", "token", {"claims": {"scope": "urn:elsewhere"}, "after": 1}, {"fidelity": "fail"}, "scope"),
    ("domain", "*/token", "token", {"drop": ["exp"], "after": 1}, {"fidelity": "fail"}, "exp"),
    ("domain", "*/token", "token", {"opaque": True, "after": 1}, {"fidelity": "fail"}, "opaque"),
    ("pod", "/", "respond", {"status": 503}, {"fusion": "warn"}, "503"),
    ("pod", "/", "reset", {"when": "before"}, {"fusion": "fail"}, "before its answer was whole"),
    ("pod", CARD, "respond", {"status": 401}, {"agent": "fail"}, "(401)"),
    ("pod", CARD, "respond", {"status": 403}, {"agent": "fail"}, "(403)"),
    ("pod", CARD, "respond", {"status": 404}, {"agent": "warn"}, "(404)"),
    ("pod", CARD, "respond", {"status": 500}, {"agent": "fail"}, "500"),
    ("pod", CARD, "respond", {"status": 200, "body": "<html>"}, {"agent": "warn"}, "no agent card"),
    ("pod", CARD, "redirect", {"location": "https://login.example/"}, {"agent": "fail"}, "answers with a redirect"),
    ("pod", CARD, "truncate", {"afterBytes": 20}, {"agent": "fail"}, "before its answer was whole"),
]


@pytest.mark.parametrize(
    ("side", "path", "fault", "details", "expected", "told"), FAULTS,
    ids=[f"{case[0]} {case[2]} {case[5]}" for case in FAULTS],
)
def test_a_fault_shows_in_the_check_it_belongs_to(
    home: Home, tls_sandbox: Sandbox, side: str, path: str, fault: str, details: dict[str, Any],
    expected: dict[str, str], told: str,
) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, tls_sandbox, caFile=tls_sandbox.ca_file)
        tls_sandbox.fault(side, fault, path=path, **details)
        found = checks(sidecar)
        assert wrong(found) == expected
        name, *_ = expected
        assert told in found[name]["summary"] + found[name]["hint"]
        assert "Sign in" not in str(found), "a body is no finding"


@pytest.mark.parametrize(("subject", "agent", "expected", "told"), [
    ("nobody", "PAYABLES_TEAM", {"token": "fail"}, "does not accept the user"),
    ("no.roles", "PAYABLES_TEAM", {"agent": "fail"}, "does not let no.roles use the agent"),
    ("curtis.feitty", "DRAFT_TEAM", {"agent": "fail"}, "publish the team"),
    ("curtis.feitty", "NO_TEAM", {"agent": "warn"}, "no card of an agent NO_TEAM"),
    ("admin", "PAYABLES_TEAM", {"token": "fail"}, "may not be acted for"),
])
def test_who_may_not(
    sidecar: Sidecar, subject: str, agent: str, expected: dict[str, str], told: str
) -> None:
    found = checks(sidecar, subject=subject, agent=agent)
    assert wrong(found) == expected
    name, *_ = expected
    assert told in found[name]["summary"] + found[name]["hint"]


def test_what_policy_denies_is_not_asked_for_and_is_recorded(sidecar: Sidecar, sandbox: Sandbox) -> None:
    policy = {"subjects": {"allow": ["*"]}, "agents": ["HR_*"]}
    sidecar.call("saveProfile", profile=profile(sandbox, policy=policy))
    found = checks(sidecar)
    assert wrong(found) == {"agent": "fail"}
    assert "no pattern of agents matches" in found["agent"]["summary"]
    assert sandbox.audit(action="agent.card") == []
    row = sidecar.call("queryAudit", limit=10, outcome="agent_denied")["rows"][-1]
    assert (row["operation"], row["subject"], row["agent"]) == ("diagnose", "curtis.feitty", "PAYABLES_TEAM")


def test_behind_lock_nothing_is_signed_or_used(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("lock")
    found = checks(sidecar)
    assert not any(found[name]["status"] == "pass" for name in ("client", "token", "fidelity", "agent"))
    assert sandbox.audit(action="token.issue") == []


@pytest.mark.parametrize(("seconds", "status"), [(900, "warn"), (-900, "warn"), (10_800, "fail")])
def test_clocks_that_differ(sidecar: Sidecar, sandbox: Sandbox, seconds: int, status: str) -> None:
    sandbox.settings(clockOffsetSeconds=seconds)
    found = checks(sidecar)
    assert found["clock"]["status"] == status
    # Up to half an hour assertions are dated by the domain's clock, and all works.
    assert found["fidelity"]["status"] == ("pass" if status == "warn" else "skip")


# MARK: the way


@contextmanager
def listening(answer: bytes | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A port that answers the first bytes of each connection and keeps what it read; without an answer it is silent."""
    server, read = socket.create_server(("127.0.0.1", 0)), []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=meet, args=[connection], daemon=True).start()

    def meet(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1 << 16):
                read.append(data)
                if answer is not None:
                    connection.sendall(answer)
                    return

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], read
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def local(sandbox: Sandbox, port: int, **changes: Any) -> dict[str, Any]:
    """A profile whose servers are both at that port."""
    url = f"https://localhost:{port}"
    return profile(sandbox, identityDomainUrl=url, fusionUrl=url, **changes)


@pytest.fixture
def abroad(home: Home) -> Iterator[Sidecar]:
    """With a key for every domain that a test names."""
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        yield sidecar


def save(sidecar: Sidecar, wanted: dict[str, Any]) -> None:
    sidecar.call("createKey", alias=wanted["key"])
    sidecar.call("saveProfile", profile=wanted)


def test_nobody_listens(abroad: Sidecar, sandbox: Sandbox) -> None:
    save(abroad, local(sandbox, closed_port()))
    found = checks(abroad)
    assert wrong(found) == {"tcp": "fail", "fusion": "fail"}
    assert "Connection refused" in found["tcp"]["summary"]
    assert "fusionUrl" in found["fusion"]["hint"]
    assert skipped_for(found, "tcp") == ["tls", "discovery", "clock", "client", "token", "fidelity", "agent"]


def test_a_port_that_is_silent_takes_no_more_than_its_share(abroad: Sidecar, sandbox: Sandbox) -> None:
    with listening() as (port, _):
        save(abroad, local(sandbox, port))
        started = time.monotonic()
        found = checks(abroad)
        assert time.monotonic() - started < 8, "both servers were looked at side by side"
    assert wrong(found) == {"tls": "fail", "fusion": "fail"}
    assert "took the connection and then stayed silent" in found["tls"]["summary"]


def test_a_port_without_tls(abroad: Sidecar, sandbox: Sandbox) -> None:
    with listening(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _):
        save(abroad, local(sandbox, port))
        found = checks(abroad)
    assert wrong(found) == {"tls": "fail", "fusion": "fail"}
    assert "could not be agreed" in found["tls"]["summary"]


def test_a_name_that_is_not_known(abroad: Sidecar, sandbox: Sandbox) -> None:
    nowhere = "https://nobody.invalid"
    save(abroad, profile(sandbox, identityDomainUrl=nowhere, fusionUrl=nowhere))
    found = checks(abroad)
    assert wrong(found) == {"dns": "fail", "fusion": "fail"}


def test_a_certificate_that_is_not_trusted_is_named_and_nothing_is_said_to_it(
    abroad: Sidecar, sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "tls"
    folder.mkdir()
    throwaway_authority(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    heard: list[bytes] = []
    handshakes: list[str | None] = []

    def meet(connection: socket.socket) -> None:
        with connection:
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    handshakes.append(secure.version())
                    while data := secure.recv(1 << 16):
                        heard.append(data)
            except (ssl.SSLError, OSError):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=meet, args=[connection], daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        save(abroad, local(sandbox, server.getsockname()[1]))
        found = checks(abroad)
        server.shutdown(socket.SHUT_RDWR)
    assert wrong(found) == {"tls": "fail", "fusion": "fail"}
    assert "who is not trusted here" in found["tls"]["summary"]
    assert "caFile" in found["tls"]["hint"]
    # The certificates were read over whole handshakes, after which not one byte came.
    assert handshakes and heard == []


@pytest.mark.parametrize(("answer", "told", "hint"), [
    (b"HTTP/1.1 407 Authenticate\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
     "a user and a password (407)", "https_proxy"),
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nsecret", "does not let this machine through", "allow idcs"),
    (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", "could not reach idcs.nobody.invalid itself", "DNS"),
])
def test_a_proxy_that_refuses(home: Home, sandbox: Sandbox, answer: bytes, told: str, hint: str) -> None:
    with listening(answer) as (port, read):
        environment = {"https_proxy": f"http://user:pass-of-proxy@127.0.0.1:{port}", "no_proxy": "pod.nobody.invalid"}
        with Sidecar(home, "--admin", "--store", "memory", environment=environment) as sidecar:
            urls = {"identityDomainUrl": "https://idcs.nobody.invalid", "fusionUrl": "https://pod.nobody.invalid"}
            save(sidecar, profile(sandbox, **urls))
            found = checks(sidecar)
    assert wrong(found) == {"proxy": "fail", "fusion": "fail"}
    assert told in found["proxy"]["summary"] and hint in found["proxy"]["hint"]
    assert found["tcp"]["summary"] == "The proxy takes connections at 127.0.0.1."
    # The pod is an exception, and is looked up here.
    assert "pod.nobody.invalid is not known" in found["fusion"]["summary"]
    everything = json.dumps(found) + sidecar.stderr
    assert "pass-of-proxy" not in everything and "secret" not in everything
    assert all(data.startswith(b"CONNECT idcs.nobody.invalid:443 ") for data in read)


@contextmanager
def socks(to: int) -> Iterator[tuple[int, list[bytes]]]:
    """A proxy of SOCKS 5 (RFC 1928) for which every name is one port of this machine; it keeps what it is asked for."""
    server, asked = socket.create_server(("127.0.0.1", 0)), []

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def meet(connection: socket.socket) -> None:
        with connection, suppress(OSError), socket.create_connection(("127.0.0.1", to)) as there:
            connection.recv(1 << 10)
            connection.sendall(b"\x05\x00")
            asked.append(connection.recv(1 << 10))
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            back = threading.Thread(target=pump, args=[there, connection], daemon=True)
            back.start()
            pump(connection, there)
            back.join()

    def serve() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=meet, args=[server.accept()[0]], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1], asked
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def test_a_proxy_of_socks_opens_the_way(home: Home, tls_sandbox: Sandbox) -> None:
    with socks(int(tls_sandbox.domain_url.rpartition(":")[2])) as (port, asked):
        environment = {"https_proxy": f"socks5h://127.0.0.1:{port}"}
        with Sidecar(home, "--admin", "--store", "memory", environment=environment) as sidecar:
            urls = {"identityDomainUrl": "https://idcs.nobody.invalid", "fusionUrl": "https://pod.nobody.invalid"}
            save(sidecar, profile(tls_sandbox, caFile=tls_sandbox.ca_file, **urls))
            found = checks(sidecar)
    assert wrong(found) == {"tls": "fail", "fusion": "fail"}
    assert "shows the certificate of another server" in found["tls"]["summary"]
    assert {request[5:-2] for request in asked} == {b"idcs.nobody.invalid", b"pod.nobody.invalid"}


# MARK: the bundle


def test_the_bundle_holds_what_support_needs_and_names_nobody(home: Home, sandbox: Sandbox) -> None:
    rules = {"subjects": {"allow": ["curtis.*", "ap.clerk"], "deny": ["planted.deny"]}, "agents": ["PAYABLES_TEAM"]}
    policy = home.private_file("policy.json", json.dumps({"subjects": {"allow": ["*"], "deny": ["planted.layer"]}}))
    with Sidecar(home, "--admin", "--policy", str(policy), *home.file_store()) as sidecar:
        key = onboard(sidecar, sandbox, policy=rules)
        sandbox.fault("domain", "token", path="*/token", after=1, claims={"sub": "ap.clerk"})
        result = sidecar.call("diagnose", **USER, bundle=True)
        bundle = result["bundle"]
        text = json.dumps(bundle)
        for planted in ("curtis", "ap.clerk", "planted", str(home.path), "correct horse"):
            assert planted not in text, planted
        assert bundle["profile"]["clientId"] == sandbox.client_id
        assert bundle["profile"]["policy"] == {"subjects": {"allow": 2, "deny": 1}, "agents": 1}
        assert bundle["policyFile"] == {"subjects": {"allow": 1, "deny": 1}}
        assert bundle["key"]["x5t#S256"] == key["x5t#S256"]
        assert bundle["process"]["options"] == ["--admin", "--config", "--passphrase-file", "--policy", "--store"]
        assert bundle["process"]["store"] == "file"
        assert bundle["user"] == {"from": "subject", "bytes": 13, "hasAt": False}
        assert [(check["id"], check["status"]) for check in bundle["checks"]] == [
            (check["id"], check["status"]) for check in result["checks"]
        ]
        fidelity = next(check for check in bundle["checks"] if check["id"] == "fidelity")
        assert fidelity["kind"] == "wrong_user" and "summary" not in fidelity
        assert bundle["ecids"] == [check["ecid"] for check in result["checks"] if "ecid" in check]
        assert bundle["counters"]["domains"][0]["exchanges"]["count"] == 2
        assert sidecar.call("diagnose", profile="absent", bundle=True)["bundle"]["checks"][0]["status"] == "fail"
        assert "bundle" not in sidecar.call("diagnose")


def test_the_bundle_holds_no_part_of_a_path(home: Home, sandbox: Sandbox) -> None:
    folder = home.path / "An Officer"
    folder.mkdir(mode=0o700)
    with Sidecar(home, "--admin", *home.file_store(folder / "a store")) as sidecar:
        onboard(sidecar, sandbox)
        sidecar.call("saveProfile", profile=profile(sandbox, caFile=str(folder / "a ca.pem")))
        result = sidecar.call("diagnose", **USER, bundle=True)
    told = json.dumps(result["checks"])
    assert "An Officer/a ca.pem" in told and "An Officer/a store" in told
    for part in ("Officer", "a ca", "a store"):
        assert part not in json.dumps(result["bundle"]), part
