"""Keys and secrets in memory: who can read it, where they lie, and when they are gone."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate
from memory import decoded, hits, pem_lines, private_key, private_numbers, stored_item
from onboarding import onboard, profile
from ordinary import OrdinaryUser, ordinary_user
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

PASSPHRASE = "planted-passphrase-5c1e"
CLIENT_SECRET = "planted-client-secret-90ab"
USER = {"profile": "dev5", "subject": "curtis.feitty"}

# A virtual environment may be out of the user's reach.
PYTHON = os.path.realpath(sys.executable)
READ_MEMORY = """
import sys
memory = open(f"/proc/{sys.argv[1]}/mem", "rb", buffering=0)
memory.seek(int(sys.argv[2], 16))
memory.read(16)
"""
READ_ACROSS = """
import ctypes, sys
class Piece(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("length", ctypes.c_size_t)]
buffer = ctypes.create_string_buffer(16)
local, remote = Piece(ctypes.addressof(buffer), 16), Piece(int(sys.argv[2], 16), 16)
count = ctypes.CDLL(None).process_vm_readv(int(sys.argv[1]), ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
sys.exit(count != 16)
"""
# Each is given a process and an address in it, and ends with 0 when it got hold of it. gdb ends so whatever happened;
# strace follows the process until it is told to end.
ATTACKS = {
    "gdb": ["sh", "-c", 'gdb -nx -p "$1" -batch -ex "x/2x 0x$2" 2>&1 | grep "^0x$2"', "sh"],
    "strace": ["sh", "-c", 'timeout 1 strace -p "$1"; [ $? -eq 124 ]', "sh"],
    "/proc/PID/mem": [PYTHON, "-c", READ_MEMORY],
    "process_vm_readv": [PYTHON, "-c", READ_ACROSS],
}
# Open to every debugger of its user (prctl(2), PR_SET_PTRACER), whatever Yama says.
VICTIM = """
import ctypes, sys
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1))
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def user() -> Iterator[OrdinaryUser]:
    with ordinary_user() as user:
        yield user


@pytest.fixture
def served(home: Home, sandbox: Sandbox) -> Iterator[Sidecar]:
    """As a backend has it: without --admin, the key and a client secret in an encrypted file that is there already."""
    store = home.file_store(passphrase=PASSPHRASE)
    with Sidecar(home, "--admin", *store) as sidecar:
        onboard(sidecar, sandbox, keyIdleSeconds=3600)
        sidecar.call("saveProfile", profile=profile(sandbox, name="basic", clientAuthentication="client_secret_basic"))
        sidecar.call("setClientSecret", profile="basic", clientSecret=CLIENT_SECRET)
    with Sidecar(home, "--log-level", "info", *store) as sidecar:
        yield sidecar


@pytest.fixture
def planted(served: Sidecar, home: Home) -> dict[str, bytes]:
    """What must not be found outside of the locked heap: the key in every form, and the passphrase."""
    item = stored_item(home.path / "store", PASSPHRASE, "key", "payables")
    return private_numbers(private_key(item)) | pem_lines(item) | {"passphrase": PASSPHRASE.encode()}


def wait_for_log(sidecar: Sidecar, text: str) -> None:
    with subprocess.Popen(["tail", "-n", "+1", "-f", str(sidecar.log)], stdout=subprocess.PIPE, text=True) as tail:
        next(line for line in tail.stdout if text in line)
        tail.kill()


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_same_user_cannot_read_it(user: OrdinaryUser, attack: str) -> None:
    def gets_hold_of(pid: int) -> bool:
        # Addresses are secret too, but need not be.
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        address = next(line.split("-")[0] for line in maps.splitlines() if "[stack]" in line or "rw-p" in line)
        return user.run(*ATTACKS[attack], str(pid), address).returncode == 0

    command = [*user.prefix, PYTHON, "-c", VICTIM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as victim:
        assert victim.stdout.readline() == b"\n"
        assert gets_hold_of(victim.pid), "it works where nothing forbids it"
        victim.kill()
    with user.sidecar("--store", "memory") as sidecar:
        sidecar.call("ping")
        assert not gets_hold_of(sidecar.process.pid)
        assert sidecar.call("ping") == {}


def test_a_crash_leaves_no_core(user: OrdinaryUser) -> None:
    folder = user.home.path / "cores"
    folder.mkdir()
    limits = ("prlimit", "--core=unlimited", "env", f"--chdir={folder}")
    sidecar = user.sidecar("--store", "memory", limits=limits)
    try:
        sidecar.call("ping")
        limit = Path(f"/proc/{sidecar.process.pid}/limits").read_text()
        os.kill(sidecar.process.pid, signal.SIGABRT)
        _, status = os.waitpid(sidecar.process.pid, 0)
        assert os.WTERMSIG(status) == signal.SIGABRT
        assert not os.WCOREDUMP(status)
        assert list(folder.iterdir()) == []
        assert "Max core file size        0                    0" in limit
    finally:
        sidecar.process.returncode = -signal.SIGABRT
        sidecar.stop()


def test_64_signatures_at_once_where_little_memory_may_be_locked(user: OrdinaryUser, sandbox: Sandbox) -> None:
    store = user.home.file_store()
    aliases = [f"key{number}" for number in range(4)]
    with user.sidecar("--admin", *store) as sidecar:
        keys = {alias: onboard(sidecar, sandbox, name=alias, key=alias) for alias in aliases}
    user.home.path.joinpath("stderr").write_text("")
    with user.sidecar(*store, limits=("prlimit", "--memlock=65536:65536")) as sidecar:
        asked = {
            sidecar.request("mintAssertion", type="user", profile=alias, subject="curtis.feitty"): alias
            for _ in range(16) for alias in aliases
        }
        answers = [sidecar.receive() for _ in asked]
    for answer in answers:
        key = load_pem_x509_certificate(keys[asked.pop(answer["id"])]["certificatePem"].encode()).public_key()
        text, _, signature = answer["result"]["assertion"].rpartition(".")
        key.verify(decoded(signature), text.encode(), PKCS1v15(), SHA256())
    assert asked == {}
    warnings = sidecar.stderr.splitlines()
    assert len(warnings) == 1 and "ulimit -l" in warnings[0], warnings


def test_a_key_lies_in_locked_memory_alone(served: Sidecar, planted: dict[str, bytes]) -> None:
    served.call("mintAssertion", type="user", **USER)
    served.call("getToken", **USER)
    found = hits(served.process.pid, planted)
    assert {hit.what for hit in found} >= {f"{name}, little-endian, 0" for name in ("p", "q", "d")}, "it is found at all"
    assert [hit for hit in found if not hit.is_locked] == []


def test_sigusr1_leaves_nothing_of_a_key_and_goes_on(served: Sidecar, planted: dict[str, bytes]) -> None:
    served.call("mintAssertion", type="user", **USER)
    assert served.call("getToken", **USER)["source"] == "exchange"
    assert served.call("getToken", **USER)["source"] == "cache"
    os.kill(served.process.pid, signal.SIGUSR1)
    wait_for_log(served, "SIGUSR1")
    assert hits(served.process.pid, planted) == []
    assert served.call("getToken", **USER)["source"] == "exchange"


def test_lock_leaves_nothing_of_a_key(served: Sidecar, planted: dict[str, bytes]) -> None:
    served.call("mintAssertion", type="user", **USER)
    assert served.call("lock") == {"locked": True}
    assert hits(served.process.pid, planted) == []
    assert served.refusal("mintAssertion", type="user", **USER).kind == "locked"


def test_after_lock_nothing_is_handed_out(sidecar: Sidecar, sandbox: Sandbox) -> None:
    """Under load: assertions, tokens from memory, exchanges under way. The answer of lock is the border."""
    sidecar.call("getToken", **USER)
    sandbox.fault("domain", "delay", path="/oauth2/v1/token", delaySeconds=60)
    waiting = sidecar.request("getToken", profile="dev5", subject="ap.clerk")
    sandbox.await_faults()

    def ask() -> None:
        for _ in range(200):
            sidecar.request("mintAssertion", type="user", **USER)
            sidecar.request("getToken", **USER)
            sidecar.request("exportRequest", format="curl", includeSecrets=True, **USER)

    ask()
    lock = sidecar.request("lock")
    ask()
    answers = [sidecar.receive() for _ in range(1202)]
    border = next(place for place, answer in enumerate(answers) if answer["id"] == lock)
    results = [answer["result"] for answer in answers[:border] if "result" in answer]
    assert any("assertion" in result for result in results) and any("text" in result for result in results), "load"
    assert {answer.get("error", {}).get("data", {}).get("kind") for answer in answers[border + 1:]} == {"locked"}
    assert any(answer["id"] == waiting and answer["error"]["data"]["kind"] == "locked" for answer in answers)
    sandbox.clear_faults()
    assert sidecar.refusal("getToken", profile="dev5", subject="ap.clerk").kind == "locked"


def test_a_running_agent_fails_when_it_needs_its_token_next(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "delay", path="*/status/*", delaySeconds=60)
    run = sidecar.request("invokeAgent", agent="PAYABLES_TEAM", message="Hello", **USER)
    sandbox.await_faults()
    assert sidecar.call("lock") == {"locked": True}
    # The poll that is under way has its token. Its answer says that the run goes on, so that another must follow.
    sandbox.clear_faults()
    error = sidecar.answer(run)["error"]
    assert error["data"]["kind"] == "locked"
    assert error["data"]["detail"]["state"] == "detached" and error["data"]["detail"]["jobId"]
