"""A run that waits for a person goes on by their own words and by nothing else."""

from __future__ import annotations

import pytest
from editor import Editor
from sandbox.control import Sandbox

QUESTION = "Pay 12.50 to Acme? Answer: approve"
DONE = "Hello, Curtis Feitty. APPROVAL_TEAM read: Pay Acme"


@pytest.fixture
def waiting(editor: Editor, sandbox: Sandbox) -> Editor:
    """Shows a run that waits; the person is asked."""
    sandbox.agent("APPROVAL_TEAM", states=["COMPLETE"], approval={"question": QUESTION, "timeoutSeconds": 60})
    editor.ask("APPROVAL_TEAM Pay Acme", until="waits for a person")
    editor.until("told.answer")
    return editor


def answers(sandbox: Sandbox) -> list[str]:
    return [row["detail"] for row in sandbox.audit(action="agent.resume")]


def test_what_the_person_types_is_sent(waiting: Editor, sandbox: Sandbox) -> None:
    assert waiting.text.endswith(f"> Pay Acme\n\n{QUESTION}")
    assert waiting.told["prompts"] == ["Your answer to APPROVAL_TEAM: "]
    assert waiting.lua("return told.default or 'none'") == "none", "nothing is suggested"
    assert answers(sandbox) == []
    waiting.lua("told.answer('approve')")
    waiting.until_it_is("complete")
    assert answers(sandbox) == ["approved by curtis.feitty"]
    assert waiting.text.endswith(f"{QUESTION}\n\n> approve\n\n{DONE}")


@pytest.mark.parametrize("typed", ["nil", "''", "'  '"])
def test_silence_is_no_answer(waiting: Editor, sandbox: Sandbox, typed: str) -> None:
    waiting.lua(f"told.answer({typed})")
    waiting.until("#told.notes == 1")
    assert answers(sandbox) == []
    assert waiting.lua("return vim.b.onbehalf_status") == "waits for a person"
    waiting.keys("<CR>")
    waiting.until("told.answer")
    waiting.lua("told.answer('no')")
    waiting.until_it_is("complete")
    assert answers(sandbox) == ["refused by curtis.feitty"]


def test_a_change_that_is_wanted_is_asked_about_again(waiting: Editor, sandbox: Sandbox) -> None:
    waiting.lua("told.answer('less')")
    waiting.until("#told.prompts == 2")
    assert waiting.text.endswith("> less\n\nChanged. May it go on now?")
    waiting.lua("told.answer('yes')")
    waiting.until_it_is("complete")
    assert [detail.split()[-1] for detail in answers(sandbox)] == ["curtis.feitty"] * 2


@pytest.mark.parametrize("elsewhere", ["wincmd k", "close", "wincmd k | startinsert"])
def test_who_is_elsewhere_is_not_interrupted(editor: Editor, sandbox: Sandbox, elsewhere: str) -> None:
    """What is being typed into another window must not become an answer."""
    sandbox.agent("APPROVAL_TEAM", states=["COMPLETE"], approval={"question": QUESTION})
    sandbox.fault("pod", "stream", afterEvents=1, then="stall")
    editor.command("OnBehalfAsk APPROVAL_TEAM Pay Acme")
    sandbox.await_faults(held=1)
    editor.command(elsewhere)
    sandbox.release()
    editor.until("#told.notes == 1")
    assert "waits for a person" in editor.told["notes"][0]
    assert editor.told["prompts"] == []
    editor.command("OnBehalfAnswer approve")
    editor.until("told.answer")
    assert QUESTION in editor.text, "the question is shown before it is answered"
    assert answers(sandbox) == []
    editor.lua("told.answer('approve')")
    editor.until_it_is("complete")
    assert answers(sandbox) == ["approved by curtis.feitty"]


def test_in_its_window_the_answer_may_stand_in_the_command(waiting: Editor, sandbox: Sandbox) -> None:
    waiting.command("OnBehalfAnswer approve")
    waiting.until_it_is("complete")
    waiting.lua("told.answer('no')")
    assert answers(sandbox) == ["approved by curtis.feitty"], "it is answered once"


def test_what_came_too_late_is_told(waiting: Editor, sandbox: Sandbox) -> None:
    sandbox.settings(clockOffsetSeconds=90)
    waiting.lua("told.answer('approve')")
    waiting.until_it_is("run_not_waiting")
    assert "run_not_waiting: " in waiting.text
    assert answers(sandbox) == []


def test_of_two_questions_the_one_that_is_seen_is_answered(editor: Editor, sandbox: Sandbox) -> None:
    sandbox.agent("APPROVAL_TEAM", states=["COMPLETE"], approval={"question": QUESTION})
    for words in ("Pay Acme", "Pay Bolt"):
        editor.ask(f"APPROVAL_TEAM {words}", until="waits for a person")
        editor.until("told.answer")
        editor.lua("told.answer(nil)")
    editor.command("1wincmd w")
    editor.command("OnBehalfAnswer approve")
    assert editor.told["notes"][-1] == "onbehalf: several runs wait: answer in the window of one"
    editor.command("2wincmd w")
    assert "> Pay Acme" in editor.text
    editor.command("OnBehalfAnswer approve")
    editor.until_it_is("complete")
    assert editor.text.endswith("APPROVAL_TEAM read: Pay Acme")
    assert len(answers(sandbox)) == 1
