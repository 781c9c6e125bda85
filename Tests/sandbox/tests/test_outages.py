"""A side that is away and comes back, and tokens that are worth nothing any more."""

import concurrent.futures
import http.client
import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.control import AdminError, Sandbox
from sandbox.tests.caller import AGENTS, Caller, bearer


def test_a_cut_drops_connections_and_refuses_new_ones_until_it_is_over(caller: Caller) -> None:
    sandbox, token = caller.sandbox, caller.token()
    job = caller.invoke(token).json()["jobId"]
    place = urlsplit(sandbox.pod_url)
    idle = http.client.HTTPConnection(place.netloc, timeout=10)
    idle.request("GET", "/nothing")
    assert idle.getresponse().read()
    sandbox.cut()
    assert idle.sock.recv(1) == b""
    idle.close()
    sandbox.cut()
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((place.hostname, place.port), timeout=10)
    assert caller.token("ap.clerk")
    sandbox.restore()
    sandbox.restore()
    assert caller.status(token, job).json()["status"] == "RUNNING"


def test_a_reset_of_the_sandbox_ends_a_cut(caller: Caller) -> None:
    for side in ("domain", "pod"):
        caller.sandbox.cut(side)
    caller.sandbox.clear()
    for url in (caller.sandbox.domain_url, caller.sandbox.pod_url):
        assert requests.get(url, timeout=10).status_code == 404


@pytest.mark.parametrize("fault", [
    {"kind": "hang"}, {"kind": "delay", "delaySeconds": 3600}, {"kind": "drip", "secondsPerByte": 3600},
])
def test_a_restart_waits_for_no_request(caller: Caller, fault: dict) -> None:
    sandbox, token = caller.sandbox, caller.token()
    sandbox.fault("pod", path="*/invokeAsync", **fault)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(caller.invoke, token)
        sandbox.await_faults()
        sandbox.restart()
        assert isinstance(asked.exception(timeout=10), requests.RequestException)
    assert caller.invoke(token).status_code == 202
    started = sandbox.audit(action="agent.invoke", outcome="granted")
    assert len(started) == (2 if fault["kind"] == "drip" else 1)


@pytest.mark.parametrize("kept", [True, False])
def test_a_restart_breaks_streams_and_keeps_runs_or_not(caller: Caller, kept: bool) -> None:
    sandbox, token = caller.sandbox, caller.token()
    sandbox.fault("pod", "stream", afterEvents=1, then="stall")
    with caller.chat(token) as answer:
        lines = answer.iter_lines(chunk_size=1)
        first = json.loads(next(lines).removeprefix(b"data: "))
        sandbox.restart(keep_jobs=kept)
        with pytest.raises(requests.RequestException):
            list(lines)
    seen = [caller.status(token, first["jobId"]) for _ in range(3)]
    assert [answer.json()["status"] for answer in seen] == (["RUNNING", "RUNNING", "COMPLETE"] if kept else [404] * 3)
    again = caller.invoke(token, conversationId=first["conversationId"])
    assert again.status_code == (202 if kept else 404)


def test_the_domain_can_be_away_too(caller: Caller) -> None:
    token = caller.token()
    caller.sandbox.cut("domain")
    with pytest.raises(requests.ConnectionError):
        caller.token()
    assert caller.invoke(token).status_code == 202
    caller.sandbox.restart("domain")  # a cut is over with it
    assert caller.invoke(caller.token()).status_code == 202


def test_it_ends_while_it_is_cut() -> None:
    with Sandbox() as sandbox:
        sandbox.cut()
        assert sandbox.stop() == 0


def test_tokens_of_one_user_are_revoked(caller: Caller) -> None:
    sandbox = caller.sandbox
    sandbox.revoke_tokens("curtis.feitty")
    old, other = caller.token("curtis.feitty"), caller.token("ap.clerk")
    sandbox.fault("domain", "token", opaque=True)
    opaque = caller.token("curtis.feitty")
    job = caller.invoke(old).json()["jobId"]
    assert sandbox.revoke_tokens("curtis.feitty") == 2
    for token in (old, opaque):
        answer = caller.status(token, job)
        assert (answer.status_code, "revoked" in answer.json()["detail"]) == (401, True)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="fusion", error="invalid_token"'
    new = caller.token("curtis.feitty")
    assert caller.status(new, job).status_code == caller.card(other).status_code == 200
    assert sandbox.revoke_tokens("curtis.feitty") == 1
    assert sandbox.revoke_tokens("curtis.feitty") == 0
    assert caller.exchange(caller.form(assertion=sandbox.id_token("curtis.feitty"))).status_code == 200


def test_a_stream_that_has_begun_outlives_its_token(caller: Caller) -> None:
    caller.sandbox.fault("pod", "stream", afterEvents=1, then="stall")
    with caller.chat(caller.token()) as answer:
        caller.sandbox.await_faults(held=1)
        caller.sandbox.revoke_tokens("curtis.feitty")
        caller.sandbox.release()
        assert answer.content.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("ask", [
    lambda sandbox: sandbox.cut("middle"),
    lambda sandbox: sandbox.restore("admin"),
    lambda sandbox: sandbox.restart(keep_jobs="no"),
    lambda sandbox: sandbox.admin("POST", "/cut", {"side": "pod", "seconds": 5}),
    lambda sandbox: sandbox.revoke_tokens("nobody"),
    lambda sandbox: sandbox.admin("POST", "/faults/release", {"held": 1}),
    lambda sandbox: sandbox.await_faults(matched=0, left=1, seconds=0.01),
])
def test_what_can_not_be_asked_for(sandbox: Sandbox, ask: Callable[[Sandbox], object]) -> None:
    with pytest.raises(AdminError):
        ask(sandbox)
    assert requests.get(f"{sandbox.pod_url}{AGENTS}", headers=bearer("x"), timeout=10).status_code == 404
