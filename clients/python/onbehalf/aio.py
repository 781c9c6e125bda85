"""The client that awaits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Coroutine, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar

from . import _client, _requests
from ._connection import Event, Progress
from ._requests import OnProgress, Request

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec

    P = ParamSpec("P")

T = TypeVar("T")


def _awaited(build: Callable[P, Request[T]]) -> Callable[Concatenate[AsyncOnBehalf, P], Coroutine[Any, Any, T]]:
    async def method(self: AsyncOnBehalf, /, *args: P.args, **kwargs: P.kwargs) -> T:
        request = build(*args, **kwargs)
        answer = await self.call(
            request.method, request.params, timeout_ms=request.timeout_ms, on_progress=request.on_progress
        )
        return request.read(answer)

    _client.describe(method, build)
    return method


class AsyncOnBehalf(_client.Client):
    """OnBehalf with `await`. The sidecar starts with the object; a sidecar that cannot serve is told by the first call.

    Cancelling a task cancels its request in the sidecar.
    """

    async def call(
        self,
        method: str,
        params: Optional[Mapping[str, Any]] = None,
        *,
        timeout_ms: Optional[int] = None,
        on_progress: Optional[OnProgress] = None,
    ) -> Any:
        """Any method of the sidecar, in the wire's own objects. `on_progress` runs in the event loop."""
        await self._started()
        params, deadline = self._deadline(params or {}, timeout_ms)
        loop = asyncio.get_running_loop()
        inbox: asyncio.Queue[Event] = asyncio.Queue()

        def deliver(event: Event) -> None:
            try:
                loop.call_soon_threadsafe(inbox.put_nowait, event)
            except RuntimeError:  # the loop is closed, so nobody waits
                pass

        id = self._connection.request(method, params, deliver, wants_progress=on_progress is not None)
        try:
            while isinstance(event := await _within(deadline, inbox.get()), Progress):
                if on_progress is not None:
                    on_progress(event.value)
        finally:
            self._connection.cancel(id)
        return _client.outcome(event)

    async def close(self) -> None:
        """End the sidecar, at the latest after a few seconds by force. Calls still pending fail."""
        await asyncio.get_running_loop().run_in_executor(None, self._connection.close)

    async def _started(self) -> None:
        handshake = self._connection.handshake
        if not handshake.done():
            await _within(time.monotonic() + _client.START_SECONDS, asyncio.shield(asyncio.wrap_future(handshake)))
        handshake.result()

    async def __aenter__(self) -> AsyncOnBehalf:
        try:
            await self._started()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    ping = _awaited(_requests.ping)
    get_token = _awaited(_requests.get_token)
    mint_assertion = _awaited(_requests.mint_assertion)
    invoke_agent = _awaited(_requests.invoke_agent)
    get_agent_run = _awaited(_requests.get_agent_run)
    list_agents = _awaited(_requests.list_agents)
    get_agent_card = _awaited(_requests.get_agent_card)
    resume_agent = _awaited(_requests.resume_agent)
    create_key = _awaited(_requests.create_key)
    import_key = _awaited(_requests.import_key)
    list_keys = _awaited(_requests.list_keys)
    get_key = _awaited(_requests.get_key)
    delete_key = _awaited(_requests.delete_key)
    rotate_key = _awaited(_requests.rotate_key)
    save_profile = _awaited(_requests.save_profile)
    get_profile = _awaited(_requests.get_profile)
    list_profiles = _awaited(_requests.list_profiles)
    delete_profile = _awaited(_requests.delete_profile)
    set_client_secret = _awaited(_requests.set_client_secret)
    diagnose = _awaited(_requests.diagnose)
    explain = _awaited(_requests.explain)


async def _within(deadline: float, awaitable: Awaitable[T]) -> T:
    try:
        return await asyncio.wait_for(awaitable, deadline - time.monotonic())
    except asyncio.TimeoutError:
        raise _client.silent() from None
