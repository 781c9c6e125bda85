"""The commands of protocol/officer.md, run as they stand, while sidecars work under load."""

import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from load import IN_FLIGHT, Load
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, ROOT, Home, Sidecar

PAGE = (ROOT / "protocol" / "officer.md").read_text(encoding="utf-8")
TASKS = {
    title: re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for title, text in re.findall(r"^#+ (\S.*?)$(.*?)(?=^#+ \S|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
SET_UP = TASKS["The officer's day"][0]
USERS = ["curtis.feitty", "ap.clerk", *(f"user{number}.clerk" for number in range(38))]
ASK = {"profile": "dev5", "message": "Hello", "agent": "PAYABLES_TEAM"}


class Office:
    """A server as the README has it, and the officer's shell on it."""

    def __init__(self, home: Home, sandbox: Sandbox) -> None:
        self.home = home
        self.sandbox = sandbox
        self.clone, self.etc, self.state = home.path / "clone", home.path / "etc", home.path / "state"
        for folder in (self.clone, self.etc, self.state):
            folder.mkdir(mode=0o700)
        for name in ("clients", "protocol"):
            (self.clone / name).symlink_to(ROOT / name)
        home.private_file("etc/passphrase", "a passphrase\n")
        home.private_file("etc/policy.json", '{"subjects": {"allow": ["*"], "deny": ["*admin*"]}}')
        home.config = self.state / "config.json"
        self.options = [
            "--store", f"file:{self.state}/keys", "--passphrase-file", f"{self.etc}/passphrase",
            "--policy", f"{self.etc}/policy.json", "--state", str(self.state),
        ]
        for user in USERS:
            sandbox.put_user(user, displayName=user, roles=["PAYABLES"])
        with Sidecar(home, "--admin", *self.options) as person:
            onboard(person, sandbox)

    def sidecar(self) -> Sidecar:
        return Sidecar(self.home, *self.options)

    def shell(self, title: str, number: int = 0, **values: str) -> list[str]:
        """Runs a block of the page; returns the lines it prints. Only the places of the files are others."""
        code = SET_UP + TASKS[title][number].replace("yesterday", "today")
        for name, value in ({"ETC": str(self.etc), "STATE": str(self.state)} | values).items():
            code, count = re.subn(rf"^{name}=.*$", f"{name}={value}", code, flags=re.MULTILINE)
            assert count == 1, name
        begun = time.monotonic()
        done = subprocess.run(
            ["sh", "-euc", code], cwd=self.clone, env=self.home.environment | {"ONBEHALF_BIN": BINARY},
            timeout=2 * PATIENCE_SECONDS, capture_output=True, text=True, check=False,
        )
        print(f"{title}, {time.monotonic() - begun:.2f} s:\n{done.stdout}")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return done.stdout.splitlines()


@pytest.fixture
def office(home: Home, sandbox: Sandbox) -> Office:
    return Office(home, sandbox)


@pytest.fixture
def quiet(office: Office) -> Iterator[Sidecar]:
    """A sidecar that runs all day and has tokens in memory."""
    with office.sidecar() as sidecar:
        for user in ("ap.clerk", "curtis.feitty"):
            sidecar.call("getToken", subject=user)
        yield sidecar


def failures(load: Load) -> list[dict[str, Any]]:
    return [answer for answer in load.answers if "error" in answer]


def test_subjects_are_limited_and_the_refused_call_is_seen(office: Office, quiet: Sidecar) -> None:
    office.sandbox.put_user("hr.director", displayName="HR", roles=[])
    quiet.call("getToken", subject="hr.director")
    with office.sidecar() as busy, Load(busy, USERS) as load:
        (explained,) = office.shell("Limit the subjects")
        assert (json.loads(explained)["allowed"], json.loads(explained)["layer"]) == (False, "policy file")
        assert quiet.refusal("getToken", subject="hr.director").kind == "subject_denied"
        load.goes_on()
        (refused,) = office.shell("See who was refused")
        assert refused.split("  ")[1:] == [
            "getToken", "hr.director", "policy file", "no pattern of subjects.allow matches",
        ]
    assert failures(load) == []


def test_whom_the_key_became_is_exactly_who_was_asked_for(office: Office, quiet: Sidecar) -> None:
    assert quiet.refusal("getToken", subject="The.Admin").kind == "subject_denied"
    quiet.call("invokeAgent", subject="ap.clerk", **ASK)
    with office.sidecar() as busy, Load(busy, USERS):
        pass
    issued = Counter(row["actor"] for row in office.sandbox.audit(side="domain", action="token.issue"))
    became = {name: int(count) for count, name in map(str.split, office.shell("Find who the key became yesterday"))}
    assert became == issued and set(became) == set(USERS)
    done = [line.split("  ") for line in office.shell("Find who the key became yesterday", 1)]
    assert ["invokeAgent", "PAYABLES_TEAM", "ok", os.readlink("/proc/self/exe")] in [fields[1:] for fields in done]
    assert {fields[1] for fields in done} == {"exchange", "invokeAgent"}


def test_a_disabled_profile_ends_with_the_next_call(office: Office, quiet: Sidecar) -> None:
    with office.sidecar() as busy, Load(busy, USERS) as load:
        assert failures(load) == []
        assert office.shell("Disable a profile") == ['{"name":"dev5","disabled":true}']
        assert quiet.refusal("getToken", subject="ap.clerk").kind == "profile_disabled"
        load.goes_on()
    assert {answer["error"]["data"]["kind"] for answer in failures(load)} == {"profile_disabled"}
    assert all("error" in answer for answer in load.answers[-IN_FLIGHT:])
    assert office.shell("Disable a profile", 1) == ['{"name":"dev5","disabled":false}']
    assert quiet.call("getToken", subject="ap.clerk")["source"] == "exchange"


def test_the_key_is_rotated_under_load(office: Office) -> None:
    with office.sidecar() as first, office.sidecar() as second:
        with Load(first, USERS) as load, Load(second, USERS) as other:
            assert office.shell("Rotate the key") == []
            office.sandbox.register_certificate("payables-2", (office.clone / "payables-2.pem").read_text())
            tried, finished, failed = office.shell("Rotate the key", 1)
            assert (failed, "takes payables-2" in tried, "use payables-2" in finished) == ("[]", True, True)
            load.goes_on()
            other.goes_on()
        office.sandbox.remove_certificate("payables")
        with Load(first, USERS) as later, Load(second, USERS) as last:
            pass
    loads = (load, other, later, last)
    print(f"{sum(len(load.answers) for load in loads)} calls meanwhile")
    assert [failure for load in loads for failure in failures(load)] == []


def test_an_anchor_of_syslog_proves_the_rows_before_it(office: Office, quiet: Sidecar) -> None:
    head = quiet.call("verifyAudit")["head"]
    quiet.call("getToken", subject="ap.clerk", forceRefresh=True)
    record = f'audit head {head["seq"]}:{head["hash"]} of "{office.state}/{head["file"]}" (exit)'
    foreign = f'audit head 9:{"0" * 64} of "/elsewhere/audit-000001.jsonl" (exit)'
    log = office.home.private_file("auth.log", f"host onbehalf[1]: {record}\nhost onbehalf[2]: {foreign}\n")
    office.shell("Verify the audit", LOG=str(log))
    file = office.state / head["file"]
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[: head["seq"] - 1]))
    with pytest.raises(AssertionError, match="the anchor names row"):
        office.shell("Verify the audit", LOG=str(log))


def test_everything_is_stopped(office: Office, quiet: Sidecar) -> None:
    with office.sidecar() as busy, Load(busy, USERS) as load:
        office.shell("Stop everything")
        for sidecar in (quiet, busy):
            sidecar.process.send_signal(signal.SIGUSR1)
        assert quiet.refusal("getToken", subject="ap.clerk").kind == "subject_denied"
        load.goes_on()
    assert {answer["error"]["data"]["kind"] for answer in failures(load)} == {"subject_denied"}
    quiet.call("lock")
    (office.etc / "policy.json").write_text('{"subjects": {"allow": ["*"]}}')
    assert quiet.refusal("getToken", subject="ap.clerk").kind == "locked"


def test_the_passphrase_is_changed_under_load(office: Office, quiet: Sidecar) -> None:
    with office.sidecar() as busy, Load(busy, USERS) as load:
        assert office.shell("Change the store's passphrase") == ['{"changed":true}']
        load.goes_on()
    assert failures(load) == []
    quiet.call("getToken", subject="ap.clerk", forceRefresh=True)
    with office.sidecar() as new:
        assert [key["alias"] for key in new.call("listKeys")["keys"]] == ["payables"]


def test_every_block_of_the_page_is_run() -> None:
    blocks = {title: len(found) for title, found in TASKS.items() if found}
    assert blocks == {
        "The officer's day": 1, "Limit the subjects": 1, "See who was refused": 1,
        "Find who the key became yesterday": 2, "Disable a profile": 2, "Rotate the key": 2, "Verify the audit": 1,
        "Stop everything": 1, "Change the store's passphrase": 1,
    }
