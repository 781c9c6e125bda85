"""The token endpoint: Authlib's authorization server and grants under the rules of an identity domain."""

import base64
import binascii
import hmac
from typing import Any, Callable

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import (
    ClientCredentialsGrant, InvalidClientError, OAuth2Request, UnauthorizedClientError, UnsupportedGrantTypeError,
)
from authlib.oauth2.rfc7523 import JWTBearerGrant
from flask import Flask, Response, g, request

from .assertions import AssertionVerifier
from .audit import Audit
from .refusals import Refusal, Refused
from .state import CLIENT_CREDENTIALS, JWT_BEARER, Client, State, User
from .tokens import Tokens
from .web import single_values

CLIENT_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
PARAMETERS = {"grant_type", "assertion", "scope", "client_id", "client_assertion_type", "client_assertion"}
EXPIRY_SCOPE = "urn:opc:resource:expiry="
QueryClient = Callable[[str], Client | None]


class DomainServer(AuthorizationServer):
    """Authlib finds the grant and the way the client authenticates; the rules are this domain's."""

    def __init__(self, app: Flask, state: State, tokens: Tokens, verifier: AssertionVerifier, audit: Audit) -> None:
        super().__init__(app, query_client=state.client)
        self.state, self.tokens, self.verifier, self.audit = state, tokens, verifier, audit
        self.register_client_auth_method("client_secret_basic", authenticate_by_secret)
        self.register_client_auth_method("private_key_jwt", self.authenticate_by_assertion)
        self.register_token_generator("default", self.generate)
        self.register_grant(UserAssertionGrant)
        self.register_grant(ClientGrant)

    def create_token_response(self, request: OAuth2Request | None = None) -> Response:
        try:
            check_form()
        except Refused as refused:
            return self.handle_error_response(None, refused)
        return super().create_token_response()

    def authenticate_client(self, request: OAuth2Request, methods: list[str], endpoint: str = "token") -> Client:
        client = super().authenticate_client(request, methods, endpoint)
        g.client_id = client.client_id
        if request.form.get("client_id", client.client_id) != client.client_id:
            raise Refused(Refusal.CLIENT, "client_id differs from the client that authenticated")
        if not client.active:
            raise Refused(Refusal.INACTIVE_CLIENT, "the application is not activated")
        return client

    def authenticate_by_assertion(self, query_client: QueryClient, request: OAuth2Request) -> Client | None:
        if "client_assertion" not in request.form:
            return None
        if request.form.get("client_assertion_type") != CLIENT_ASSERTION_TYPE:
            raise Refused(Refusal.REQUEST, f"client_assertion_type is not {CLIENT_ASSERTION_TYPE}")
        return self.verifier.client(request.form["client_assertion"])

    def generate(self, grant_type: str, client: Client, user: User | None, scope: str, **_: Any) -> dict[str, Any]:
        granted, seconds = grant_scope(scope, client, self.state, grant_type)
        fault = request.environ.get("sandbox.token_fault")
        claims = self.tokens.access_token(client, granted, seconds, user)
        token = self.tokens.sign(fault.edited(claims) if fault else claims)
        if fault and fault.opaque:
            token = self.tokens.make_opaque(token)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": seconds}
        return answer | (fault.response if fault else {})

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing is kept of a token but the row that says who got it."""
        self.record(200, None)

    def handle_error_response(self, request: OAuth2Request | None, error: OAuth2Error) -> Response:
        refused = error if isinstance(error, Refused) else translated(error)
        status, body, headers = refused()
        self.record(status, refused.reason)
        if status == 401:
            headers.append(("WWW-Authenticate", 'Basic realm="identity domain"'))
        return self.handle_response(status, {**body, "ecid": g.ecid}, headers)

    def record(self, status: int, reason: str | None) -> None:
        self.audit.record(
            "domain", "token.issue", request.form.get("scope", ""), status, g.ecid,
            actor=g.get("actor"), client=g.get("client_id"), detail=reason,
        )


class DomainGrant:
    """What both grants share. Mixed in before Authlib's grant."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "private_key_jwt"]

    def validate_requested_scope(self) -> None:
        grant_scope(self.request.payload.scope, self.request.client, self.server.state, self.GRANT_TYPE)


class ClientGrant(DomainGrant, ClientCredentialsGrant):
    pass


class UserAssertionGrant(DomainGrant, JWTBearerGrant):
    """Unlike plain RFC 7523, the domain wants the client authenticated beside the assertion."""

    def validate_token_request(self) -> None:
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError()
        self.request.client = client
        g.actor = self.server.verifier.subject(self.request.form.get("assertion", ""), client)
        user = self.server.state.user(g.actor)
        if user is None or not user.active:
            raise Refused(Refusal.USER, f"user {g.actor} is {'inactive' if user else 'unknown'}")
        self.request.user = user
        self.validate_requested_scope()


def check_form() -> None:
    """The request is one form: nothing in the URL, nothing unknown, nothing twice, nothing empty."""
    if request.mimetype != "application/x-www-form-urlencoded":
        raise Refused(Refusal.MEDIA_TYPE, f"the content type is {request.mimetype or 'missing'}")
    if request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Refused(Refusal.MEDIA_TYPE, "the charset is not UTF-8")
    if request.query_string:
        raise Refused(Refusal.REQUEST, "parameters belong into the body")
    try:
        values = single_values(request.form, PARAMETERS)
    except ValueError as error:
        raise Refused(Refusal.REQUEST, str(error)) from error
    if empty := [name for name, value in values.items() if not value]:
        raise Refused(Refusal.REQUEST, f"{', '.join(empty)} is empty")
    if "grant_type" not in values:
        raise Refused(Refusal.REQUEST, "grant_type is missing")
    if ("assertion" in values) != (values["grant_type"] == JWT_BEARER):
        raise Refused(Refusal.REQUEST, "assertion belongs to the jwt-bearer grant, and to no other")
    if ("client_assertion" in values) != ("client_assertion_type" in values):
        raise Refused(Refusal.REQUEST, "client_assertion and client_assertion_type come together")
    if "client_assertion" in values and "Authorization" in request.headers:
        raise Refused(Refusal.REQUEST, "the client authenticates in two ways at once")


def authenticate_by_secret(query_client: QueryClient, request: OAuth2Request) -> Client | None:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Refused(Refusal.CLIENT, "the Basic credentials are not base64 of UTF-8") from error
    client = query_client(client_id)
    if client is None:
        raise Refused(Refusal.CLIENT, "the Basic credentials name no client of this domain")
    if client.client_secret is None or not hmac.compare_digest(client.client_secret.encode(), secret.encode()):
        raise Refused(Refusal.CLIENT, f"wrong secret for client {client_id}")
    return client


def grant_scope(requested: str | None, client: Client, state: State, grant_type: str) -> tuple[str, int]:
    """The one resource scope asked for, and the seconds a token for it lives."""
    parts = (requested or "").split(" ")
    resources = [part for part in parts if part != "offline_access" and not part.startswith(EXPIRY_SCOPE)]
    seconds = state.settings.token_seconds
    for part in parts:
        if part.startswith(EXPIRY_SCOPE):
            wanted = part.removeprefix(EXPIRY_SCOPE)
            if not wanted.isdecimal() or int(wanted) == 0:
                raise Refused(Refusal.SCOPE, f"{part} is not a number of seconds")
            seconds = min(seconds, int(wanted))
    if len(resources) != 1 or resources[0] not in state.scopes:
        raise Refused(Refusal.SCOPE, f"{requested!r} is not the scope of exactly one resource of this domain")
    if resources[0] not in client.scopes:
        refusal = Refusal.NOT_GRANTED if grant_type == CLIENT_CREDENTIALS else Refusal.SCOPE
        raise Refused(refusal, f"the token issuance policy of {client.client_id} lacks {resources[0]}")
    return resources[0], seconds


def translated(error: OAuth2Error) -> Refused:
    """Authlib's own refusals in the domain's words."""
    if isinstance(error, InvalidClientError):
        return Refused(Refusal.CLIENT, "the client did not authenticate")
    if isinstance(error, UnauthorizedClientError):
        return Refused(Refusal.NOT_GRANTED, "the grant type is not enabled for the client")
    if isinstance(error, UnsupportedGrantTypeError):
        return Refused(Refusal.GRANT_TYPE, "the domain does not have this grant type")
    raise error
