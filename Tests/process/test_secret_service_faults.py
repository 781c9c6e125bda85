"""Everything that can be wrong with a Secret Service: an error of its own each, in time, and nobody else held up."""

import time
from typing import Any, NamedTuple

import pytest
from desktop import PASSWORD, Desktop
from onboarding import onboard, profile
from prompter import Prompter
from sandbox.control import Sandbox
from secret_service import Behaviour, ScriptedService
from sidecar import PATIENCE_SECONDS, Home, Sidecar


class Fault(NamedTuple):
    name: str
    behaviour: Behaviour | None
    kind: str
    reason: str
    outcome: str | None = None
    prompt: bool = False


FAULTS = [
    Fault("is absent", None, "store_unavailable", "no_service"),
    Fault("is locked", Behaviour.LOCKED, "store_locked", "locked"),
    Fault("dismisses its prompt", Behaviour.DECLINED, "store_locked", "prompt_dismissed", prompt=True),
    Fault("never answers", Behaviour.SILENT, "store_timeout", "no_answer", outcome="none"),
    Fault("dies in mid-call", Behaviour.DYING, "store_unavailable", "interrupted", outcome="unknown"),
    Fault("has no default collection", Behaviour.WITHOUT_COLLECTION, "store_unavailable", "no_collection"),
    Fault("reports a store that it did not do", Behaviour.FORGETTING, "store_unavailable", "write_lost"),
]


def all_answers(sidecar: Sidecar, *requests: int) -> dict[int, dict[str, Any]]:
    """In the order they come."""
    answers: dict[int, dict[str, Any]] = {}
    while len(answers) < len(requests):
        message = sidecar.receive()
        assert message["id"] in requests, message
        answers[message["id"]] = message
    return answers


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "_"))
def test_a_service_that(fault: Fault, home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    desktop.start_keyring()
    with Sidecar(home, "--admin") as sidecar:
        onboard(sidecar, sandbox)
        sidecar.call("getToken", subject="curtis.feitty")
        desktop.stop_keyring()
        if fault.behaviour is None:
            check(sidecar, fault)
        else:
            with ScriptedService(desktop, fault.behaviour) as service:
                check(sidecar, fault)
            assert ("Prompt" in service.calls) == fault.prompt
        # Nothing was left behind.
        desktop.start_keyring()
        assert [key["alias"] for key in sidecar.call("listKeys")["keys"]] == ["payables"]


def check(sidecar: Sidecar, fault: Fault) -> None:
    """The fault meets one request, and neither of two others."""
    seconds = 2.0 if fault.behaviour is Behaviour.SILENT else 10.0
    params = {"alias": "another", "timeoutMs": int(seconds * 1000)} | ({"prompt": True} if fault.prompt else {})
    started = time.monotonic()
    failing = sidecar.request("createKey", **params)
    token = sidecar.request("getToken", subject="ap.clerk")
    ping = sidecar.request("ping")
    answers = all_answers(sidecar, failing, token, ping)
    assert time.monotonic() - started < seconds + 0.5
    if fault.behaviour is Behaviour.SILENT:
        assert list(answers)[-1] == failing
    assert answers[ping]["result"] == {}
    assert answers[token]["result"]["source"] == "exchange"
    error = answers[failing]["error"]
    detail = error["data"]["detail"]
    assert (error["data"]["kind"], detail["reason"], detail.get("outcome")) == (
        fault.kind, fault.reason, fault.outcome,
    ), error
    assert error["data"]["hint"]


def test_a_write_that_is_tried_again_stays_unknown(home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    """The second try finds no service any more; that the first may have stored is said all the same."""
    with Sidecar(home, "--admin") as sidecar:
        sidecar.call("saveProfile", profile=profile(sandbox, key=None, clientAuthentication="client_secret_basic"))
        with ScriptedService(desktop, Behaviour.DYING) as service:
            # A session is held, so that there is something to be stale.
            assert sidecar.call("listKeys") == {"keys": []}
            refused = sidecar.refusal("setClientSecret", profile="dev5", clientSecret="secret")
        assert "CreateItem" in service.calls
        assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "interrupted"), refused.error
        assert refused.detail["outcome"] == "unknown" and not refused.retryable


def test_the_seven_are_told_apart() -> None:
    assert len({(fault.kind, fault.reason) for fault in FAULTS}) == 7


class TestPrompt:
    """Asked for with `prompt`, and never else."""

    def test_whoever_unlocks_gets_the_answer(self, home: Home, desktop: Desktop) -> None:
        with ScriptedService(desktop, Behaviour.ACCEPTED) as service, Sidecar(home, "--admin") as sidecar:
            assert sidecar.refusal("listKeys").detail["reason"] == "locked"
            assert service.calls.count("Prompt") == 0
            assert sidecar.call("listKeys", prompt=True) == {"keys": []}
            assert sidecar.call("listKeys", prompt=True) == {"keys": []}
            assert service.calls.count("Prompt") == 1

    @pytest.mark.parametrize("method, params", [
        ("createKey", {"alias": "a"}),
        ("importKey", {"alias": "a", "pem": "", "certificatePem": ""}),
        ("listKeys", {}),
        ("getKey", {"alias": "a"}),
        ("deleteKey", {"alias": "a"}),
        ("moveKeys", {"fromStore": "secret-service", "toStore": "memory"}),
        ("diagnose", {"online": False, "timeoutMs": 12000}),
    ])
    def test_every_method_that_needs_the_store_can_ask(
        self, method: str, params: dict[str, Any], home: Home, desktop: Desktop
    ) -> None:
        """What a request is refused for without the store is refused before anybody is asked."""
        with ScriptedService(desktop, Behaviour.ACCEPTED) as service, Sidecar(home, "--admin") as sidecar:
            sidecar.answer(sidecar.request(method, **params, prompt=True))
            assert service.calls.count("Prompt") == (0 if method in ("importKey", "moveKeys") else 1), service.calls

    def test_it_is_withdrawn_when_the_caller_cancels(self, home: Home, desktop: Desktop) -> None:
        with ScriptedService(desktop, Behaviour.UNANSWERED) as service, Sidecar(home) as sidecar:
            waiting = sidecar.request("listKeys", prompt=True)
            assert service.prompted.wait(PATIENCE_SECONDS)
            # Who does not ask is not made to wait for who does.
            assert sidecar.refusal("getKey", alias="payables").detail["reason"] == "locked"
            sidecar.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": waiting}})
            assert sidecar.answer(waiting)["error"]["data"]["kind"] == "cancelled"
            assert service.dismissed.wait(PATIENCE_SECONDS)

    def test_it_is_withdrawn_at_the_deadline(self, home: Home, desktop: Desktop) -> None:
        with ScriptedService(desktop, Behaviour.UNANSWERED) as service, Sidecar(home) as sidecar:
            started = time.monotonic()
            refused = sidecar.refusal("listKeys", prompt=True, timeoutMs=1500)
            assert time.monotonic() - started < 2
            assert refused.kind == "store_timeout", refused.error
            assert service.dismissed.wait(PATIENCE_SECONDS)


class TestGnomeKeyring:
    """The same with the real service, and a person at its prompter."""

    @pytest.fixture
    def locked(self, home: Home, desktop: Desktop) -> dict[str, Any]:
        """Returns the key that is in the keyring."""
        desktop.start_keyring()
        with Sidecar(home, "--admin") as person:
            key = person.call("createKey", alias="payables")
        desktop.lock()
        return key

    def test_unlocked(self, home: Home, desktop: Desktop, locked: dict[str, Any]) -> None:
        with Prompter(desktop, PASSWORD) as prompter, Sidecar(home) as sidecar:
            assert sidecar.refusal("getKey", alias="payables").detail["reason"] == "locked"
            assert not prompter.asked.is_set()
            assert sidecar.call("getKey", alias="payables", prompt=True) == locked
            assert prompter.asked.is_set()
            assert sidecar.call("listKeys") == {"keys": [locked]}

    def test_declined(self, home: Home, desktop: Desktop, locked: dict[str, Any]) -> None:
        with Prompter(desktop, None) as prompter, Sidecar(home) as sidecar:
            refused = sidecar.refusal("getKey", alias="payables", prompt=True)
            assert (refused.kind, refused.detail["reason"]) == ("store_locked", "prompt_dismissed"), refused.error
            assert prompter.asked.is_set()

    def test_withdrawn(self, home: Home, desktop: Desktop, locked: dict[str, Any]) -> None:
        with Prompter(desktop, None, silent=True) as prompter, Sidecar(home) as sidecar:
            waiting = sidecar.request("getKey", alias="payables", prompt=True)
            assert prompter.asked.wait(PATIENCE_SECONDS)
            sidecar.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": waiting}})
            assert sidecar.answer(waiting)["error"]["data"]["kind"] == "cancelled"
            # gnome-keyring 42 does not outlive a question that is taken back, and is then started anew.
            desktop.restart_keyring()
            assert sidecar.call("getKey", alias="payables") == locked

    def test_restarted_while_it_asks(self, home: Home, desktop: Desktop, locked: dict[str, Any]) -> None:
        with Prompter(desktop, None, silent=True) as prompter, Sidecar(home) as sidecar:
            waiting = sidecar.request("getKey", alias="payables", prompt=True, timeoutMs=3000)
            assert prompter.asked.wait(PATIENCE_SECONDS)
            desktop.restart_keyring()
            # The question died with the daemon; the new one is open.
            assert sidecar.answer(waiting)["error"]["data"]["kind"].startswith("store_")
            assert sidecar.call("getKey", alias="payables") == locked
