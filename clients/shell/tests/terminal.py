"""A program at a terminal of its own, which it controls: what is typed, what is shown."""

from __future__ import annotations

import os
import pty
import select
import time

PATIENCE_SECONDS = 30.0


class Terminal:
    """With `stdout` given, standard output goes there and the rest to the terminal."""

    def __init__(self, words: list[str], environment: dict[str, str], stdout: int | None = None) -> None:
        self.shown = ""
        self.seen = 0
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            if stdout is not None:
                os.dup2(stdout, 1)
            try:
                os.execvpe(words[0], words, environment)
            finally:
                os._exit(127)

    def type(self, text: str) -> None:
        os.write(self.file, text.encode())

    def read(self) -> bool:
        """More of what is shown; False at its end."""
        ready, _, _ = select.select([self.file], [], [], max(0.0, self.deadline - time.monotonic()))
        assert ready, f"nothing more came in time; shown: {self.shown!r}"
        try:
            data = os.read(self.file, 1 << 16)
        except OSError:  # whoever had the terminal is gone
            return False
        self.shown += data.decode()
        return bool(data)

    def until(self, text: str) -> str:
        """Waits until the text is shown, after what was waited for before; returns what came up to its end."""
        self.deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self.shown.find(text, self.seen)) < 0:
            assert self.read(), f"{text!r} was not shown, but: {self.shown[self.seen:]!r}"
        start, self.seen = self.seen, found + len(text)
        return self.shown[start:self.seen]

    def end(self) -> int:
        """All that comes; the exit status."""
        self.deadline = time.monotonic() + PATIENCE_SECONDS
        while self.read():
            pass
        os.close(self.file)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        """A program that is still there loses its terminal, which ends it."""
        if self.pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
            os.close(self.file)
