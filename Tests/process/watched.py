"""A sidecar of which every byte is kept, and who was called how."""

import json
import os
import re
from pathlib import Path
from typing import Any

from sidecar import Home, Sidecar

METHODS = {
    json.loads(path.read_text(encoding="utf-8"))["name"]
    for path in (Path(__file__).parents[2] / "protocol" / "methods").glob("*.json")
}
# What a caller asks for by name, and nothing else that is secret.
ASKED_FOR = {"getToken": "accessToken", "mintAssertion": "assertion"}
# An assertion in what is exported with its secrets.
EXPORTED = re.compile(r"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{342}")


class Watched(Sidecar):
    """`called` has each method with "ok" or the kind of its error."""

    def __init__(self, home: Home, *options: str, **how: Any) -> None:
        super().__init__(home, "--log-level", "debug", *options, **how)
        self.stdout = b""
        self.methods: dict[Any, str] = {}
        self.called: set[tuple[str, str]] = set()
        self.handed_out: list[bytes] = []

    def surroundings(self) -> dict[str, bytes]:
        """What the system tells about the process; of another's only root is told all."""
        process = Path(f"/proc/{self.process.pid}")
        return {
            f"{self.process.pid}/{name}": (process / name).read_bytes()
            for name in ("cmdline", "environ", "comm", "status") if os.access(process / name, os.R_OK)
        }

    def read_more(self, deadline: float) -> bool:
        before = len(self.received)
        more = super().read_more(deadline)
        self.stdout += self.received[before:]
        return more

    def request(self, method: str, /, **params: Any) -> int:
        identifier = super().request(method, **params)
        self.methods[identifier] = method
        return identifier

    def receive(self, seconds: float = 30.0) -> Any:
        message = super().receive(seconds)
        method = self.methods.get(message.get("id")) if isinstance(message, dict) else None
        if method and "error" in message:
            self.called.add((method, message["error"]["data"]["kind"]))
        elif method:
            self.called.add((method, "ok"))
            if field := ASKED_FOR.get(method):
                asked = {field: message["result"][field]}
                self.handed_out.append(json.dumps(asked, separators=(",", ":"))[1:-1].encode())
            if method == "exportRequest":
                self.handed_out += [found.encode() for found in EXPORTED.findall(json.dumps(message["result"]))]
        return message

    def unasked_output(self) -> bytes:
        """Standard output, without each credential that was asked for, once."""
        output = self.stdout
        for answer in self.handed_out:
            assert answer in output
            output = output.replace(answer, b"", 1)
        return output
