"""The main job with each secret store: a key, two assertions, a token that is the user, an agent's answer."""

from collections.abc import Iterator

import pytest
from desktop import Desktop
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar
from transcript import FILES


@pytest.fixture(params=["secret-service", "file"])
def lasting_store(request: pytest.FixtureRequest, home: Home) -> Iterator[list[str]]:
    """The options of a store whose content outlives the process."""
    if request.param == "file":
        yield home.file_store()
    else:
        with Desktop(home) as desktop:
            desktop.start_keyring()
            yield []


def ask_as_three_users(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "COMPLETE"])
    for user, name in [("curtis.feitty", "Curtis Feitty"), ("ap.clerk", "Ap Clerk")]:
        run = sidecar.call("invokeAgent", profile="dev5", subject=user, agent="PAYABLES_TEAM", message="Hello")
        assert run["state"] == "complete"
        assert run["output"] == f"Hello, {name}. PAYABLES_TEAM read: Hello"
    refused = sidecar.refusal("invokeAgent", profile="dev5", subject="no.roles", agent="PAYABLES_TEAM", message="Hello")
    assert refused.kind == "fusion_forbidden"
    assert refused.detail["code"] == "FAI-40300"
    assert "role" in refused.hint
    rows = [(row["actor"], row["client"], row["outcome"]) for row in sandbox.audit(side="pod", action="agent.invoke")]
    assert rows == [
        ("curtis.feitty", sandbox.client_id, "granted"),
        ("ap.clerk", sandbox.client_id, "granted"),
        ("no.roles", sandbox.client_id, "refused"),
    ]


def test_in_memory(sidecar: Sidecar, sandbox: Sandbox) -> None:
    ask_as_three_users(sidecar, sandbox)


def test_the_key_outlives_the_process_that_made_it(home: Home, sandbox: Sandbox, lasting_store: list[str]) -> None:
    with Sidecar(home, "--admin", *lasting_store) as person:
        made = onboard(person, sandbox)
    with Sidecar(home, *lasting_store) as backend:
        assert backend.call("getKey", alias="payables") == made
        ask_as_three_users(backend, sandbox)


def test_memory_keeps_nothing(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as person:
        onboard(person, sandbox)
    with Sidecar(home, "--store", "memory") as backend:
        assert backend.call("listKeys") == {"keys": []}
        assert backend.refusal("getToken", subject="curtis.feitty").kind == "key_not_found"


def test_one_printf_makes_key_profile_and_token(home: Home, sandbox: Sandbox) -> None:
    """The key is imported, so that its certificate can be registered before anything is sent."""

    sandbox.register_certificate("payables", FILES["payablesCertificatePem"])
    steps = [
        ("importKey", {
            "alias": "payables", "pem": FILES["payablesKeyPem"], "certificatePem": FILES["payablesCertificatePem"],
        }),
        ("saveProfile", {"profile": profile(sandbox)}),
        ("getToken", {"profile": "dev5", "subject": "curtis.feitty"}),
        ("getToken", {"subject": "ap.clerk"}),
    ]
    with Sidecar(home, "--admin", *home.file_store()) as script:
        for method, params in steps:
            script.request(method, **params)
        script.end_input()
        answers = {message["id"]: message for message in script.rest()}
        assert script.wait() == 0
    assert sorted(answers) == [1, 2, 3, 4]
    assert [answers[number]["result"]["subject"] for number in (3, 4)] == ["curtis.feitty", "ap.clerk"]


def test_a_client_with_a_secret(sidecar: Sidecar, sandbox: Sandbox) -> None:

    sidecar.call("saveProfile", profile=profile(sandbox, name="basic", clientAuthentication="client_secret_basic"))
    missing = sidecar.refusal("getToken", profile="basic", subject="curtis.feitty")
    assert (missing.kind, "setClientSecret" in missing.hint) == ("invalid_client", True)
    assert sidecar.call("setClientSecret", profile="basic", clientSecret="wrong") == {"stored": True}
    wrong = sidecar.refusal("getToken", profile="basic", subject="curtis.feitty")
    assert (wrong.kind, "secret" in wrong.hint) == ("invalid_client", True)
    sidecar.call("setClientSecret", profile="basic", clientSecret=sandbox.client_secret)
    token = sidecar.call("getToken", profile="basic", subject="curtis.feitty")
    assert (token["subject"], token["source"]) == ("curtis.feitty", "exchange")


def test_the_users_own_token_is_the_assertion(sidecar: Sidecar, sandbox: Sandbox) -> None:
    own = sandbox.id_token("ap.clerk")
    token = sidecar.call("getToken", profile="dev5", userToken=own)
    assert token["subject"] == "ap.clerk"
    sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"])
    run = sidecar.call("invokeAgent", profile="dev5", userToken=own, agent="PAYABLES_TEAM", message="Hi")
    assert run["output"] == "Hello, Ap Clerk. PAYABLES_TEAM read: Hi"
    assert sidecar.refusal("getToken", profile="dev5", userToken=own, subject="ap.clerk").kind == "invalid_params"
    tampered = own.rsplit(".", 1)[0] + "." + "A" * 342
    assert sidecar.refusal("getToken", profile="dev5", userToken=tampered).kind != "internal"
