"""Faults on demand: rules that say which requests go wrong."""

import dataclasses
import fnmatch
import functools
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from . import records
from .clock import Clock
from .exchange import Exchange, Kind
from .fault_kinds import KINDS, Run, Token
from .records import RecordError
from .server import Release
from .stream_fault import Stream

Side = Literal["domain", "pod"]
TOKEN_PATH = "/oauth2/v1/token"
INVOKE_PATHS = "/api/fusion-ai/*/invokeAsync"
CHAT_PATHS = "/api/fusion-ai/*/chat"
NARROW = {Token: ("domain", TOKEN_PATH), Run: ("pod", INVOKE_PATHS), Stream: ("pod", CHAT_PATHS)}


@dataclass(frozen=True)
class Rule:
    """Which requests: the first `after` that match pass unharmed, the next `times` (null: all) do not."""

    side: Side
    path: str = "*"  # a shell pattern over the decoded path
    method: str | None = None
    times: int | None = 1
    after: int = 0
    delay_seconds: float = 0.0

    def matches(self, side: Side, method: str, path: str) -> bool:
        return side == self.side and method == (self.method or method) and fnmatch.fnmatchcase(path, self.path)


@dataclass
class Planned:
    rule: Rule
    kind: Kind
    matched: int = 0
    held: int = 0  # are being held
    left: int = 0  # whose clients left while they were held

    @property
    def spent(self) -> bool:
        return self.rule.times is not None and self.matched >= self.rule.after + self.rule.times

    def take(self) -> bool:
        """Counts one matching request; true when it is one that goes wrong."""
        self.matched += 1
        return self.matched > self.rule.after

    def described(self) -> dict[str, Any]:
        kind = {"kind": type(self.kind).__name__.lower(), **records.write(self.kind)}
        return {**records.write(self.rule), **kind, "matched": self.matched, "held": self.held, "left": self.left}


class Faults:
    """The rules in the order they came; a request meets at most one."""

    def __init__(self) -> None:
        self.changing = threading.Condition()
        self.held_back = Release()
        self.planned: list[Planned] = []

    def plan(self, body: object) -> None:
        if not isinstance(body, dict) or body.get("kind") not in list(KINDS):
            raise RecordError(f"a fault is an object whose kind is one of {', '.join(KINDS)}")
        in_rule = {records.wire_name(name) for name in Rule.__dataclass_fields__}
        rule = records.read(Rule, {name: value for name, value in body.items() if name in in_rule})
        rest = {name: value for name, value in body.items() if name not in in_rule | {"kind"}}
        kind = records.read(KINDS[body["kind"]], rest)
        if type(kind) in NARROW:
            rule = narrowed(rule, *NARROW[type(kind)])
        with self.changing:
            self.planned.append(Planned(rule, kind))

    def take(self, side: Side, method: str, path: str) -> Planned | None:
        with self.changing:
            for planned in self.planned:
                if not planned.spent and planned.rule.matches(side, method, path):
                    goes_wrong = planned.take()
                    self.changing.notify_all()
                    return planned if goes_wrong else None
        return None

    def await_counts(self, wanted: dict[str, int], seconds: float) -> bool:
        """Waits until so many requests have met the rules there are, are held, have left; false when time is up."""
        def counted() -> bool:
            return all(sum(getattr(rule, name) for rule in self.planned) >= count for name, count in wanted.items())

        with self.changing:
            return self.changing.wait_for(counted, seconds)

    @contextmanager
    def holding(self, planned: Planned) -> Iterator[None]:
        def count(held: int, left: int = 0) -> None:
            with self.changing:
                planned.held, planned.left = planned.held + held, planned.left + left
                self.changing.notify_all()

        count(held=1)
        try:
            yield
        except ConnectionError:
            count(held=-1, left=1)
            raise
        count(held=-1)

    def listing(self) -> list[dict[str, Any]]:
        with self.changing:
            return [planned.described() for planned in self.planned]

    def release(self) -> None:
        """Lets go of every request that a fault holds."""
        with self.changing:
            self.held_back.set()
            self.held_back = Release()

    def clear(self) -> None:
        """Forgets every rule and lets go of every request that a fault holds."""
        with self.changing:
            self.planned.clear()
            self.release()


class FaultyApp:
    """A WSGI app with the faults in front of it."""

    def __init__(self, side: Side, app: Any, faults: Faults, clock: Clock) -> None:
        self.side, self.app, self.faults, self.clock = side, app, faults, clock

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["sandbox.release"] = release = self.faults.held_back
        planned = self.faults.take(self.side, environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if planned is None:
            return self.app(environ, start_response)
        holding = functools.partial(self.faults.holding, planned)
        exchange = Exchange(self.app, environ, start_response, self.clock, release, holding)
        if planned.rule.delay_seconds:
            release.wait(exchange.connection, planned.rule.delay_seconds)
            if exchange.connection.was_cut:
                exchange.drop()
        return planned.kind.play(exchange)


def narrowed(rule: Rule, side: Side, path: str) -> Rule:
    """The rule of a fault that makes sense on one kind of request alone."""
    if rule.side != side or rule.method not in (None, "POST"):
        raise RecordError(f"such a fault is for POST requests of the {side} to {path}")
    return dataclasses.replace(rule, method="POST", path=path if rule.path == "*" else rule.path)
