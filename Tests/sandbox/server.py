"""HTTP/1.1 listeners: cheroot, with a hand on the connection so that a fault can end it."""

import socket
import ssl
import struct
import threading
from typing import Any

from cheroot import wsgi
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter

from .certificates import ServerFiles

RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST


class LateHandshake(BuiltinSSLAdapter):
    """Leaves the handshake to the thread that serves the connection, so that a silent client stops nobody else."""

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        secured = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return secured, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class SandboxConnection(HTTPConnection):
    reset_on_close = False
    secured = False

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
        self.server = wsgi.Server(
            (host, port), refuse_everything, numthreads=threads, server_name="sandbox", request_queue_size=1024
        )
        self.server.gateway = Gateway
        self.server.ConnectionClass = SandboxConnection
        self.server.keep_alive_conn_limit = None
        self.server.timeout = 60  # seconds an idle connection is kept
        self.server.expiration_interval = 0.1  # seconds; stopping takes as long
        self.server.shutdown_timeout = 1
        if tls:
            self.server.ssl_adapter = LateHandshake(str(tls.certificate), str(tls.key))
            self.server.ssl_adapter.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.server.prepare()
        bound_host, bound_port = self.server.bind_addr[:2]
        bracketed = f"[{bound_host}]" if ":" in bound_host else bound_host
        self.url = f"{'https' if tls else 'http'}://{bracketed}:{bound_port}"

    def start(self, app: Any) -> None:
        self.server.wsgi_app = app
        self.thread = threading.Thread(target=self.server.serve, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Requests that are being served have a second to end."""
        self.server.stop()
        self.thread.join()


def refuse_everything(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("503 Service Unavailable", [("Content-Length", "0")])
    return []
