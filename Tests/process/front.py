"""A TLS server in front of another one: its certificate is what a test says, and may be replaced while it serves."""

import http.client
import socket
import ssl
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HANDSHAKE_SECONDS = 5.0
OF_ONE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Front:
    """Passes requests on to `target`, in clear, and answers back. A connection that began under another certificate
    than the present one ends with its next answer, as those of a server do that has been told to reload."""

    def __init__(self, target: str, certificate: tuple[bytes, bytes]) -> None:
        self.target = urlsplit(target)
        self.requests = 0  # under the present certificate
        self.refusals = 0  # connections that ended before a request could come
        self.counting = threading.Lock()
        self.present(certificate)
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                self.context = front.context
                self.request.settimeout(HANDSHAKE_SECONDS)
                self.request = self.context.wrap_socket(self.request, server_side=True)
                self.request.settimeout(60)
                super().setup()
                self.upstream = http.client.HTTPConnection(front.target.hostname, front.target.port)

            def pass_on(self) -> None:
                front.count(self.context)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.upstream.request(self.command, self.path, body, dict(self.headers))
                answer = self.upstream.getresponse()
                content = answer.read()
                self.close_connection = self.context is not front.context
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in OF_ONE_CONNECTION:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                if self.close_connection:
                    self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

            def log_message(self, *_: object) -> None:
                """Quiet."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                front.count(None)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.05])

    def present(self, certificate: tuple[bytes, bytes]) -> None:
        """From the next connection on. Sessions under the certificate before it cannot be resumed."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"".join(certificate))
            file.flush()
            context.load_cert_chain(file.name)
        with self.counting:
            self.context = context
            self.requests = self.refusals = 0

    def count(self, context: ssl.SSLContext | None) -> None:
        with self.counting:
            self.requests += context is self.context
            self.refusals += context is None

    def __enter__(self) -> "Front":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Silent:
    """A port that takes connections and says nothing, until the `with` block ends."""

    def __enter__(self) -> int:
        self.socket = socket.create_server(("127.0.0.1", 0))
        return self.socket.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def closed_port() -> int:
    """One that nobody listened at a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]

