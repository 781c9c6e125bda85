#!/usr/bin/env python3
"""Draws picture.svg of the README: a real Neovim in a terminal asks an agent of the sandbox, which asks back.

ONBEHALF_BIN=... .build/venv/bin/python clients/editors/neovim/tests/picture.py
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[4] / "Tests"
sys.path[:0] = [str(TESTS), str(TESTS / "process"), str(Path(__file__).parent)]

from editor import PLUGIN, prepared  # noqa: E402
from sandbox.control import Sandbox  # noqa: E402
from sidecar import Home  # noqa: E402
from terminal import Terminal, picture  # noqa: E402

PICTURE = PLUGIN / "picture.svg"
NOTES = """\
# Monday

- invoice 17, Acme, 12.50
- invoice 23, Acme, 99.90
- call Curtis about the rest
"""
QUESTION = """\
Two invoices of **Acme** are due:

1. invoice 17, 12.50
2. invoice 23, 99.90

Shall both be paid?"""


def show(sandbox: Sandbox, home: Home, command: list[str]) -> Terminal:
    """Types what a person types, up to their answer, which is not sent yet."""
    sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"], answer="Both are paid.", approval={"question": QUESTION})
    (home.path / "monday.md").write_text(NOTES)
    options = {"command": command, "profile": "dev5", "subject": "curtis.feitty"}
    setup = home.path / "setup.lua"
    setup.write_text(f"require('onbehalf').setup(vim.json.decode([==[{json.dumps(options)}]==]))")
    terminal = Terminal(home, "-c", f"luafile {setup}", "monday.md")
    terminal.until("call Curtis")
    terminal.type("3GVj:")
    terminal.until("'<,'>")
    terminal.type("OnBehalfAsk PAYABLES_TEAM Pay these when they are due.\r")
    terminal.until("Your answer to PAYABLES_TEAM:")
    terminal.type("approve")
    terminal.until("PAYABLES_TEAM: approve")
    return terminal


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        home = Home(Path(folder))
        command, certificate = prepared(home, sandbox)
        sandbox.register_certificate(**certificate)
        with show(sandbox, home, command) as terminal:
            PICTURE.write_text(picture(terminal.screen), encoding="utf-8")
            print("\n".join(line.rstrip() for line in terminal.screen.display))


if __name__ == "__main__":
    main()
