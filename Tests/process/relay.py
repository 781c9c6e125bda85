"""An identity domain and a pod in one that keeps every request byte for byte, and answers as told or as the sandbox."""

import base64
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from hostile import TOKEN_PATH, unsigned
from sandbox.control import Sandbox

# What another client says of itself, and what depends on the length of a credential.
ITS_OWN = {"host", "user-agent", "content-length", "connection", "postman-token", "cache-control", "accept-encoding"}


class Request(NamedTuple):
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, wanted: str) -> str | None:
        return next((value for name, value in self.headers if name.lower() == wanted), None)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True)


class Bystander:
    """Everybody who is asserted gets a token; every run is complete at once."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        bystander = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, self.headers.items(), body)
                bystander.requests.append(request)
                status, headers, body = bystander.answer(request)
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        answer: dict[str, Any] = {"jobId": "1", "conversationId": "2", "status": "COMPLETE", "output": "done"}
        if request.path == TOKEN_PATH:
            form = dict(request.form)
            token = unsigned(sub=claims_of(form["assertion"])["sub"], scope=form["scope"], exp=4_102_444_800)
            answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    def taken(self) -> list[Request]:
        """What has come since it was last asked."""
        requests, self.requests = self.requests, []
        return requests

    def __enter__(self) -> "Bystander":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Relay(Bystander):
    """The sandbox, with somebody who writes down what it is sent."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox

    def answer(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        url = self.sandbox.domain_url if request.path == TOKEN_PATH else self.sandbox.pod_url
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        headers = {name: value for name, value in request.headers if name.lower() not in ("host", "connection")}
        connection.request(request.method, request.path, request.body or None, headers)
        response = connection.getresponse()
        body = response.read()
        kept = {name: value for name, value in response.getheaders() if name.lower() in ("content-type", "date")}
        connection.close()
        return response.status, kept, body


def claims_of(jwt: str) -> dict[str, Any]:
    return part_of(jwt, 1)


def part_of(jwt: str, index: int) -> dict[str, Any]:
    text = jwt.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def essence(request: Request) -> dict[str, Any]:
    """What two clients that send the same have in common: all but what is new each time, and a client's name."""
    headers = {name.lower(): value for name, value in request.headers if name.lower() not in ITS_OWN}
    assert len(headers) == len([name for name, _ in request.headers if name.lower() not in ITS_OWN]), request.headers
    if (authorization := headers.get("authorization", "")).startswith("Bearer "):
        claims = claims_of(authorization.removeprefix("Bearer "))
        headers["authorization"] = f"Bearer of {claims['sub']} for {claims['scope']}"
    path = request.path
    if "/status/" in path:
        job = path.partition("/status/")[2].partition("?")[0]
        path = path.replace(job, "JOB")
    body: Any = request.body
    if request.path == TOKEN_PATH:
        body = [(name, lasting(value) if name.endswith("assertion") else value) for name, value in request.form]
    return {"method": request.method, "path": path, "headers": headers, "body": body}


def lasting(jwt: str) -> tuple[dict[str, Any], dict[str, Any]]:
    fleeting = {"iat", "exp", "jti"}
    return part_of(jwt, 0), {name: value for name, value in claims_of(jwt).items() if name not in fleeting}
