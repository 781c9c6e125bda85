"""Faults on demand: rules that say which requests go wrong, and how each kind of wrong looks on the wire."""

import errno
import fnmatch
import select
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from werkzeug.wrappers import Response

from . import records
from .clock import Clock
from .records import RecordError
from .server import SandboxConnection

Side = Literal["domain", "pod"]


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
class Exchange:
    """One request in a fault's hands."""

    app: Any
    environ: dict[str, Any]
    start_response: Any
    clock: Clock
    released: threading.Event  # set when faults are cleared or the sandbox stops

    @property
    def connection(self) -> SandboxConnection:
        return self.environ["sandbox.connection"]

    def normal(self) -> Iterable[bytes]:
        return self.app(self.environ, self.start_response)

    def normal_response(self) -> Response:
        """What the app answers, held back; whatever it did has happened."""
        return Response.from_app(self.app, self.environ, buffered=True)

    def send(self, response: Response) -> Iterable[bytes]:
        response.headers.setdefault("Date", self.clock.http_date())
        return response(self.environ, self.start_response)

    def drop(self) -> None:
        """Ends the connection here and now, without an answer's end. With a TLS listener no close_notify is sent."""
        raise ConnectionResetError(errno.ECONNRESET, "dropped by a fault")


class Kind(Protocol):
    def play(self, exchange: Exchange) -> Iterable[bytes]: ...


@dataclass(frozen=True)
class Delay:
    """Nothing but the rule's `delaySeconds`."""

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        return exchange.normal()


@dataclass(frozen=True)
class Respond:
    """This answer instead of the real one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        return exchange.send(Response(self.body, self.status, self.headers))


@dataclass(frozen=True)
class Redirect:
    location: str
    status: int = 302

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        return exchange.send(Response("", self.status, {"Location": self.location}, autocorrect_location_header=False))


@dataclass(frozen=True)
class Truncate:
    """The real answer under its full Content-Length, cut off after `bytes` bytes of body."""

    bytes: int

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        response = exchange.normal_response()
        exchange.start_response(response.status, list(response.headers))
        return self.cut(response.get_data(), exchange)

    def cut(self, body: "bytes", exchange: Exchange) -> "Iterator[bytes]":
        yield body[: self.bytes]
        exchange.drop()


@dataclass(frozen=True)
class Reset:
    """A TCP reset, before the request is looked at or after it took effect."""

    when: Literal["before", "after"] = "before"

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        if self.when == "after":
            exchange.normal_response()
        exchange.connection.reset_on_close = True
        exchange.drop()
        return []


@dataclass(frozen=True)
class Huge:
    """A body of `bytes` bytes; without `declared` it comes in chunks and the size is not announced."""

    bytes: int
    declared: bool = True

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        headers = {"Content-Type": "application/json"} | ({"Content-Length": str(self.bytes)} if self.declared else {})
        return exchange.send(Response(self.filling(), 200, headers))

    def filling(self) -> "Iterator[bytes]":
        block = b" " * 65536
        for start in range(0, self.bytes, len(block)):
            yield block[: self.bytes - start]


@dataclass(frozen=True)
class Drip:
    """The real answer, byte by byte."""

    seconds_per_byte: float

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        response = exchange.normal_response()
        exchange.start_response(response.status, list(response.headers))
        return self.drops(response.get_data(), exchange)

    def drops(self, body: bytes, exchange: Exchange) -> Iterator[bytes]:
        for byte in body:
            exchange.released.wait(self.seconds_per_byte)
            yield bytes([byte])


@dataclass(frozen=True)
class Hang:
    """No answer, until the client leaves or the faults are cleared."""

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        leaving = select.poll()
        leaving.register(exchange.connection.socket, select.POLLRDHUP)
        while not exchange.released.is_set() and not leaving.poll(50):
            pass
        exchange.drop()
        return []


@dataclass(frozen=True)
class Token:
    """A token that is signed as it should be, but is not what was asked for."""

    claims: dict[str, Any] = field(default_factory=dict)  # replaced or added
    drop: list[str] = field(default_factory=list)  # left out
    opaque: bool = False
    response: dict[str, Any] = field(default_factory=dict)  # replaced or added around the token

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        exchange.environ["sandbox.token_fault"] = self
        return exchange.normal()

    def edited(self, claims: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in (claims | self.claims).items() if name not in self.drop}


@dataclass(frozen=True)
class Run:
    """The run that this invocation starts goes through these states, one per poll."""

    states: list[str]
    output: str | None = None
    error: str | None = None

    def __post_init__(self) -> None:
        if not self.states:
            raise RecordError("Run.states must not be empty")

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        exchange.environ["sandbox.run_fault"] = self
        return exchange.normal()


KINDS: dict[str, type] = {
    kind.__name__.lower(): kind
    for kind in (Delay, Respond, Redirect, Truncate, Reset, Huge, Drip, Hang, Token, Run)
}


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
        self.changing = threading.Lock()
        self.released = threading.Event()
        self.planned: list[Planned] = []

    def plan(self, body: object) -> None:
        if not isinstance(body, dict) or body.get("kind") not in KINDS:
            raise RecordError(f"a fault is an object whose kind is one of {', '.join(KINDS)}")
        in_rule = {records.wire_name(name) for name in Rule.__dataclass_fields__}
        rule = records.read(Rule, {name: value for name, value in body.items() if name in in_rule})
        rest = {name: value for name, value in body.items() if name not in in_rule | {"kind"}}
        kind = records.read(KINDS[body["kind"]], rest)
        if isinstance(kind, Token) and rule.side != "domain" or isinstance(kind, Run) and rule.side != "pod":
            raise RecordError("token faults are the domain's, run faults the pod's")
        with self.changing:
            self.planned.append(Planned(rule, kind))

    def take(self, side: Side, method: str, path: str) -> tuple[Planned, threading.Event] | None:
        with self.changing:
            for planned in self.planned:
                if not planned.spent and planned.rule.matches(side, method, path):
                    return (planned, self.released) if planned.take() else None
        return None

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
