"""A name server that never answers: callers are answered by their own deadline, and nothing else waits."""

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from sidecar import Home, Sidecar, framed

# Preloaded: every lookup of a name in silent.example hangs, as it does for minutes when packets are dropped.
SILENCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

typedef int (*lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  if (name && strstr(name, "silent.example")) {
    write(open(LOOKUPS, O_WRONLY | O_APPEND | O_CREAT, 0600), "?", 1);
    for (;;) pause();
  }
  return ((lookup)dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints, result);
}
"""


def compiler() -> str:
    """The C compiler of the system, else the one that Swift's toolchain brings."""
    found = shutil.which("cc") or shutil.which("clang")
    assert found, "no C compiler: install gcc, or put the folder of the swift toolchain on PATH"
    return found


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("silence")
    (folder / "silence.c").write_text(SILENCE)
    library = folder / "silence.so"
    subprocess.run(
        [compiler(), "-shared", "-fPIC", "-w", f'-DLOOKUPS="{folder / "lookups"}"', "-o", library, folder / "silence.c"],
        check=True,
    )
    return library


def profile(host: str) -> dict[str, Any]:
    return {
        "name": host, "identityDomainUrl": f"https://{host}", "clientId": "c", "key": host, "scope": "s",
        "clientAuthentication": "client_assertion", "fusionUrl": "https://pod.example",
        "rateLimit": {"perSecond": 1000, "perMinute": 60_000}, "policy": {"subjects": {"allow": ["*"]}},
    }


def exchange(sidecar: Sidecar, messages: list[dict[str, Any]]) -> dict[Any, tuple[float, dict[str, Any]]]:
    """What is answered to each id, and after how many seconds."""
    started = time.monotonic()
    sidecar.send_bytes(b"".join(framed({"jsonrpc": "2.0", **message}) for message in messages))
    answers: dict[Any, tuple[float, dict[str, Any]]] = {}
    for _ in messages:
        answer = sidecar.receive()
        answers[answer["id"]] = (time.monotonic() - started, answer)
    return answers


def test_callers_are_answered_by_their_own_deadline(silence: Path, home: Home) -> None:
    hosts = ["a.silent.example", "b.silent.example"]
    options = {"profiles": {host: profile(host) for host in hosts}}
    beginning = [
        {"id": "start", "method": "initialize", "params": {"initializationOptions": options}},
        *(
            {
                "id": host, "method": "createKey",
                "params": {"alias": host, "identityDomainUrl": f"https://{host}", "clientId": "c"},
            }
            for host in hosts
        ),
    ]
    calls = [
        {
            "id": number, "method": "getToken",
            "params": {"profile": hosts[number % 2], "subject": f"user{number}", "timeoutMs": 1000},
        }
        for number in range(200)
    ]
    silent = {"LD_PRELOAD": str(silence)}
    with Sidecar(home, "--admin", "--store", "memory", environment=silent) as sidecar:
        assert all("result" in answer for _, answer in exchange(sidecar, beginning).values())
        answers = exchange(sidecar, [*calls, {"id": "ping", "method": "ping"}])

    assert answers["ping"][0] < 1
    for call in calls:
        seconds, answer = answers[call["id"]]
        assert answer["error"]["data"]["kind"] in {"deadline_exceeded", "network_timeout"}, answer
        assert 0.9 < seconds < 5
    # A lookup is shared by all who wait for it, and the lookups that hang hold nobody else.
    assert (silence.parent / "lookups").stat().st_size < 10


def test_diagnose_says_so_and_holds_nobody_up(silence: Path, home: Home) -> None:
    hosts = ["c.silent.example", "d.silent.example"]
    wanted = profile(hosts[0]) | {"fusionUrl": f"https://{hosts[1]}", "clientAuthentication": "client_secret_basic"}
    del wanted["key"]
    options = {"profiles": {hosts[0]: wanted}}
    lookups = silence.parent / "lookups"
    looked_up = lookups.stat().st_size if lookups.exists() else 0
    diagnose = {"id": "diagnose", "method": "diagnose", "params": {"profile": hosts[0], "subject": "u", "agent": "A"}}
    with Sidecar(home, "--store", "memory", environment={"LD_PRELOAD": str(silence)}) as sidecar:
        exchange(sidecar, [{"id": "start", "method": "initialize", "params": {"initializationOptions": options}}])
        answers = exchange(sidecar, [diagnose, {"id": "ping", "method": "ping"}])
    assert answers["ping"][0] < 1
    seconds, answer = answers["diagnose"]
    # One share of the time for both, since they are looked up side by side.
    assert seconds < 9
    checks = {check["id"]: check for check in answer["result"]["checks"]}
    assert "No name server answered when c.silent.example" in checks["dns"]["summary"]
    assert "No name server answered when d.silent.example" in checks["fusion"]["summary"]
    assert lookups.stat().st_size - looked_up == 2
