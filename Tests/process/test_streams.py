"""Stdout carries messages and nothing else; stderr never holds anything up; what was inherited stays as it was."""

import fcntl
import os
import subprocess

from desktop import Desktop
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import BINARY, Home, Sidecar, framed


def test_a_full_stderr_that_nobody_reads_holds_nothing_up(home: Home, desktop: Desktop) -> None:
    desktop.start_keyring()
    unread, stderr = os.pipe()
    os.set_blocking(stderr, False)
    try:
        while True:
            os.write(stderr, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(stderr, True)
    process = subprocess.Popen(
        [BINARY, "--admin", "--log-level", "debug", "--config", str(home.config)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
        env=home.environment | {"G_MESSAGES_DEBUG": "all"},
    )
    requests = [
        {"jsonrpc": "2.0", "id": 0, "method": "createKey", "params": {"alias": "payables"}},
        *({"jsonrpc": "2.0", "id": n, "method": "getKey", "params": {"alias": f"absent{n}"}} for n in range(1, 500)),
    ]
    output, _ = process.communicate(b"".join(framed(request) for request in requests), timeout=30)
    os.close(stderr)
    os.close(unread)
    assert process.returncode == 0
    assert output.count(b"\n") == 500


def test_stdout_holds_messages_alone_whatever_libraries_print(home: Home, desktop: Desktop, sandbox: Sandbox) -> None:
    desktop.start_keyring()
    noise = {"G_MESSAGES_DEBUG": "all", "G_DEBUG": "fatal-warnings", "CURL_VERBOSE": "1"}
    with Sidecar(home, "--admin", "--log-level", "debug", environment=noise) as sidecar:
        onboard(sidecar, sandbox)
        desktop.restart_keyring()
        sidecar.call("getToken", subject="curtis.feitty")
        sidecar.refusal("getKey", alias="absent")
        sidecar.end_input()
        assert sidecar.rest() == []
        assert sidecar.wait() == 0


def test_inherited_descriptors_stay_blocking(home: Home) -> None:
    """A mode belongs to all who share the descriptor, a terminal's shell among them."""
    input_end, input_peer = os.pipe()
    output_peer, output_end = os.pipe()
    error_peer, error_end = os.pipe()
    shared = [input_end, output_end, error_end]
    process = subprocess.Popen(
        [BINARY, "--store", "memory"], stdin=input_end, stdout=output_end, stderr=error_end, env=home.environment
    )
    os.write(input_peer, framed({"jsonrpc": "2.0", "id": 1, "method": "ping"}))
    assert os.read(output_peer, 100) == b'{"jsonrpc":"2.0","id":1,"result":{}}\n'
    flags = [fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NONBLOCK for descriptor in shared]
    os.close(input_peer)
    assert process.wait(timeout=30) == 0
    for descriptor in [*shared, output_peer, error_peer]:
        os.close(descriptor)
    assert flags == [0, 0, 0]


def test_a_stderr_that_is_closed(home: Home) -> None:
    """Its number must not go to a file that is then printed into."""
    with Sidecar(home, command=("sh", "-c", 'exec "$0" "$@" --store memory 2>&-', BINARY)) as sidecar:
        assert sidecar.call("ping") == {}
