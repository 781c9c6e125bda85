"""The sandbox as a process: its one line, its options, its end, and many callers at once."""

import concurrent.futures
import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.control import TESTS, Sandbox
from sandbox.state import DEFAULT_START, State
from sandbox.tests.caller import Caller
from sandbox.tests.identity import Identity

JWKS = "/admin/v1/SigningCert/jwk"


def spawn(*options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sandbox", *options]
    return subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_it_says_one_line_and_ends_with_its_standard_input() -> None:
    process = spawn("--until-stdin-closes")
    where = json.loads(process.stdout.readline())
    assert len({where[name] for name in ("identityDomainUrl", "fusionUrl", "adminUrl")}) == 3
    out, err = process.communicate(timeout=10)  # closes its standard input
    assert (process.returncode, out, err) == (0, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_on_a_signal_even_in_mid_request(number: signal.Signals) -> None:
    with Sandbox() as sandbox:
        sandbox.fault("pod", "hang")
        place = urlsplit(sandbox.pod_url)
        with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: sandbox\r\n\r\n")
            sandbox.await_faults()
            sandbox.process.send_signal(number)
            assert connection.recv(1) == b""
        assert sandbox.process.wait(timeout=10) == 0


@pytest.fixture(scope="module")
def over_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox("--tls", str(tmp_path_factory.mktemp("tls"))) as sandbox:
        yield sandbox


def test_tls_with_a_throwaway_authority(over_tls: Sandbox, identity: Identity) -> None:
    with requests.Session() as session:
        session.trust_env = False
        assert over_tls.domain_url.startswith("https://") and over_tls.pod_url.startswith("https://")
        assert stat.S_IMODE(Path(over_tls.ca_file).with_name("server.key").stat().st_mode) == 0o600
        with pytest.raises(requests.exceptions.SSLError):
            session.get(over_tls.domain_url + JWKS, timeout=10)
        session.verify = over_tls.ca_file
        over_tls.register_certificate("demo", identity.pem)
        caller = Caller(over_tls, identity.key, identity.certificate, session)
        assert caller.invoke(caller.token()).status_code == 202
        at_localhost = over_tls.pod_url.replace("127.0.0.1", "localhost")
        assert session.get(at_localhost, timeout=10).status_code == 404
        over_tls.fault("domain", "truncate", afterBytes=5)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            caller.exchange(caller.form())


def test_streams_and_restarts_over_tls(over_tls: Sandbox, identity: Identity) -> None:
    over_tls.clear()
    over_tls.register_certificate("demo", identity.pem)
    with requests.Session() as session:
        session.trust_env, session.verify = False, over_tls.ca_file
        caller = Caller(over_tls, identity.key, identity.certificate, session)
        token = caller.token()
        over_tls.fault("pod", "stream", afterEvents=1, then="stall", times=2)
        with caller.chat(token) as answer:
            over_tls.await_faults(held=1)
            over_tls.release()
            assert answer.content.endswith(b"data: [DONE]\n\n")
        with caller.chat(token) as answer:
            over_tls.await_faults(matched=2, held=1)
            over_tls.restart()
            with pytest.raises(requests.RequestException):
                answer.content
        assert caller.invoke(token).status_code == 202


def test_a_client_that_never_finishes_its_handshake_stops_nobody(over_tls: Sandbox) -> None:
    place = urlsplit(over_tls.domain_url)
    with socket.create_connection((place.hostname, place.port), timeout=10):
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(over_tls.domain_url + JWKS, verify=over_tls.ca_file, timeout=5).status_code == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_tls_is_1_2_or_newer(over_tls: Sandbox) -> None:
    place = urlsplit(over_tls.domain_url)
    context = ssl.create_default_context(cafile=over_tls.ca_file)
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            context.wrap_socket(connection, server_hostname="127.0.0.1")


def test_a_start_state_of_ones_own_and_a_log(tmp_path: Path, identity: Identity) -> None:
    start = json.loads(DEFAULT_START.read_text())
    start["clients"][0]["certificates"] = {"demo": identity.pem}
    start["users"] = [{"userName": "new.user", "displayName": "New User", "roles": ["HR"]}]
    config, log = tmp_path / "start.json", tmp_path / "log"
    config.write_text(json.dumps(start))
    with Sandbox("--config", str(config), "--log", str(log)) as sandbox, requests.Session() as session:
        session.trust_env = False
        caller = Caller(sandbox, identity.key, identity.certificate, session)
        assert caller.invoke(caller.token("new.user"), "HR_TEAM").status_code == 202
        audit = sandbox.audit()
    assert [json.loads(line) for line in log.read_text().splitlines()] == audit
    assert [(row["side"], row["actor"]) for row in audit] == [("domain", "new.user"), ("pod", "new.user")]


@pytest.mark.parametrize(("content", "complaint"), [
    ("{", "Expecting"), ('{"tenant": 1}', "Start.tenant must be str"), ('{"tenant": "t", "tenant": "u"}', "twice"),
    ('{"tenant": "t", "agentScope": "a", "apiScope": "b", "user": []}', "Start has no member user"),
])
def test_a_start_state_that_cannot_be_used(tmp_path: Path, content: str, complaint: str) -> None:
    config = tmp_path / "start.json"
    config.write_text(content)
    with pytest.raises(ValueError, match=complaint):
        State(config)


def test_a_start_state_that_is_not_there(tmp_path: Path) -> None:
    process = spawn("--config", str(tmp_path / "none.json"))
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, b"") and "No such file" in err.decode() and "Traceback" not in err.decode()


def test_the_start_script_starts_it() -> None:
    start = [str(TESTS / "sandbox" / "start"), "--until-stdin-closes"]
    process = subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    out, _ = process.communicate(timeout=300)  # the first start of a checkout installs packages
    assert process.returncode == 0 and set(json.loads(out)) >= {"identityDomainUrl", "fusionUrl", "adminUrl"}


def test_hundreds_at_once_over_kept_connections(caller: Caller) -> None:
    """300 connections, all held by a slow answer at the same time, and then used once more."""
    count = 300
    sandbox = caller.sandbox
    place = urlsplit(sandbox.domain_url)
    request = f"GET {JWKS} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode()
    sandbox.fault("domain", "delay", delaySeconds=0.3, times=count)
    connections = [socket.create_connection((place.hostname, place.port), timeout=20) for _ in range(count)]
    try:
        for _ in range(2):
            for connection in connections:
                connection.sendall(request)
            assert all(read_answer(connection) == b"200" for connection in connections)
    finally:
        for connection in connections:
            connection.close()
    assert sandbox.faults()[0]["matched"] == count


def read_answer(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as answer:
        status = answer.readline().split()[1]
        headers = dict(line.rstrip().lower().split(b": ", 1) for line in iter(answer.readline, b"\r\n"))
        answer.read(int(headers[b"content-length"]))
        return status


def test_concurrent_exchanges_are_all_answered_and_all_audited(caller: Caller) -> None:
    forms = [caller.form() for _ in range(100)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda form: caller.exchange(form).status_code, forms))
    assert statuses == [200] * 100
    assert len(caller.sandbox.audit(action="token.issue", outcome="granted")) == 100
