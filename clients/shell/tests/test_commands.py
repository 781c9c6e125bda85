"""obo token, obo doctor, and help on everything, with the real sidecar."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from sandbox.control import Sandbox
from terminal import Terminal

OBO = Path(__file__).parents[1] / "obo"
COMMANDS = ["agent", "token", "doctor", "setup"]

Completed = subprocess.CompletedProcess[str]


def obo(shell: list[str], environment: dict[str, str], *words: str) -> Completed:
    command = [*shell, str(OBO), *words]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


def test_curl_takes_the_token_from_a_pipe_and_is_the_user(
    shell: list[str], person: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """It stands in no argument and no environment: spies write down both, of whatever has it pass through."""
    for program in ("jq", "curl"):
        spy = tmp_path / program
        real = shutil.which(program)
        spy.write_text(f'#!/bin/sh\n{{ printf "%s\\n" "$0" "$@"; env; }} >>"{tmp_path}/seen"\nexec {real} "$@"\n')
        spy.chmod(0o755)
    line = f'{" ".join(shell)} {OBO} token | curl -sS --noproxy "*" -K - {sandbox.pod_url}/sandbox/echo'
    output = subprocess.check_output(
        ["sh", "-c", line], env=person | {"PATH": f"{tmp_path}:{person['PATH']}"}, text=True, timeout=60
    )
    token = dict(json.loads(output)["headers"])["Authorization"].removeprefix("Bearer ")
    seen = (tmp_path / "seen").read_text()
    assert "getToken" in seen and "curl" in seen
    assert token.count(".") == 2
    assert token not in seen
    assert [row["actor"] for row in sandbox.audit(side="pod", action="echo")] == ["curtis.feitty"]


def test_a_token_is_one_line_and_the_users(shell: list[str], person: dict[str, str], sandbox: Sandbox) -> None:
    done = obo(shell, person, "token", "subject=ap.clerk", f"scope={sandbox.scope}")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert done.stdout.startswith('header = "Authorization: Bearer ey') and done.stdout.endswith('"\n')
    assert [row["actor"] for row in sandbox.audit(side="domain", action="token.issue")] == ["ap.clerk"]


def test_a_terminal_gets_a_token_only_when_it_is_asked_for(shell: list[str], person: dict[str, str]) -> None:
    with Terminal([*shell, str(OBO), "token"], person) as terminal:
        assert terminal.end() == 2
    assert "Bearer" not in terminal.shown and "--show" in terminal.shown
    with Terminal([*shell, str(OBO), "token", "--show"], person) as terminal:
        assert terminal.end() == 0
    assert terminal.shown.startswith('header = "Authorization: Bearer ey')


def test_a_token_that_would_end_its_line_is_refused(
    shell: list[str], person: dict[str, str], tmp_path: Path
) -> None:
    sidecar = tmp_path / "onbehalf"
    answer = json.dumps({"jsonrpc": "2.0", "id": 1, "result": {"accessToken": 'a"\nurl = "http://elsewhere/'}})
    sidecar.write_text(f"#!/bin/sh\ncat >/dev/null\ncat <<'END'\n{answer}\nEND\n")
    sidecar.chmod(0o755)
    done = obo(shell, person | {"ONBEHALF_BIN": str(sidecar)}, "token")
    assert (done.returncode, done.stdout) == (1, "")
    assert "elsewhere" not in done.stderr


def test_no_token_has_kind_and_hint(shell: list[str], person: dict[str, str]) -> None:
    done = obo(shell, person, "token", "subject=admin")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kind: subject_denied\nhint: " in done.stderr


def test_the_users_own_token_takes_the_place_of_the_user(
    shell: list[str], person: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    """Of the environment; one that is given beside it is refused by the sidecar."""
    (tmp_path / "token").write_text(sandbox.id_token("ap.clerk"))
    given = f"userToken=@{tmp_path}/token"
    assert obo(shell, person, "token", given).returncode == 0
    assert [row["actor"] for row in sandbox.audit(side="domain", action="token.issue")] == ["ap.clerk"]
    assert "kind: invalid_params" in obo(shell, person, "token", given, "subject=ap.clerk").stderr


def test_the_doctor_says_what_is_well(shell: list[str], person: dict[str, str]) -> None:
    done = obo(shell, person, "doctor", "agent=PAYABLES_TEAM")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("pass  configuration  ") and lines[-1] == "Nothing failed."
    assert sum(line.startswith(("pass  ", "warn  ")) for line in lines) == 15


def test_the_doctor_says_what_is_not_and_what_to_do(
    shell: list[str], person: dict[str, str], sandbox: Sandbox
) -> None:
    sandbox.user("curtis.feitty", active=False)
    done = obo(shell, person, "doctor")
    assert done.returncode == 1
    table = done.stdout
    assert "\nFAIL  token          " in table and "\n                     -> " in table.split("FAIL")[1]
    assert table.endswith("\n\n1 check failed.\n")


@pytest.mark.parametrize("words", [["token", "x"], ["token", "userToken=eyJ"], ["doctor", "x"], ["setup", "x"]])
def test_wrong_usage(shell: list[str], person: dict[str, str], words: list[str]) -> None:
    done = obo(shell, person, *words)
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_on_commands_needs_no_sidecar(shell: list[str], person: dict[str, str], command: str) -> None:
    done = obo(shell, person | {"ONBEHALF_BIN": "/no/such/binary"}, command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: obo {command}") and "exit status: " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_help_on_every_method_is_that_of_the_sidecar(person: dict[str, str]) -> None:
    document = json.loads(obo(["dash"], person, "rpc.discover").stdout)
    for method in document["methods"]:
        done = obo(["dash"], person, method["name"], "--help")
        assert (done.returncode, done.stderr) == (0, ""), method["name"]
        assert done.stdout.startswith(f"usage: obo {method['name']} ") and method["summary"][:60] in done.stdout
        for param in method["params"]:
            assert f"\n  {param['name']}" in done.stdout


def test_help_on_a_method(shell: list[str], person: dict[str, str]) -> None:
    done = obo(shell, person, "getToken", "--help")
    for line in ("profile= (string)", "userToken=@FILE (string)", "minTtlSeconds:= (integer)"):
        assert f"\n  {line}\n" in done.stdout
    done = obo(shell, person, "nothing", "--help")
    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no method nothing." in done.stderr


@pytest.mark.parametrize("how", ["by a link", "by a link to a link", "on PATH", "in its folder"])
def test_it_finds_its_commands_wherever_it_is_called_from(
    shell: list[str], person: dict[str, str], tmp_path: Path, how: str
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "link").symlink_to(OBO)
    (tmp_path / "bin" / "obo").symlink_to("../link")
    words, where, path = {
        "by a link": ([*shell, "./link"], tmp_path, os.defpath),
        "by a link to a link": ([*shell, str(tmp_path / "bin" / "obo")], tmp_path, os.defpath),
        "on PATH": (["obo"], tmp_path, f"{tmp_path}/bin:{os.defpath}"),
        "in its folder": ([*shell, "obo"], OBO.parent, os.defpath),
    }[how]
    program = shutil.which(words[0], path=path) or words[0]
    words = [program, *words[1:], "agent", "PAYABLES_TEAM", "Hi"]
    output = subprocess.check_output(words, cwd=where, env=person | {"PATH": path}, text=True, timeout=60)
    assert output.startswith("Hello, Curtis Feitty.")


def test_a_terminal_gets_no_c1_from_a_result(shell: list[str], person: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", answer="a\x9b31m\x1b[2J\u202e", states=["COMPLETE"])
    words = ["invokeAgent", "profile=dev5", "subject=curtis.feitty", "agent=PAYABLES_TEAM", "message=Hi"]
    with Terminal([*shell, str(OBO), *words], person | {"TERM": "dumb"}) as terminal:
        assert terminal.end() == 0
    assert "a\ufffd31m\\u001b[2J\ufffd" in terminal.shown
    assert json.loads(obo(shell, person, *words).stdout)["output"] == "a\x9b31m\x1b[2J\u202e"
