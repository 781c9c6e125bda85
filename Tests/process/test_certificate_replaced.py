"""Servers whose certificate is replaced while many calls are under way."""

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from front import Front
from load import Load
from onboarding import onboard
from sandbox.certificates import Authority
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

USERS = [f"user{number}" for number in range(20)]
INVOICES = {"method": "GET", "path": "/fscmRestApi/resources/11.13.18.05/invoices"}
HOST = "127.0.0.1"


class Calls(Load):
    """New tokens, tokens in memory, and calls of the pod, by turns."""

    KINDS = ["new", "kept", "api"]

    def __init__(self, sidecar: Sidecar) -> None:
        super().__init__(sidecar, USERS)
        self.kinds = itertools.cycle(self.KINDS)
        self.asked: dict[int, str] = {}

    def ask(self) -> None:
        kind, user = next(self.kinds), {"subject": next(self.users)}
        method, params = {
            "new": ("getToken", user | {"forceRefresh": True}),
            "kept": ("getToken", {"subject": "curtis.feitty"}),
            "api": ("callApi", user | INVOICES),
        }[kind]
        self.asked[self.sidecar.last_id + 1] = kind
        self.sidecar.request(method, **params)

    def outcomes(self, since: int = 0) -> set[tuple[str, str]]:
        """What came of each kind of call: `answer`, or the kind of the error."""
        return {
            (self.asked[answer["id"]], answer["error"]["data"]["kind"] if "error" in answer else "answer")
            for answer in self.answers[since:]
        }

    def seconds_until(self, is_so: Callable[[], bool]) -> float:
        begun = time.monotonic()
        with self.arrival:
            assert self.arrival.wait_for(is_so, timeout=20)
        return time.monotonic() - begun


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def fronts(sandbox: Sandbox, authority: Authority) -> Iterator[tuple[Front, Front]]:
    certificate = authority.server(HOST)
    with Front(sandbox.domain_url, certificate) as domain, Front(sandbox.pod_url, certificate) as pod:
        yield domain, pod


@pytest.fixture
def behind_tls(
    home: Home, sandbox: Sandbox, authority: Authority, fronts: tuple[Front, Front]
) -> Iterator[Sidecar]:
    """A sidecar that knows domain and pod by their TLS fronts, and has a token of curtis.feitty."""
    for user in USERS:
        sandbox.put_user(user, displayName=user, roles=[])
    roots = str(home.private_file("ca.pem", authority.pem.decode()))
    domain, pod = fronts
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox, identityDomainUrl=domain.url, fusionUrl=pod.url, caFile=roots, audit="best-effort",
                apiScopes=[{"pathPrefix": "/fscmRestApi", "scope": sandbox.api_scope}])
        sidecar.call("getToken", subject="curtis.feitty")
        yield sidecar


ALL_WELL = {(kind, "answer") for kind in Calls.KINDS}


def test_another_of_the_same_authority_is_not_noticed(
    behind_tls: Sidecar, authority: Authority, fronts: tuple[Front, Front]
) -> None:
    with Calls(behind_tls) as load:
        for _ in range(5):
            for front in fronts:
                front.present(authority.server(HOST))
            load.goes_on()
            load.seconds_until(lambda: all(front.requests > 0 for front in fronts))
    assert load.outcomes() == ALL_WELL
    print(f"{len(load.answers)} calls, 5 replacements of both, no failure")


def test_one_of_nobody_gets_nothing_and_the_right_one_is_taken_at_once(
    behind_tls: Sidecar, sandbox: Sandbox, authority: Authority, fronts: tuple[Front, Front]
) -> None:
    wrong = Authority("nobody's CA").server(HOST)
    with Calls(behind_tls) as load:
        for front in fronts:
            front.present(wrong)
        failing = load.seconds_until(lambda: {("new", "tls_failed"), ("api", "tls_failed")} <= load.outcomes())
        load.goes_on()
        load.goes_on()
        assert [front.requests for front in fronts] == [0, 0], "nothing is sent to a server that is not known"
        assert all(front.refusals > 0 for front in fronts)
        back = len(load.answers)
        for front in fronts:
            front.present(authority.server(HOST))
        recovered = load.seconds_until(lambda: ALL_WELL <= load.outcomes(back))
        load.goes_on()
        after = len(load.answers)
        load.goes_on()
        assert load.outcomes(after) == ALL_WELL
    assert load.outcomes() == ALL_WELL | {("new", "tls_failed"), ("api", "tls_failed")}, "what is kept goes on"
    failures = sum("error" in answer for answer in load.answers)
    print(f"failing after {failing * 1e3:.0f} ms, back after {recovered * 1e3:.0f} ms, {failures} of {len(load.answers)}")
    for answer in load.answers:
        if "error" in answer:
            data: dict[str, Any] = answer["error"]["data"]
            assert (data["retryable"], "caFile" in data["hint"]) == (False, True)
