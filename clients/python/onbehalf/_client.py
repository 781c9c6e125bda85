"""What OnBehalf and AsyncOnBehalf share: the constructor, deadlines, outcomes."""

from __future__ import annotations

import inspect
import os
import time
import weakref
from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

from ._connection import Answer, Connection, Event
from ._sidecar import Command, Sidecar, find_command
from .errors import OnBehalfError

START_SECONDS = 10.0
LONGEST_DEFAULT_MS = 300_000
GRACE_MS = 5_000

StrPath = Union[str, "os.PathLike[str]"]


class Client:
    """Spawns the sidecar and says `initialize`.

    `command` is the binary, or it with leading arguments; without it ONBEHALF_BIN, the package and PATH are searched.
    `store`, `config`, `passphrase_file`, `policy` and `admin` are the sidecar's options of the same names. `profiles`
    (by name, in the wire's names) and `default_profile` live as long as this client. `env` replaces the environment,
    except that the way to the session bus is kept. `timeout_ms` is the deadline of calls that name none. What the
    sidecar writes on stderr goes to the logger `onbehalf`.
    """

    def __init__(
        self,
        command: Optional[Command] = None,
        *,
        store: Optional[str] = None,
        config: Optional[StrPath] = None,
        passphrase_file: Optional[StrPath] = None,
        policy: Optional[StrPath] = None,
        profiles: Optional[Mapping[str, Mapping[str, Any]]] = None,
        default_profile: Optional[str] = None,
        admin: bool = False,
        env: Optional[Mapping[str, str]] = None,
        timeout_ms: Optional[int] = None,
    ) -> None:
        options = {
            "--store": store,
            "--config": config,
            "--passphrase-file": passphrase_file,
            "--policy": policy,
        }
        arguments = [word for name, value in options.items() if value is not None for word in (name, os.fspath(value))]
        initialize = {
            "processId": os.getpid(),
            "clientInfo": {"name": "onbehalf-python", "version": "0.1.0"},
            "capabilities": {},
            "initializationOptions": {
                **({"profiles": profiles} if profiles is not None else {}),
                **({"defaultProfile": default_profile} if default_profile is not None else {}),
            },
        }
        self._timeout_ms = timeout_ms
        sidecar = Sidecar([*find_command(command), *(["--admin"] if admin else []), *arguments], env)
        try:
            self._connection = Connection(sidecar, initialize)
        except (TypeError, ValueError):  # profiles that JSON cannot say
            sidecar.finish()
            sidecar.stop(0)
            raise
        weakref.finalize(self, self._connection.abandon)
        self._begin()

    def _begin(self) -> None:
        """What the constructor still does once the sidecar is spawned."""

    def _deadline(self, params: Mapping[str, Any], timeout_ms: Optional[int]) -> tuple[Mapping[str, Any], float]:
        """The params with the sidecar's deadline, and the moment past which it is taken for dead."""
        timeout_ms = self._timeout_ms if timeout_ms is None else timeout_ms
        if timeout_ms is not None:
            params = {**params, "timeoutMs": timeout_ms}
        patience = params.get("timeoutMs", LONGEST_DEFAULT_MS) + GRACE_MS
        return params, time.monotonic() + patience / 1000


def silent() -> OnBehalfError:
    return OnBehalfError(
        "The sidecar did not answer within the deadline.",
        code=1700,
        kind="deadline_exceeded",
        hint="It may hang: close this client and make a new one.",
        retryable=True,
    )


def outcome(event: Event) -> Any:
    if isinstance(event, Answer):
        return event.result
    assert isinstance(event, OnBehalfError)
    raise event


def describe(method: Any, build: Callable[..., Any]) -> None:
    """Gives a method the name, the text and the parameters that help() shows."""
    receiver = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    parameters = inspect.signature(build).parameters.values()
    method.__signature__ = inspect.Signature([receiver, *parameters])
    method.__name__, method.__doc__ = build.__name__, build.__doc__
