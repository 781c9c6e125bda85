"""The file store outlives whoever writes it: killed at any moment, fifty at once, a disk that is full."""

import json
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import store_file
from sidecar import BINARY, PATIENCE_SECONDS, Home, Sidecar

PASSPHRASE = "correct horse battery staple"
KILLS = 300
WRITERS = 50


def profile(name: str) -> dict[str, Any]:
    return {
        "name": name, "identityDomainUrl": "https://idcs-1.identity.oraclecloud.com", "clientId": name,
        "clientAuthentication": "client_secret_basic", "scope": "urn:opc:resource:fusion:dev5:fusion-ai/",
        "fusionUrl": "https://pod.fa.us6.oraclecloud.com", "policy": {"subjects": {"allow": ["*"]}},
    }


def with_profile(name: str) -> dict[str, Any]:
    return {"initializationOptions": {"profiles": {name: profile(name)}, "defaultProfile": name}}


class Store:
    """A file store that opens fast, and how to start with it."""

    def __init__(self, home: Home, name: str) -> None:
        self.path = home.path / name
        self.keys = store_file.create(self.path, PASSPHRASE)
        self.options = ["--admin", *home.file_store(name, PASSPHRASE)]

    def items(self) -> list[store_file.Item]:
        """Read by another implementation, which takes a whole file only."""
        return store_file.items(self.path.read_text(), self.keys)

    def has_unfinished(self) -> bool:
        return (self.path.parent / f".{self.path.name}.new").exists()


@pytest.fixture
def store(home: Home) -> Store:
    return Store(home, "store")


class TestKilled:
    def test_at_any_moment_of_a_write(self, home: Home) -> None:
        """After each kill the file holds a write that was begun, and none older than the last that was answered."""
        with ThreadPoolExecutor(2) as pool:
            found = set.union(*pool.map(lambda name: kill_again_and_again(home, Store(home, name)), ("one", "two")))
        # Some were killed in the middle of a write, some between two.
        assert found == {True, False}


def kill_again_and_again(home: Home, store: Store) -> set[bool]:
    """Returns whether a write was cut short, as was found after each kill."""
    found = set()
    written = 0
    for round in range(KILLS // 2):
        with Sidecar(home, *store.options) as sidecar:
            sidecar.call("initialize", **with_profile("c"))
            sidecar.call("setClientSecret", profile="c", clientSecret=str(written))
            last_id = sidecar.last_id
            for number in range(1, 5):
                sidecar.request("setClientSecret", profile="c", clientSecret=str(written + number))
            # Later by some tens of microseconds each time, over about three writes.
            spin((round % 50) * 200e-6)
            sidecar.process.send_signal(signal.SIGKILL)
            answered = written + max([answer["id"] - last_id for answer in answers_until_the_end(sidecar)], default=0)
        (item,) = store.items()
        assert answered <= int(item.secret) <= written + 4, f"round {round}"
        found.add(store.has_unfinished())
        written += 5
    with Sidecar(home, *store.options) as sidecar:
        sidecar.call("initialize", **with_profile("c"))
        assert sidecar.call("setClientSecret", profile="c", clientSecret="last") == {"stored": True}
    assert [item.secret for item in store.items()] == [b"last"] and not store.has_unfinished()
    return found


def spin(seconds: float) -> None:
    """Exact to some microseconds, which no sleep is."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


def answers_until_the_end(sidecar: Sidecar) -> Iterator[dict[str, Any]]:
    """Of a sidecar that was killed: what is cut off in the middle was not answered."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while sidecar.read_more(deadline):
        pass
    sidecar.wait()
    while (frame := sidecar.next_frame()) is not None:
        yield json.loads(frame)


class TestManyWriters:
    def test_lose_nothing(self, home: Home, store: Store) -> None:
        names = [f"writer-{number}" for number in range(WRITERS)]

        def write(name: str) -> None:
            with Sidecar(home, *store.options) as sidecar:
                sidecar.call("initialize", **with_profile(name))
                assert sidecar.call("setClientSecret", profile=name, clientSecret=f"secret of {name}")["stored"]
                if name.endswith("0"):
                    assert sidecar.call("createKey", alias=name)["alias"] == name

        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(write, names))
        found = store.items()
        secrets = {item.attributes["client-id"]: item.secret.decode() for item in found if item.kind == "client-secret"}
        assert secrets == {name: f"secret of {name}" for name in names}
        assert [item.name for item in found if item.kind == "key"] == [name for name in names if name.endswith("0")]


# In a mount namespace of its own, so that nothing is left behind: a copy of the store on a disk that is then filled.
ON_A_FULL_DISK = """
mount -t tmpfs -o size=16k,mode=700 onbehalf "$1" && cp -p "$2" "$1/store" && shift 2 || exit
dd if=/dev/zero of="$0/filler" bs=1k status=none 2>/dev/null
exec "$@"
"""


def disks() -> list[str]:
    """A limit of the process is everywhere; a file system of our own where we may mount one."""
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode:
        warnings.warn("no file system can be mounted here: a full disk is tried with RLIMIT_FSIZE alone")
        return ["limited"]
    return ["limited", "full"]


@pytest.mark.parametrize("disk", disks())
def test_a_full_disk_loses_nothing_and_says_so(disk: str, home: Home, store: Store) -> None:
    with Sidecar(home, *store.options) as sidecar:
        sidecar.call("createKey", alias="spare")
    if disk == "limited":
        limit = store.path.stat().st_size
        # The limit is for every file: the audit begins anew, and stays below it.
        options = [*store.options, "--state", str(home.path / "new-state")]
        words, command = "File too large", ("prlimit", f"--fsize={limit}", BINARY)
    else:
        folder = home.path / "disk"
        folder.mkdir(mode=0o700)
        words = "No space left on device"
        options = ["--admin", "--store", f"file:{folder}/store", *store.options[-2:]]
        command = ("unshare", "--mount", "sh", "-c", ON_A_FULL_DISK, str(folder), str(folder), str(store.path), BINARY)
    with Sidecar(home, *options, command=command) as sidecar:
        sidecar.call("initialize", **with_profile("c"))
        # As that process sees it.
        path = Path(f"/proc/{sidecar.process.pid}/root{options[2].removeprefix('file:')}")
        before = path.read_bytes()
        for method, params in [
            ("setClientSecret", {"profile": "c", "clientSecret": "x" * 1000}),
            ("createKey", {"alias": "another"}),
        ]:
            refused = sidecar.refusal(method, **params)
            assert (refused.kind, refused.detail["reason"]) == ("store_unavailable", "input_output"), refused.error
            assert words in refused.message and "disk" in refused.hint, refused.error
        assert path.read_bytes() == before and not path.with_name(f".{path.name}.new").exists()
        assert [key["alias"] for key in sidecar.call("listKeys")["keys"]] == ["spare"]
