"""A client of domain and pod written with PyJWT and requests alone."""

import base64
import json
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

import jwt
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.control import Sandbox

AUDIENCE = "https://identity.oraclecloud.com/"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
AGENTS = "/api/fusion-ai/orchestrator/agent/v2"
LINE_END = re.compile("\r\n|\n|\r")
CARDS = "/api/fusion-ai/orchestrator/a2a/v1"


@dataclass
class Caller:
    sandbox: Sandbox
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    session: requests.Session

    def header(self, **changes: Any) -> dict[str, Any]:
        """A change to None leaves the member out; so it is in `claims` and `form`."""
        header = {
            "kid": "demo",
            "x5t": thumbprint(self.certificate, hashes.SHA1()),
            "x5t#S256": thumbprint(self.certificate, hashes.SHA256()),
        }
        return changed(header, changes)

    def claims(self, subject: str, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.sandbox.client_id, "sub": subject, "aud": AUDIENCE,
            "iat": now, "exp": now + 300, "jti": uuid.uuid4().hex,
        }
        return changed(claims, changes)

    def sign(
        self, claims: dict[str, Any], header: dict[str, Any] | None = None, key: Any = None, alg: str = "RS256"
    ) -> str:
        headers = self.header() if header is None else header
        return jwt.api_jws.encode(json.dumps(claims).encode(), key or self.key, algorithm=alg, headers=headers)

    def user_assertion(self, subject: str, **changes: Any) -> str:
        return self.sign(self.claims(subject, **changes))

    def client_assertion(self, **changes: Any) -> str:
        return self.sign(self.claims(self.sandbox.client_id, **changes))

    def form(self, subject: str = "curtis.feitty", **changes: Any) -> dict[str, str]:
        form = {"grant_type": JWT_BEARER, "scope": self.sandbox.scope, "client_assertion_type": CLIENT_ASSERTION_TYPE}
        if "assertion" not in changes:
            form["assertion"] = self.user_assertion(subject)
        if "client_assertion" not in changes:
            form["client_assertion"] = self.client_assertion()
        return changed(form, changes)

    def exchange(self, form: dict[str, str], **options: Any) -> requests.Response:
        return self.session.post(f"{self.sandbox.domain_url}/oauth2/v1/token", data=form, timeout=10, **options)

    def token(self, subject: str = "curtis.feitty", scope: str | None = None) -> str:
        answer = self.exchange(self.form(subject, scope=scope or self.sandbox.scope))
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def card(self, token: str, agent: str = "PAYABLES_TEAM") -> requests.Response:
        url = f"{self.sandbox.pod_url}{CARDS}/{agent}/.well-known/agent.json"
        return self.session.get(url, headers=bearer(token), timeout=10)

    def search(self, token: str, **body: Any) -> requests.Response:
        url = f"{self.sandbox.pod_url}{CARDS}/agents/search"
        return self.session.post(url, json=body, headers=bearer(token), timeout=10)

    def invoke(self, token: str, agent: str = "PAYABLES_TEAM", **changes: Any) -> requests.Response:
        body = changed({"conversational": True, "message": "Hi"}, changes)
        url = f"{self.sandbox.pod_url}{AGENTS}/{agent}/invokeAsync"
        return self.session.post(url, json=body, headers=bearer(token), timeout=10)

    def chat(
        self, token: str, agent: str = "PAYABLES_TEAM", accept: str = "text/event-stream", **changes: Any
    ) -> requests.Response:
        """The head of a stream; its body is read as it comes."""
        body = changed({"conversational": True, "message": "Hi"}, changes)
        url = f"{self.sandbox.pod_url}{AGENTS}/{agent}/chat"
        return self.session.post(url, json=body, headers=bearer(token) | {"Accept": accept}, timeout=10, stream=True)

    def told(self, token: str, agent: str = "PAYABLES_TEAM", **changes: Any) -> list[dict[str, Any]]:
        """Every event of a stream that ends as it should."""
        with self.chat(token, agent, **changes) as answer:
            assert answer.status_code == 200, answer.text
            *events, last = data_of(answer.content)
        assert last == "[DONE]"
        return [json.loads(event) for event in events]

    def status(self, token: str, job: str, agent: str = "PAYABLES_TEAM", **query: str) -> requests.Response:
        url = f"{self.sandbox.pod_url}{AGENTS}/{agent}/status/{job}"
        return self.session.get(url, params=query, headers=bearer(token), timeout=10)


def data_of(stream: bytes) -> list[str]:
    """What comes under `data`, read as Oracle's own command line reads it: line by line, all else ignored."""
    return [line.removeprefix("data: ") for line in LINE_END.split(stream.decode()) if line.startswith("data: ")]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (members | changes).items() if value is not None}


def thumbprint(certificate: x509.Certificate, digest: hashes.HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(digest)).rstrip(b"=").decode()
