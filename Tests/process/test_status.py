"""`getStatus`: what it counts is what the servers saw, and it answers when nothing else does."""

from typing import Any

from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import Home, Sidecar, framed

TOKEN = "/oauth2/v1/token"


def status(sidecar: Sidecar) -> dict[str, Any]:
    return sidecar.call("getStatus")


def test_a_sidecar_that_did_nothing_has_nothing_to_tell(home: Home) -> None:
    with Sidecar(home, "--store", "memory") as sidecar:
        told = status(sidecar)
        assert (told["methods"], told["refused"], told["domains"], told["pods"]) == ({}, {}, [], [])
        assert (told["store"], told["admin"], told["locked"], told["inFlight"]) == ("memory", False, False, 0)
        assert status(sidecar)["methods"]["getStatus"]["count"] == 1


def test_the_counts_are_those_of_the_servers(sidecar: Sidecar, sandbox: Sandbox) -> None:
    users = ["curtis.feitty", "ap.clerk", "no.roles"]
    for user in users * 5:
        sidecar.call("getToken", subject=user)
    for user in users[:2]:
        sidecar.call("invokeAgent", subject=user, agent="PAYABLES_TEAM", message="Hello")
    for user in ("nobody", "inactive.user"):
        sidecar.refusal("getToken", subject=user)
    sidecar.refusal("invokeAgent", subject="no.roles", agent="PAYABLES_TEAM", message="Hello")
    told = status(sidecar)

    domain, = told["domains"]
    assert domain["identityDomainUrl"] == sandbox.domain_url
    assert domain["exchanges"]["count"] == len(sandbox.audit(action="token.issue")) == 5
    assert domain["exchanges"]["errors"] == {"invalid_grant": 2}
    assert domain["traffic"]["answers"] == {"200": 3, "400": 2}
    pod, = told["pods"]
    assert pod["fusionUrl"] == sandbox.pod_url
    seen = [str(row["status"]) for row in sandbox.audit(side="pod")]
    assert pod["traffic"]["answers"] == {status: seen.count(status) for status in set(seen)}
    assert pod["traffic"]["answers"]["202"] == 2 and pod["traffic"]["answers"]["403"] == 1
    assert (pod["traffic"]["requests"], pod["traffic"]["failures"]) == (len(seen), {})

    methods = told["methods"]
    assert (methods["getToken"]["count"], methods["getToken"]["errors"]) == (17, {"invalid_grant": 2})
    assert (methods["invokeAgent"]["count"], methods["invokeAgent"]["errors"]) == (3, {"fusion_forbidden": 1})
    # Most tokens came from memory, and those that did not took as long as the domain.
    latency = methods["getToken"]["latency"]
    assert 0 < latency["p50Ms"] < latency["maxMs"]
    assert domain["exchanges"]["latency"]["p50Ms"] > latency["p50Ms"]
    # A run is polled for a second or so.
    assert methods["invokeAgent"]["latency"]["maxMs"] > 500 > pod["traffic"]["latency"]["p50Ms"]


def test_failures_of_servers_are_told_apart(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("domain", "truncate", path=TOKEN, afterBytes=20, times=None)
    sidecar.refusal("getToken", subject="curtis.feitty")
    sandbox.clear_faults()
    sidecar.call("getToken", subject="curtis.feitty")
    sandbox.fault("pod", "hang", path="*/invokeAsync")
    sidecar.refusal("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", timeoutMs=300)
    told = status(sidecar)
    # The answer does not wait for the end of what it gives up.
    while told["pods"][0]["traffic"]["inFlight"]:
        told = status(sidecar)
    assert told["domains"][0]["traffic"]["failures"].keys() == {"broken"}
    assert told["domains"][0]["exchanges"]["errors"] == {"unreachable": 1}
    assert told["pods"][0]["traffic"]["failures"] == {"cancelled": 1}
    assert told["methods"]["invokeAgent"]["errors"] == {"deadline_exceeded": 1}


def test_it_answers_when_no_other_request_is_taken(sidecar: Sidecar, sandbox: Sandbox) -> None:
    limit = status(sidecar)["limits"]["maxInFlightRequests"]
    sandbox.fault("domain", "hang", path=TOKEN, times=None)
    stuck = {"jsonrpc": "2.0", "method": "getToken", "params": {"subject": "curtis.feitty"}}
    sidecar.send_bytes(b"".join(framed(stuck | {"id": f"stuck {number}"}) for number in range(limit)))
    assert sidecar.refusal("listProfiles").kind == "too_many_requests"
    told = status(sidecar)
    assert (told["inFlight"], told["refused"]) == (limit, {"too_many_requests": 1})
    assert sidecar.call("ping") == {}
    sidecar.send({"jsonrpc": "2.0", "id": "lock", "method": "lock"})
    answers = {answer["id"]: answer for answer in (sidecar.receive() for _ in range(limit + 1))}
    assert answers.pop("lock")["result"] == {"locked": True}
    assert {answer["error"]["data"]["kind"] for answer in answers.values()} == {"locked"}
    assert status(sidecar)["inFlight"] == 0


def test_a_line_that_is_no_request_is_counted(home: Home) -> None:
    with Sidecar(home, "--store", "memory") as sidecar:
        sidecar.send_bytes(b"{\n")
        sidecar.receive()
        sidecar.refusal("signAnything")
        sidecar.refusal("getToken", subjekt="curtis.feitty")
        assert status(sidecar)["refused"] == {"parse_error": 1, "method_not_found": 1, "invalid_params": 1}


def test_it_tells_nobody_who_the_users_are(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox)
        sidecar.call("getToken", subject="curtis.feitty")
        told = str(status(sidecar))
        for name in ("curtis", "dev5", "payables", sandbox.client_id, sandbox.scope):
            assert name not in told
