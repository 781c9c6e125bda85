"""obo agent: what an agent says as it says it, a person who answers at the terminal, and Ctrl-C."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sandbox.control import Sandbox
from terminal import PATIENCE_SECONDS, Terminal

OBO = Path(__file__).parents[1] / "obo"
TEXT = ["Zürich, \\n ", "Genève 😀\n", "and %s Bern."]
WHOLE = "".join(TEXT)


def obo(shell: list[str], environment: dict[str, str], *words: str, **given: Any) -> subprocess.CompletedProcess[str]:
    given = {"stdin": subprocess.DEVNULL} | given if "input" not in given else given
    return subprocess.run(
        [*shell, str(OBO), *words], env=environment, capture_output=True, text=True, timeout=60, **given
    )


@pytest.fixture
def speaker(person: dict[str, str], sandbox: Sandbox) -> dict[str, str]:
    """An agent with three deltas: the second to the fourth of the events it streams."""
    sandbox.agent("PAYABLES_TEAM", deltas=TEXT, states=["COMPLETE"])
    return person


def actors(sandbox: Sandbox, action: str) -> list[tuple[str, str]]:
    return [(row["actor"], row["target"]) for row in sandbox.audit(side="pod", action=action)]


def read_until(file: Any, text: str) -> str:
    """Bytes as they come, up to a text that must be their end."""
    read = b""
    while read != text.encode():
        ready, _, _ = select.select([file], [], [], PATIENCE_SECONDS)
        assert ready, read
        data = os.read(file.fileno(), 1 << 16)
        assert data, read
        read += data
        assert text.encode().startswith(read), read
    return text


def test_text_comes_while_the_agent_speaks(shell: list[str], speaker: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    process = subprocess.Popen(
        [*shell, str(OBO), "agent", "PAYABLES_TEAM", "Where?"],
        env=speaker, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    assert process.stdout and process.stderr
    read_until(process.stdout, TEXT[0])
    sandbox.await_faults(held=1)
    sandbox.release()
    read_until(process.stdout, TEXT[1] + TEXT[2] + "\n")
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, err) == (0, b"", b""), "nothing of progress where there is no terminal"
    assert actors(sandbox, "agent.chat") == [("curtis.feitty", "PAYABLES_TEAM")]


@pytest.mark.parametrize("streams", [True, False])
def test_the_output_is_whole_however_it_came(
    shell: list[str], speaker: dict[str, str], sandbox: Sandbox, streams: bool
) -> None:
    sandbox.agent("PAYABLES_TEAM", streams=streams)
    done = obo(shell, speaker, "agent", "PAYABLES_TEAM", "Where?")
    assert (done.returncode, done.stdout) == (0, WHOLE + "\n")


def test_the_message_from_standard_input_and_a_user_who_is_named(
    shell: list[str], person: dict[str, str], sandbox: Sandbox
) -> None:
    words = ["agent", "PAYABLES_TEAM", "-", "subject=ap.clerk"]
    done = obo(shell, person, *words, input="-n 100% of\nwhat is \\due?\n")
    assert (done.returncode, done.stdout) == (0, "Hello, Ap Clerk. PAYABLES_TEAM read: -n 100% of\nwhat is \\due?\n")


def test_progress_is_a_line_of_the_terminal_alone(
    shell: list[str], speaker: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.fault("pod", "stream", afterEvents=1, then="stall")
    with (tmp_path / "out").open("wb") as out:
        with Terminal([*shell, str(OBO), "agent", "PAYABLES_TEAM", "Where?"], speaker, out.fileno()) as terminal:
            terminal.until("\r\x1b[K\x1b[?7lPAYABLES_TEAM: ")
            sandbox.await_faults(held=1)
            sandbox.release()
            assert terminal.end() == 0
    assert terminal.shown.endswith("\r\x1b[K"), "the line is taken away"
    assert "\n" not in terminal.shown
    assert (tmp_path / "out").read_text() == WHOLE + "\n"


def test_what_an_agent_says_does_not_steer_the_terminal(
    shell: list[str], person: dict[str, str], sandbox: Sandbox
) -> None:
    hostile = ["a\x1b[2J\x1b]0;title\x07", "b\r\n\tc\x00", "d\x9b31m\u202ee\u2066 \x7f"]
    sandbox.agent("PAYABLES_TEAM", deltas=hostile, states=["COMPLETE"])
    with Terminal([*shell, str(OBO), "agent", "PAYABLES_TEAM", "Well?"], person | {"TERM": "dumb"}) as terminal:
        assert terminal.end() == 0
    assert terminal.shown == "a\ufffd[2J\ufffd]0;title\ufffdb\r\n\tc\ufffdd\ufffd31m\ufffde\ufffd \ufffd\r\n"
    assert obo(shell, person, "agent", "PAYABLES_TEAM", "Well?").stdout == "".join(hostile).replace("\r\n", "\n") + "\n"


def test_a_failure_has_status_hint_and_the_words_of_the_pod(
    shell: list[str], person: dict[str, str], sandbox: Sandbox
) -> None:
    sandbox.fault("pod", "run", path="*/chat", states=["ERROR"], error="The \x1bledger is closed.")
    done = obo(shell, person, "agent", "PAYABLES_TEAM", "Well?")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("obo: ") and lines[1:2] == ["kind: agent_failed"] and lines[2].startswith("hint: ")
    assert "the pod says: The  ledger is closed." in lines
    assert any(line.startswith("job: ") for line in lines)


def test_a_user_who_may_not_is_refused(shell: list[str], person: dict[str, str]) -> None:
    done = obo(shell, person, "agent", "PAYABLES_TEAM", "Well?", "subject=admin")
    assert (done.returncode, done.stdout) == (1, "")
    assert "kind: subject_denied\nhint: " in done.stderr


def test_a_person_answers_at_the_terminal(
    shell: list[str], person: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.agent("APPROVAL_TEAM", approval={"question": "Pay\x1b[8m all?"}, answer="{message}!")
    with (tmp_path / "out").open("wb") as out:
        with Terminal([*shell, str(OBO), "agent", "APPROVAL_TEAM", "Pay."], person, out.fileno()) as terminal:
            terminal.until("APPROVAL_TEAM asks: Pay\ufffd[8m all?\r\nYour answer: ")
            terminal.type("Approve.\n")
            assert terminal.end() == 0, terminal.shown
    assert (tmp_path / "out").read_text().splitlines()[-1] == "Pay.!"
    answers = sandbox.audit(side="pod", action="agent.resume")
    assert [(row["actor"], row["outcome"]) for row in answers] == [("curtis.feitty", "granted")]


@pytest.mark.parametrize("typed", ["\n", "\x04"])
def test_no_answer_sends_nothing(
    shell: list[str], person: dict[str, str], sandbox: Sandbox, typed: str
) -> None:
    with Terminal([*shell, str(OBO), "agent", "APPROVAL_TEAM", "Pay."], person) as terminal:
        terminal.until("Your answer: ")
        terminal.type(typed)
        assert terminal.end() == 3
    assert "Nothing was sent." in terminal.shown and "obo resumeAgent agent=APPROVAL_TEAM jobId=" in terminal.shown
    assert actors(sandbox, "agent.resume") == []


def test_control_c_at_the_question_sends_nothing(
    shell: list[str], person: dict[str, str], sandbox: Sandbox
) -> None:
    with Terminal([*shell, str(OBO), "agent", "APPROVAL_TEAM", "Pay."], person) as terminal:
        terminal.until("Your answer: ")
        terminal.type("approve\x03")
        assert terminal.end() == 130
    assert "Nothing was sent." in terminal.shown
    assert actors(sandbox, "agent.resume") == []


def test_without_a_terminal_nobody_is_asked(shell: list[str], person: dict[str, str], sandbox: Sandbox) -> None:
    done = obo(shell, person, "agent", "APPROVAL_TEAM", "Pay.", input="approve\n", start_new_session=True)
    assert done.returncode == 3
    assert "APPROVAL_TEAM asks: " in done.stderr and "hint: obo resumeAgent agent=APPROVAL_TEAM" in done.stderr
    assert actors(sandbox, "agent.resume") == []


def test_control_c_cancels(shell: list[str], speaker: dict[str, str], sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    with Terminal([*shell, str(OBO), "agent", "PAYABLES_TEAM", "Where?"], speaker) as terminal:
        terminal.until("Zürich")
        sandbox.await_faults(held=1)
        terminal.type("\x03")
        assert terminal.end() == 130, terminal.shown
    assert "state: detached\r\njob: " in terminal.shown
    sandbox.await_faults(left=1)


def test_a_signal_to_obo_alone_cancels_in_the_sidecar(
    shell: list[str], speaker: dict[str, str], sandbox: Sandbox
) -> None:
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    process = subprocess.Popen(
        [*shell, str(OBO), "agent", "PAYABLES_TEAM", "Where?"],
        env=speaker, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )
    assert process.stdout
    read_until(process.stdout, TEXT[0])
    sandbox.await_faults(held=1)
    process.terminate()
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 143
    assert b"kind: cancelled\n" in err and b"state: detached\n" in err
    sandbox.await_faults(left=1)


@pytest.mark.parametrize("script", ["exit 3", "read -r line; exit 0", "echo garbage", "exec >&-; cat >/dev/null"])
def test_a_sidecar_that_fails(shell: list[str], person: dict[str, str], tmp_path: Path, script: str) -> None:
    sidecar = tmp_path / "onbehalf"
    sidecar.write_text(f"#!/bin/sh\n{script}\n")
    sidecar.chmod(0o755)
    done = obo(shell, person | {"ONBEHALF_BIN": str(sidecar)}, "agent", "PAYABLES_TEAM", "Hello")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "obo: the sidecar gave no answer\n")


def test_secrets_and_messages_stand_in_no_argument(
    shell: list[str], person: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    spy = tmp_path / "jq"
    spy.write_text(f'#!/bin/sh\n{{ printf "%s\\n" "$@"; env; }} >>"{tmp_path}/seen"\nexec {shutil.which("jq")} "$@"\n')
    spy.chmod(0o755)
    token = sandbox.id_token("ap.clerk")
    (tmp_path / "token").write_text(token)
    words = ["agent", "PAYABLES_TEAM", "Between us: planted.", f"userToken=@{tmp_path}/token"]
    done = obo(shell, person | {"PATH": f"{tmp_path}:{person['PATH']}"}, *words)
    assert (done.returncode, done.stdout) == (0, "Hello, Ap Clerk. PAYABLES_TEAM read: Between us: planted.\n")
    seen = (tmp_path / "seen").read_text()
    assert "userToken" in seen and token not in seen and "planted" not in seen


@pytest.mark.parametrize("words", [
    [], ["PAYABLES_TEAM"], ["payables", "Hello"], ["A", "m", "message=x"], ["A", "m", "wait:=false"], ["A", "m", "x"],
    ["A", "-", "userToken=@-"],
])
def test_wrong_usage(shell: list[str], person: dict[str, str], words: list[str]) -> None:
    done = obo(shell, person, "agent", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("obo: ")


def test_nothing_is_left_behind(shell: list[str], person: dict[str, str]) -> None:
    folder = Path(person["TMPDIR"])
    before = set(folder.iterdir())
    assert obo(shell, person, "agent", "PAYABLES_TEAM", "Hello").returncode == 0
    assert set(folder.iterdir()) <= before
