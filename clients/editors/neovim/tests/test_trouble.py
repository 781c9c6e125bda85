"""Cancelled, refused, crashed, hostile: each is told, and nothing is left behind."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from editor import Editor, lua_string
from sandbox.control import Sandbox
from sidecar import Home

STAND_IN = [sys.executable, str(Path(__file__).resolve().parents[3] / "testing" / "stand_in.py")]


def held(editor: Editor, sandbox: Sandbox) -> None:
    """Asked, and the agent is in the middle of its answer."""
    sandbox.agent("PAYABLES_TEAM", deltas=["One, ", "two."])
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    editor.command("OnBehalfAsk PAYABLES_TEAM Count")
    sandbox.await_faults(held=1)
    editor.until_shown("One, ")


@pytest.mark.parametrize("how", ["key", "command", "elsewhere"])
def test_what_goes_on_is_cancelled(editor: Editor, sandbox: Sandbox, how: str) -> None:
    held(editor, sandbox)
    if how == "key":
        editor.keys("<C-c>")
    else:
        editor.command("OnBehalfCancel" if how == "command" else "wincmd k | OnBehalfCancel | wincmd j")
    editor.until_it_is("cancelled")
    sandbox.await_faults(left=1)
    assert "One, \n\ncancelled: " in editor.text
    assert "The run may go on at the pod: state detached, job " in editor.text
    editor.command("OnBehalfCancel")
    assert "nothing goes on" in editor.told["notes"][-1]


def test_a_buffer_that_is_wiped_withdraws_its_question(editor: Editor, sandbox: Sandbox) -> None:
    held(editor, sandbox)
    editor.command("bwipeout")
    sandbox.await_faults(left=1)
    assert editor.lua("return require('onbehalf').status()") == ""
    assert "may go on at the pod" in editor.told["notes"][0]


@pytest.mark.parametrize(("options", "words", "kind", "said"), [
    ({"subject": "admin"}, "PAYABLES_TEAM x", "subject_denied", "Nothing was signed"),
    ({"profile": "absent"}, "PAYABLES_TEAM x", "profile_not_found", "The profiles are dev5."),
    ({"subject": "no.roles"}, "PAYABLES_TEAM x", "fusion_forbidden", "role"),
    ({}, "NO_SUCH_TEAM x", "fusion_not_found", "agent"),
])
def test_an_error_is_told_with_its_hint(
    editor: Editor, office: Any, options: dict[str, str], words: str, kind: str, said: str
) -> None:
    editor.setup(**{"command": office[1], "profile": "dev5", "subject": "curtis.feitty"} | options)
    editor.ask(words, until=kind)
    _, _, told = editor.text.partition(f"\n\n{kind}: ")
    message, hint, *_ = told.splitlines()
    assert message and hint and said in told
    assert editor.told["notes"][0].startswith(f"onbehalf: {kind}: ")


def test_a_run_that_failed_is_told_in_the_words_of_the_pod(editor: Editor, sandbox: Sandbox) -> None:
    sandbox.agent("PAYABLES_TEAM", states=["FAILED"], error="No such\ninvoice.", deltas=None)
    editor.ask("PAYABLES_TEAM Hello", until="agent_failed")
    assert "> Hello\n\nagent_failed: The run " in editor.text
    assert editor.text.endswith("\nThe pod says: No such invoice.\n")


def test_a_binary_that_is_not_there_is_told_with_the_way_to_get_it(editor: Editor) -> None:
    editor.setup(command="/no/such/onbehalf", subject="curtis.feitty")
    editor.ask("PAYABLES_TEAM x", until="sidecar_not_found")
    assert "/no/such/onbehalf" in editor.text and "swift build" in editor.text


@pytest.mark.parametrize(("command", "kind", "said"), [
    (["sh", "-c", "echo a wrapper speaks; cat >&2"], "sidecar_garbled", "a wrapper speaks"),
    (["sh", "-c", "echo oh dear >&2; exit 3"], "sidecar_exited", "exit status 3"),
    (["sh", "-c", "echo oh dear >&2; exit 3"], "sidecar_exited", "oh dear"),
    (["env", "STAND_IN=too-new", *STAND_IN], "sidecar_incompatible", "protocol"),
])
def test_what_is_no_sidecar_is_told(editor: Editor, command: list[str], kind: str, said: str) -> None:
    editor.setup(command=command, subject="curtis.feitty")
    editor.ask("PAYABLES_TEAM x", until=kind)
    assert said in editor.text
    editor.until("require('onbehalf.connection').running() == nil")


def test_after_a_crash_the_question_fails_and_the_next_is_answered(editor: Editor, sandbox: Sandbox) -> None:
    held(editor, sandbox)
    first = editor.sidecar
    os.kill(first, signal.SIGKILL)
    editor.until_it_is("sidecar_exited")
    assert "One, \n\nsidecar_exited: The sidecar was ended by signal 9." in editor.text
    sandbox.clear_faults()
    editor.ask("PAYABLES_TEAM Again")
    assert editor.text.endswith("One, two.")
    assert editor.sidecar not in (None, first)
    assert len(sandbox.audit(action="agent.chat")) == 2, "the first question was not asked again"


def test_it_ends_with_the_editor(editor: Editor, sandbox: Sandbox) -> None:
    held(editor, sandbox)
    pid = editor.sidecar
    descriptor = os.pidfd_open(pid)
    editor.__exit__()
    assert select.select([descriptor], [], [], 10)[0], "the sidecar is still there"
    os.close(descriptor)


HOSTILE = [
    "\x1b]0;owned\x07\x1b[2J\x00\x7f\x9b31m", "vim: set ft=lua exrc: \n vim:fdm=expr:fde=writefile([],'owned'):\n",
    "%{writefile([],'owned')}%{%writefile([],'owned')%}", "<CR>:call writefile([],'owned')<CR>", "\r\r\n\n\r",
    "```vim\ncall writefile([],'owned')\n```\n", "\u202eexe.\u2066x\ufeff",
]


@pytest.mark.parametrize("words", [*HOSTILE, "".join(HOSTILE)], ids=range(len(HOSTILE) + 1))
def test_what_an_agent_says_is_text(editor: Editor, sandbox: Sandbox, tmp_path: Path, words: str) -> None:
    """Also where it is the name of a node, a question, an error or an agent's description."""
    editor.command("set modeline modelineexpr")
    deltas = list(words)
    sandbox.agent("PAYABLES_TEAM", deltas=deltas, nodes=[{"code": words}])
    editor.ask("PAYABLES_TEAM Hello")
    shown = editor.text.partition("> Hello\n\n")[2]
    assert shown == words.replace("\r\n", "\n")
    editor.command("doautocmd BufReadPost | redraw!")
    sandbox.agent("APPROVAL_TEAM", states=["COMPLETE"], approval={"question": words})
    editor.ask("APPROVAL_TEAM Hello", until="waits")
    sandbox.agent("PAYABLES_TEAM", states=["FAILED"], error=words, deltas=None)
    editor.ask("PAYABLES_TEAM Hello", until="agent_failed")
    editor.command("redraw!")
    assert not (tmp_path / "owned").exists()
    assert editor.lua("return vim.bo.filetype") == "markdown"


def test_what_a_node_is_named_does_nothing_in_a_status_line(editor: Editor, sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.agent("PAYABLES_TEAM", deltas=["x"], nodes=[{"code": "%{%writefile([],'owned')%}\n%#Error#"}])
    sandbox.fault("pod", "stream", afterEvents=2, then="stall")
    editor.command("OnBehalfAsk PAYABLES_TEAM x")
    sandbox.await_faults(held=1)
    editor.until_it_is("node")
    status = editor.lua("return require('onbehalf').status()")
    assert "%" not in status and status.startswith("PAYABLES_TEAM: running ")
    editor.command("lua vim.o.statusline = require('onbehalf').status()")
    editor.command("redraw!")
    assert not (tmp_path / "owned").exists()
    sandbox.release()


@pytest.mark.parametrize("line", ["x" * 80 + "\n", "Zürich 😀 "], ids=["lines", "one line"])
def test_a_huge_answer_arrives_whole(editor: Editor, sandbox: Sandbox, line: str) -> None:
    size = 4 << 20
    piece = line * (size // 64 // len(line.encode()))
    sandbox.agent("PAYABLES_TEAM", deltas=[piece] * 64)
    editor.ask("PAYABLES_TEAM Hello")
    shown = editor.lua("return table.concat(vim.api.nvim_buf_get_lines(0, 4, -1, false), '\\n')")
    assert shown == piece * 64


def test_bytes_that_are_no_text_are_not_sent(editor: Editor) -> None:
    editor.lua(f"vim.api.nvim_buf_set_lines(0, 0, -1, false, {{ {lua_string('x')} .. '\\237\\160\\128' }})")
    editor.command("%OnBehalfAsk PAYABLES_TEAM Read this")
    editor.until_it_is("invalid_params")
    assert "not UTF-8" in editor.text


def test_setup_takes_what_it_knows(editor: Editor) -> None:
    for options, said in [("{ agnet = 'X' }", "not agnet"), ("{ subject = 7 }", "subject must be a string")]:
        assert said in editor.lua(f"return tostring(select(2, pcall(require('onbehalf').setup, {options})))")


def test_what_is_utf8(editor: Editor) -> None:
    """Every text of up to three bytes that matter, as Python judges."""
    bytes_ = [0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF,
              0xF0, 0xF1, 0xF4, 0xF5, 0xFF]
    texts = [bytes([a, b, c, d]) for a in bytes_ for b in bytes_ for c in (0x41, 0x80, 0xBF) for d in (0x41, 0x80)]

    def good(text: bytes) -> bool:
        try:
            return bool(text.decode()) or True
        except UnicodeDecodeError:
            return False

    listed = ",".join('"' + "".join(f"\\{byte:03}" for byte in text) + '"' for text in texts)
    found = editor.lua(f"return vim.tbl_map(require('onbehalf.text').is_utf8, {{ {listed} }})")
    assert found == [good(text) for text in texts]


def test_health(editor: Editor, office: tuple[Home, list[str], dict[str, str]]) -> None:
    editor.setup(command=office[1], profile="dev5", subject="curtis.feitty", agent="PAYABLES_TEAM")
    editor.command("checkhealth onbehalf")
    said = editor.text
    for part in ["The sidecar is ", "It answers: onbehalf ", "Profile dev5: client onbehalf-sandbox", "store: ", "token: ",
                 "agent: "]:
        assert part in said, said
    assert "ERROR" not in said


def test_health_says_what_is_wrong(editor: Editor, office: tuple[Home, list[str], dict[str, str]]) -> None:
    editor.setup(command="/no/such/onbehalf")
    editor.command("checkhealth onbehalf")
    assert "/no/such/onbehalf is not found" in editor.text and "swift build" in editor.text
    editor.setup(command=office[1], profile="absent", subject="curtis.feitty")
    editor.command("checkhealth onbehalf")
    assert "profile_not_found" in editor.text and re.search("ERROR:? configuration: ", editor.text)
