"""RFC 7523 as an identity domain applies it: who signed this assertion, for whom, for us, now, and only once?"""

import threading
from typing import Any, Literal

from joserfc import jws
from joserfc.errors import JoseError

from .certificates import Certificate
from .clock import Clock
from .refusals import Refusal, Refused
from .state import CLIENT_CREDENTIALS, Client, State
from .tokens import ISSUER, TokenError, Tokens
from .unverified import MalformedJWT, parse

Kind = Literal["client assertion", "user assertion"]


class AssertionVerifier:
    def __init__(self, state: State, clock: Clock, tokens: Tokens, domain_url: str) -> None:
        self.state, self.clock, self.tokens = state, clock, tokens
        self.audiences = {ISSUER, domain_url, domain_url + "/"}
        self.seen = ReplayGuard(clock)

    def client(self, assertion: str) -> Client:
        """The client that authenticated itself with a client assertion."""
        kind: Kind = "client assertion"
        header, claims = unverified(assertion, kind)
        client = self.state.client(claims["iss"]) if isinstance(claims.get("iss"), str) else None
        if client is None:
            raise Refused(Refusal.CLIENT, f"{kind}: iss is not a client of this domain")
        if claims.get("sub") != client.client_id:
            raise Refused(Refusal.CLIENT, f"{kind}: sub is not the client id")
        if CLIENT_CREDENTIALS not in client.grants:
            raise Refused(Refusal.SYSTEM_ERROR, f"{kind}: the application lacks the Client Credentials grant")
        if unwanted := {"prn", "user.tenant.name"} & set(claims):
            raise Refused(Refusal.ASSERTION, f"{kind}: {', '.join(sorted(unwanted))} belong to user assertions")
        self.check_signature(assertion, header, client, kind)
        self.check_claims(claims, client, kind)
        return client

    def subject(self, assertion: str, client: Client) -> str:
        """The user an assertion stands for: one signed by `client`, or an ID token of this domain."""
        kind: Kind = "user assertion"
        header, claims = unverified(assertion, kind)
        if claims.get("iss") == ISSUER:
            return self.subject_of_id_token(assertion)
        if client.client_type != "trusted":
            raise Refused(Refusal.ASSERTION, f"{kind}: only a trusted client may sign one")
        if claims.get("iss") != client.client_id:
            raise Refused(Refusal.ASSERTION, f"{kind}: iss is not the authenticated client {client.client_id}")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise Refused(Refusal.ASSERTION, f"{kind}: sub is missing or not a string")
        if claims.get("prn", claims["sub"]) != claims["sub"]:
            raise Refused(Refusal.ASSERTION, f"{kind}: prn differs from sub")
        if claims.get("user.tenant.name", self.state.start.tenant) != self.state.start.tenant:
            raise Refused(Refusal.ASSERTION, f"{kind}: user.tenant.name is not {self.state.start.tenant}")
        self.check_signature(assertion, header, client, kind)
        self.check_claims(claims, client, kind)
        return claims["sub"]

    def subject_of_id_token(self, token: str) -> str:
        try:
            claims = self.tokens.read(token, kind="IT")
        except TokenError as error:
            raise Refused(Refusal.ASSERTION, f"user token: {error}") from error
        if ISSUER not in claims["aud"]:
            raise Refused(Refusal.ASSERTION, f"user token: aud does not hold {ISSUER}")
        return claims["sub"]

    def check_signature(self, assertion: str, header: dict[str, Any], client: Client, kind: Kind) -> None:
        certificate = self.registered_certificate(header, client, kind)
        if self.state.settings.check_certificate_dates:
            if not certificate.not_before <= self.clock.now() <= certificate.not_after:
                raise Refused(Refusal.CLIENT, f"{kind}: certificate {certificate.alias} is outside its dates")
        try:
            jws.deserialize_compact(assertion, certificate.key, algorithms=["RS256"])
        except (JoseError, ValueError) as error:
            reason = f"{kind}: the signature does not verify with certificate {certificate.alias}: {error}"
            raise Refused(Refusal.ASSERTION, reason) from error

    def registered_certificate(self, header: dict[str, Any], client: Client, kind: Kind) -> Certificate:
        """The one certificate that `kid`, `x5t` and `x5t#S256`, as far as they are present, all name."""
        if header.get("alg") != "RS256":
            raise Refused(Refusal.ASSERTION, f"{kind}: alg is {header.get('alg')!r}, not 'RS256'")
        if header.get("typ", "JWT") != "JWT":
            raise Refused(Refusal.ASSERTION, f"{kind}: typ is {header['typ']!r}, not 'JWT'")
        if "crit" in header:
            raise Refused(Refusal.ASSERTION, f"{kind}: the header has crit, and no extension is understood")
        if "kid" not in header and "x5t" not in header:
            raise Refused(Refusal.SYSTEM_ERROR, f"{kind}: the header has neither kid nor x5t")
        found = [
            certificate for certificate in client.registered()
            if header.get("kid", certificate.alias) == certificate.alias
            and header.get("x5t", certificate.x5t) == certificate.x5t
            and header.get("x5t#S256", certificate.x5t_s256) == certificate.x5t_s256
        ]
        if not found:
            refusal = Refusal.CLIENT if kind == "client assertion" else Refusal.ASSERTION
            raise Refused(refusal, f"{kind}: no registered certificate has its kid and thumbprints")
        return found[0]

    def check_claims(self, claims: dict[str, Any], client: Client, kind: Kind) -> None:
        settings, now = self.state.settings, int(self.clock.now())

        def require(condition: bool, reason: str) -> None:
            if not condition:
                raise Refused(Refusal.ASSERTION, f"{kind}: {reason}")

        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        require(all(isinstance(each, str) for each in audiences), "aud is not a string or an array of strings")
        require(not self.audiences.isdisjoint(audiences), f"aud holds none of {', '.join(sorted(self.audiences))}")
        for name in ("exp", "iat", "nbf"):
            if name in claims or name != "nbf":
                require(type(claims.get(name)) is int, f"{name} is not an integer of seconds")
        require(claims["iat"] <= now + settings.skew_seconds, f"iat is {claims['iat'] - now} s ahead of the clock")
        require(claims.get("nbf", 0) <= now + settings.skew_seconds, "nbf is not reached")
        require(claims["exp"] > now - settings.skew_seconds, f"it expired {now - claims['exp']} s ago")
        life = claims["exp"] - claims["iat"]
        longest = settings.max_assertion_seconds
        require(0 < life <= longest, f"it lives {life} s, not 1 to {longest}")
        if settings.refuse_replay:
            require(isinstance(claims.get("jti"), str) and claims["jti"] != "", "jti is missing or not a string")
            fresh = self.seen.admit((kind, client.client_id, claims["jti"]), claims["exp"] + settings.skew_seconds)
            require(fresh, "its jti was used before")


class ReplayGuard:
    """Remembers each `jti` for as long as its assertion could be accepted."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.admitting = threading.Lock()
        self.until: dict[tuple[str, str, str], float] = {}

    def admit(self, identity: tuple[str, str, str], until: float) -> bool:
        """False when `identity` was admitted before."""
        with self.admitting:
            if len(self.until) > 100_000:
                now = self.clock.now()
                self.until = {known: end for known, end in self.until.items() if end > now}
            if identity in self.until:
                return False
            self.until[identity] = until
            return True

    def clear(self) -> None:
        with self.admitting:
            self.until.clear()


def unverified(assertion: str, kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        return parse(assertion)
    except MalformedJWT as error:
        raise Refused(Refusal.ASSERTION, f"{kind}: {error}") from error
