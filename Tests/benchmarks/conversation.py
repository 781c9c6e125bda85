"""Many requests under way at one sidecar, from one thread of a benchmark."""

import json
import os
import threading
import time
from typing import Any

from peer import Peer, message


class Conversation:
    """Requests and their answers, by ids, with the seconds between them. Notifications are counted."""

    def __init__(self, sidecar: Peer) -> None:
        self.sidecar = sidecar
        self.sent: dict[int, float] = {}
        self.waits: dict[int, float] = {}
        self.failed: set[int] = set()
        self.results: dict[int, Any] = {}
        self.notifications = 0
        self.arrival = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        rest = b""
        while True:
            try:
                *lines, rest = (rest + self.sidecar.read()).split(b"\n")
            except RuntimeError:
                return  # the sidecar has ended
            at = time.perf_counter()
            with self.arrival:
                for line in lines:
                    answer = json.loads(line)
                    if "id" not in answer:
                        self.notifications += 1
                        continue
                    self.waits[answer["id"]] = at - self.sent[answer["id"]]
                    self.results[answer["id"]] = answer.get("result")
                    if "error" in answer:
                        self.failed.add(answer["id"])
                self.arrival.notify_all()

    def send(self, method: str, params: dict[str, Any]) -> int:
        number = len(self.sent) + 1
        self.sent[number] = time.perf_counter()
        os.write(self.sidecar.stdin, message(number, method, params))
        return number

    def has(self, number: int) -> bool:
        return number in self.waits

    def ask(self, method: str, params: dict[str, Any]) -> int:
        number = self.send(method, params)
        with self.arrival:
            self.arrival.wait_for(lambda: self.has(number))
        return number
