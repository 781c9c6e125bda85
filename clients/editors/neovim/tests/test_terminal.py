"""What only a terminal shows: real prompts, real keys, and the way out."""

from __future__ import annotations

from pathlib import Path

from picture import show
from sandbox.control import Sandbox
from sidecar import PATIENCE_SECONDS, Home
from terminal import Terminal

Office = tuple[Home, list[str], dict[str, str]]
ASK = ":OnBehalfAsk PAYABLES_TEAM Count\r"


def test_who_leaves_the_prompt_answers_nothing(sandbox: Sandbox, office: Office, tmp_path: Path) -> None:
    with show(sandbox, Home(tmp_path), office[1]) as terminal:
        for key in ("\x03", "\x1b"):  # Ctrl-C, Esc
            terminal.type(key)
            terminal.until("not answered; :OnBehalfAnswer asks again")
            assert sandbox.audit(action="agent.resume") == []
            terminal.type(":OnBehalfAnswer\r")
            terminal.until("Your answer to PAYABLES_TEAM:")
            terminal.type("yes")
            terminal.until("PAYABLES_TEAM: yes")
        terminal.type("\r")
        terminal.until("Both are paid.")


def held(sandbox: Sandbox, home: Home, command: list[str]) -> Terminal:
    """In the middle of an answer; what a first picture needs is there already."""
    sandbox.agent("PAYABLES_TEAM", deltas=["One, ", "two."], nodes=[{"code": "COUNT"}])
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    words = ", ".join(f"[==[{word}]==]" for word in command)
    setup = f"lua require('onbehalf').setup({{ subject = 'curtis.feitty', command = {{ {words} }} }})"
    terminal = Terminal(home, "-c", setup)
    terminal.type(ASK)
    sandbox.await_faults(held=1)
    terminal.until("One, ")
    terminal.until("node COUNT")
    return terminal


def test_the_key_cancels(sandbox: Sandbox, office: Office, tmp_path: Path) -> None:
    with held(sandbox, Home(tmp_path), [*office[1]]) as terminal:
        terminal.type("\x03")
        sandbox.await_faults(left=1)
        terminal.until("The run may go on at the pod: state detached, job ")


def test_who_quits_is_not_held_up(sandbox: Sandbox, office: Office, tmp_path: Path) -> None:
    with held(sandbox, Home(tmp_path), [*office[1]]) as terminal:
        terminal.type(":qa!\r")
        assert terminal.process.wait(PATIENCE_SECONDS) == 0
        sandbox.await_faults(left=1)
