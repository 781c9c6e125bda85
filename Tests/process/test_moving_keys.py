"""Keys and client secrets move between stores: the real keyring, files, memory."""

from pathlib import Path

import pytest
from desktop import Desktop
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import Home, Sidecar


@pytest.fixture
def passphrase(home: Home) -> Path:
    return home.private_file("passphrase", "a passphrase\n")


def test_from_the_keyring_to_a_server_and_back(
    home: Home, desktop: Desktop, sandbox: Sandbox, passphrase: Path
) -> None:
    desktop.start_keyring()
    file = {"store": f"file:{home.path}/keys", "passphrase": str(passphrase)}
    with Sidecar(home, "--admin") as person:
        key = onboard(person, sandbox)
        person.call("setClientSecret", profile="dev5", clientSecret=sandbox.client_secret)
        person.call("getToken", subject="curtis.feitty")
        moved = person.call(
            "moveKeys", fromStore="secret-service", toStore=file["store"], toPassphraseFile=file["passphrase"]
        )
        assert moved == {"moved": ["payables"], "movedClientSecrets": 1}
        assert person.call("listKeys") == {"keys": []}
        # Neither the open handle nor the token outlives the move.
        assert person.refusal("getToken", subject="curtis.feitty").kind == "key_not_found"
    with Sidecar(home, "--admin", "--store", file["store"], "--passphrase-file", file["passphrase"]) as server:
        assert server.call("getKey", alias="payables") == key | {"store": file["store"]}
        assert server.call("getToken", subject="curtis.feitty")["source"] == "exchange"
        assert server.call("moveKeys", fromStore=file["store"], toStore="secret-service", aliases=["payables"]) == {
            "moved": ["payables"], "movedClientSecrets": 0,
        }
    with Sidecar(home) as sidecar:
        assert sidecar.call("getKey", alias="payables") == key


def test_a_link_to_the_same_file_is_the_same_store(home: Home, passphrase: Path) -> None:
    (home.path / "folder").mkdir(mode=0o700)
    (home.path / "link").symlink_to(home.path / "folder")
    options = ["--store", f"file:{home.path}/folder/keys", "--passphrase-file", str(passphrase)]
    with Sidecar(home, "--admin", *options) as person:
        key = person.call("createKey", alias="payables")
        for target in (f"file:{home.path}/folder/keys", f"file:{home.path}/link/keys"):
            refused = person.refusal("moveKeys", fromStore=options[1], toStore=target)
            assert refused.kind == "invalid_params" and "toStore" in refused.message, refused.error
        assert person.call("listKeys") == {"keys": [key]}


def test_a_target_that_does_not_open_leaves_everything_in_place(home: Home, passphrase: Path) -> None:
    other = home.private_file("other", "another passphrase\n")
    target = f"file:{home.path}/target"
    with Sidecar(home, "--admin", "--store", target, "--passphrase-file", str(other)) as person:
        person.call("createKey", alias="there")
    options = ["--store", f"file:{home.path}/keys", "--passphrase-file", str(passphrase)]
    with Sidecar(home, "--admin", *options) as person:
        key = person.call("createKey", alias="payables")
        # The process's own passphrase, when none is named.
        refused = person.refusal("moveKeys", fromStore=options[1], toStore=target)
        assert refused.kind == "store_locked" and refused.detail["store"] == target, refused.error
        refused = person.refusal("moveKeys", fromStore=options[1], toStore="secret-service")
        assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "no_bus"), refused.error
        assert person.call("listKeys") == {"keys": [key]}


def test_later_requests_wait_for_the_move(home: Home, passphrase: Path) -> None:
    options = ["--store", f"file:{home.path}/keys", "--passphrase-file", str(passphrase)]
    with Sidecar(home, "--admin", *options) as person:
        requests = [
            person.request("createKey", alias="payables"),
            person.request("moveKeys", fromStore=options[1], toStore=f"file:{home.path}/target"),
            person.request("getKey", alias="payables"),
        ]
        created, moved, gone = (person.answer(request) for request in requests)
        assert created["result"]["alias"] == "payables"
        assert moved["result"]["moved"] == ["payables"]
        assert gone["error"]["data"]["kind"] == "key_not_found"


def test_keys_of_a_trial_can_be_kept(home: Home, passphrase: Path) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as person:
        person.call("createKey", alias="payables")
        params = {"toStore": f"file:{home.path}/keys", "toPassphraseFile": str(passphrase)}
        assert person.call("moveKeys", fromStore="memory", **params)["moved"] == ["payables"]
        person.call("createKey", alias="another")
        refused = person.refusal("moveKeys", fromStore="memory", toStore=f"file:{home.path}/others")
        assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "no_passphrase"), refused.error


def test_an_unreadable_key_is_named_in_the_list(home: Home, desktop: Desktop) -> None:
    """Somebody edited an item in Seahorse; the other keys are listed all the same."""
    desktop.start_keyring()
    with Sidecar(home, "--admin") as person:
        key = person.call("createKey", alias="payables")
        desktop.store("not a key", application="onbehalf", kind="key", name="damaged")
        assert person.call("listKeys") == {
            "keys": [key],
            "unreadable": [{
                "alias": "damaged",
                "kind": "key_unreadable",
                "message": person.refusal("getKey", alias="damaged").message,
                "hint": person.refusal("getKey", alias="damaged").hint,
            }],
        }
