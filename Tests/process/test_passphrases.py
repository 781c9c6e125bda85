"""Where the passphrase of a file store comes from, and how it is changed while sidecars run."""

import os
import subprocess
from pathlib import Path

import pytest
import store_file
from sidecar import BINARY, Home, Sidecar

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def store(home: Home) -> list[str]:
    store_file.create(home.path / "store", PASSPHRASE)
    return ["--store", f"file:{home.path}/store"]


def with_descriptor_3(redirection: str) -> tuple[str, ...]:
    """A command that finds it open as the shell makes it."""
    return ("sh", "-c", f'exec "$@" 3{redirection}', "sh", BINARY)


class TestDescriptor:
    @pytest.mark.parametrize("content", [PASSPHRASE, PASSPHRASE + "\n"])
    def test_is_read_once_and_closed(self, content: str, home: Home, store: list[str]) -> None:
        file = home.private_file("passphrase", content)
        command = with_descriptor_3(f"<{file}")
        with Sidecar(home, "--admin", *store, "--passphrase-fd", "3", command=command) as sidecar:
            assert sidecar.call("listKeys") == {"keys": []}
            opened = [os.readlink(entry) for entry in Path(f"/proc/{sidecar.process.pid}/fd").iterdir()]
            assert str(file) not in opened
            # Kept: another process may have changed the salt.
            store_file.create(home.path / "store", PASSPHRASE)
            assert sidecar.call("createKey", alias="payables")["alias"] == "payables"

    def test_may_be_a_pipe(self, home: Home, store: list[str]) -> None:
        command = with_descriptor_3(f"<<END\n{PASSPHRASE}\nEND\n")
        with Sidecar(home, *store, "--passphrase-fd", "3", command=command) as sidecar:
            assert sidecar.call("listKeys") == {"keys": []}

    @pytest.mark.parametrize("source, found", [
        ("&-", "descriptor 3 is not open"),
        ("/dev/null", "descriptor 3 is empty"),
        ("/", "descriptor 3 cannot be read: Is a directory"),
        ("/dev/zero", "descriptor 3 is longer than 4096 bytes"),
        ("/dev/ptmx", "descriptor 3 is a terminal"),
    ])
    def test_what_is_none_is_refused_at_the_start(self, source: str, found: str, home: Home, store: list[str]) -> None:
        refused = subprocess.run(
            [*with_descriptor_3(f"<{source}"), *store, "--passphrase-fd", "3"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=home.environment, timeout=20,
        )
        assert (refused.returncode, refused.stdout) == (2, "")
        assert refused.stderr == f"onbehalf: --passphrase-fd: {found}.\n"


class TestCredential:
    @pytest.fixture
    def folder(self, home: Home) -> Path:
        folder = home.path / "credentials"
        folder.mkdir()
        (folder / "onbehalf-passphrase").write_text(PASSPHRASE)
        (folder / "onbehalf-passphrase").chmod(0o400)
        folder.chmod(0o500)
        return folder

    def test_serves_without_an_option(self, home: Home, store: list[str], folder: Path) -> None:
        with Sidecar(home, *store, environment={"CREDENTIALS_DIRECTORY": str(folder)}) as sidecar:
            assert sidecar.call("listKeys") == {"keys": []}

    def test_an_option_wins(self, home: Home, store: list[str], folder: Path) -> None:
        wrong = home.private_file("wrong", "not this one")
        environment = {"CREDENTIALS_DIRECTORY": str(folder)}
        with Sidecar(home, *store, "--passphrase-file", str(wrong), environment=environment) as sidecar:
            assert sidecar.refusal("listKeys").kind == "store_locked"

    def test_is_checked_as_a_passphrase_file_is(self, home: Home, store: list[str], folder: Path) -> None:
        folder.chmod(0o777)
        with Sidecar(home, *store, environment={"CREDENTIALS_DIRECTORY": str(folder)}) as sidecar:
            assert sidecar.refusal("listKeys").detail["reason"] == "unsafe_permissions"

    def test_one_that_is_not_there_is_told(self, home: Home, store: list[str]) -> None:
        with Sidecar(home, *store, environment={"CREDENTIALS_DIRECTORY": str(home.path)}) as sidecar:
            refused = sidecar.refusal("listKeys")
            assert refused.detail["reason"] == "no_passphrase" and "onbehalf-passphrase" in refused.message


class TestChange:
    def test_other_sidecars_follow_when_their_file_does(self, home: Home, store: list[str]) -> None:
        old = home.private_file("passphrase", PASSPHRASE)
        new = home.private_file("new", "another passphrase\n")
        options = [*store, "--passphrase-file", str(old)]
        with Sidecar(home, "--admin", *options) as person, Sidecar(home, *options) as backend:
            key = person.call("createKey", alias="payables")
            assert backend.call("listKeys") == {"keys": [key]}
            before = (home.path / "store").read_text()
            assert person.call("changePassphrase", newPassphraseFile=str(new)) == {"changed": True}
            assert store_file.kdf_line(before) != store_file.kdf_line((home.path / "store").read_text())
            # The one that changed it goes on; the other says what to do.
            assert person.call("createKey", alias="receivables")["alias"] == "receivables"
            refused = backend.refusal("listKeys")
            assert (refused.kind, refused.detail["reason"]) == ("store_locked", "locked")
            assert "changePassphrase" in refused.hint and "read again" in refused.hint
            new.rename(old)
            assert [found["alias"] for found in backend.call("listKeys")["keys"]] == ["payables", "receivables"]

    def test_the_file_opens_with_the_new_passphrase_alone(self, home: Home, store: list[str]) -> None:
        old = home.private_file("passphrase", PASSPHRASE)
        new = home.private_file("new", "another passphrase\n")
        with Sidecar(home, "--admin", *store, "--passphrase-file", str(old)) as person:
            person.call("createKey", alias="payables")
            person.call("changePassphrase", newPassphraseFile=str(new))
        text = (home.path / "store").read_text()
        (item,) = store_file.items(text, store_file.Keys("another passphrase", store_file.kdf_line(text)))
        assert (item.kind, item.name) == ("key", "payables") and b"PRIVATE KEY" in item.secret
        with Sidecar(home, *store, "--passphrase-file", str(old)) as sidecar:
            assert sidecar.refusal("getKey", alias="payables").kind == "store_locked"
        with Sidecar(home, *store, "--passphrase-file", str(new)) as sidecar:
            assert sidecar.call("getKey", alias="payables")["alias"] == "payables"

    def test_a_file_others_may_read_is_no_passphrase(self, home: Home, store: list[str]) -> None:
        old = home.private_file("passphrase", PASSPHRASE)
        new = home.private_file("new", "another passphrase\n")
        new.chmod(0o644)
        before = (home.path / "store").read_bytes()
        with Sidecar(home, "--admin", *store, "--passphrase-file", str(old)) as person:
            refused = person.refusal("changePassphrase", newPassphraseFile=str(new))
            assert refused.detail["reason"] == "unsafe_permissions", refused.error
        assert (home.path / "store").read_bytes() == before

    @pytest.mark.parametrize("options", [["--store", "memory"], ["--store", "secret-service"]])
    def test_other_stores_have_none(self, options: list[str], home: Home) -> None:
        new = home.private_file("new", "another passphrase\n")
        with Sidecar(home, "--admin", *options) as person:
            refused = person.refusal("changePassphrase", newPassphraseFile=str(new))
            assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "unsupported")
