"""Secret stores that are absent, locked, silent, restarted, damaged: an error that says so, and no other store."""

import shutil
import time
from pathlib import Path

import pytest
from desktop import Desktop
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import Home, Sidecar


def test_no_bus(home: Home) -> None:
    with Sidecar(home, "--admin") as sidecar:
        for method, params in [("createKey", {"alias": "payables"}), ("listKeys", {}), ("getKey", {"alias": "a"})]:
            refused = sidecar.refusal(method, **params)
            assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "no_bus"), refused.error
            assert "--store file:PATH" in refused.hint
        assert sidecar.call("ping") == {}


def test_no_service(home: Home, desktop: Desktop) -> None:
    with Sidecar(home, "--admin") as sidecar:
        refused = sidecar.refusal("createKey", alias="payables")
        assert (refused.kind, refused.detail["reason"], refused.retryable) == ("store_unavailable", "no_service", True)
        desktop.start_keyring()
        assert sidecar.call("createKey", alias="payables")["store"] == "secret-service"


def test_a_locked_keyring_is_not_an_empty_one(home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    desktop.start_keyring()
    with Sidecar(home, "--admin") as person:
        key = onboard(person, sandbox)
    desktop.lock()
    with Sidecar(home, "--admin") as sidecar:
        for method, params in [
            ("getKey", {"alias": "payables"}),
            ("getToken", {"subject": "curtis.feitty"}),
            ("createKey", {"alias": "another"}),
        ]:
            refused = sidecar.refusal(method, **params)
            assert refused.kind == "store_locked", refused.error
            assert "nlock" in refused.hint
        assert sandbox.audit(side="domain") == []
        desktop.restart_keyring()
        assert sidecar.call("getKey", alias="payables") == key


def test_a_silent_keyring_holds_up_only_those_who_need_it(home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    desktop.start_keyring()
    with Sidecar(home, "--admin") as person:
        onboard(person, sandbox)
    with Sidecar(home) as sidecar:
        desktop.silence()
        started = time.monotonic()
        waiting = sidecar.request("getKey", alias="payables", timeoutMs=700)
        assert sidecar.call("ping") == {}
        assert sidecar.call("listProfiles")["profiles"][0]["name"] == "dev5"
        answer = sidecar.answer(waiting)
        assert 0.6 < time.monotonic() - started < 2
        assert answer["error"]["data"]["kind"] in ("store_timeout", "deadline_exceeded"), answer
        desktop.restart_keyring()
        assert sidecar.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"


def test_a_keyring_that_was_restarted_is_found_again(home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    desktop.start_keyring()
    with Sidecar(home, "--admin", "--log-level", "debug") as sidecar:
        key = onboard(sidecar, sandbox)
        desktop.restart_keyring()
        assert sidecar.call("listKeys") == {"keys": [key]}
        desktop.restart_keyring()
        assert sidecar.call("createKey", alias="another")["alias"] == "another"
        assert sidecar.call("deleteKey", alias="another") == {"deleted": True}
        desktop.stop_keyring()
        assert sidecar.refusal("createKey", alias="third").kind == "store_unavailable"
        assert sidecar.call("ping") == {}


def test_keys_that_are_open_serve_while_the_keyring_is_gone(home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    desktop.start_keyring()
    with Sidecar(home, "--admin") as sidecar:
        onboard(sidecar, sandbox)
        sidecar.call("getToken", subject="curtis.feitty")
        desktop.stop_keyring()
        assert sidecar.call("getToken", subject="ap.clerk")["source"] == "exchange"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file store with a key."""
    home = Home(tmp_path_factory.mktemp("prepared"))
    with Sidecar(home, "--admin", *home.file_store()) as person:
        person.call("createKey", alias="payables")
    return home.path / "store"


class TestFileStore:
    @pytest.fixture
    def options(self, home: Home, prepared: Path) -> list[str]:
        shutil.copy(prepared, home.path / "store")
        return home.file_store()

    @pytest.fixture
    def store(self, home: Home, options: list[str]) -> Path:
        return home.path / "store"

    def refusal(self, home: Home, options: list[str]) -> tuple[str, str | None]:
        with Sidecar(home, "--admin", *options) as sidecar:
            refused = sidecar.refusal("getKey", alias="payables")
            assert sidecar.refusal("createKey", alias="another").kind == refused.kind
            assert sidecar.call("ping") == {}
        return refused.kind, refused.detail.get("reason")

    def test_is_private_and_holds_nothing_in_clear(self, store: Path) -> None:
        assert store.stat().st_mode & 0o777 == 0o600
        assert b"PRIVATE KEY" not in store.read_bytes()

    def test_wrong_passphrase(self, home: Home, options: list[str], store: Path) -> None:
        before = store.read_bytes()
        wrong = home.private_file("wrong", "not this one\n")
        assert self.refusal(home, [*options[:2], "--passphrase-file", str(wrong)])[0] == "store_locked"
        assert store.read_bytes() == before

    def test_no_passphrase(self, home: Home, options: list[str]) -> None:
        assert self.refusal(home, options[:2]) == ("store_unavailable", "no_passphrase")

    @pytest.mark.parametrize("length", [0, 10, -1])
    def test_truncated(self, home: Home, options: list[str], store: Path, length: int) -> None:
        store.write_bytes(before := store.read_bytes()[:length])
        assert self.refusal(home, options)[0] == "store_corrupt"
        assert store.read_bytes() == before

    def test_readable_by_others(self, home: Home, options: list[str], store: Path) -> None:
        store.chmod(0o644)
        assert self.refusal(home, options) == ("store_unavailable", "unsafe_permissions")

    def test_folder_others_may_write_to(self, home: Home, options: list[str], store: Path) -> None:
        folder = home.path / "shared"
        folder.mkdir()
        store.rename(folder / "store")
        folder.chmod(0o777)
        options = ["--store", f"file:{folder}/store", *options[2:]]
        assert self.refusal(home, options) == ("store_unavailable", "unsafe_permissions")

    def test_folder_that_cannot_be_made(self, home: Home, options: list[str]) -> None:
        with Sidecar(home, "--admin", "--store", "file:/proc/onbehalf/store", *options[2:]) as sidecar:
            refused = sidecar.refusal("createKey", alias="payables")
            assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "input_output"), refused.error
