"""How many token requests the domain takes in any second and in any minute, as Oracle limits them."""

import threading
import time
from collections import deque

from .state import State

SECOND, MINUTE = 1.0, 60.0


class RateLimit:
    """Two sliding windows over the requests that were taken. Real time: `clockOffsetSeconds` does not move it."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.changing = threading.Lock()
        self.taken: deque[float] = deque()

    def take(self) -> bool:
        """Counts one request, unless that would be too many."""
        settings = self.state.settings
        limits = [(settings.token_requests_per_second, SECOND), (settings.token_requests_per_minute, MINUTE)]
        with self.changing:
            now = time.monotonic()
            while self.taken and self.taken[0] <= now - MINUTE:
                self.taken.popleft()
            for limit, seconds in limits:
                # Full when the request that is `limit` before this one is not yet out of the window.
                if limit is not None and len(self.taken) >= limit and (
                    limit == 0 or self.taken[-limit] > now - seconds
                ):
                    return False
            self.taken.append(now)
            return True

    def clear(self) -> None:
        with self.changing:
            self.taken.clear()
