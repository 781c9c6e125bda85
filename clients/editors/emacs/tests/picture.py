"""Draws picture.svg of the README: a real Emacs in a terminal, in the middle of an answer.

    ONBEHALF_BIN=… .build/venv/bin/python clients/editors/emacs/tests/picture.py
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

import pyte
from conftest import Desk
from sandbox.control import Sandbox
from terminal import COLUMNS, ROWS, Terminal

PACKAGE = Path(__file__).resolve().parents[1]
PICTURE = PACKAGE / "picture.svg"
WIDTH, HEIGHT = 9, 18
QUESTION = "Which invoices of Acme are on hold?"
HELD = ["Two invoices of Acme are on hold:\n\n", "  4711    1,200.00 EUR  no receipt\n"]
COLOURS = {
    "black": "#1e1e2e", "red": "#f38ba8", "green": "#a6e3a1", "brown": "#f9e2af", "blue": "#89b4fa",
    "magenta": "#f5c2e7", "cyan": "#94e2d5", "white": "#cdd6f4",
}
# The mode line is as far as the package goes: the rest of it looks otherwise in each version of Emacs.
SETTINGS = """(progn
  (setq inhibit-startup-screen t initial-scratch-message "Month end: hold list\\n" suggest-key-bindings nil
  onbehalf-profile "dev5" onbehalf-subject "curtis.feitty" onbehalf-agent "PAYABLES_TEAM")
  (setq-default mode-line-format '("  %b  (" mode-name mode-line-process ")"))
  (menu-bar-mode -1))"""


def emacs(desk: Desk) -> Terminal:
    """An Emacs whose sidecar is the program `onbehalf` on the path."""
    command = ["emacs", "-nw", "-Q", "-L", str(PACKAGE), "-l", "onbehalf", "--eval", SETTINGS]
    return Terminal(command, desk.on_path())


@contextlib.contextmanager
def answering(desk: Desk) -> Iterator[Terminal]:
    """Somebody has asked with their own keys, and the agent is in the middle of its answer."""
    desk.sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"], nodes=[{"code": "FIND_HOLDS"}],
                       deltas=[*HELD, "  4738      310.50 EUR  price above order\n"])
    desk.sandbox.fault("pod", "stream", afterEvents=1 + len(HELD), then="stall")
    with emacs(desk) as terminal:
        terminal.shows("Month end: hold list")
        terminal.type("\033xonbehalf-ask\r")
        terminal.shows("Agent (default PAYABLES_TEAM): ")
        terminal.type("\r")
        terminal.shows("Message: ")
        terminal.type(QUESTION + "\r")
        terminal.shows("no receipt", "OnBehalf:FIND_HOLDS")
        yield terminal


def drawn(screen: pyte.Screen) -> str:
    """The screen as SVG: the same for the same screen."""
    shapes = [f'<rect width="100%" height="100%" fill="{COLOURS["black"]}"/>']
    for row in range(ROWS):
        column = 0
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        for style, group in itertools.groupby(cells, key=lambda cell: (cell.fg, cell.bg, cell.bold, cell.reverse)):
            text = "".join(cell.data for cell in group)
            shapes += span(text, column, row, *style)
            column += len(text)
    size = f'width="{COLUMNS * WIDTH}" height="{ROWS * HEIGHT}"'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="monospace" font-size="15">\n'
            + "\n".join(shapes) + "\n</svg>\n")


def span(text: str, column: int, row: int, fg: str, bg: str, bold: bool, reverse: bool) -> list[str]:
    front, back = COLOURS.get(fg, COLOURS["white"]), COLOURS.get(bg, COLOURS["black"])
    if reverse:
        front, back = back, front
    x, y, shapes = column * WIDTH, row * HEIGHT, []
    if back != COLOURS["black"]:
        shapes.append(f'<rect x="{x}" y="{y}" width="{len(text) * WIDTH}" height="{HEIGHT}" fill="{back}"/>')
    bare = text.rstrip()
    if bare:
        weight = ' font-weight="bold"' if bold else ""
        shapes.append(f'<text x="{x}" y="{y + 14}" fill="{front}"{weight} xml:space="preserve"'
                      f' textLength="{len(bare) * WIDTH}">{escape(bare)}</text>')
    return shapes


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        with answering(Desk(Path(folder), sandbox)) as terminal:
            while terminal.read(1.0):  # what Emacs has still to draw
                pass
            PICTURE.write_text(drawn(terminal.screen), encoding="utf-8")
            sys.stdout.write("\n".join(terminal.screen.display) + "\n")
            terminal.type("\030\003")
            terminal.ends()


if __name__ == "__main__":
    main()
