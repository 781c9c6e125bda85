"""What the typed methods send and what they make of the answers."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, Callable

import pytest

from onbehalf import AsyncOnBehalf, OnBehalf, OnBehalfError
from onbehalf.results import Key

CALLS: list[tuple[Callable[[OnBehalf], Any], str, dict[str, Any]]] = [
    (lambda ob: ob.ping(), "ping", {}),
    (
        lambda ob: ob.get_token(profile="dev5", subject="curtis.feitty", min_ttl_seconds=5, force_refresh=True),
        "getToken",
        {"profile": "dev5", "subject": "curtis.feitty", "minTtlSeconds": 5, "forceRefresh": True},
    ),
    (lambda ob: ob.get_token(user_token="a.b.c", scope="s"), "getToken", {"userToken": "a.b.c", "scope": "s"}),
    (
        lambda ob: ob.mint_assertion(type="user", subject="curtis.feitty", lifetime_seconds=60, claims={"x": 1}),
        "mintAssertion",
        {"type": "user", "subject": "curtis.feitty", "lifetimeSeconds": 60, "claims": {"x": 1}},
    ),
    (
        lambda ob: ob.invoke_agent(
            subject="curtis.feitty",
            agent="PAYABLES_TEAM",
            message="Hello",
            conversation_id="c-1",
            invocation_mode="END_USER",
            parameters={"amount": 10},
            wait=False,
            timeout_ms=9000,
        ),
        "invokeAgent",
        {
            "subject": "curtis.feitty",
            "agent": "PAYABLES_TEAM",
            "message": "Hello",
            "conversationId": "c-1",
            "invocationMode": "END_USER",
            "parameters": {"amount": 10},
            "wait": False,
            "timeoutMs": 9000,
        },
    ),
    (
        lambda ob: ob.invoke_agent(subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", stream=True),
        "invokeAgent",
        {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM", "message": "Hello", "stream": True},
    ),
    (
        lambda ob: ob.get_agent_run(subject="curtis.feitty", agent="PAYABLES_TEAM", job_id="job-1", wait=True),
        "getAgentRun",
        {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM", "jobId": "job-1", "wait": True},
    ),
    (
        lambda ob: ob.list_agents(profile="dev5", user_token="a.b.c", query="pay"),
        "listAgents",
        {"profile": "dev5", "userToken": "a.b.c", "query": "pay"},
    ),
    (
        lambda ob: ob.get_agent_card(subject="curtis.feitty", agent="PAYABLES_TEAM"),
        "getAgentCard",
        {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM"},
    ),
    (
        lambda ob: ob.get_agent_run(subject="s", agent="A", job_id="job-1", invocation_mode="ADMIN"),
        "getAgentRun",
        {"subject": "s", "agent": "A", "jobId": "job-1", "invocationMode": "ADMIN"},
    ),
    (
        lambda ob: ob.resume_agent(subject="s", agent="A", conversation_id="c-1", message="Yes", wait=False),
        "resumeAgent",
        {"subject": "s", "agent": "A", "conversationId": "c-1", "message": "Yes", "wait": False},
    ),
    (
        lambda ob: ob.resume_agent(
            subject="s",
            agent="A",
            conversation_id="c-1",
            job_id="job-1",
            resume_node_input={"approved": True},
            invocation_mode="END_USER",
            timeout_ms=9000,
        ),
        "resumeAgent",
        {
            "subject": "s",
            "agent": "A",
            "conversationId": "c-1",
            "jobId": "job-1",
            "resumeNodeInput": {"approved": True},
            "invocationMode": "END_USER",
            "timeoutMs": 9000,
        },
    ),
    (
        lambda ob: ob.create_key("dev5-key", bits=3072, common_name="Dev 5", validity_days=30),
        "createKey",
        {"alias": "dev5-key", "bits": 3072, "commonName": "Dev 5", "validityDays": 30},
    ),
    (
        lambda ob: ob.import_key("k", pem="P", certificate_pem="C", identity_domain_url="https://d", client_id="c"),
        "importKey",
        {"alias": "k", "pem": "P", "certificatePem": "C", "identityDomainUrl": "https://d", "clientId": "c"},
    ),
    (lambda ob: ob.import_key("k", pem="P"), "importKey", {"alias": "k", "pem": "P"}),
    (
        lambda ob: ob.import_key("k", pkcs12=b"\x30\x82", passphrase="s"),
        "importKey",
        {"alias": "k", "pkcs12Base64": "MII=", "passphrase": "s"},
    ),
    (lambda ob: ob.list_keys(), "listKeys", {}),
    (lambda ob: ob.get_key("dev5-key"), "getKey", {"alias": "dev5-key"}),
    (lambda ob: ob.delete_key("dev5-key"), "deleteKey", {"alias": "dev5-key"}),
    (
        lambda ob: ob.rotate_key("k", step="start", next_alias="k-2", bits=3072, validity_days=30),
        "rotateKey",
        {"alias": "k", "step": "start", "nextAlias": "k-2", "bits": 3072, "validityDays": 30},
    ),
    (
        lambda ob: ob.rotate_key("k", step="try", profile="dev5", subject="curtis.feitty"),
        "rotateKey",
        {"alias": "k", "step": "try", "profile": "dev5", "subject": "curtis.feitty"},
    ),
    (lambda ob: ob.save_profile({"name": "dev5"}), "saveProfile", {"profile": {"name": "dev5"}}),
    (lambda ob: ob.get_profile("dev5"), "getProfile", {"name": "dev5"}),
    (lambda ob: ob.list_profiles(), "listProfiles", {}),
    (lambda ob: ob.delete_profile("dev5"), "deleteProfile", {"name": "dev5"}),
    (lambda ob: ob.set_client_secret("dev5", "s"), "setClientSecret", {"profile": "dev5", "clientSecret": "s"}),
    (lambda ob: ob.diagnose(online=False), "diagnose", {"online": False}),
    (lambda ob: ob.diagnose(agent="A", bundle=True), "diagnose", {"agent": "A", "bundle": True}),
    (
        lambda ob: ob.explain(subject="curtis.feitty", method="GET", path="/x"),
        "explain",
        {"subject": "curtis.feitty", "method": "GET", "path": "/x"},
    ),
]


@pytest.mark.parametrize(("call", "method", "params"), CALLS, ids=[f"{row[1]}-{i}" for i, row in enumerate(CALLS)])
def test_what_is_sent(ob: OnBehalf, call: Callable[[OnBehalf], Any], method: str, params: dict[str, Any]) -> None:
    call(ob)
    sent = ob.call("seen")[-2]
    assert (sent["method"], sent["params"]) == (method, params)


def test_every_method_is_in_the_table_and_in_both_faces() -> None:
    names = {name for name, value in vars(OnBehalf).items() if not name.startswith("_") and inspect.isfunction(value)}
    assert {name for name in vars(AsyncOnBehalf) if not name.startswith("_")} == names
    methods = {method.casefold() for _, method, _ in CALLS}
    assert {name.replace("_", "") for name in names - {"call", "close"}} == methods


def test_token(ob: OnBehalf) -> None:
    token = ob.get_token(profile="dev5", subject="curtis.feitty")
    assert token.access_token == "planted-access-token"
    assert (token.expires_in_seconds, token.source) == (3600, "exchange")
    assert token.raw["fieldOfNextYear"] == 7


def test_the_repr_of_a_result_keeps_credentials_to_itself(ob: OnBehalf) -> None:
    assert "planted" not in repr(ob.get_token(subject="curtis.feitty"))
    assert "planted" not in repr(ob.mint_assertion(type="user", subject="curtis.feitty"))


def test_key(ob: OnBehalf) -> None:
    (key,) = ob.list_keys()
    assert key == ob.get_key("dev5-key")
    assert (key.x5t, key.x5t_s256) == ("sha1-thumbprint", "sha256-thumbprint")
    assert key.certificate.sha256_fingerprint == "CC:DD"
    assert key.binding is not None and key.binding.client_id == "client-1"


def test_rotated_key(ob: OnBehalf) -> None:
    key = ob.rotate_key("dev5-key", step="start")
    assert key.next is not None and key.hint == "Import next.certificatePem."
    assert (key.next.alias, key.next.succeeds, key.next.next, list(key.next.warnings)) == (
        "dev5-key-2",
        "dev5-key",
        None,
        [],
    )
    assert [warning.kind for warning in key.warnings] == ["certificate_ending"]
    assert key.certificate.days_left == 12


def test_profile_can_be_changed_and_saved(ob: OnBehalf) -> None:
    (profile,) = ob.list_profiles()
    assert profile.identity_domain_url == "https://idcs-1.identity.oraclecloud.com"
    ob.save_profile({**profile.raw, "disabled": True})
    assert ob.call("seen")[-2]["params"]["profile"]["disabled"] is True


def test_run_that_goes_on(ob: OnBehalf) -> None:
    run = ob.get_agent_run(subject="curtis.feitty", agent="PAYABLES_TEAM", job_id="job-1")
    assert (run.state, run.polls, run.output, run.finished_at) == ("running", 2, None, None)


def test_agents_that_were_found(ob: OnBehalf) -> None:
    found = ob.list_agents(subject="curtis.feitty")
    first, second = found.agents
    assert (first.agent, first.name, first.streaming, first.card_url) == (
        "PAYABLES_TEAM",
        "Payables",
        True,
        "https://pod.example/agent.json",
    )
    assert [(skill.id, skill.tags) for skill in first.skills] == [("pay", ["money"])]
    assert (second.agent, second.name, second.skills) == ("HR_TEAM", None, ())
    assert (found.truncated, found.omitted) == (True, 2)


def test_a_card_is_there_whole(ob: OnBehalf) -> None:
    card = ob.get_agent_card(subject="curtis.feitty", agent="PAYABLES_TEAM")
    assert (card.name, card.description, card.capabilities) == ("Payables", None, {"streaming": True})
    assert card.raw["x-vendor"] == 12.5


def test_run_that_waits(ob: OnBehalf) -> None:
    run = ob.resume_agent(subject="curtis.feitty", agent="PAYABLES_TEAM", conversation_id="c-1", message="More?")
    assert (run.state, run.waiting_for) == ("waiting", {"node": "APPROVAL", "message": "Pay 12.50?"})


def test_diagnosis(ob: OnBehalf) -> None:
    diagnosis = ob.diagnose()
    assert not diagnosis.ok
    assert [(check.id, check.status, check.hint) for check in diagnosis.checks] == [
        ("store", "pass", None),
        ("clock", "warn", "Start NTP."),
    ]


def test_progress_comes_before_the_run(ob: OnBehalf) -> None:
    seen: list[Any] = []
    run = ob.invoke_agent(
        profile="dev5", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", on_progress=seen.append
    )
    assert [value["kind"] for value in seen] == ["begin", "report", "end"]
    assert seen[1]["jobId"] == run.job_id == "job-1"
    assert run.output == "curtis.feitty: Hello"
    assert dataclasses.is_dataclass(run)


def test_error_of_the_sidecar(ob: OnBehalf) -> None:
    data = {
        "kind": "rate_limited",
        "retryable": True,
        "retryAfterMs": 1500,
        "hint": "Wait.",
        "detail": {"ecid": "e-1"},
        "causes": [{"kind": "network_timeout"}],
    }
    with pytest.raises(OnBehalfError) as caught:
        ob.call("fail", {"code": 1400, "message": "Too many.", "data": data})
    error = caught.value
    assert (error.code, error.kind, error.hint) == (1400, "rate_limited", "Wait.")
    assert (error.retryable, error.retry_after_ms, error.detail) == (True, 1500, {"ecid": "e-1"})
    assert error.causes == [{"kind": "network_timeout"}]
    assert str(error) == "Too many. Wait."


@pytest.mark.parametrize(
    "wire", [{}, {"code": 5, "message": "Bare."}, {"code": 5, "message": "x", "data": []}, None, 7]
)
def test_error_without_data(wire: Any) -> None:
    error = OnBehalfError.from_wire(wire)
    assert (error.kind, error.retryable, error.hint) == ("internal", False, None)


@pytest.mark.parametrize("wire", [None, [], {}, {"alias": "k"}])
def test_an_answer_that_lacks_something_is_told(wire: Any) -> None:
    with pytest.raises(OnBehalfError) as caught:
        Key.from_wire(wire)
    assert caught.value.kind == "sidecar_incompatible"


def test_unknown_method(ob: OnBehalf) -> None:
    with pytest.raises(OnBehalfError, match="There is no method signAnything") as caught:
        ob.call("signAnything")
    assert (caught.value.code, caught.value.kind) == (-32601, "method_not_found")
