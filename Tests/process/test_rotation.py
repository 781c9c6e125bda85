"""rotateKey: under load, side by side, and killed in the middle."""

import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from desktop import Desktop
from load import Load
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

ROUNDS = 40
USERS = [f"user{number}" for number in range(40)]


def rotate(sidecar: Sidecar, step: str, **params: Any) -> dict[str, Any]:
    return sidecar.call("rotateKey", alias="payables", step=step, **params)


@pytest.fixture
def shared(home: Home, sandbox: Sandbox) -> Iterator[list[str]]:
    """The options of sidecars that share a store with the key `payables`, and the profile `dev5`."""
    store = home.file_store()
    with Sidecar(home, "--admin", *store) as person:
        onboard(person, sandbox, kid="CoE_key")
    yield store


def test_under_load_no_call_fails(home: Home, sandbox: Sandbox, shared: list[str]) -> None:
    for user in USERS:
        sandbox.put_user(user, displayName=user, roles=[])
    with Sidecar(home, *shared) as backend, Sidecar(home, "--admin", *shared) as person:
        with Load(backend, USERS) as load:
            following = rotate(person, "start")["next"]
            assert following["succeeds"] == "payables"
            untried = person.refusal("rotateKey", alias="payables", step="try", profile="dev5", subject="user1")
            assert (untried.kind, "under the alias payables-2" in untried.hint) == ("invalid_client", True)
            sandbox.register_certificate(following["kid"], following["certificatePem"])
            rotate(person, "try", profile="dev5", subject="user1")
            rotate(person, "try", profile="dev5")
            finished = rotate(person, "finish")
            assert (finished["succeededBy"], "certificate CoE_key" in finished["hint"]) == ("payables-2", True)
            load.goes_on()
        # With the old certificate gone, only the new key brings tokens.
        sandbox.remove_certificate("CoE_key")
        with Load(backend, USERS) as later:
            pass
        assert [answer for answer in load.answers + later.answers if "error" in answer] == []


def test_in_a_keyring_there_and_back(home: Home, sandbox: Sandbox, desktop: Desktop) -> None:
    desktop.start_keyring()
    with Sidecar(home, "--admin") as person, Sidecar(home) as backend:
        onboard(person, sandbox)
        following = rotate(person, "start")["next"]
        sandbox.register_certificate(following["kid"], following["certificatePem"])
        rotate(person, "try", subject="curtis.feitty")
        for step, certificate in [("finish", "payables"), ("abort", "payables-2")]:
            rotate(person, step)
            registered = {key["kid"]: key["certificatePem"] for key in person.call("listKeys")["keys"]}
            sandbox.remove_certificate(certificate)
            backend.call("getToken", subject="curtis.feitty", forceRefresh=True)
            sandbox.register_certificate(certificate, registered[certificate])
        rotate(person, "abort")
        assert [key["alias"] for key in person.call("listKeys")["keys"]] == ["payables"]


def test_a_denied_trial_names_its_user_in_the_audit(sidecar: Sidecar) -> None:
    rotate(sidecar, "start")
    trial = {"alias": "payables", "step": "try", "profile": "dev5", "subject": "admin"}
    assert sidecar.refusal("rotateKey", **trial).kind == "subject_denied"
    row = sidecar.call("queryAudit", event="denied")["rows"][0]
    assert (row["operation"], row["profile"], row["subject"]) == ("rotateKey", "dev5", "admin")


def test_all_who_start_get_one_successor(home: Home, shared: list[str]) -> None:
    people = [Sidecar(home, "--admin", *shared) for _ in range(4)]
    try:
        requests = [person.request("rotateKey", alias="payables", step="start") for person in people]
        answers = [person.answer(number) for person, number in zip(people, requests, strict=True)]
        assert len({answer["result"]["next"]["x5t"] for answer in answers}) == 1
        assert [key["alias"] for key in people[0].call("listKeys")["keys"]] == ["payables", "payables-2"]
    finally:
        for person in people:
            person.stop()


def test_a_profile_of_the_session_keeps_the_retired_key(home: Home, sandbox: Sandbox, shared: list[str]) -> None:
    with Sidecar(home, "--admin", *shared) as person:
        rotate(person, "start")
        rotate(person, "finish")
        refused = person.refusal("saveProfile", profile=profile(sandbox, name="late"))
        assert (refused.kind, refused.detail["next"]) == ("rotation_conflict", "payables-2")
    mine = profile(sandbox, name="mine", kid="CoE_key")
    with Sidecar(home, *shared) as backend:
        backend.call("initialize", initializationOptions={"profiles": {"mine": mine}})
        assert backend.call("getToken", profile="mine", subject="curtis.feitty")["source"] == "exchange"
        checks = {check["id"]: check for check in backend.call("diagnose", profile="mine", online=False)["checks"]}
        assert (checks["key"]["status"], "payables-2" in checks["key"]["summary"]) == ("warn", True)
        retired = backend.call("getKey", alias="payables")
        assert [warning["kind"] for warning in retired["warnings"]] == ["key_retired"]
        assert retired["succeededBy"] == "payables-2"


def test_a_rule_of_a_profile_on_a_retired_key_can_still_be_tightened(
    home: Home, sandbox: Sandbox, shared: list[str]
) -> None:
    with Sidecar(home, "--admin", *shared) as person:
        rotate(person, "start")
        rotate(person, "finish")
        # As an editor leaves it, or a sidecar that was killed between two writes.
        home.config.write_text(home.config.read_text(encoding="utf-8").replace("payables-2", "payables"))
        person.call("saveProfile", profile=profile(sandbox, disabled=True))
        assert person.call("getProfile", name="dev5")["disabled"] is True


@dataclass(frozen=True)
class State:
    """What the profile names, whether the key is retired, whether the successor waits."""

    named: str
    retired: bool
    waiting: bool

    @staticmethod
    def of(sidecar: Sidecar) -> "State":
        keys = {key["alias"]: key for key in sidecar.call("listKeys")["keys"]}
        assert sorted(keys) == ["payables", "payables-2"]
        named = sidecar.call("getProfile", name="dev5")["key"]
        return State(named, "retiredAt" in keys["payables"], "succeeds" in keys["payables-2"])


STARTED = State("payables", retired=False, waiting=True)
FINISHED = State("payables-2", retired=True, waiting=False)
BETWEEN = {State("payables", retired=True, waiting=True), State("payables-2", retired=True, waiting=True)}


def lead_on(sidecar: Sidecar, step: str) -> None:
    """To where the step was to lead; `abort` must not be sent once too often."""
    if step == "finish" or State.of(sidecar) != STARTED:
        rotate(sidecar, step)
    assert State.of(sidecar) == (FINISHED if step == "finish" else STARTED)
    assert sidecar.call("getProfile", name="dev5").get("kid") == (None if step == "finish" else "CoE_key")


def test_killed_in_the_middle(home: Home, shared: list[str]) -> None:
    """At moments spread over finish and abort. What is left signs, is one of the states there are, and leads on."""
    steps = ["finish", "abort"]
    seconds = {}
    with Sidecar(home, "--admin", *shared) as person:
        rotate(person, "start")
        for step in steps:
            begun = time.monotonic()
            rotate(person, step)
            seconds[step] = time.monotonic() - begun
    seen = set()
    for number in range(ROUNDS):
        step, other = steps if number % 2 == 0 else reversed(steps)
        with Sidecar(home, "--admin", *shared) as victim:
            victim.call("getKey", alias="payables")
            victim.request("rotateKey", alias="payables", step=step)
            select.select([victim.process.stdout], [], [], seconds[step] * number / ROUNDS)
            victim.process.kill()
            victim.process.wait()
        with Sidecar(home, "--admin", *shared) as person:
            seen.add(State.of(person))
            assert seen <= {STARTED, FINISHED} | BETWEEN
            person.call("mintAssertion", profile="dev5", type="user", subject="curtis.feitty")
            if number % 4 >= 2:
                lead_on(person, other)
            lead_on(person, step)
    assert len(seen) >= 2, seen
