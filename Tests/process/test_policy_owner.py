"""Whose --policy file is believed: that of root, or of the user who runs the sidecar, and of nobody else.

Where the tests run as root, the sidecar runs as an ordinary user, from a folder of its own that this user can reach.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sidecar import BINARY, Home, Sidecar

IS_ROOT = os.geteuid() == 0
USER = 4711 if IS_ROOT else os.geteuid()
STRANGER = 4712
PROFILE = {
    "identityDomainUrl": "https://idcs-1.identity.oraclecloud.com", "clientId": "client-1", "key": "payables",
    "clientAuthentication": "client_assertion", "scope": "s", "fusionUrl": "https://pod.fa.us6.oraclecloud.com",
    "policy": {"subjects": {"allow": ["*"]}},
}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that only we can write to, and everybody can look into. pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def give(path: Path, owner: int) -> None:
    if IS_ROOT:
        os.chown(path, owner, owner, follow_symlinks=False)


def write(path: Path, owner: int, mode: int = 0o644) -> Path:
    path.write_text(json.dumps({"subjects": {"allow": ["curtis.*"]}}))
    path.chmod(mode)
    give(path, owner)
    return path


def folder(path: Path, owner: int, mode: int) -> Path:
    path.mkdir()
    path.chmod(mode)
    give(path, owner)
    return path


def ours(place: Path) -> Path:
    return write(place / "policy.json", os.geteuid())


def the_users_own(place: Path) -> Path:
    return write(folder(place / "own", USER, 0o700) / "policy.json", USER, 0o600)


def behind_a_link(place: Path) -> Path:
    ours(place)
    link = place / "link.json"
    link.symlink_to("policy.json")
    return link


def of_a_stranger(place: Path) -> Path:
    return write(place / "policy.json", STRANGER)


def in_a_strangers_folder(place: Path) -> Path:
    return write(folder(place / "theirs", STRANGER, 0o755) / "policy.json", os.geteuid())


def behind_a_strangers_link(place: Path) -> Path:
    link = behind_a_link(place)
    give(link, STRANGER)
    return link


def group_may_write(place: Path) -> Path:
    return write(place / "policy.json", os.geteuid(), 0o664)


def group_may_write_the_folder(place: Path) -> Path:
    return write(folder(place / "shared", os.geteuid(), 0o775) / "policy.json", os.geteuid())


def linked_into_a_shared_folder(place: Path) -> Path:
    group_may_write_the_folder(place)
    link = place / "link.json"
    link.symlink_to("shared/policy.json")
    return link


def among_everybodys(place: Path) -> Path:
    return write(folder(place / "everybodys", os.geteuid(), 0o1777) / "policy.json", os.geteuid())


def unreadable(place: Path) -> Path:
    return write(place / "policy.json", os.geteuid(), 0o000)


def absent(place: Path) -> Path:
    return place / "policy.json"


def explained(place: Path, policy: Path, subject: str) -> dict[str, object]:
    """What a sidecar of the ordinary user says to a profile of its session."""
    program = place / "onbehalf"
    shutil.copy(BINARY, program)
    command = (str(program),)
    if IS_ROOT:
        command = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command)
    home = Home(folder(place / "home", os.geteuid(), 0o755))
    home.config = place / "home" / "absent.json"
    with Sidecar(home, "--store", "memory", "--policy", str(policy), command=command) as backend:
        backend.call("initialize", initializationOptions={"profiles": {"session": PROFILE}})
        return backend.call("explain", subject=subject)


@pytest.mark.parametrize("make", [ours, the_users_own, behind_a_link])
def test_is_believed(place: Path, make: Callable[[Path], Path]) -> None:
    policy = make(place)
    assert explained(place, policy, "curtis.feitty")["allowed"] is True


def test_what_is_believed_narrows(place: Path) -> None:
    answer = explained(place, ours(place), "ap.clerk")
    assert (answer["allowed"], answer["layer"], answer["kind"]) == (False, "policy file", "subject_denied")


SPOILT = [group_may_write, group_may_write_the_folder, linked_into_a_shared_folder, among_everybodys, unreadable, absent]
FOREIGN = [of_a_stranger, in_a_strangers_folder, behind_a_strangers_link]


@pytest.mark.parametrize("make", SPOILT + (FOREIGN if IS_ROOT else []))
def test_denies_everybody(place: Path, make: Callable[[Path], Path]) -> None:
    policy = make(place)
    answer = explained(place, policy, "curtis.feitty")
    assert (answer["allowed"], answer["layer"], answer["kind"]) == (False, "policy file", "profile_invalid")
    if make in FOREIGN:
        assert f"must be owned by root or uid {USER}" in str(answer["rule"])
    elif make not in (unreadable, absent):
        assert "chmod go-w" in str(answer["rule"]) or "is shared" in str(answer["rule"])
