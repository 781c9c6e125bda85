"""An Emacs as a person sees it, in a terminal."""

from __future__ import annotations

import os
import select

from conftest import Desk
from picture import PICTURE, answering, drawn, emacs


def test_the_picture_of_the_readme_is_what_is_seen(desk: Desk) -> None:
    with answering(desk) as terminal:
        expected = PICTURE.read_text(encoding="utf-8")
        terminal.until(lambda: drawn(terminal.screen) == expected)
        desk.sandbox.release()
        terminal.shows("price above order", "OnBehalf:done")


def test_a_person_is_asked_in_the_minibuffer_and_their_words_go_on(desk: Desk) -> None:
    desk.sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"], answer="Paid.", approval={"question": "Pay Acme 12.00?"})
    with emacs(desk) as terminal:
        terminal.shows("Month end: hold list")
        terminal.type("\033xonbehalf-ask\r\r")
        terminal.shows("Message: ")
        terminal.type("Pay Acme\r")
        terminal.shows("C-c C-a", "waits for you")
        assert desk.sandbox.audit(action="agent.resume") == []
        terminal.type("\030o\003\001")
        terminal.shows("Pay Acme 12.00? Your answer: ")
        terminal.type("Approve\r")
        terminal.shows("> Approve", "Paid.", "OnBehalf:done")
    assert [row["detail"] for row in desk.sandbox.audit(action="agent.resume")] == ["approved by curtis.feitty"]


def test_emacs_ends_without_a_question_and_the_sidecar_with_it(desk: Desk) -> None:
    with answering(desk) as terminal:
        sidecar = os.pidfd_open(desk.sidecar_process())
        terminal.type("\030\003")
        assert terminal.ends() == 0
        assert select.select([sidecar], [], [], 10)[0], "the sidecar goes on"
        os.close(sidecar)
    desk.sandbox.await_faults(left=1)
