"""HTTP/1.1 listeners: cheroot, with a hand on the connection so that a fault can end it."""

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
import weakref
from typing import Any

from cheroot import wsgi
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from .certificates import ServerFiles

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST
REUSE = (socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


class Release:
    """Lets go of everyone who waits for it, for good."""

    def __init__(self) -> None:
        self.done, self.end = threading.Event(), socket.socketpair()

    def set(self) -> None:
        self.done.set()
        self.end[1].close()  # the other one is readable from now on

    def wait(self, connection: "SandboxConnection", seconds: float) -> None:
        """So long at most, whether the client is still there or not."""
        until = time.monotonic() + seconds
        while not connection.was_cut and (left := until - time.monotonic()) > 0 and not self.done.wait(min(left, 0.05)):
            pass

    def awaited(self, connection: "SandboxConnection", seconds: float | None = None) -> bool:
        """False when the client leaves first. Time that runs out is a release too."""
        waiting = select.poll()
        waiting.register(self.end[0], select.POLLIN)
        waiting.register(connection.socket, select.POLLRDHUP)
        ready = dict(waiting.poll(None if seconds is None else seconds * 1000))
        return connection.socket.fileno() not in ready


class LateHandshake(BuiltinSSLAdapter):
    """Leaves the handshake to the thread that serves the connection, so that a silent client stops nobody else."""

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        secured = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return secured, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class SandboxConnection(HTTPConnection):
    reset_on_close = False
    was_cut = False
    secured = False

    def __init__(self, server: wsgi.Server, *rest: Any) -> None:
        super().__init__(server, *rest)
        server.connections_made.add(self)

    def cut(self) -> None:
        """Ends it from outside, whatever it is at; who serves it finds out and closes it."""
        self.reset_on_close = self.was_cut = True
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)  # below TLS, which its own thread may be using

    def communicate(self) -> bool:
        """True when the connection stays open. A failed handshake is the client's affair: it just ends here."""
        if isinstance(self.socket, ssl.SSLSocket) and not self.secured:
            try:
                self.socket.do_handshake()
            except OSError:
                return False
            self.secured = True
        return super().communicate()

    def _close_kernel_socket(self) -> None:
        if self.reset_on_close:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        else:
            super()._close_kernel_socket()


class Gateway(wsgi.Gateway_10):
    def get_environ(self) -> dict[str, Any]:
        return super().get_environ() | {"sandbox.connection": self.req.conn}


class Listener:
    """Bound at once, so that its URL is known before its app exists; serves after `start`."""

    def __init__(self, host: str, port: int, threads: int, tls: ServerFiles | None = None) -> None:
        self.threads, self.tls = threads, tls
        self.changing = threading.Lock()
        self.placeholder: socket.socket | None = None
        self.server = self.bound((host, port))
        self.place = self.server.bind_addr[:2]
        host, port = self.place
        bracketed = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{bracketed}:{port}"

    def bound(self, place: tuple[str, int]) -> wsgi.Server:
        server = wsgi.Server(
            place, refuse_everything, numthreads=self.threads, server_name="sandbox", request_queue_size=1024
        )
        server.gateway = Gateway
        server.ConnectionClass = SandboxConnection
        server.connections_made = weakref.WeakSet()
        server.keep_alive_conn_limit = None
        server.timeout = 60  # seconds an idle connection is kept
        server.expiration_interval = 0.1  # seconds; stopping takes as long
        server.shutdown_timeout = 1
        if self.tls:
            server.ssl_adapter = LateHandshake(str(self.tls.certificate), str(self.tls.key))
            server.ssl_adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
        server.prepare()
        server.socket.setsockopt(*REUSE)  # its connections inherit it, and none of them stands in a later one's way
        return server

    def start(self, app: Any) -> None:
        self.app = app
        self.server.wsgi_app = app
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Requests that are being served have a second to end."""
        with self.changing:
            if self.placeholder is None:
                self.server.stop()
                self.thread.join()

    def cut(self) -> None:
        """Drops every connection and refuses new ones. The port stays taken."""
        with self.changing:
            if self.placeholder is not None:
                return
            for connection in list(self.server.connections_made):
                connection.cut()
            self.server.stop()
            self.thread.join()
            self.placeholder = socket.socket(socket.AF_INET6 if ":" in self.place[0] else socket.AF_INET)
            self.placeholder.setsockopt(*REUSE)
            self.placeholder.bind(self.place)  # and does not listen

    def restore(self) -> None:
        """Serves again, where it did before."""
        with self.changing:
            if self.placeholder is None:
                return
            self.server = self.bound(self.place)
            self.placeholder.close()
            self.placeholder = None
            self.start(self.app)


def refuse_everything(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return []
