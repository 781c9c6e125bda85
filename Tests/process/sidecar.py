"""The program under test, over its real pipes: bytes in, frames out, each wait with a deadline."""

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("ONBEHALF_BIN") or str(ROOT / ".build" / "debug" / "onbehalf")
PATIENCE_SECONDS = 30.0


class Refused(Exception):
    """A call was answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['data']['kind']}: {error['message']}")
        self.error = error
        self.kind: str = error["data"]["kind"]
        self.message: str = error["message"]
        self.hint: str = error["data"]["hint"]
        self.retryable: bool = error["data"]["retryable"]
        self.detail: dict[str, Any] = error["data"].get("detail", {})


class Home:
    """A home directory of its own, and the environment that goes with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = path / "run"
        self.run.mkdir(mode=0o700)
        self.config = path / "config.json"
        self.state = path / ".local" / "state" / "onbehalf"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(path),
            "LC_ALL": "C.UTF-8",
            "XDG_CONFIG_HOME": str(path / ".config"),
            "XDG_RUNTIME_DIR": str(self.run),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.run}/no-bus",
        }

    def private_file(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        return file

    def file_store(self, name: str = "store", passphrase: str = "correct horse battery staple") -> list[str]:
        file = self.private_file(f"{name}.passphrase", passphrase + "\n")
        return ["--store", f"file:{self.path / name}", "--passphrase-file", str(file)]


class Sidecar:
    """A running program. Leaving the `with` block ends its input, and it must then end with status 0."""

    def __init__(
        self,
        home: Home,
        *options: str,
        framing: str = "lines",
        environment: dict[str, str] | None = None,
        command: tuple[str, ...] = (BINARY,),
    ) -> None:
        self.log = home.path / "stderr"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(home.config), *options],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                env=home.environment | (environment or {}),
            )
        self.framing = framing
        self.received = b""
        self.last_id = 0

    @property
    def stderr(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send_bytes(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Any) -> None:
        self.send_bytes(framed(message, self.framing))

    def receive(self, seconds: float = PATIENCE_SECONDS) -> Any:
        """The next message."""
        deadline = time.monotonic() + seconds
        while (frame := self.next_frame()) is None:
            if not self.read_more(deadline):
                raise EOFError(f"the session has ended: {self.stderr}")
        return json.loads(frame)

    def next_frame(self) -> bytes | None:
        """Takes a whole frame from what has been read. Bytes that are none are an error, wherever they came from."""
        if self.framing == "lines":
            line, newline, rest = self.received.partition(b"\n")
            if not newline:
                return None
            self.received = rest
            return line
        header, separator, rest = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        name, _, value = header.partition(b": ")
        assert name == b"Content-Length" and value.isdigit(), header
        if len(rest) < int(value):
            return None
        self.received = rest[int(value):]
        return rest[:int(value)]

    def read_more(self, deadline: float) -> bool:
        output = self.process.stdout.fileno()
        ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing came in time; stderr: {self.stderr}"
        data = os.read(output, 1 << 16)
        self.received += data
        return bool(data)

    def request(self, method: str, /, **params: Any) -> int:
        """Sends a request without waiting; returns its id."""
        self.last_id += 1
        self.send({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params})
        return self.last_id

    def answer(self, identifier: int | str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The answer to a request. Notifications before it are passed over; the answer to another is an error."""
        while "id" not in (message := self.receive(seconds)):
            pass
        assert message["id"] == identifier, message
        return message

    def call(self, method: str, /, **params: Any) -> Any:
        answer = self.answer(self.request(method, **params))
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def refusal(self, method: str, /, **params: Any) -> Refused:
        """For calls that must fail."""
        try:
            result = self.call(method, **params)
        except Refused as refused:
            return refused
        raise AssertionError(f"{method} was not refused: {result}")

    def end_input(self) -> None:
        self.process.stdin.close()

    def rest(self, seconds: float = PATIENCE_SECONDS) -> list[Any]:
        """Everything that still comes, to the end of the output."""
        deadline = time.monotonic() + seconds
        messages = []
        while True:
            while (frame := self.next_frame()) is not None:
                messages.append(json.loads(frame))
            if not self.read_more(deadline):
                assert self.received == b"", self.received
                return messages

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        return self.process.wait(timeout=seconds)

    def stop(self) -> None:
        """For whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass

    def __enter__(self) -> "Sidecar":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        try:
            if failure is None and self.process.poll() is None and not self.process.stdin.closed:
                self.end_input()
                status = self.wait()
                assert status == 0, f"status {status}: {self.stderr}"
        finally:
            self.stop()


def framed(message: Any, framing: str = "lines") -> bytes:
    body = json.dumps(message).encode()
    return body + b"\n" if framing == "lines" else b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
