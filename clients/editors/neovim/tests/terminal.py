"""Neovim in a pseudo-terminal, as a person sees it, and a picture of what they see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from itertools import groupby
from xml.sax.saxutils import escape

import pyte
from editor import PLUGIN
from sidecar import PATIENCE_SECONDS, Home

COLUMNS, LINES = 92, 24
CELL_WIDTH, CELL_HEIGHT = 8.4, 18
INK, PAPER = "#d4d4d4", "#1e1e1e"
COLOURS = {
    "black": "#3b3b3b", "red": "#f14c4c", "green": "#23d18b", "brown": "#d7ba7d", "blue": "#569cd6",
    "magenta": "#c586c0", "cyan": "#4ec9b0", "white": "#d4d4d4",
}


class Terminal:
    """Ends the editor with the `with` block, in whatever state it is."""

    def __init__(self, home: Home, *arguments: str) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)
        self.terminal, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            ["nvim", "--clean", "--cmd", f"set rtp^={PLUGIN} noruler noshowcmd shortmess+=I", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, cwd=home.path,
            env=home.environment | {"TERM": "xterm"},
        )
        os.close(theirs)

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def until(self, shown: str) -> None:
        """Reads on until the screen shows the text."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while shown not in "\n".join(self.screen.display):
            left = max(0.0, deadline - time.monotonic())
            assert select.select([self.terminal], [], [], left)[0], "\n".join([f"no '{shown}' in", *self.screen.display])
            self.stream.feed(os.read(self.terminal, 1 << 16))

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


def colour(name: str, default: str) -> str:
    return default if name == "default" else COLOURS.get(name.removeprefix("bright"), f"#{name}")


def picture(screen: pyte.Screen) -> str:
    """The screen as SVG."""
    width, height = round(COLUMNS * CELL_WIDTH), LINES * CELL_HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width + 16} {height + 16}" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
        f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
    ]
    for row in range(LINES):
        cells = [screen.buffer[row][column] for column in range(COLUMNS)]
        column = 0
        for (front, back, bold), group in groupby(cells, look):
            text = "".join(cell.data for cell in group)
            x, y = 8 + column * CELL_WIDTH, 8 + row * CELL_HEIGHT
            size = len(text) * CELL_WIDTH
            column += len(text)
            if back != PAPER:
                lines.append(f'<rect x="{x:.1f}" y="{y}" width="{size:.1f}" height="{CELL_HEIGHT}" fill="{back}"/>')
            weight = ' font-weight="bold"' if bold else ""
            for word in re.finditer(r"\S+", text):  # each at its place, whatever font there is
                lines.append(
                    f'<text x="{x + word.start() * CELL_WIDTH:.1f}" y="{y + 14}" '
                    f'textLength="{len(word[0]) * CELL_WIDTH:.1f}" fill="{front}"{weight}>{escape(word[0])}</text>'
                )
    return "\n".join([*lines, "</svg>", ""])


def look(cell: pyte.screens.Char) -> tuple[str, str, bool]:
    front, back = colour(cell.fg, INK), colour(cell.bg, PAPER)
    return (back, front, cell.bold) if cell.reverse else (front, back, cell.bold)
