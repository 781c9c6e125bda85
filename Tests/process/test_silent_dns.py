"""A name server that never answers: callers are answered by their own deadline, and nothing else waits."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BINARY = os.environ.get("ONBEHALF_BIN") or str(ROOT / ".build" / "debug" / "onbehalf")

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


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("silence")
    (folder / "silence.c").write_text(SILENCE)
    library = folder / "silence.so"
    subprocess.run(
        ["clang", "-shared", "-fPIC", "-w", f'-DLOOKUPS="{folder / "lookups"}"', "-o", library, folder / "silence.c"],
        check=True,
    )
    return library


def profile(host: str) -> dict[str, Any]:
    return {
        "name": host, "identityDomainUrl": f"https://{host}", "clientId": "c", "key": host, "scope": "s",
        "clientAuthentication": "client_assertion", "fusionUrl": "https://pod.example",
        "policy": {"subjects": {"allow": ["*"]}},
    }


class Session:
    """The built program with the silence preloaded, one message per line."""

    def __init__(self, silence: Path, folder: Path) -> None:
        self.process = subprocess.Popen(
            [BINARY, "--admin", "--store", "memory", "--config", str(folder / "config.json")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "LD_PRELOAD": str(silence)},
        )

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout=10)
        finally:
            self.process.kill()
            self.process.stdout.close()
        assert failure is not None or status == 0

    def exchange(self, messages: list[dict[str, Any]]) -> dict[Any, tuple[float, dict[str, Any]]]:
        """What is answered to each id, and after how many seconds."""
        started = time.monotonic()
        for message in messages:
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()
        answers: dict[Any, tuple[float, dict[str, Any]]] = {}
        while len(answers) < len(messages):
            answer = json.loads(self.process.stdout.readline())
            answers[answer["id"]] = (time.monotonic() - started, answer)
        return answers


def test_callers_are_answered_by_their_own_deadline(silence: Path, tmp_path: Path) -> None:
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
    with Session(silence, tmp_path) as session:
        assert all("result" in answer for _, answer in session.exchange(beginning).values())
        answers = session.exchange([*calls, {"id": "ping", "method": "ping"}])

    assert answers["ping"][0] < 1
    for call in calls:
        seconds, answer = answers[call["id"]]
        assert answer["error"]["data"]["kind"] in {"deadline_exceeded", "network_timeout"}, answer
        assert 0.9 < seconds < 5
    # A lookup is shared by all who wait for it, and the lookups that hang hold nobody else.
    assert (silence.parent / "lookups").stat().st_size < 10
