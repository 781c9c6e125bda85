"""How each kind of fault looks on the wire. The members of a class are the members of that fault's JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from werkzeug.wrappers import Response

from .exchange import Exchange
from .records import RecordError
from .stream_fault import Stream


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
    """The real answer, cut off after so many bytes of body: short of its Content-Length, or without a last chunk."""

    after_bytes: int

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        return self.cut(exchange.normal(), exchange)

    def cut(self, body: Iterable[bytes], exchange: Exchange) -> Iterator[bytes]:
        left = self.after_bytes
        with exchange.closing(body):
            for piece in body:
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    break
            exchange.drop()


@dataclass(frozen=True)
class Reset:
    """A TCP reset, before the request is looked at or after it took effect."""

    when: Literal["before", "after"] = "before"

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        if self.when == "after":
            exchange.normal_response()
        exchange.reset()


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
        return self.drops(exchange.normal(), exchange)

    def drops(self, body: Iterable[bytes], exchange: Exchange) -> Iterator[bytes]:
        with exchange.closing(body):
            for piece in body:
                for byte in piece:
                    exchange.release.wait(exchange.connection, self.seconds_per_byte)
                    yield bytes([byte])


@dataclass(frozen=True)
class Hang:
    """No answer, until the client leaves or what is held is released."""

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        exchange.hold()
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
    for kind in (Delay, Respond, Redirect, Truncate, Reset, Huge, Drip, Hang, Token, Run, Stream)
}
