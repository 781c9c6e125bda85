"""Who did what as whom, at both sides; and the log, which is the same rows as lines."""

import json
import threading
from collections import deque
from pathlib import Path
from typing import Any

from .clock import Clock

KEPT_ROWS = 100_000


class Audit:
    def __init__(self, clock: Clock, log: Path | None = None) -> None:
        self.clock = clock
        self.rows: deque[dict[str, Any]] = deque(maxlen=KEPT_ROWS)
        self.writing = threading.Lock()
        self.log = log.open("a", buffering=1) if log else None

    def record(
        self, side: str, action: str, target: str, status: int, ecid: str,
        actor: str | None = None, client: str | None = None, detail: str | None = None,
    ) -> None:
        """`detail` says precisely why something was refused; the answer on the wire is as terse as the original's."""
        row = {
            "time": self.clock.rfc3339(), "side": side, "action": action, "target": target,
            "actor": actor, "client": client,
            "outcome": "granted" if status < 400 else "refused", "status": status, "detail": detail, "ecid": ecid,
        }
        with self.writing:
            self.rows.append(row)
            if self.log:
                self.log.write(json.dumps(row) + "\n")

    def matching(self, wanted: dict[str, str]) -> list[dict[str, Any]]:
        with self.writing:
            return [row for row in self.rows if all(row[name] == value for name, value in wanted.items())]

    def clear(self) -> None:
        with self.writing:
            self.rows.clear()
