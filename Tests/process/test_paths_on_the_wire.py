"""What `callApi` sends is what policy saw, as a server receives it; and what policy refuses never leaves."""

import json
import posixpath
import re
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from hostile_paths import AGENTS, INVOICES, ORCHESTRATOR, SEALED, Case, cases
from onboarding import onboard, profile
from recorder import Arrival, Recorder
from sandbox.control import Sandbox
from sidecar import Home, Sidecar, framed

COUNT = 6000
USER = {"subject": "curtis.feitty"}
RULES = {
    "open": {},
    "ruled": {"paths": [
        {"methods": ["GET", "POST"], "prefix": INVOICES},
        {"methods": ["*"], "prefix": "/a/"},
        {"methods": ["GET", "POST"], "prefix": AGENTS},
    ]},
    "reader": {"readOnly": True},
}
# Where a call of each may end up once a server has read the path in its own way.
MAY_REACH = {
    "open": lambda path: not below(path, ORCHESTRATOR),
    "ruled": lambda path: f"{path}/".startswith("/a/") or below(path, INVOICES.lower()) or below(path, AGENTS),
    "reader": lambda path: not below(path, ORCHESTRATOR),
}


@pytest.fixture
def pod() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


@pytest.fixture
def decoy() -> Iterator[Recorder]:
    with Recorder() as recorder:
        yield recorder


def target(case: Case) -> str:
    """Path and query as they should be sent."""
    if not case.query:
        return case.path
    words = [
        f"{escaped(name)}={escaped(each)}"
        for name, value in case.query.items() for each in (value if isinstance(value, list) else [value])
    ]
    return f"{case.path}?{'&'.join(words)}"


def escaped(value: Any) -> str:
    return urllib.parse.quote(json.dumps(value) if isinstance(value, (bool, int)) else value, safe="")


def asked(sidecar: Sidecar, method: str, params: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to many requests, sent without waiting."""
    requests = [
        framed({"jsonrpc": "2.0", "id": f"{method} {number}", "method": method, "params": each})
        for number, each in enumerate(params)
    ]
    writer = threading.Thread(target=sidecar.send_bytes, args=[b"".join(requests)])
    writer.start()
    answers = {answer["id"]: answer for answer in (sidecar.receive() for _ in requests)}
    writer.join()
    return [answers[f"{method} {number}"] for number in range(len(params))]


def below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def readings(sent: str) -> set[str]:
    """The path as servers and what stands before them read it: escapes never, once or twice, then cut, cleaned, folded."""
    path = sent.partition("?")[0]
    decoded = [path, urllib.parse.unquote(path), urllib.parse.unquote(urllib.parse.unquote(path))]
    decoded += [urllib.parse.unquote(path, "latin-1"), urllib.parse.urlsplit("http://pod" + sent).path]
    cut = [re.split(mark, each)[0] for each in decoded for mark in ("\x00", "[?]", "#", "$^")]
    plain = [re.sub(parameters, "", each.replace("\\", slash)) for each in cut
             for parameters in (";[^/]*", "$^") for slash in ("/", "\\")]
    tidy = [posixpath.normpath(re.sub("/+", "/", each)) for each in plain]
    return {form for each in plain + tidy for form in (each.lower(), each.upper().lower(), each.rstrip(" .").casefold())}


def as_node_reads(host: str, targets: list[str]) -> list[list[str]]:
    """Host and path of each, by the URL library of browsers."""
    script = """
      const [host, targets] = JSON.parse(require("fs").readFileSync(0));
      const read = (target) => { const url = new URL(target, `http://${host}/other/place`); return [url.host, url.pathname]; };
      console.log(JSON.stringify(targets.map(read)));
    """
    run = subprocess.run(["node", "-e", script], input=json.dumps([host, targets]), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.parametrize("name", RULES)
def test_a_server_gets_what_policy_saw(home: Home, sandbox: Sandbox, pod: Recorder, decoy: Recorder, name: str) -> None:
    tried = cases(COUNT, decoy.host, seed=20261129)
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        rules = {"subjects": {"allow": ["*"]}} | RULES[name]
        onboard(sidecar, sandbox, fusionUrl=f"http://{pod.host}", policy=rules, audit="best-effort")
        verdicts = asked(sidecar, "explain", [USER | {"method": case.method, "path": target(case)} for case in tried])
        begun = time.monotonic()
        answers = asked(sidecar, "callApi", [
            USER | {"method": case.method, "path": case.path, "headers": {"X-Case": str(number)}}
            | ({} if case.query is None else {"query": case.query})
            for number, case in enumerate(tried)
        ])
        print(f"{name}: {len(tried)} calls, {len(pod.arrivals)} sent, in {time.monotonic() - begun:.1f} s")
    arrived = {int(arrival.values(b"x-case")[0]): arrival for arrival in pod.arrivals}
    assert len(arrived) == len(pod.arrivals), "each came once"
    assert decoy.connections == 0
    for number, (case, verdict, answer) in enumerate(zip(tried, verdicts, answers, strict=True)):
        check(case, verdict.get("result"), answer, arrived.get(number), pod.host)
    sent = [target(tried[number]) for number in sorted(arrived)]
    assert len(sent) > 120, "too few were taken to show anything"
    for text in sent:
        for path in readings(text):
            assert MAY_REACH[name](path), (text, path)
            assert not any(below(path, f"{ORCHESTRATOR}/{area}") for area in SEALED), (text, path)
    for text, (host, path) in zip(sent, as_node_reads(pod.host, sent), strict=True):
        assert (host, path) == (pod.host, text.partition("?")[0])


def check(
    case: Case, verdict: dict[str, Any] | None, answer: dict[str, Any], arrival: Arrival | None, host: str
) -> None:
    if "result" in answer:
        assert arrival is not None and verdict["allowed"], case
        assert arrival.line == f"{case.method} {target(case)} HTTP/1.1".encode(), case
        assert arrival.values(b"host") == [host.encode()], case
        assert len(arrival.values(b"authorization")) == 1
        return
    data = answer["error"]["data"]
    assert arrival is None, case
    if data["kind"] == "invalid_params":
        assert case.query is not None, "a query beside another, or one that is too long"
        return
    assert data["kind"] == "path_denied", answer
    assert (verdict["allowed"], verdict["kind"]) == (False, "path_denied"), case
    assert (verdict["layer"], verdict["rule"]) == (data["detail"]["layer"], data["detail"]["rule"]), case
