"""The sidecar as a child process: where its binary is, its three pipes and its end."""

from __future__ import annotations

import collections
import io
import logging
import os
import queue
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Optional, Union

from . import _framing
from .errors import OnBehalfError, client_error

Command = Union[str, "os.PathLike[str]", Sequence[str]]

_log = logging.getLogger("onbehalf")
_LEVEL = re.compile(r"(?:\S+\s+){0,3}?\W?(error|warn|warning|info|debug)\b", re.IGNORECASE)
_LEVELS = {"error": logging.ERROR, "info": logging.INFO, "debug": logging.DEBUG}
_INSTALL = (
    "Build it with `swift build -c release --static-swift-stdlib` in a clone of onbehalf, then put "
    "`.build/release/onbehalf` on PATH, name it in ONBEHALF_BIN or pass command=[...]."
)
_BUS_VARIABLES = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")


def find_command(command: Optional[Command]) -> list[str]:
    """The command given, else ONBEHALF_BIN, else the binary inside this package, else the one on PATH."""
    if command:
        return [os.fspath(command)] if isinstance(command, (str, os.PathLike)) else list(command)
    if named := os.environ.get("ONBEHALF_BIN"):
        return [named]
    packaged = Path(__file__).with_name("bin") / "onbehalf"
    if packaged.is_file():
        return [str(packaged)]
    if found := shutil.which("onbehalf"):
        return [found]
    raise client_error("sidecar_not_found", "The onbehalf binary is neither in ONBEHALF_BIN nor on PATH.", _INSTALL)


class Sidecar:
    """Owns the child. One thread each reads its stdout, drains its stderr and writes its stdin, all of them daemons:
    no caller ever blocks on a pipe, and the interpreter never waits for them."""

    def __init__(self, command: Sequence[str], env: Optional[Mapping[str, str]]) -> None:
        self._outbox: queue.SimpleQueue[Optional[bytes]] = queue.SimpleQueue()
        self._last_words: collections.deque[str] = collections.deque(maxlen=10)
        try:
            # A session of its own, so that Ctrl-C reaches the host alone, which then cancels what it asked for.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=_with_bus(env),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = f"The sidecar {command[:1]!r} cannot be started: {error}."
            raise client_error("sidecar_not_found", reason, _INSTALL) from error
        self._drain = start_thread("onbehalf-stderr", self._drain_stderr, _pipe(self._process.stderr))
        start_thread("onbehalf-stdin", self._feed_stdin, _pipe(self._process.stdin))

    def send(self, message: Mapping[str, Any]) -> None:
        """Queues a message. Raises ValueError or TypeError when JSON cannot say it."""
        self._outbox.put(_framing.encode(message))

    def finish(self) -> None:
        """Closes stdin once everything queued is written. Never blocks."""
        self._outbox.put(None)

    def messages(self) -> Iterator[Any]:
        """What the sidecar says, until it ends. Raises OnBehalfError when that is not the protocol."""
        count = 0
        with io.BufferedReader(_pipe(self._process.stdout)) as stream:  # type: ignore[type-var, unused-ignore]
            try:
                while (message := _framing.read(stream)) is not None:
                    count += 1
                    yield message
            except _framing.FramingError as error:
                # Later bytes may belong to an answer, and answers carry tokens: they are not shown.
                found = f"{error.found[:80]!r}" if count == 0 else f"something else after {count} messages"
                raise client_error(
                    "sidecar_garbled",
                    f"The sidecar does not speak the protocol on its stdout: found {found}.",
                    "See that the command is onbehalf and that no wrapper around it prints to stdout.",
                ) from None

    def stop(self, patience: float) -> None:
        """Waits for the end, then asks for it (SIGTERM), then enforces it (SIGKILL). The child is reaped."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                self._process.wait(patience)
                return
            except subprocess.TimeoutExpired:
                self._process.send_signal(number)
        self._process.wait()

    def obituary(self) -> OnBehalfError:
        """How the child ended. Call after `stop`."""
        self._drain.join(1.0)
        status = self._process.returncode
        end = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
        words = "".join(f"\n  {line}" for line in list(self._last_words))
        return client_error(
            "sidecar_exited",
            f"The sidecar {end}.",
            "Make a new client." + (f" Its last words were:{words}" if words else " It left no words on stderr."),
        )

    def _feed_stdin(self, pipe: io.RawIOBase) -> None:
        with pipe:
            while (data := self._outbox.get()) is not None:
                rest = memoryview(data)
                try:
                    while rest:
                        rest = rest[pipe.write(rest) :]
                except BrokenPipeError:
                    return

    def _drain_stderr(self, pipe: io.RawIOBase) -> None:
        with io.BufferedReader(pipe) as stream:
            while line := stream.readline(8192):
                text = line.decode("utf-8", "replace").rstrip()
                self._last_words.append(text)
                match = _LEVEL.match(text)
                _log.log(_LEVELS.get(match.group(1).lower() if match else "", logging.WARNING), "%s", text)


def start_thread(name: str, target: Any, *arguments: Any) -> threading.Thread:
    thread = threading.Thread(name=name, target=target, args=arguments, daemon=True)
    thread.start()
    return thread


def _pipe(stream: Optional[IO[bytes]]) -> io.RawIOBase:
    assert isinstance(stream, io.RawIOBase)  # bufsize=0 makes it one
    return stream


def _with_bus(env: Optional[Mapping[str, str]]) -> Optional[Mapping[str, str]]:
    """A minimal environment must not cost the sidecar its way to the Secret Service."""
    if env is None:
        return None
    return {**{name: os.environ[name] for name in _BUS_VARIABLES if name in os.environ}, **env}
