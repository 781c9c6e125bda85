"""Who may do what: --admin, the --policy file, profiles of initialize and of the profile file."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("createKey", {"alias": "new"}),
    ("importKey", {"alias": "new", "pem": "x", "certificatePem": "x"}),
    ("deleteKey", {"alias": "payables"}),
    ("rotateKey", {"alias": "payables", "step": "start"}),
    ("rotateKey", {"alias": "payables", "step": "abort"}),
    ("saveProfile", {"profile": {
        "name": "dev5", "identityDomainUrl": "https://idcs.example.com", "clientId": "c", "key": "payables",
        "clientAuthentication": "client_assertion", "scope": "s", "fusionUrl": "https://pod.example.com",
        "policy": {"subjects": {"allow": ["*"]}},
    }}),
    ("deleteProfile", {"name": "dev5"}),
    ("setClientSecret", {"profile": "dev5", "clientSecret": "x"}),
]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, running: Sandbox) -> tuple[Home, str]:
    """A home with a key in a file store and a profile, made by a person with --admin; and the key's certificate."""
    home = Home(tmp_path_factory.mktemp("prepared"))
    with Sidecar(home, "--admin", *home.file_store()) as person:
        key = onboard(person, running)
    return home, key["certificatePem"]


@pytest.fixture
def options(home: Home, prepared: tuple[Home, str], sandbox: Sandbox) -> list[str]:
    """The options of a copy of that store. The profile is there, and the certificate is registered."""
    source, certificate = prepared
    for name in ("store", "config.json"):
        shutil.copy(source.path / name, home.path / name)
    sandbox.register_certificate("payables", certificate)
    return home.file_store()


def test_a_backend_cannot_change_anything(home: Home, options: list[str]) -> None:
    before = home.config.read_bytes(), (home.path / "store").read_bytes()
    with Sidecar(home, *options) as backend:
        for method, params in CHANGES:
            refused = backend.refusal(method, **params)
            assert refused.kind == "admin_required", refused.error
            assert "--admin" in refused.hint
        assert backend.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"
    assert before == (home.config.read_bytes(), (home.path / "store").read_bytes())


@pytest.fixture
def policy(home: Home) -> Path:
    return home.private_file("policy.json", json.dumps({"subjects": {"allow": ["curtis.*"]}}))


def test_a_policy_file_narrows_every_profile(home: Home, options: list[str], policy: Path, sandbox: Sandbox) -> None:
    with Sidecar(home, *options, "--policy", str(policy)) as backend:
        assert backend.call("getToken", subject="curtis.feitty")["source"] == "exchange"
        refused = backend.refusal("getToken", subject="ap.clerk")
        assert (refused.kind, refused.detail["layer"]) == ("subject_denied", "policy file")
        # It is looked at again when it changes, and holds for what is in the cache.
        replace(policy, {"subjects": {"allow": ["*"], "deny": ["Curtis.*"]}})
        assert backend.refusal("getToken", subject="curtis.feitty").kind == "subject_denied"
        assert backend.call("getToken", subject="ap.clerk")["source"] == "exchange"
    assert [row["actor"] for row in sandbox.audit(action="token.issue")] == ["curtis.feitty", "ap.clerk"]


def replace(file: Path, content: Any) -> None:
    new = file.with_suffix(".new")
    new.write_text(content if isinstance(content, str) else json.dumps(content))
    new.chmod(0o600)
    new.rename(file)


def group_writable(file: Path) -> None:
    file.chmod(0o660)


def absent(file: Path) -> None:
    file.unlink()


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def misspelt(file: Path) -> None:
    replace(file, {"subjects": {"allow": ["*"], "denny": ["admin"]}})


def not_json(file: Path) -> None:
    replace(file, "subjects:\n  allow: ['*']\n")


@pytest.mark.parametrize("spoil", [group_writable, absent, a_folder, misspelt, not_json])
def test_a_policy_file_that_cannot_be_used_denies(
    home: Home, options: list[str], policy: Path, sandbox: Sandbox, spoil: Any
) -> None:
    with Sidecar(home, *options, "--policy", str(policy)) as backend:
        backend.call("getToken", subject="curtis.feitty")
        spoil(policy)
        for method, params in [("getToken", {}), ("mintAssertion", {"type": "user"})]:
            refused = backend.refusal(method, subject="curtis.feitty", **params)
            assert refused.kind == "profile_invalid", refused.error
            assert "policy" in refused.message
        assert len(sandbox.audit(action="token.issue")) == 1


@pytest.mark.parametrize("content", [
    '{"profiles": {"dev5": {"name": "dev5"}}}', '{"profiles": []}', '{"profils": {}}', "not JSON",
    '{"profiles": {}, "profiles": {}}',
])
def test_a_profile_file_that_cannot_be_used(home: Home, options: list[str], content: str) -> None:
    home.private_file("config.json", content)
    with Sidecar(home, "--admin", *options) as sidecar:
        assert sidecar.refusal("getToken", subject="curtis.feitty").kind == "profile_invalid"
        assert sidecar.refusal("listProfiles").kind == "profile_invalid"
        assert sidecar.refusal("deleteProfile", name="dev5").kind == "profile_invalid"
        assert sidecar.call("ping") == {}
    assert home.config.read_text() == content


def test_a_profile_file_others_may_write_to(home: Home, options: list[str]) -> None:
    home.config.chmod(0o666)
    with Sidecar(home, *options) as backend:
        refused = backend.refusal("getToken", subject="curtis.feitty")
        assert refused.kind == "profile_invalid"
        assert str(home.config) in refused.message


def test_a_profile_file_changed_by_another_process(home: Home, options: list[str], sandbox: Sandbox) -> None:
    with Sidecar(home, *options) as backend:
        backend.call("getToken", subject="curtis.feitty")
        with Sidecar(home, "--admin", *options) as person:
            person.call("saveProfile", profile=profile(sandbox, policy={"subjects": {"allow": ["ap.*"]}}))
        assert backend.refusal("getToken", subject="curtis.feitty").kind == "subject_denied"
        assert backend.call("getToken", subject="ap.clerk")["subject"] == "ap.clerk"


def test_a_folder_that_cannot_be_written(home: Home, options: list[str], sandbox: Sandbox) -> None:
    """A folder that does not exist, and cannot be made: root may write to folders that are read-only."""
    home.config = Path("/proc/onbehalf/config.json")
    with Sidecar(home, "--admin", *options) as sidecar:
        refused = sidecar.refusal("saveProfile", profile=profile(sandbox))
        assert refused.kind == "profile_invalid"
        assert "/proc/onbehalf" in refused.message


def test_profiles_of_initialize(home: Home, options: list[str], sandbox: Sandbox) -> None:
    given = {"profiles": {"session": profile(sandbox, name="session", policy={"subjects": {"allow": ["curtis.*"]}})}}
    with Sidecar(home, *options) as backend:
        answer = backend.call("initialize", initializationOptions=given | {"defaultProfile": "session"})
        assert answer["capabilities"]["admin"] is False
        assert backend.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"
        assert backend.refusal("getToken", subject="ap.clerk").kind == "subject_denied"
        assert backend.call("getToken", profile="dev5", subject="ap.clerk")["subject"] == "ap.clerk"
    assert "session" not in home.config.read_text()


def test_a_profile_of_initialize_may_not_take_a_saved_name(home: Home, options: list[str], sandbox: Sandbox) -> None:
    wide = {"dev5": profile(sandbox, policy={"subjects": {"allow": ["*"]}})}
    with Sidecar(home, *options) as backend:
        backend.call("initialize", initializationOptions={"profiles": wide})
        assert backend.refusal("getToken", profile="dev5", subject="admin").kind == "profile_invalid"


def test_a_profile_of_initialize_cannot_use_a_key_elsewhere(
    home: Home, options: list[str], sandbox: Sandbox
) -> None:
    """A sandbox of somebody's own would harvest assertions that are good at the real domain."""
    elsewhere = {"evil": profile(sandbox, name="evil", identityDomainUrl="http://127.0.0.1:9", clientId="evil")}
    with Sidecar(home, *options) as backend:
        backend.call("initialize", initializationOptions={"profiles": elsewhere})
        for method, params in [("getToken", {}), ("mintAssertion", {"type": "user"})]:
            refused = backend.refusal(method, profile="evil", subject="curtis.feitty", **params)
            assert refused.kind == "key_bound"
