"""Faults on demand: rules that say which requests go wrong."""

import dataclasses
import fnmatch
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from . import records
from .clock import Clock
from .fault_kinds import KINDS, Exchange, Kind, Run, Token
from .records import RecordError

Side = Literal["domain", "pod"]
TOKEN_PATH = "/oauth2/v1/token"
INVOKE_PATHS = "/api/fusion-ai/*/invokeAsync"


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

    @property
    def spent(self) -> bool:
        return self.rule.times is not None and self.matched >= self.rule.after + self.rule.times

    def take(self) -> bool:
        """Counts one matching request; true when it is one that goes wrong."""
        self.matched += 1
        return self.matched > self.rule.after

    def described(self) -> dict[str, Any]:
        kind = {"kind": type(self.kind).__name__.lower(), **records.write(self.kind)}
        return {**records.write(self.rule), **kind, "matched": self.matched}


class Faults:
    """The rules in the order they came; a request meets at most one."""

    def __init__(self) -> None:
        self.changing = threading.Condition()
        self.released = threading.Event()
        self.planned: list[Planned] = []

    def plan(self, body: object) -> None:
        if not isinstance(body, dict) or body.get("kind") not in list(KINDS):
            raise RecordError(f"a fault is an object whose kind is one of {', '.join(KINDS)}")
        in_rule = {records.wire_name(name) for name in Rule.__dataclass_fields__}
        rule = records.read(Rule, {name: value for name, value in body.items() if name in in_rule})
        rest = {name: value for name, value in body.items() if name not in in_rule | {"kind"}}
        kind = records.read(KINDS[body["kind"]], rest)
        if isinstance(kind, (Token, Run)):
            rule = narrowed(rule, *(("domain", TOKEN_PATH) if isinstance(kind, Token) else ("pod", INVOKE_PATHS)))
        with self.changing:
            self.planned.append(Planned(rule, kind))

    def take(self, side: Side, method: str, path: str) -> tuple[Planned, threading.Event] | None:
        with self.changing:
            for planned in self.planned:
                if not planned.spent and planned.rule.matches(side, method, path):
                    goes_wrong = planned.take()
                    self.changing.notify_all()
                    return (planned, self.released) if goes_wrong else None
        return None

    def await_matched(self, count: int, seconds: float) -> bool:
        """Waits until so many requests have met the rules there are; false when time is up."""
        with self.changing:
            return self.changing.wait_for(lambda: sum(rule.matched for rule in self.planned) >= count, seconds)

    def listing(self) -> list[dict[str, Any]]:
        with self.changing:
            return [planned.described() for planned in self.planned]

    def clear(self) -> None:
        """Forgets every rule and lets go of every request that a fault holds."""
        with self.changing:
            self.planned.clear()
            self.released.set()
            self.released = threading.Event()


class FaultyApp:
    """A WSGI app with the faults in front of it."""

    def __init__(self, side: Side, app: Any, faults: Faults, clock: Clock) -> None:
        self.side, self.app, self.faults, self.clock = side, app, faults, clock

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        taken = self.faults.take(self.side, environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if taken is None:
            return self.app(environ, start_response)
        planned, released = taken
        if planned.rule.delay_seconds:
            released.wait(planned.rule.delay_seconds)
        return planned.kind.play(Exchange(self.app, environ, start_response, self.clock, released))


def narrowed(rule: Rule, side: Side, path: str) -> Rule:
    """The rule of a fault that makes sense on one kind of request alone."""
    if rule.side != side or rule.method not in (None, "POST"):
        raise RecordError(f"such a fault is for POST requests of the {side} to {path}")
    return dataclasses.replace(rule, method="POST", path=path if rule.path == "*" else rule.path)
