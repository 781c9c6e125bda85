"""The audit: what stands in it, and what is refused without it."""

import base64
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from onboarding import onboard, profile
from ordinary import UID, ordinary_user
from runs import HELLO, Watching
from sandbox.control import Sandbox
from sidecar import BINARY, Home, Sidecar


def rows(sidecar: Sidecar, **wanted: Any) -> list[dict[str, Any]]:
    return sidecar.call("queryAudit", **wanted)["rows"]


def test_who_did_the_key_become(sidecar: Sidecar, home: Home, sandbox: Sandbox) -> None:
    sidecar.call("getToken", subject="curtis.feitty")
    sidecar.call("invokeAgent", subject="ap.clerk", agent="PAYABLES_TEAM", message="a message that stays out")
    outcome, intent = rows(sidecar, subject="curtis.feitty", operation="exchange")
    assert (intent["event"], outcome["event"], outcome["outcome"]) == ("intent", "outcome", "ok")
    assert intent["id"] == outcome["id"] and intent["seq"] < outcome["seq"]
    key = sidecar.call("getKey", alias="payables")
    for row in (intent, outcome):
        assert (row["profile"], row["key"], row["x5t#S256"]) == ("dev5", "payables", key["x5t#S256"])
        assert row["jti"] and row["grant"] == "subject" and row["sidecar"] == sidecar.process.pid
        assert row["host"]["pid"] == os.getpid()
        assert row["host"]["executable"] == os.readlink("/proc/self/exe")
    run = rows(sidecar, operation="invokeAgent", event="outcome")[0]
    assert (run["subject"], run["agent"], run["outcome"]) == ("ap.clerk", "PAYABLES_TEAM", "ok")
    assert run["jobId"]
    ecids = {row["ecid"] for row in sandbox.audit()}
    assert outcome["ecid"] in ecids and run["ecid"] in ecids, "Oracle's support finds the request by it"
    text = "".join(file.read_text() for file in home.state.glob("audit-*.jsonl"))
    assert "a message that stays out" not in text
    assert sidecar.call("verifyAudit")["ok"]


def test_the_jti_is_the_one_that_the_domain_saw(sidecar: Sidecar, sandbox: Sandbox) -> None:
    assertion = sidecar.call("mintAssertion", type="user", subject="curtis.feitty")
    intent = rows(sidecar, operation="mintAssertion", event="intent")[0]
    assert intent["jti"] == assertion["claims"]["jti"]


def test_a_denial_is_seen_with_its_rule(sidecar: Sidecar) -> None:
    assert sidecar.refusal("getToken", subject="admin").kind == "subject_denied"
    row = rows(sidecar, event="denied")[0]
    assert (row["operation"], row["subject"], row["outcome"]) == ("getToken", "admin", "subject_denied")
    assert row["layer"] == "profile dev5" and "subjects.deny" in row["rule"]


def test_a_denied_user_token_names_its_user(sidecar: Sidecar) -> None:
    claims = base64.urlsafe_b64encode(b'{"sub":"admin"}').rstrip(b"=").decode()
    assert sidecar.refusal("getToken", userToken=f"e30.{claims}.AA").kind == "subject_denied"
    row = rows(sidecar, event="denied")[0]
    assert (row["grant"], row["subject"]) == ("userToken", "admin")


def test_a_denial_in_mid_run_has_its_row(sidecar: Sidecar, home: Home, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "RUNNING", "COMPLETE"])
    watching = Watching(sidecar, "invokeAgent", **HELLO)
    watching.report("The run is running.")
    config = json.loads(home.config.read_text())
    config["profiles"]["dev5"]["policy"]["agents"] = ["ANOTHER_TEAM"]
    home.config.write_text(json.dumps(config))
    data = watching.error()["data"]
    assert (data["kind"], data["detail"]["state"]) == ("agent_denied", "detached")
    [row] = rows(sidecar, event="denied")
    assert (row["operation"], row["agent"], row["outcome"]) == ("invokeAgent", "PAYABLES_TEAM", "agent_denied")
    assert row["jobId"] == data["detail"]["jobId"]


def test_changes_are_recorded_and_what_needs_admin_too(sidecar: Sidecar, home: Home) -> None:
    changes = [(row["operation"], row["event"]) for row in rows(sidecar) if "id" in row]
    assert changes[-4:] == [
        ("saveProfile", "outcome"), ("saveProfile", "intent"), ("createKey", "outcome"), ("createKey", "intent"),
    ]
    with Sidecar(home) as backend:
        assert backend.refusal("deleteKey", alias="payables").kind == "admin_required"
        assert rows(backend, event="denied")[0]["rule"] == "deleteKey needs --admin"


def test_tokens_from_memory_are_counted_and_told_at_the_end(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox)
        for _ in range(6):
            sidecar.call("getToken", subject="curtis.feitty")
    with Sidecar(home) as later:
        used = rows(later, event="used")
        assert sum(row["count"] for row in used) == 5
        assert {row["subject"] for row in used} == {"curtis.feitty"}


def test_without_a_row_nothing_is_signed_or_sent(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", *home.file_store()) as person:
        onboard(person, sandbox)
        onboard(person, sandbox, name="lax", key="lax", audit="best-effort")
    before = len(sandbox.audit(side="domain"))
    blocked = home.path / "blocked"
    blocked.write_text("a file where a directory is wanted")
    with Sidecar(home, "--state", str(blocked), *home.file_store()) as backend:
        refused = backend.refusal("getToken", profile="dev5", subject="curtis.feitty")
        assert refused.kind == "audit_unavailable" and "--state" in refused.hint
        assert backend.refusal("mintAssertion", profile="dev5", type="client").kind == "audit_unavailable"
        assert len(sandbox.audit(side="domain")) == before
        assert backend.call("getToken", profile="lax", subject="curtis.feitty")["source"] == "exchange"
        assert "audit rows cannot be written" in backend.stderr
    assert backend.stderr.count("audit rows cannot be written") == 1


def test_a_killed_sidecar_leaves_an_intent_without_outcome(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", *home.file_store()) as person:
        onboard(person, sandbox)
    sandbox.fault("domain", "hang")
    sidecar = Sidecar(home, *home.file_store())
    sidecar.request("getToken", subject="curtis.feitty")
    sandbox.await_faults()
    sidecar.process.kill()
    sidecar.stop()
    with Sidecar(home) as later:
        (intent,) = rows(later, subject="curtis.feitty", operation="exchange")
        assert intent["event"] == "intent"
        assert later.call("verifyAudit")["ok"]


def test_a_stopped_sidecar_that_holds_the_lock_refuses_in_time(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox)
        code = "import fcntl, sys, time; f = open(sys.argv[1]); fcntl.flock(f, 2); print(flush=True); time.sleep(600)"
        holder = subprocess.Popen(
            [sys.executable, "-c", code, str(home.state / "audit.lock")], stdout=subprocess.PIPE
        )
        try:
            assert holder.stdout is not None and holder.stdout.readline()
            holder.send_signal(signal.SIGSTOP)
            refused = sidecar.refusal("mintAssertion", type="client", timeoutMs=1000)
            assert refused.kind == "audit_unavailable" and refused.retryable
        finally:
            holder.kill()
            holder.wait()
        assert sidecar.call("mintAssertion", type="client")["assertion"]


def test_many_sidecars_make_one_chain(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", *home.file_store()) as person:
        onboard(person, sandbox)
    fleet = [Sidecar(home, *home.file_store()) for _ in range(8)]
    try:
        for sidecar in fleet:
            for _ in range(100):
                sidecar.request("mintAssertion", type="client")
        for sidecar in fleet:
            answers = [sidecar.receive() for _ in range(100)]
            assert all("result" in answer for answer in answers)
    finally:
        for sidecar in fleet:
            sidecar.stop()
    with Sidecar(home) as later:
        verdict = later.call("verifyAudit")
        assert verdict["ok"], verdict
    text = (home.state / "audit-000001.jsonl").read_text()
    assert text.count('"event":"intent","operation":"mintAssertion"') == 800


DENIED = [
    ("getToken", {"subject": "admin"}, "subject_denied"),
    ("getToken", {"subject": "curtis.feitty", "scope": "another"}, "scope_denied"),
    ("getToken", {"subject": "curtis.feitty", "profile": "off"}, "profile_disabled"),
    ("getToken", {"subject": "curtis.feitty", "profile": "narrow"}, "raw_credentials_denied"),
    ("getToken", {"subject": "curtis.feitty", "profile": "strange"}, "key_bound"),
    ("mintAssertion", {"type": "user", "subject": "admin"}, "subject_denied"),
    ("mintAssertion", {"type": "client", "profile": "narrow"}, "raw_credentials_denied"),
    ("mintAssertion", {"type": "client", "profile": "strange"}, "key_bound"),
    ("invokeAgent", {"subject": "admin", "agent": "PAYABLES_TEAM", "message": "m"}, "subject_denied"),
    ("invokeAgent", {"subject": "ap.clerk", "profile": "narrow", "agent": "OTHER", "message": "m"}, "agent_denied"),
    ("getAgentRun", {"subject": "admin", "agent": "PAYABLES_TEAM", "jobId": "1"}, "subject_denied"),
    ("resumeAgent", {"subject": "admin", "agent": "PAYABLES_TEAM", "conversationId": "1", "message": "m"}, "subject_denied"),
    ("invalidateToken", {"subject": "admin"}, "subject_denied"),
    ("createKey", {"alias": "other"}, "admin_required"),
    ("importKey", {"alias": "other", "pem": "p"}, "admin_required"),
    ("rotateKey", {"alias": "payables", "step": "start"}, "admin_required"),
    ("deleteKey", {"alias": "payables"}, "admin_required"),
    ("moveKeys", {"fromStore": "memory", "toStore": "secret-service"}, "admin_required"),
    ("changePassphrase", {"newPassphraseFile": "/p"}, "admin_required"),
    ("setClientSecret", {"profile": "dev5", "clientSecret": "s"}, "admin_required"),
    ("deleteProfile", {"name": "dev5"}, "admin_required"),
]
LOCKED = [
    ("getToken", {"subject": "curtis.feitty"}),
    ("mintAssertion", {"type": "client"}),
    ("invokeAgent", {"subject": "ap.clerk", "agent": "PAYABLES_TEAM", "message": "m"}),
    ("getAgentRun", {"subject": "ap.clerk", "agent": "PAYABLES_TEAM", "jobId": "1"}),
    ("resumeAgent", {"subject": "ap.clerk", "agent": "PAYABLES_TEAM", "conversationId": "1", "message": "m"}),
    ("getKey", {"alias": "payables"}),
    ("listKeys", {}),
]


def asked(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """With the profile, for methods that take one: there are several."""
    calls = ("getToken", "mintAssertion", "invokeAgent", "getAgentRun", "resumeAgent", "invalidateToken")
    return ({"profile": "dev5"} if method in calls else {}) | params


def test_every_denial_is_one_row(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", *home.file_store()) as person:
        onboard(person, sandbox)
        person.call("saveProfile", profile=profile(sandbox, name="off", disabled=True))
        narrow = {"subjects": {"allow": ["*"]}, "agents": ["PAYABLES_TEAM"]}
        person.call("saveProfile", profile=profile(sandbox, name="narrow", policy=narrow))
        basic = profile(sandbox, name="strange", clientId="x", clientAuthentication="client_secret_basic", key=None)
        person.call("saveProfile", profile=basic)
    # By hand: saveProfile would refuse it.
    config = json.loads(home.config.read_text())
    config["profiles"]["strange"] |= {"clientAuthentication": "client_assertion", "key": "payables"}
    home.config.write_text(json.dumps(config))
    with Sidecar(home, *home.file_store()) as backend:
        def denials() -> list[dict[str, Any]]:
            return rows(backend, event="denied", limit=200)

        for method, params, kind in [*DENIED, ("saveProfile", {"profile": profile(sandbox)}, "admin_required")]:
            before = len(denials())
            assert backend.refusal(method, **asked(method, params)).kind == kind
            newest, *others = denials()
            assert len(others) == before, (method, kind)
            assert (newest["operation"], newest["outcome"]) == (method, kind) and newest["layer"] and newest["rule"]
        before = denials()
        assert not backend.call("explain", profile="dev5", subject="admin")["allowed"]
        assert denials() == before, "a question is not a denial"
        backend.call("lock")
        assert [row["event"] for row in rows(backend, operation="lock")] == ["outcome", "intent"]
        for method, params in LOCKED:
            before = len(denials())
            assert backend.refusal(method, **asked(method, params)).kind == "locked"
            newest, *others = denials()
            assert len(others) == before, method
            assert (newest["operation"], newest["outcome"]) == (method, "locked")


def test_what_signs_nothing_has_no_pair_and_what_diagnose_tries_has(sidecar: Sidecar) -> None:
    def pairs() -> list[str]:
        return [row["operation"] for row in rows(sidecar, event="intent")]

    before = pairs()
    sidecar.call("explain", subject="curtis.feitty")
    sidecar.call("getKey", alias="payables")
    sidecar.call("listKeys")
    sidecar.call("diagnose", subject="curtis.feitty", online=False)
    assert pairs() == before
    assert sidecar.call("diagnose", subject="curtis.feitty")["ok"]
    tried = pairs()[:-len(before)]
    assert tried and set(tried) == {"exchange"}
    assert [row["subject"] for row in rows(sidecar, event="outcome", subject="curtis.feitty")] == ["curtis.feitty"]


@pytest.mark.parametrize("fault", ["read-only", "foreign"] if os.geteuid() == 0 else ["read-only"])
def test_a_directory_that_an_ordinary_user_cannot_write(fault: str, sandbox: Sandbox) -> None:
    with ordinary_user() as user:
        store = user.home.file_store()
        with user.sidecar("--admin", *store) as person:
            onboard(person, sandbox)
            onboard(person, sandbox, name="lax", key="lax", audit="best-effort")
        place = user.home.path / "state"
        place.mkdir(mode=0o700)
        with user.sidecar("--state", str(place), *store) as backend:
            if fault == "read-only":
                place.chmod(0o500)
            else:
                os.chown(place, UID + 1, UID + 1)
                place.chmod(0o755)
            before = len(sandbox.audit(side="domain"))
            refused = backend.refusal("getToken", profile="dev5", subject="curtis.feitty")
            assert refused.kind == "audit_unavailable", refused
            mend = f"chown -h {UID} {place}" if fault == "foreign" else f"chmod 700 '{place}'"
            assert mend in refused.message + refused.hint, refused
            assert len(sandbox.audit(side="domain")) == before
            assert backend.call("getToken", profile="lax", subject="curtis.feitty")["source"] == "exchange"


def test_a_full_disk_refuses(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", *home.file_store()) as person:
        onboard(person, sandbox)
    size = (home.state / "audit-000001.jsonl").stat().st_size
    # ulimit -f counts blocks of 512 bytes.
    command = ("/bin/sh", "-c", f'ulimit -f {size // 512 + 4}; exec "$0" "$@"')
    with Sidecar(home, *home.file_store(), command=(*command, BINARY)) as backend:
        kinds = {backend.refusal("mintAssertion", type="client").kind for _ in range(20)
                 if "error" in backend.answer(backend.request("mintAssertion", type="client"))}
        assert kinds <= {"audit_unavailable"} and kinds
    with Sidecar(home, *home.file_store()) as later:
        later.call("mintAssertion", type="client")
        assert later.call("verifyAudit")["ok"]
