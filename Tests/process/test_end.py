"""How the process ends: with its input, its host, a signal, an order, or its output."""

import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, Home, Sidecar, framed

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
AGENT = {"subject": "curtis.feitty", "agent": "PAYABLES_TEAM", "message": "Hello"}

# A host that lets a child of its own inherit the pipe to the sidecar, and tells both process ids.
HOST = """
import json, subprocess, sys
sidecar = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
sidecar.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"ping"}\\n')
sidecar.stdin.flush()
sidecar.stdout.readline()
holder = subprocess.Popen(["cat"], stdout=subprocess.DEVNULL, pass_fds=[sidecar.stdin.fileno()])
print(sidecar.pid, holder.pid, flush=True)
sys.stdin.read()
"""


def has_ended(descriptor: int, seconds: float) -> bool:
    """Whether the process of a pidfd ends in time."""
    return bool(select.select([descriptor], [], [], seconds)[0])


@pytest.fixture
def orphan(home: Home) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A host, the pidfd of its sidecar, and that of the child that holds the sidecar's input."""
    command = [sys.executable, "-c", HOST, BINARY, "--store", "memory", "--config", str(home.config)]
    host = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home.environment)
    sidecar, holder = (os.pidfd_open(int(word)) for word in host.stdout.readline().split())
    yield host, sidecar, holder
    for process in (sidecar, holder):
        if not has_ended(process, 0):
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
    host.kill()
    host.wait()
    host.stdin.close()
    host.stdout.close()


def test_ends_with_its_parent_while_another_holds_the_pipe(orphan: tuple[subprocess.Popen[bytes], int, int]) -> None:
    host, sidecar, holder = orphan
    assert not has_ended(sidecar, 0)
    host.kill()
    assert has_ended(sidecar, 2)
    assert not has_ended(holder, 0), "the pipe was open all the time"


def test_ends_with_the_process_that_initialize_names(home: Home) -> None:
    editor = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        with Sidecar(home, "--store", "memory") as sidecar:
            sidecar.call("initialize", processId=editor.pid)
            editor.kill()
            assert sidecar.wait(2) == 0
    finally:
        editor.kill()
        editor.wait()
        editor.stdin.close()


def test_a_process_that_is_not_there_is_not_waited_for(home: Home) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with Sidecar(home, "--store", "memory") as sidecar:
        sidecar.call("initialize", processId=gone.pid)
        assert sidecar.call("ping") == {}


def test_outlives_the_thread_that_started_it(home: Home) -> None:
    started: list[Sidecar] = []
    thread = threading.Thread(target=lambda: started.append(Sidecar(home, "--store", "memory")))
    thread.start()
    task = Path(f"/proc/self/task/{thread.native_id}")
    thread.join()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while task.exists():
        assert time.monotonic() < deadline
        os.sched_yield()
    with started[0] as sidecar:
        assert sidecar.call("ping") == {}
        assert sidecar.process.poll() is None


def test_what_was_asked_is_finished(sidecar: Sidecar) -> None:
    number = sidecar.request("invokeAgent", **AGENT)
    sidecar.end_input()
    answer, = sidecar.rest()
    assert (answer["id"], answer["result"]["state"]) == (number, "complete")
    assert sidecar.wait() == 0


def test_printf_into_it(home: Home) -> None:
    command = f"printf '%s\\n' {shlex.quote(framed(PING).decode().strip())} | {shlex.quote(BINARY)} --store memory"
    done = subprocess.run(["sh", "-c", command], env=home.environment, capture_output=True, check=True, timeout=30)
    assert done.stdout == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'


@pytest.mark.parametrize("data", [
    b'{"jsonrpc":"2.0","id":1,',
    b"Content-Length: 40\r\n",
    b'Content-Length: 40\r\n\r\n{"jsonrpc":"2.0"',
], ids=["line", "headers", "body"])
def test_input_that_ends_in_a_message(home: Home, data: bytes) -> None:
    with Sidecar(home, "--store", "memory", framing="headers" if data[:1] == b"C" else "lines") as sidecar:
        sidecar.send_bytes(data)
        sidecar.end_input()
        answer, = sidecar.rest()
        assert (answer["id"], answer["error"]["code"]) == (None, -32700)
        assert sidecar.wait() == 1


@pytest.mark.parametrize("data", [
    b"Content-Length: many\r\n\r\n",
    b"Content-Length: -1\r\n\r\n",
    b"Content-Length: 99999999999999999999\r\n\r\n",
    b"X-Nothing: 1\r\n\r\n",
    b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"X" * 10_000,
])
def test_a_frame_that_is_none_is_answered_once(home: Home, data: bytes) -> None:
    with Sidecar(home, "--store", "memory", framing="headers") as sidecar:
        sidecar.send_bytes(data)
        answer, = sidecar.rest()
        assert answer["id"] is None and answer["error"]["data"]["hint"]
        assert sidecar.wait() == 1


@pytest.mark.parametrize(("orders", "status"), [(["exit"], 1), (["shutdown", "exit"], 0)], ids=["exit", "shutdown"])
def test_ends_by_order(home: Home, orders: list[str], status: int) -> None:
    with Sidecar(home, "--store", "memory") as sidecar:
        assert sidecar.call("ping") == {}
        if "shutdown" in orders:
            assert sidecar.call("shutdown") is None
            assert sidecar.refusal("ping").kind == "invalid_request"
        sidecar.send({"jsonrpc": "2.0", "method": "exit"})
        assert sidecar.wait() == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_ends_by_signal(sidecar: Sidecar, sandbox: Sandbox, number: signal.Signals) -> None:
    """With an agent under way, which is answered: it goes on at the pod."""
    sandbox.agent("PAYABLES_TEAM", states=["RUNNING"])
    sidecar.request("invokeAgent", workDoneToken="t", **AGENT)
    while "jobId" not in str(sidecar.receive()):
        pass
    sidecar.process.send_signal(number)
    assert sidecar.wait(4) == 0
    answer = sidecar.rest()[-1]
    assert answer["error"]["data"]["detail"]["state"] == "detached"


def test_ends_when_nobody_reads_its_output(home: Home) -> None:
    with Sidecar(home, "--store", "memory") as sidecar:
        assert sidecar.call("ping") == {}
        sidecar.process.stdout.close()
        sidecar.send(PING)
        assert sidecar.wait(2) == 1


def test_a_reader_that_is_slow_loses_nothing(home: Home) -> None:
    """Answers fill the pipe long before anything is read."""
    count = 20_000
    with Sidecar(home, "--store", "memory") as sidecar:
        batch = b"".join(framed(PING | {"id": number}) for number in range(count))
        writer = threading.Thread(target=lambda: (sidecar.send_bytes(batch), sidecar.end_input()))
        writer.start()
        answers = sidecar.rest()
        writer.join()
        assert [answer["id"] for answer in answers] == list(range(count))
        assert sidecar.wait() == 0


@pytest.mark.parametrize(("options", "status", "told"), [
    (["--version"], 0, "onbehalf"),
    (["--help"], 0, "--passphrase-file"),
])
def test_options_that_only_print(home: Home, options: list[str], status: int, told: str) -> None:
    done = subprocess.run([BINARY, *options], env=home.environment, capture_output=True, text=True, timeout=30)
    assert (done.returncode, told in done.stdout) == (status, True)


@pytest.mark.parametrize(("options", "told"), [
    (["--admn"], "--admin"),
    (["--store", "redis"], "secret-service"),
    (["--store"], "--store"),
    (["--framing", "xml"], "headers"),
    (["--passphrase-file", "/x"], "--store file:PATH"),
    (["serve"], "serve"),
])
def test_options_that_are_wrong(home: Home, options: list[str], told: str) -> None:
    done = subprocess.run(
        [BINARY, *options], env=home.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
