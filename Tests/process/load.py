"""Many calls in flight at a sidecar, for as long as a test likes."""

import itertools
import threading
from typing import Any

from sidecar import PATIENCE_SECONDS, Sidecar

IN_FLIGHT = 60


class Load(threading.Thread):
    """Keeps a sidecar busy with fresh tokens for many users, until it is told to pause."""

    def __init__(self, sidecar: Sidecar, users: list[str]) -> None:
        super().__init__()
        self.sidecar = sidecar
        self.enough = threading.Event()
        self.answers: list[dict[str, Any]] = []
        self.arrival = threading.Condition()
        self.users = itertools.cycle(users)

    def ask(self) -> None:
        self.sidecar.request("getToken", profile="dev5", subject=next(self.users), forceRefresh=True)

    def run(self) -> None:
        for _ in range(IN_FLIGHT):
            self.ask()
        missing = IN_FLIGHT
        while missing > 0:
            answer = self.sidecar.receive()
            with self.arrival:
                self.answers.append(answer)
                self.arrival.notify()
            if self.enough.is_set():
                missing -= 1
            else:
                self.ask()

    def goes_on(self) -> None:
        """Returns when all that was in flight has been answered, and as many later calls."""
        with self.arrival:
            wanted = len(self.answers) + 2 * IN_FLIGHT
            assert self.arrival.wait_for(lambda: len(self.answers) >= wanted, timeout=PATIENCE_SECONDS)

    def __enter__(self) -> "Load":
        self.start()
        self.goes_on()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.join()
