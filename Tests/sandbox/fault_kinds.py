"""How each kind of fault looks on the wire. The members of a class are the members of that fault's JSON."""

import errno
import select
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn, Protocol

from werkzeug.wrappers import Response

from .clock import Clock
from .records import RecordError
from .server import SandboxConnection


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

    def drop(self) -> NoReturn:
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
        return exchange.send(Response("", self.status, {"Location": self.location}))


@dataclass(frozen=True)
class Truncate:
    """The real answer under its full Content-Length, cut off after so many bytes of body."""

    after_bytes: int

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        response = exchange.normal_response()
        exchange.start_response(response.status, list(response.headers))
        return self.cut(response.get_data(), exchange)

    def cut(self, body: bytes, exchange: Exchange) -> Iterator[bytes]:
        yield body[: self.after_bytes]
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


@dataclass(frozen=True)
class Huge:
    """A body of spaces; without `declared` it comes in chunks and the size is not announced."""

    size_bytes: int
    declared: bool = True

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        headers = {"Content-Type": "application/json"}
        if self.declared:
            headers["Content-Length"] = str(self.size_bytes)
        return exchange.send(Response(self.filling(), 200, headers))

    def filling(self) -> Iterator[bytes]:
        block = b" " * 65536
        for start in range(0, self.size_bytes, len(block)):
            yield block[: self.size_bytes - start]


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
