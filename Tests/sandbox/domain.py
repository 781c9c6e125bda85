"""The identity domain: `/oauth2/v1/token`, the signing certificate, discovery."""

from typing import Any

from flask import Flask, Response, g, jsonify, request

from .assertions import AssertionVerifier
from .audit import Audit
from .clock import Clock
from .rate import RateLimit
from .state import CLIENT_CREDENTIALS, JWT_BEARER, State
from .token_endpoint import DomainServer
from .tokens import ISSUER, TokenError, Tokens
from .web import json_app, problem


def domain_app(
    url: str, state: State, clock: Clock, tokens: Tokens, verifier: AssertionVerifier, rate: RateLimit, audit: Audit
) -> Flask:
    app = json_app("domain", clock, audit)
    server = DomainServer(app, state, tokens, verifier, audit)

    @app.post("/oauth2/v1/token")
    def token() -> Response:
        return server.create_token_response() if rate.take() else too_many_requests()

    def too_many_requests() -> Response:
        audit.record("domain", "token.issue", request.form.get("scope", ""), 429, g.ecid, detail="over the rate limit")
        answer = problem(429, "Too Many Requests", "Too many requests.")
        seconds = state.settings.token_retry_after_seconds
        if seconds is not None:
            answer.headers["Retry-After"] = str(seconds)
        return answer

    @app.get("/admin/v1/SigningCert/jwk")
    def signing_certificate() -> Response:
        if not state.settings.open_jwks:
            scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
            try:
                if scheme != "Bearer":
                    raise TokenError("there is none")
                tokens.read(credentials, kind="AT")
            except TokenError as error:
                audit.record("domain", "keys.read", request.path, 401, g.ecid, detail=f"bearer token: {error}")
                return Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="identity domain"'})
        return jsonify(tokens.jwks())

    @app.get("/.well-known/openid-configuration")
    @app.get("/.well-known/oauth-authorization-server")
    def discovery() -> Response:
        return jsonify(metadata(url))

    @app.get("/.well-known/idcs-configuration")
    def idcs_discovery() -> Response:
        return jsonify({"openid-configuration": metadata(url)})

    return app


def metadata(url: str) -> dict[str, Any]:
    """As with the original, `issuer` is not where the document was found."""
    return {
        "issuer": ISSUER,
        "token_endpoint": f"{url}/oauth2/v1/token",
        "jwks_uri": f"{url}/admin/v1/SigningCert/jwk",
        "grant_types_supported": [CLIENT_CREDENTIALS, JWT_BEARER],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
    }
