"""What goes wrong with a stream of events, as it passes. Each piece that the pod sends is one event, whole."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from . import events
from .exchange import Exchange
from .records import RecordError

BLOCK = 4096  # bytes, about; what is repeated goes out in such pieces


@dataclass(frozen=True)
class Stream:
    """The real stream up to a place in it; there something is put in, and then something happens."""

    after_events: int = 0  # so many pass whole
    after_bytes: int = 0  # and so many bytes of the next one
    insert: str = ""  # put there as it is
    insert_bytes: int = 0  # an event of at least so many bytes, put there
    then: Literal["continue", "stall", "repeat", "cut", "reset", "end"] = "continue"
    content_type: str | None = None
    drop: list[str] = field(default_factory=list)  # members that every event lacks
    done: bool = True  # false: without the `[DONE]`

    def __post_init__(self) -> None:
        if self.then == "repeat" and not self.inserted:
            raise RecordError("Stream.then is repeat, and nothing is inserted")

    @property
    def inserted(self) -> bytes:
        text = self.insert.encode()
        if self.insert_bytes:
            text += events.encoded({"message": {"content": "x" * self.insert_bytes}})
        return text

    def play(self, exchange: Exchange) -> Iterable[bytes]:
        start_response = exchange.start_response
        exchange.start_response = lambda status, headers, *rest: start_response(status, self.headed(headers), *rest)
        return self.altered(exchange.normal(), exchange)

    def headed(self, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
        replaced = {"content-type": self.content_type} if self.content_type is not None else {}
        return [(name, replaced.get(name.lower(), value)) for name, value in headers]

    def altered(self, pieces: Iterable[bytes], exchange: Exchange) -> Iterator[bytes]:
        with exchange.closing(pieces):
            for number, piece in enumerate(self.passing(pieces)):
                if number != self.after_events:
                    yield piece
                    continue
                yield piece[: self.after_bytes]
                yield self.inserted
                if self.then == "end":
                    return
                yield from self.happening(exchange)
                yield piece[self.after_bytes:]

    def happening(self, exchange: Exchange) -> Iterator[bytes]:
        acts: dict[str, Callable[[], Any]] = {
            "stall": exchange.hold, "cut": exchange.drop, "reset": exchange.reset,
        }
        while self.then == "repeat" and not exchange.release.done.is_set():
            yield self.inserted * (1 + BLOCK // len(self.inserted))
        acts.get(self.then, lambda: None)()

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self.done or piece != events.DONE:
                yield events.without(piece, self.drop) if self.drop else piece
