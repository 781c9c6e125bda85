"""The sidecar under a uid of its own, as protocol/SECURITY.md sets it up: what the backend can do, and what it cannot.

Root stands in for systemd: it listens on a socket that the backend's group may write to, and starts a sidecar for each
connection, with the connection as its standard input and output.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, Home, Sidecar

# Only root can run programs as two other users.
__test__ = os.geteuid() == 0

SIDECAR, BACKEND = 54321, 54322
PYTHON = os.path.realpath(sys.executable)
# What a backend does: all messages at once, and every answer.
TALK = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(sys.stdin.buffer.read())
connection.shutdown(socket.SHUT_WR)
while data := connection.recv(65536):
    sys.stdout.buffer.write(data)
"""


def as_user(uid: int) -> list[str]:
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--no-new-privs"] if uid else []


class Machine:
    """`etc`, `var` and `run` of a machine on which it is installed; stopped at the end of the `with` block."""

    def __init__(self, path: Path) -> None:
        path.chmod(0o755)
        self.path = path
        self.binary = shutil.copy(BINARY, path / "onbehalf")
        self.etc = self.folder("etc", 0, 0o755)
        self.var = self.folder("var", SIDECAR, 0o700)
        self.policy = self.file(self.etc / "policy.json", '{"subjects":{"allow":["curtis.*"]}}', 0o644, 0)
        self.passphrase = self.file(self.etc / "passphrase", "a passphrase", 0o640, SIDECAR)
        self.options = ["--store", f"file:{self.var}/keys", "--passphrase-file", str(self.passphrase),
                        "--state", str(self.var)]
        self.config = self.var / "config.json"
        self.children: list[subprocess.Popen[bytes]] = []
        self.address = path / "onbehalf.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.address))
        os.chown(self.address, 0, BACKEND)
        self.address.chmod(0o660)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve)

    def folder(self, name: str, owner: int, mode: int) -> Path:
        path = self.path / name
        path.mkdir(mode)
        os.chown(path, owner, owner)
        return path

    def file(self, path: Path, text: str, mode: int, group: int) -> Path:
        path.write_text(text)
        os.chown(path, 0, group)
        path.chmod(mode)
        return path

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.children.append(subprocess.Popen(
                    [*as_user(SIDECAR), self.binary, *self.options, "--config", self.config, "--policy", self.policy],
                    stdin=connection, stdout=connection, stderr=subprocess.DEVNULL, cwd="/", env={},
                ))

    def backend(self, *messages: dict[str, Any]) -> dict[Any, Any]:
        """The answers by their ids, as the backend's user gets them."""
        told = "".join(json.dumps({"jsonrpc": "2.0"} | message) + "\n" for message in messages)
        done = self.run(BACKEND, PYTHON, "-c", TALK, str(self.address), told=told)
        assert done.returncode == 0, done.stderr
        return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}

    def run(self, uid: int, *command: str, told: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*as_user(uid), *command], input=told, capture_output=True, text=True, timeout=PATIENCE_SECONDS,
            check=False, cwd="/",
        )

    def __enter__(self) -> "Machine":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        for child in self.children:
            child.kill()
            child.wait()


@pytest.fixture
def machine(sandbox: Sandbox) -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="onbehalf-") as path, Machine(Path(path)) as machine:
        home = Home(machine.folder("administrator", SIDECAR, 0o700))
        home.config = machine.config
        os.chown(home.path / "run", SIDECAR, SIDECAR)
        administrator = (*as_user(SIDECAR), machine.binary)
        with Sidecar(home, "--admin", *machine.options, command=administrator) as person:
            onboard(person, sandbox)
        yield machine


def call(identifier: str, method: str, **params: Any) -> dict[str, Any]:
    return {"id": identifier, "method": method, "params": params}


def test_the_backend_acts_for_users_as_the_policy_says(machine: Machine) -> None:
    answers = machine.backend(
        call("allowed", "getToken", subject="curtis.feitty"),
        call("denied", "getToken", subject="ap.clerk"),
        call("change", "createKey", alias="other"),
    )
    assert answers["allowed"]["result"]["subject"] == "curtis.feitty"
    denied = answers["denied"]["error"]["data"]
    assert (denied["kind"], denied["detail"]["layer"]) == ("subject_denied", "policy file")
    assert answers["change"]["error"]["data"]["kind"] == "admin_required"


@pytest.mark.parametrize("attempt", [
    "cat {var}/keys", "cat {var}/config.json", "ls {var}", "cat {var}/audit-000001.jsonl", "cat {etc}/passphrase",
    "echo '{{}}' > {etc}/policy.json", "mv {etc}/policy.json {etc}/other", "rm -f {etc}/policy.json",
    "echo x > {var}/keys", "rm -f {address}", "mv {binary} {binary}.old",
])
def test_the_backend_reaches_no_file(machine: Machine, attempt: str) -> None:
    """Root does, which shows that the attempts are such."""
    places = {"var": machine.var, "etc": machine.etc, "address": machine.address, "binary": machine.binary}
    assert machine.run(BACKEND, "sh", "-c", attempt.format(**places)).returncode != 0
    assert machine.run(0, "sh", "-c", attempt.format(**places)).returncode == 0


def test_a_sidecar_that_the_backend_starts_itself_opens_nothing(machine: Machine) -> None:
    asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "listKeys"}) + "\n"
    command = [machine.binary, "--admin", *machine.options, "--config", str(machine.config)]
    answer = json.loads(machine.run(BACKEND, *command, told=asked).stdout)
    assert answer["error"]["data"]["kind"] == "store_unavailable", answer


@pytest.mark.parametrize("attempt", [
    "cat /proc/{pid}/mem", "cat /proc/{pid}/environ", "cat /proc/{pid}/maps", "ls /proc/{pid}/fd", "kill -USR1 {pid}",
    "timeout 1 strace -p {pid}; [ $? -eq 124 ]",
])
def test_the_backend_reaches_no_process(machine: Machine, attempt: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(machine.address))
        connection.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        assert b"result" in connection.recv(4096)
        pid = machine.children[-1].pid
        assert machine.run(BACKEND, "sh", "-c", attempt.format(pid=pid)).returncode != 0
        connection.sendall(b'{"jsonrpc":"2.0","id":2,"method":"ping"}\n')
        assert b"result" in connection.recv(4096)
