"""The tokens of the domain: signs access tokens and ID tokens, and reads back its own."""

import base64
import hashlib
import json
import secrets
import uuid
from typing import Any, Literal

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from .certificates import issue, private_bytes, thumbprint
from .clock import Clock
from .state import Client, State, User
from .unverified import MalformedJWT, parse

ISSUER = "https://identity.oraclecloud.com/"
SIGNING_KEY = "SIGNING_KEY"


class TokenError(Exception):
    """Why a token is not accepted."""


class Tokens:
    def __init__(self, state: State, clock: Clock) -> None:
        self.state, self.clock = state, clock
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key = RSAKey.import_key(private_bytes(key))
        self.certificate = issue("OnBehalf sandbox domain", key.public_key(), "OnBehalf sandbox domain", key, [])
        self.header = {
            "x5t#S256": thumbprint(self.certificate, hashes.SHA256()),
            "x5t": thumbprint(self.certificate, hashes.SHA1()),
            "kid": SIGNING_KEY,
            "alg": "RS256",
        }
        self.opaque: dict[str, str] = {}
        self.issued: dict[str, set[bytes]] = {}  # digests of the access tokens of each user
        self.revoked: set[bytes] = set()

    def access_token(self, client: Client, scope: str, seconds: int, user: User | None) -> dict[str, Any]:
        """The claims Oracle documents, and those of real tokens that a client could come to rely on."""
        now = int(self.clock.now())
        tenant = self.state.start.tenant
        claims = {
            "sub": user.user_name if user else client.client_id,
            "iss": ISSUER,
            "tok_type": "AT",
            "sub_type": "user" if user else "client",
            "sub_mappingattr": "userName",
            "client_id": client.client_id,
            "client_name": client.client_id,
            "client_guid": guid(client.client_id),
            "client_tenantname": tenant,
            "tenant": tenant,
            "user.tenant.name": tenant,
            "tenant_iss": f"https://{tenant}.identity.oraclecloud.com:443",
            "primTenant": True,
            "gtp": "azc",
            "scope": scope,
            "aud": [scope],
            "iat": now,
            "exp": now + seconds,
            "jti": uuid.uuid4().hex,
        }
        if user:
            claims |= {
                "user_id": guid(user.user_name),
                "user_displayname": user.display_name,
                "user_tenantname": tenant,
                "user_locale": "en",
                "user_lang": "en",
                "user_tz": "UTC",
                "sid": uuid.uuid4().hex,
                "amr": ["USERNAME_PASSWORD"],
            }
        return claims

    def id_token(self, client: Client, user: User) -> dict[str, Any]:
        """Its `aud` holds the issuer too, which is what makes it acceptable as a user assertion."""
        now = int(self.clock.now())
        return {
            "sub": user.user_name,
            "iss": ISSUER,
            "tok_type": "IT",
            "sub_mappingattr": "userName",
            "user_id": guid(user.user_name),
            "user_displayname": user.display_name,
            "aud": [ISSUER, client.client_id],
            "iat": now,
            "exp": now + self.state.settings.token_seconds,
            "auth_time": now,
            "jti": uuid.uuid4().hex,
        }

    def sign(self, claims: dict[str, Any]) -> str:
        token = jws.serialize_compact(self.header, json.dumps(claims).encode(), self.key, algorithms=["RS256"])
        if claims.get("tok_type") == "AT":
            self.issued.setdefault(str(claims.get("sub")).lower(), set()).add(digest(token))
        return token

    def revoke(self, user_name: str) -> int:
        """Every access token that the user has now; how many these are."""
        tokens = self.issued.pop(user_name.lower(), set())
        self.revoked |= tokens
        return len(tokens)

    def make_opaque(self, token: str) -> str:
        """A reference that only the domain and the pod understand."""
        reference = secrets.token_urlsafe(32)
        self.opaque[reference] = token
        return reference

    def read(self, token: str, kind: Literal["AT", "IT"]) -> dict[str, Any]:
        """The claims of an unexpired token of this domain, of the kind asked for."""
        token = self.opaque.get(token, token)
        try:
            _, claims = parse(token)
            jws.deserialize_compact(token, self.key, algorithms=["RS256"])
        except (MalformedJWT, JoseError, ValueError) as error:
            raise TokenError(f"it is not a token of this domain: {error}") from error
        if digest(token) in self.revoked:
            raise TokenError("it has been revoked")
        if claims.get("iss") != ISSUER:
            raise TokenError(f"its issuer is not {ISSUER}")
        if claims.get("tok_type") != kind:
            raise TokenError(f"its tok_type is {claims.get('tok_type')!r}, not {kind!r}")
        if type(claims.get("exp")) is not int or claims["exp"] <= self.clock.now():
            raise TokenError("it has expired")
        return claims

    def jwks(self) -> dict[str, Any]:
        public = self.key.as_dict(private=False)
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return {"keys": [{
            "kty": "RSA", "x5t#S256": self.header["x5t#S256"], "e": public["e"], "x5t": self.header["x5t"],
            "kid": SIGNING_KEY, "x5c": [base64.b64encode(der).decode()], "key_ops": ["encrypt", "sign"],
            "alg": "RS256", "n": public["n"],
        }]}


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def guid(name: str) -> str:
    """A stable stand-in for the identifiers a domain gives its users and applications."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
