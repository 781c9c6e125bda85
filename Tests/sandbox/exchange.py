"""One request in a fault's hands, and the ways to hold it and to let it go."""

import errno
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

from werkzeug.wrappers import Response

from .clock import Clock
from .server import Release, SandboxConnection


@dataclass
class Exchange:
    app: Any
    environ: dict[str, Any]
    start_response: Any
    clock: Clock
    release: Release  # of whatever is held
    holding: Callable[[], AbstractContextManager[None]]  # counts this request among those that are held
    body: AbstractContextManager[Any] = field(default_factory=nullcontext)  # the right answer's, once passed on

    @property
    def connection(self) -> SandboxConnection:
        return self.environ["sandbox.connection"]

    def normal(self) -> Iterable[bytes]:
        return self.app(self.environ, self.start_response)

    def normal_response(self) -> Response:
        """What the app answers, held back; whatever it did has happened."""
        return Response.from_app(self.app, self.environ, buffered=True)

    def closing(self, body: Iterable[bytes]) -> AbstractContextManager[Any]:
        """Tells the app when its answer is over, as a server does."""
        self.body = closing(body) if hasattr(body, "close") else nullcontext()
        return self.body

    def send(self, response: Response) -> Iterable[bytes]:
        response.headers.setdefault("Date", self.clock.http_date())
        return response(self.environ, self.start_response)

    def hold(self) -> None:
        """Returns when what is held is released; ends the connection when the client leaves first."""
        with self.holding():
            if not self.release.awaited(self.connection):
                with self.body:  # the app knows before it counts as left
                    self.drop()

    def drop(self) -> NoReturn:
        """Ends the connection here and now, without an answer's end. With a TLS listener no close_notify is sent."""
        raise ConnectionResetError(errno.ECONNRESET, "dropped by a fault")

    def reset(self) -> NoReturn:
        """The same with a TCP reset."""
        self.connection.reset_on_close = True
        self.drop()


class Kind(Protocol):
    """How a kind of fault looks on the wire."""

    def play(self, exchange: Exchange) -> Iterable[bytes]: ...
