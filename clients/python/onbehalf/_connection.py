"""Requests and their answers, by id, over one sidecar."""

from __future__ import annotations

import concurrent.futures
import itertools
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Optional, Union

from ._sidecar import Sidecar, start_thread
from .errors import OnBehalfError, client_error

PROTOCOL_VERSION = "1.0"
CLOSE_SECONDS = 2.0


@dataclass(frozen=True)
class Progress:
    value: Any


@dataclass(frozen=True)
class Answer:
    result: Any


Event = Union[Progress, Answer, OnBehalfError]
Deliver = Callable[[Event], None]


class Connection:
    """Pairs answers with requests. `Deliver` is called on the reader's thread and must only hand the event on:
    any number of Progress, then exactly one Answer or OnBehalfError, unless the request was cancelled before."""

    def __init__(self, sidecar: Sidecar, initialize: Mapping[str, Any]) -> None:
        self.handshake: concurrent.futures.Future[None] = concurrent.futures.Future()
        self.handshake.set_running_or_notify_cancel()
        self._sidecar = sidecar
        self._owner = os.getpid()
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._pending: dict[Any, Deliver] = {}
        self._refusal: Optional[Callable[[], OnBehalfError]] = None
        self._closing = False
        self.request("initialize", initialize, self._shake_hands)
        start_thread("onbehalf-stdout", self._read)

    def request(self, method: str, params: Mapping[str, Any], deliver: Deliver, *, wants_progress: bool = False) -> int:
        """Sends a request and returns its id. Raises OnBehalfError when there is nobody to send it to."""
        if os.getpid() != self._owner:
            raise client_error(
                "client_closed", "This client belongs to the parent process.", "Make a new client after a fork."
            )
        id = next(self._ids)
        if wants_progress:
            params = {**params, "workDoneToken": id}
        with self._lock:
            if self._refusal is not None:
                raise self._refusal()
            self._pending[id] = deliver
        try:
            self._sidecar.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        except (TypeError, ValueError):
            self._take(id)
            raise
        return id

    def cancel(self, id: int) -> None:
        """Gives a request up; its answer, should it still come, is dropped."""
        if self._take(id) is not None:
            self._notify("$/cancelRequest", {"id": id})

    def abandon(self) -> None:
        """For a client nobody holds any more: the sidecar reads the end of its input and ends. Never blocks."""
        self._sidecar.finish()

    def close(self) -> None:
        """Ends the sidecar and fails what is pending. In a forked child it does nothing: the sidecar is not its own."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            first, self._closing = not self._closing, True
        deadline = time.monotonic() + CLOSE_SECONDS
        if first:
            self._shut_down()
        self._sidecar.stop(max(0.0, deadline - time.monotonic()))
        self._fail_all(_closed)

    def _shut_down(self) -> None:
        answered = threading.Event()
        try:
            self.request("shutdown", {}, lambda event: answered.set())
            answered.wait(CLOSE_SECONDS / 2)
        except OnBehalfError:
            pass
        self._notify("exit", {})
        self._sidecar.finish()

    def _notify(self, method: str, params: Mapping[str, Any]) -> None:
        self._sidecar.send({"jsonrpc": "2.0", "method": method, "params": params})

    def _take(self, id: Any) -> Optional[Deliver]:
        with self._lock:
            return self._pending.pop(id, None)

    def _read(self) -> None:
        try:
            for message in self._sidecar.messages():
                self._dispatch(message)
            self._sidecar.finish()
            self._sidecar.stop(CLOSE_SECONDS)
            self._fail_all(_closed if self._closing else _copies(self._sidecar.obituary()))
        except OnBehalfError as error:
            self._fail_all(_copies(error))
            self._sidecar.finish()
            self._sidecar.stop(0)

    def _dispatch(self, message: Any) -> None:
        if not isinstance(message, dict):
            return
        if message.get("method") == "$/progress":
            params = message.get("params") or {}
            with self._lock:
                deliver = self._pending.get(params.get("token"))
            if deliver is not None:
                deliver(Progress(params.get("value")))
        elif "method" not in message and (deliver := self._take(message.get("id"))) is not None:
            deliver(OnBehalfError.from_wire(message["error"]) if "error" in message else Answer(message.get("result")))

    def _fail_all(self, failure: Callable[[], OnBehalfError]) -> None:
        with self._lock:
            self._refusal = self._refusal or failure
            pending, self._pending = list(self._pending.values()), {}
        for deliver in pending:
            deliver(failure())

    def _shake_hands(self, event: Event) -> None:
        error = event if isinstance(event, OnBehalfError) else _incompatibility(event)
        if error is None:
            self.handshake.set_result(None)
        else:
            self.handshake.set_exception(error)


def _incompatibility(event: Event) -> Optional[OnBehalfError]:
    answer = event.result if isinstance(event, Answer) and isinstance(event.result, dict) else {}
    oldest, newest = answer.get("minimumProtocolVersion"), answer.get("protocolVersion")
    try:
        if _version(oldest) <= _version(PROTOCOL_VERSION) <= _version(newest):
            return None
    except ValueError:
        pass
    return client_error(
        "sidecar_incompatible",
        f"The sidecar speaks protocol {oldest} to {newest}, this client {PROTOCOL_VERSION}.",
        "Install a sidecar and a client of the same release.",
    )


def _version(text: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in str(text).split("."))


def _copies(error: OnBehalfError) -> Callable[[], OnBehalfError]:
    """One for each caller: a raised exception carries its own traceback."""
    return lambda: OnBehalfError(*error.args)


def _closed() -> OnBehalfError:
    return client_error("client_closed", "The client is closed.", "Make a new client.")
