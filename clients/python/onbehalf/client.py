"""The client that blocks."""

from __future__ import annotations

import concurrent.futures
import queue
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from . import _client, _requests
from ._connection import Event, Progress
from ._requests import OnProgress, Request

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")


def _blocking(build: Callable[P, Request[T]]) -> Callable[Concatenate[OnBehalf, P], T]:
    def method(self: OnBehalf, /, *args: P.args, **kwargs: P.kwargs) -> T:
        request = build(*args, **kwargs)
        answer = self.call(
            request.method, request.params, timeout_ms=request.timeout_ms, on_progress=request.on_progress
        )
        return request.read(answer)

    _client.describe(method, build)
    return method


class OnBehalf(_client.Client):
    """A sidecar and its methods. Any number of threads may call it; each has its own request in flight.

    A call that is left by an exception, KeyboardInterrupt or one from `on_progress`, is cancelled in the sidecar.
    """

    def _begin(self) -> None:
        try:
            self._connection.handshake.result(_client.START_SECONDS)
        except BaseException as error:
            self.close()
            if isinstance(error, concurrent.futures.TimeoutError):
                raise _client.silent() from None
            raise

    def call(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout_ms: Optional[int] = None,
        on_progress: Optional[OnProgress] = None,
    ) -> Any:
        """Any method of the sidecar, in the wire's own objects. `on_progress` runs on the calling thread."""
        params, deadline = self._deadline(params or {}, timeout_ms)
        inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        id = self._connection.request(method, params, inbox.put, wants_progress=on_progress is not None)
        try:
            while isinstance(event := _next(inbox, deadline), Progress):
                if on_progress is not None:
                    on_progress(event.value)
        finally:
            self._connection.cancel(id)
        return _client.outcome(event)

    def close(self) -> None:
        """End the sidecar, at the latest after a few seconds by force. Calls still pending fail."""
        self._connection.close()

    def __enter__(self) -> OnBehalf:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    ping = _blocking(_requests.ping)
    get_token = _blocking(_requests.get_token)
    mint_assertion = _blocking(_requests.mint_assertion)
    invoke_agent = _blocking(_requests.invoke_agent)
    get_agent_run = _blocking(_requests.get_agent_run)
    list_agents = _blocking(_requests.list_agents)
    get_agent_card = _blocking(_requests.get_agent_card)
    resume_agent = _blocking(_requests.resume_agent)
    create_key = _blocking(_requests.create_key)
    import_key = _blocking(_requests.import_key)
    list_keys = _blocking(_requests.list_keys)
    get_key = _blocking(_requests.get_key)
    delete_key = _blocking(_requests.delete_key)
    rotate_key = _blocking(_requests.rotate_key)
    save_profile = _blocking(_requests.save_profile)
    get_profile = _blocking(_requests.get_profile)
    list_profiles = _blocking(_requests.list_profiles)
    delete_profile = _blocking(_requests.delete_profile)
    set_client_secret = _blocking(_requests.set_client_secret)
    diagnose = _blocking(_requests.diagnose)
    explain = _blocking(_requests.explain)


def _next(inbox: queue.SimpleQueue[Event], deadline: float) -> Event:
    # In slices: a signal that comes just before the wait begins does not wake it, and Ctrl-C would go unnoticed.
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            return inbox.get(timeout=min(remaining, 1.0))
        except queue.Empty:
            continue
    raise _client.silent()
