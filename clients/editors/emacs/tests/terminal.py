"""A program in a pseudo-terminal: keys go in, and the screen that a person would see comes out."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable
from types import TracebackType

import pyte

COLUMNS, ROWS = 80, 20


class Terminal:
    """Leaving the `with` block ends the program."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.process, self.keys = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], command, environment | {"TERM": "linux"})
        fcntl.ioctl(self.keys, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.status: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # A program whose terminal goes away gets SIGHUP.
        os.close(self.keys)
        if self.status is None:
            self.status = os.waitpid(self.process, 0)[1]

    def type(self, keys: str) -> None:
        os.write(self.keys, keys.encode())

    def until(self, shown: Callable[[], bool], seconds: float = 30.0) -> None:
        """Reads until the screen is as it should be."""
        deadline = time.monotonic() + seconds
        while not shown():
            assert self.read(deadline - time.monotonic()), "it was not shown:\n" + "\n".join(self.screen.display)

    def shows(self, *texts: str) -> None:
        self.until(lambda: all(text in "\n".join(self.screen.display) for text in texts))

    def ends(self) -> int:
        """Its exit status, once it has ended by itself."""
        while self.read(30.0):
            pass
        self.status = os.waitpid(self.process, 0)[1]
        return os.waitstatus_to_exitcode(self.status)

    def read(self, seconds: float) -> bool:
        """Takes what is written next. False when there is nothing in time, or nothing more."""
        if not select.select([self.keys], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self.keys, 1 << 16)
        except OSError:  # how Linux says that nobody writes any more
            return False
        self.stream.feed(data)
        return bool(data)
