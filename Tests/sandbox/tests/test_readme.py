"""The road by hand of the README, run as it is printed there."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from sandbox.approval import Approval
from sandbox.control import TESTS, Sandbox
from sandbox.fault_kinds import KINDS
from sandbox.records import wire_name
from sandbox.state import Agent, Client, Node, Settings, User
from sandbox.stream_fault import Stream

README = (TESTS / "sandbox" / "README.md").read_text()


def test_the_road_by_hand(sandbox: Sandbox, tmp_path: Path) -> None:
    [script] = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    places = {"DOMAIN": sandbox.domain_url, "POD": sandbox.pod_url, "ADMIN": sandbox.admin_url, "SCOPE": sandbox.scope}
    run = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=tmp_path, env={"PATH": os.environ["PATH"], **places},
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode == 0, run.stderr
    answer, *rows = run.stdout.splitlines()
    assert json.loads(answer) == "Hello, Curtis Feitty. PAYABLES_TEAM read: Hi"
    assert [row.split("\t") for row in rows] == [
        [side, action, "curtis.feitty", "onbehalf-sandbox", "granted"]
        for side, action in [("domain", "token.issue"), ("pod", "agent.invoke"), *[("pod", "agent.status")] * 3]
    ]


def test_every_setting_and_fault_is_in_a_table() -> None:
    named = re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", README, re.MULTILINE)
    assert {name for row in named for name in row} >= set(KINDS) | {
        wire_name(name) for name in Settings.__dataclass_fields__
    }


@pytest.mark.parametrize("record", [Client, User, Agent, Node, Approval, Settings, Stream])
def test_every_member_of_a_record_is_told_of(record: type) -> None:
    assert [name for name in map(wire_name, record.__dataclass_fields__) if f"`{name}`" not in README] == []
