"""The one clock of the sandbox: the system's, moved by the setting `clockOffsetSeconds`."""

import time
from email.utils import formatdate

from .state import State


class Clock:
    def __init__(self, state: State) -> None:
        self.state = state

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.state.settings.clock_offset_seconds

    def http_date(self) -> str:
        return formatdate(self.now(), usegmt=True)

    def rfc3339(self) -> str:
        now = self.now()
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
