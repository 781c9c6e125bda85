"""A server that keeps what it is sent byte by byte, and understands nothing of it."""

import socket
import threading
from dataclasses import dataclass

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True)
class Arrival:
    """The head of one request: its first line, and its headers as they came."""

    line: bytes
    headers: tuple[bytes, ...]

    def values(self, name: bytes) -> list[bytes]:
        fields = [header.split(b": ", 1) for header in self.headers]
        return [value for field, value in fields if field.lower() == name]


class Recorder:
    """Takes requests from `with` to its end, each with a body of the length it tells."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.host = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.arrivals: list[Arrival] = []
        self.connections = 0
        self.thread = threading.Thread(target=self.accept)

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        received = b""
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                while b"\r\n\r\n" not in received:
                    if not (data := connection.recv(1 << 16)):
                        return
                    received += data
                head, _, received = received.partition(b"\r\n\r\n")
                line, *headers = head.split(b"\r\n")
                arrival = Arrival(line, tuple(headers))
                length = int((arrival.values(b"content-length") or [b"0"])[0])
                while len(received) < length:
                    received += connection.recv(1 << 16)
                received = received[length:]
                self.arrivals.append(arrival)
                connection.sendall(ANSWER)

    def __enter__(self) -> "Recorder":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
