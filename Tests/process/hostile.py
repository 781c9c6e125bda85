"""An identity domain and a pod in one that keeps what it is sent, and sends it back wherever an answer has room."""

import base64
import json
import os
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import unquote

TOKEN_PATH = "/oauth2/v1/token"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


def as_json(status: int, /, **members: object) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(members))


# Given what was sent, in one line, and its last credential.
AT_THE_DOMAIN: dict[str, Callable[[str, str], Answer]] = {
    "description": lambda sent, last: as_json(400, error="invalid_request", error_description=sent),
    "short description": lambda sent, last: as_json(401, error="invalid_client", error_description=last[-200:]),
    "error": lambda sent, last: as_json(400, error=sent),
    "page": lambda sent, last: Answer(500, {"Content-Type": "text/html"}, f"<p>{sent}</p>"),
    "ecid": lambda sent, last: as_json(400, error="invalid_grant", ecid=last[-100:]),
    "ecid of the header": lambda sent, last: Answer(503, {"X-ORACLE-DMS-ECID": last[-100:]}, ""),
    "headers": lambda sent, last: Answer(429, {"Retry-After": sent, "WWW-Authenticate": sent, "Date": sent}, ""),
    "redirect": lambda sent, last: Answer(302, {"Location": f"https://elsewhere.example/?{sent}"}, ""),
    "token type": lambda sent, last: as_json(200, access_token="x", token_type=sent),
    "opaque token": lambda sent, last: as_json(200, access_token=last[-64:], token_type="Bearer", expires_in=9),
    "another": lambda sent, last: as_json(200, access_token=unsigned(sub=last), token_type="Bearer", expires_in=9),
    "a claim": lambda sent, last: as_json(200, access_token=unsigned(
        sub="curtis.feitty", scope=asked_for(sent), exp=4_102_444_800, note=last), token_type="Bearer", expires_in=9),
    "lifetime": lambda sent, last: as_json(200, access_token="x", token_type="Bearer", expires_in=sent),
}
AT_THE_POD: dict[str, Callable[[str, str], Answer]] = {
    **{str(status): lambda sent, last, status=status: as_json(status, title=sent, detail=sent, code=f"FAI-40300 {last}")
       for status in (400, 401, 403, 404, 500)},
    "ecid": lambda sent, last: Answer(403, {"X-ORACLE-DMS-ECID": last[-100:], "ECID": last[:100]}, sent),
    "redirect": lambda sent, last: Answer(307, {"Location": f"/{sent}"}, ""),
    "identifiers": lambda sent, last: as_json(202, jobId=last[-150:], conversationId=last[-99:], status="COMPLETE"),
    "state": lambda sent, last: as_json(202, jobId="1", status=last[-20:]),
    "run": lambda sent, last: as_json(202, jobId="1", status="COMPLETE", output=sent, error={"message": sent}),
    "failed run": lambda sent, last: as_json(202, jobId="1", status="ERROR", output=sent, error=last),
    "registry": lambda sent, last: as_json(200, resources=[
        {"id": "A", "name": sent, "description": last, "skills": [{"id": last[-199:], "tags": [sent, last[-150:]]}]},
        {"id": last, "location": {"url": f"https://elsewhere.example/a2a/v1/B/{last}"}}]),
    "no JSON": lambda sent, last: Answer(200, {}, sent),
    "stream": lambda sent, last: as_events(
        *said(last), {"nodeProgressMessage": {"nodeCode": last[-150:], "type": last[-99:]}, "finishReason": "stop"}),
    "failed stream": lambda sent, last: as_events(
        *said(sent), {"message": {"output": sent, "finishReason": "error"}, "error": last}),
    "broken stream": lambda sent, last: as_events(*said(last), {"conversationId": last[-99:]}),
    "stream without a job": lambda sent, last: as_events({"jobId": last[-150:]}),
}


def as_events(*events: object) -> Answer:
    return Answer(200, {"Content-Type": "text/event-stream"}, "".join(f"data: {json.dumps(event)}\n\n" for event in events))


def said(text: str) -> list[object]:
    """Seven characters at a time, so that no event has enough of a credential to be recognized by itself."""
    return [{"jobId": "1"}, *({"message": {"content": text[start:start + 7]}} for start in range(0, len(text), 7))]


def asked_for(sent: str) -> str:
    """The scope of a token request."""
    found = re.search(r"scope=([^&\s]+)", sent)
    return unquote(found[1]) if found else ""


def unsigned(**claims: object) -> str:
    """A JWT that only a client takes: one that asks for a token does not look at signatures.

    Letters are escaped, so that what is common to all tokens is not taken for a piece of another."""
    claims = {"tok_type": "AT", "sub_type": "user"} | claims
    parts = [escaped(json.dumps(part)).encode() for part in ({"alg": "RS256"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, os.urandom(256)))


def escaped(text: str) -> str:
    """The same JSON with every letter as an escape."""
    return re.sub(r"\\.|[A-Za-z]", lambda it: it[0] if it[0][0] == "\\" else f"\\u{ord(it[0]):04x}", text)


class Hostile:
    """Runs from `with` to its end. `answer` says how the domain, or else the pod, meets the next requests; without it
    everybody gets the same token."""

    def __init__(self, scope: str) -> None:
        self.sent: list[str] = []
        self.answer: Callable[[str, str], Answer] | None = None
        self.is_domain = True
        self.issued = unsigned(
            sub="curtis.feitty", scope=scope, exp=4_102_444_800, jti="planted by the hostile domain"
        )
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hostile.meet(self)

            do_GET = do_POST

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def meet(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        credentials = [part.partition("=")[2] for part in body.split("&") if "assertion=" in part]
        authorization = request.headers.get("Authorization", "")
        if authorization.startswith("Basic "):
            credentials += [authorization, base64.b64decode(authorization[6:]).decode().partition(":")[2]]
        elif authorization:
            credentials.append(authorization.removeprefix("Bearer "))
        self.sent += credentials
        answer = as_json(200, access_token=self.issued, token_type="Bearer", expires_in=3600)
        if self.answer and credentials and ((request.path == TOKEN_PATH) == self.is_domain):
            answer = self.answer(" ".join([authorization, body, *credentials]), credentials[-1])
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer.body.encode())))
        request.end_headers()
        request.wfile.write(answer.body.encode())

    def __enter__(self) -> "Hostile":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
