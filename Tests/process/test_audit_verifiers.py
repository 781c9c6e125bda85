"""Who finds what was changed in the audit: verifyAudit, and the verifier that shares no code with it."""

import importlib.util
import json
import random
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import ROOT, Home, Sidecar

VERIFIER = ROOT / "protocol" / "verify-audit"
loader = SourceFileLoader("verify_audit", str(VERIFIER))
spec = importlib.util.spec_from_loader("verify_audit", loader)
assert spec is not None
verify_audit = importlib.util.module_from_spec(spec)
sys.modules["verify_audit"] = verify_audit
loader.exec_module(verify_audit)


def test_killed_writers_leave_a_chain_that_goes_on(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", *home.file_store()) as person:
        onboard(person, sandbox)
    chance = random.Random(1)
    for _ in range(30):
        sidecar = Sidecar(home, *home.file_store())
        for _ in range(50):
            sidecar.request("mintAssertion", type="client")
        for _ in range(chance.randint(1, 30)):
            sidecar.receive()
        sidecar.process.kill()
        sidecar.stop()
    with Sidecar(home, *home.file_store()) as later:
        later.call("mintAssertion", type="client")
        assert later.call("verifyAudit")["ok"]
    assert verify_audit.verify(str(home.state)).problem is None


def mutate(chance: random.Random, lines: list[bytes]) -> list[bytes]:
    """One change of the kinds that somebody may make."""
    lines = list(lines)
    place = chance.randrange(len(lines))
    kind = chance.choice(["byte", "delete", "swap", "insert", "cut", "line feed", "nothing"])
    if kind == "byte":
        line = bytearray(lines[place])
        line[chance.randrange(len(line))] = chance.choice(b'"{}:,0a\\\n\x00\xff z')
        lines[place] = bytes(line)
    elif kind == "delete":
        del lines[place]
    elif kind == "swap":
        other = chance.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    elif kind == "insert":
        lines.insert(place, chance.choice([lines[0], b"", b"{}", b'{"seq":1}']))
    elif kind == "cut":
        del lines[place:]
    elif kind == "line feed":
        lines[place] += b"\n"
    return lines


def test_both_verifiers_agree_on_whatever_was_changed(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox)
        for _ in range(5):
            sidecar.call("mintAssertion", type="client")
    file = home.state / "audit-000001.jsonl"
    whole = file.read_bytes()
    head = verify_audit.verify(str(home.state)).head
    assert head is not None
    chance = random.Random(7)
    found = {True: 0, False: 0}
    with Sidecar(home) as sidecar:
        for number in range(2000):
            lines = mutate(chance, whole.split(b"\n")[:-1])
            if chance.random() < 0.3:
                lines = mutate(chance, lines or [b"x"])
            changed = b"\n".join(lines) + chance.choice([b"\n", b"\n", b"\n", b""])
            file.write_bytes(changed)
            anchor = (head[1], head[2]) if number % 2 else None
            params = {"anchor": f"{head[1]}:{head[2]}"} if anchor else {}
            ours = sidecar.call("verifyAudit", **params)
            theirs = verify_audit.verify(str(home.state), anchor)
            problem = theirs.problem
            assert ours["ok"] == (problem is None), (changed, ours, problem)
            assert ours["rows"] == theirs.rows
            if problem is not None:
                expected = {"file": problem.file, "line": problem.line, "found": problem.found}
                assert {"line": None} | ours["problem"] == expected
            if anchor and changed != whole and not changed.startswith(whole):
                assert not ours["ok"], changed
            found[ours["ok"]] += 1
        file.write_bytes(whole)
    assert min(found.values()) > 100, found


VECTORS = ROOT / "protocol" / "vectors" / "audit"
VERDICTS = json.loads((VECTORS / "verdicts.json").read_text())


def apply(edit: dict[str, Any], folder: Path) -> None:
    file = folder / edit["file"]
    if edit.get("removeFile"):
        return file.unlink()
    content = file.read_bytes() + edit.get("append", "").encode()
    lines = content[:len(content) - edit.get("truncate", 0)].split(b"\n")
    if "remove" in edit:
        del lines[edit["remove"] - 1]
    if "replace" in edit:
        assert edit["replace"].encode() in lines[edit["line"] - 1]
        lines[edit["line"] - 1] = lines[edit["line"] - 1].replace(edit["replace"].encode(), edit["with"].encode())
    if "swap" in edit:
        first, second = (number - 1 for number in edit["swap"])
        lines[first], lines[second] = lines[second], lines[first]
    if "repeat" in edit:
        lines.insert(edit["repeat"], lines[edit["repeat"] - 1])
    if "insert" in edit:
        lines.insert(edit["line"] - 1, edit["insert"].encode())
    file.write_bytes(b"\n".join(lines))


@pytest.mark.parametrize("vector", VERDICTS, ids=lambda vector: vector["name"])
def test_the_verifier_says_what_is_published(vector: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "state"
    shutil.copytree(VECTORS / vector.get("chain", "chain"), folder)
    for edit in vector.get("edits", []):
        apply(edit, folder)
    anchor = verify_audit.anchor_argument(vector["anchor"]) if "anchor" in vector else None
    verdict = verify_audit.verify(str(folder), anchor)
    problem = verdict.problem
    found = problem and {"file": problem.file, "line": problem.line, "found": problem.found}
    assert found == ({"line": None} | vector["problem"] if "problem" in vector else None)
    assert verdict.rows == vector["rows"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["STATE"], 0), (["--anchor", "ANCHOR", "STATE"], 0), (["--anchor", "9999:" + "0" * 64, "STATE"], 1),
     (["--anchor", "x", "STATE"], 2), (["/nonexistent"], 2), (["--help"], 0)],
)
def test_the_verifier_is_a_command(
    home: Home, sidecar: Sidecar, arguments: list[str], status: int
) -> None:
    head = sidecar.call("verifyAudit")["head"]
    names = {"STATE": str(home.state), "ANCHOR": f"{head['seq']}:{head['hash']}"}
    ended = subprocess.run(
        [str(VERIFIER), *[names.get(word, word) for word in arguments]], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == status, ended
