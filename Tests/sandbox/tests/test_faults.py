"""Each fault, as a client meets it on the wire."""

import socket
import time
from urllib.parse import urlsplit

import jwt
import pytest
import requests

from sandbox.tests.caller import Caller

JWKS = "/admin/v1/SigningCert/jwk"


def keys(caller: Caller, **options: object) -> requests.Response:
    return caller.session.get(caller.sandbox.domain_url + JWKS, **{"timeout": 10, **options})


def raw(url: str, path: str, until_end: bool = True) -> bytes:
    """The bytes of an answer to a plain GET, up to the end of the connection."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_a_rate_limit_is_an_answer_with_retry_after(caller: Caller) -> None:
    caller.sandbox.fault("domain", "respond", status=429, headers={"Retry-After": "2"}, path="/oauth2/*", times=2)
    for status in (429, 429, 200):
        answer = caller.exchange(caller.form())
        assert answer.status_code == status
        assert answer.headers.get("Retry-After") == ("2" if status == 429 else None)
        assert "Date" in answer.headers


def test_an_outage_is_a_page_in_html(caller: Caller) -> None:
    page = "<html><body>Service Unavailable</body></html>"
    caller.sandbox.fault("pod", "respond", status=503, headers={"Content-Type": "text/html"}, body=page, times=None)
    for _ in range(3):
        answer = caller.invoke("any")
        assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (503, page, "text/html")
    caller.sandbox.clear_faults()
    assert caller.invoke("any").status_code == 401


def test_malformed_json(caller: Caller) -> None:
    body = '{"access_token": "x", '
    caller.sandbox.fault("domain", "respond", status=200, headers={"Content-Type": "application/json"}, body=body)
    answer = caller.exchange(caller.form())
    assert answer.status_code == 200 and answer.text == body


def test_a_redirect_elsewhere(caller: Caller) -> None:
    caller.sandbox.fault("pod", "redirect", location="http://127.0.0.1:9/elsewhere")
    answer = caller.session.get(f"{caller.sandbox.pod_url}/any", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_a_delay_goes_before_any_fault(caller: Caller) -> None:
    caller.sandbox.fault("domain", "delay", delaySeconds=0.2)
    caller.sandbox.fault("domain", "respond", status=500, delaySeconds=0.2)
    for status in (200, 500):
        began = time.monotonic()
        assert keys(caller).status_code == status
        assert time.monotonic() - began >= 0.2


def test_a_truncated_body_is_short_of_its_content_length(caller: Caller) -> None:
    caller.sandbox.fault("domain", "truncate", path=JWKS, afterBytes=20)
    head, _, body = raw(caller.sandbox.domain_url, JWKS).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and len(body) == 20
    declared = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert declared > 20


@pytest.mark.parametrize(("when", "audited"), [("before", 0), ("after", 1)])
def test_a_reset_before_or_after_the_effect(caller: Caller, when: str, audited: int) -> None:
    caller.sandbox.fault("domain", "reset", when=when, path="/oauth2/v1/token")
    with pytest.raises(requests.ConnectionError) as failure:
        caller.exchange(caller.form())
    assert "Connection reset" in str(failure.value) or "Connection aborted" in str(failure.value)
    assert len(caller.sandbox.audit(action="token.issue")) == audited


def test_a_reset_is_a_tcp_reset(caller: Caller) -> None:
    caller.sandbox.fault("pod", "reset")
    with pytest.raises(ConnectionResetError):
        raw(caller.sandbox.pod_url, "/any")


def test_a_huge_body_declared_or_not(caller: Caller) -> None:
    for declared in (True, False):
        caller.sandbox.fault("domain", "huge", sizeBytes=20_000_000, declared=declared)
        with keys(caller, stream=True) as answer:
            assert ("Content-Length" in answer.headers) == declared
            assert (answer.headers.get("Transfer-Encoding") == "chunked") != declared
            assert sum(len(chunk) for chunk in answer.iter_content(1 << 20)) == 20_000_000


def test_a_slow_drip(caller: Caller) -> None:
    whole = keys(caller).content
    caller.sandbox.fault("domain", "drip", secondsPerByte=0.05)
    began = time.monotonic()
    with keys(caller, stream=True) as answer:
        assert answer.raw.read(5) == whole[:5]
        assert time.monotonic() - began >= 0.25
        caller.sandbox.clear_faults()  # what is left comes at once
        assert answer.raw.read() == whole[5:]


def test_an_answer_that_never_comes(caller: Caller) -> None:
    caller.sandbox.fault("domain", "hang", times=None)
    with pytest.raises(requests.ReadTimeout):
        keys(caller, timeout=0.2)
    caller.sandbox.clear_faults()
    assert keys(caller).status_code == 200


def test_clearing_the_faults_ends_a_hang(caller: Caller) -> None:
    caller.sandbox.fault("domain", "hang")
    place = urlsplit(caller.sandbox.domain_url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(f"GET {JWKS} HTTP/1.1\r\nHost: sandbox\r\n\r\n".encode())
        caller.sandbox.await_faults()
        caller.sandbox.clear_faults()
        assert connection.recv(1) == b""


def test_faults_are_met_in_order_and_may_begin_later(caller: Caller) -> None:
    caller.sandbox.fault("domain", "respond", status=500, path=JWKS, after=1, times=1)
    caller.sandbox.fault("domain", "respond", status=502, method="POST")
    assert [keys(caller).status_code for _ in range(3)] == [200, 500, 200]
    assert caller.exchange(caller.form()).status_code == 502
    assert [fault["matched"] for fault in caller.sandbox.faults()] == [2, 1]


def test_a_token_of_the_wrong_user_acts_as_that_user(caller: Caller) -> None:
    caller.sandbox.fault("domain", "token", claims={"sub": "ap.clerk"})
    token = caller.token("curtis.feitty")
    assert jwt.decode(token, options={"verify_signature": False})["sub"] == "ap.clerk"
    assert caller.invoke(token).status_code == 202
    assert caller.sandbox.audit(side="pod")[-1]["actor"] == "ap.clerk"


@pytest.mark.parametrize(("edit", "seen"), [
    ({"drop": ["sub_type"]}, None), ({"claims": {"sub_type": "client"}}, "client"), ({"claims": {"sub_type": 7}}, 7),
])
def test_a_token_that_is_not_said_to_be_a_user(caller: Caller, edit: dict, seen: object) -> None:
    caller.sandbox.fault("domain", "token", **edit)
    token = caller.token()
    assert jwt.decode(token, options={"verify_signature": False}).get("sub_type") == seen
    assert caller.invoke(token).status_code == 401


def test_an_opaque_token_is_good_at_the_pod(caller: Caller) -> None:
    caller.sandbox.fault("domain", "token", opaque=True)
    token = caller.token()
    assert "." not in token
    assert caller.invoke(token).status_code == 202
    assert caller.sandbox.audit(side="pod")[-1]["actor"] == "curtis.feitty"


@pytest.mark.parametrize("response", [{"expires_in": "soon"}, {"expires_in": -1}, {"token_type": "mac"}, {"x": None}])
def test_a_strange_token_response(caller: Caller, response: dict) -> None:
    caller.sandbox.fault("domain", "token", response=response)
    assert caller.exchange(caller.form()).json().items() >= response.items()


@pytest.mark.parametrize(("states", "seen", "member"), [
    (["ERROR"], ["ERROR", "ERROR"], "error"),
    (["WAITING"], ["WAITING", "WAITING"], None),
    (["RUNNING", "THINKING", "COMPLETED"], ["RUNNING", "THINKING", "COMPLETED"], "output"),
])
def test_a_run_through_other_states(caller: Caller, states: list[str], seen: list[str], member: str | None) -> None:
    caller.sandbox.fault("pod", "run", states=states, output="Done.", error="Failed.")
    token = caller.token()
    job = caller.invoke(token).json()["jobId"]
    answers = [caller.status(token, job).json() for _ in seen]
    assert [answer["status"] for answer in answers] == seen
    assert {name: answers[-1].get(name) for name in ("output", "error")} == {
        "output": "Done." if member == "output" else None, "error": "Failed." if member == "error" else None
    }
    assert caller.invoke(token).status_code == 202
    assert caller.sandbox.faults()[0]["matched"] == 1


def test_the_connection_outlives_an_answered_fault(caller: Caller) -> None:
    """A fault that only answers leaves keep-alive alone, unread request body and all."""
    caller.sandbox.fault("pod", "respond", status=503)
    place = urlsplit(caller.sandbox.pod_url)
    body = b"x" * 70_000
    head = f"POST /any HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        for status in (b"503", b"404"):
            connection.sendall(head + body)
            answer = connection.makefile("rb")
            assert answer.readline().split()[1] == status
            headers = dict(line.rstrip().lower().split(b": ", 1) for line in iter(answer.readline, b"\r\n"))
            answer.read(int(headers[b"content-length"]))
            assert b"connection" not in headers
