"""Asked in the editor, answered by the agent: as text, while it is written, and in the window it belongs to."""

from __future__ import annotations

import pytest
from editor import Editor
from sandbox.control import Sandbox

ANSWER = "Hello, Curtis Feitty. PAYABLES_TEAM read: Which invoices are on hold?"


def test_an_agent_answers_as_the_user(editor: Editor, sandbox: Sandbox) -> None:
    editor.ask("PAYABLES_TEAM Which invoices are on hold?")
    assert editor.text == (
        f"# PAYABLES_TEAM, asked as curtis.feitty\n\n> Which invoices are on hold?\n\n{ANSWER}"
    )
    assert editor.lua("return { vim.bo.filetype, vim.bo.buftype, vim.bo.modifiable, vim.fn.bufname() }") == [
        "markdown", "nofile", False, "onbehalf://PAYABLES_TEAM/1",
    ]
    assert [row["actor"] for row in sandbox.audit(action="agent.chat")] == ["curtis.feitty"]
    assert editor.told == {"prompts": [], "notes": [], "menus": []}


def test_text_grows_while_the_agent_speaks(editor: Editor, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", deltas=["Zürich, ", "Genève 😀\n", "and Bern."], nodes=[{"code": "LOOK_UP"}])
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    editor.command("OnBehalfAsk PAYABLES_TEAM Where?")
    sandbox.await_faults(held=1)
    editor.until_shown("Zürich, ")
    assert editor.text.endswith("\n\nZürich, ")
    assert editor.lua("return { vim.b.onbehalf_status, require('onbehalf').status() }") == [
        "node LOOK_UP", "PAYABLES_TEAM: running LOOK_UP",
    ]
    assert "node LOOK_UP" in editor.lua(
        "return vim.api.nvim_eval_statusline(vim.wo.statusline, { winid = vim.api.nvim_get_current_win() }).str"
    )
    sandbox.release()
    editor.until_it_is("complete")
    assert editor.text.endswith("\n\nZürich, Genève 😀\nand Bern.")
    assert editor.lua("return require('onbehalf').status()") == ""


def test_what_is_missing_is_asked_for(editor: Editor) -> None:
    editor.lua("require('onbehalf').setup({ command = require('onbehalf').options.command, profile = 'dev5' })")
    editor.command("OnBehalfAsk")
    for prompt, words in [
        ("Agent (its code): ", "PAYABLES_TEAM"), ("As which user: ", "curtis.feitty"), ("Message: ", "Hello"),
    ]:
        editor.until("told.answer")
        assert editor.told["prompts"][-1] == prompt
        editor.lua(f"told.answer('{words}')")
    editor.until_it_is("complete")
    assert "PAYABLES_TEAM read: Hello" in editor.text


@pytest.mark.parametrize("typed", ["nil", "''", "'   '"])
def test_who_types_nothing_asks_nothing(editor: Editor, sandbox: Sandbox, typed: str) -> None:
    editor.command("OnBehalfAsk")
    editor.until("told.answer")
    editor.lua(f"told.answer({typed})")
    assert editor.lua("vim.wait(1); return #vim.api.nvim_list_bufs()") == 1
    assert (len(editor.told["prompts"]), editor.sidecar) == (1, None)


@pytest.mark.parametrize(("typed", "asked"), [
    ("PAYABLES_TEAM Hello", ["PAYABLES_TEAM", "Hello"]), ("  A_B  x  y ", ["A_B", "x  y "]), ("A_B", ["A_B", ""]),
    ("HELP me", [None, "HELP me"]), ("I ask", [None, "I ask"]), ("a_b x", [None, "a_b x"]), ("A_B: x", [None, "A_B: x"]),
    ("", [None, ""]), ("HR x", ["HR", "x"]),
])
def test_the_first_word_may_be_an_agent(editor: Editor, typed: str, asked: list[str | None]) -> None:
    editor.setup(agent="HR")
    found = editor.lua(f"local q = require('onbehalf').parse('{typed}'); return {{ q.agent or vim.NIL, q.message }}")
    assert found == asked


SELECTIONS = [
    ("2GVj", "", "zwei → zwei\ndrei"), ("2G0veee", "Explain:", "Explain:\n\nzwei → zwei"), ("2G$v0", "", "zwei → zwei"),
    ("2G05lvl", "", "→ "), ("2G0wv3G0e", "Why?", "Why?\n\n→ zwei\ndrei"),
]


@pytest.mark.parametrize(("keys", "words", "sent"), SELECTIONS)
def test_a_selection_is_sent(editor: Editor, keys: str, words: str, sent: str) -> None:
    editor.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'eins', 'zwei → zwei', 'drei' })")
    editor.keys(keys + "<Esc>")
    editor.command(f"'<,'>OnBehalfAsk PAYABLES_TEAM {words}")
    editor.until_it_is("complete")
    assert editor.text.endswith(f"PAYABLES_TEAM read: {sent}")


def test_agents_are_chosen_from(editor: Editor, sandbox: Sandbox) -> None:
    editor.command("OnBehalfAgents")
    editor.until("told.choose")
    assert "PAYABLES_TEAM  Payables Team" in editor.told["menus"][0]
    assert editor.lua("return require('onbehalf').complete('HR')") == ["HR_TEAM"]
    number = editor.told["menus"][0].index("PAYABLES_TEAM  Payables Team") + 1
    editor.lua(f"told.choose({number})")
    editor.until("told.answer")
    editor.lua("told.answer('Hello')")
    editor.until_it_is("complete")
    assert editor.text.endswith("PAYABLES_TEAM read: Hello")


def test_an_answer_without_a_stream_is_shown(editor: Editor, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", streams=False, states=["COMPLETE"], answer="One.\r\nTwo.")
    editor.ask("PAYABLES_TEAM Hello")
    assert editor.text.endswith("\n\nOne.\nTwo.")


def test_two_are_asked_at_once(editor: Editor, sandbox: Sandbox) -> None:
    sandbox.fault("pod", "stream", afterEvents=1, then="stall")
    editor.command("OnBehalfAsk PAYABLES_TEAM First")
    sandbox.await_faults(held=1)
    editor.ask("PAYABLES_TEAM Second")
    assert editor.text.endswith("read: Second")
    sandbox.release()
    editor.command("wincmd k")
    editor.until_it_is("complete")
    assert editor.text.endswith("read: First")
