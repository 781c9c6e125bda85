"""What inspectToken says: of real tokens, of forged ones, and while the signing keys of the domain cannot be had."""

import base64
import hashlib
import hmac
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

USER = {"profile": "dev5", "subject": "curtis.feitty"}
KEYS = "/admin/v1/SigningCert/jwk"


def encode(part: Any) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, claims, signature = token.split(".")
    return json.loads(decode(header)), json.loads(decode(claims)), signature


def fetches(sandbox: Sandbox) -> int:
    return sum(fault["matched"] for fault in sandbox.faults() if fault.get("path") == KEYS)


def test_the_token_in_memory(sidecar: Sidecar, sandbox: Sandbox) -> None:
    nothing = sidecar.refusal("inspectToken", **USER)
    assert (nothing.kind, nothing.detail) == ("invalid_params", {"field": "token"})
    token = sidecar.call("getToken", **USER)["accessToken"]
    header, claims, signature = parts(token)
    identifier = sidecar.request("inspectToken", **USER)
    answer = sidecar.answer(identifier)
    found = answer["result"]
    assert (found["header"], found["claims"]) == (header, claims)
    assert list(found["claims"]) == list(claims), "in the order of the token"
    assert (found["verified"], found["expired"]) == (True, False)
    assert "reason" not in found and "misfit" not in found
    for field, claim in (("issuedAt", "iat"), ("expiresAt", "exp")):
        assert found[field] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(claims[claim]))
    text = json.dumps(answer)
    for secret in (token, signature, *token.split(".")):
        assert secret[:40] not in text
    assert sidecar.refusal("inspectToken", profile="dev5", subject="ap.clerk").kind == "invalid_params"
    assert [row["action"] for row in sandbox.audit(side="domain")] == ["token.issue"], "nothing was exchanged for it"
    rows = sidecar.call("queryAudit", limit=1000)["rows"]
    assert not [row for row in rows if row.get("operation") == "inspectToken"], "nothing was signed or sent as anybody"


def test_a_profile_that_gives_out_no_tokens_shows_what_one_says(sidecar: Sidecar, sandbox: Sandbox) -> None:
    narrow = {"subjects": {"allow": ["curtis.*"]}, "agents": ["PAYABLES_*"]}
    sidecar.call("saveProfile", profile=profile(sandbox, name="narrow", policy=narrow))
    user = {"profile": "narrow", "subject": "curtis.feitty"}
    sidecar.call("invokeAgent", agent="PAYABLES_TEAM", message="Hello", wait=False, **user)
    assert sidecar.refusal("getToken", **user).kind == "raw_credentials_denied"
    found = sidecar.call("inspectToken", **user)
    assert (found["verified"], found["claims"]["sub"]) == (True, "curtis.feitty")
    denied = sidecar.refusal("inspectToken", profile="narrow", subject="ap.clerk")
    assert denied.kind == "subject_denied"
    rows = sidecar.call("queryAudit", subject="ap.clerk")["rows"]
    assert [(row["operation"], row["event"]) for row in rows] == [("inspectToken", "denied")], rows


def test_a_token_at_hand(sidecar: Sidecar, sandbox: Sandbox) -> None:
    token = sidecar.call("getToken", **USER)["accessToken"]
    assert sidecar.call("inspectToken", profile="dev5", token=token)["verified"] is True
    own = sidecar.call("inspectToken", profile="dev5", token=sandbox.id_token("ap.clerk"))
    assert (own["verified"], "tok_type" in own["misfit"]) == (True, True)
    other = sidecar.call("inspectToken", profile="dev5", token=token, scope="urn:opc:resource:fusion:other:fusion-ai/")
    assert (other["verified"], "scope" in other["misfit"]) == (True, True)
    sandbox.settings(tokenSeconds=60)
    short = sidecar.call("getToken", forceRefresh=True, **USER)["accessToken"]
    sandbox.settings(clockOffsetSeconds=120)
    for _ in range(2):  # Two answers that agree show the clock of the domain.
        sidecar.call("getToken", forceRefresh=True, **USER)
    assert sidecar.call("inspectToken", profile="dev5", token=short)["expired"] is True
    for wrong in ("", "x", f"Bearer {token}", token + "\n", token + "=", "a" * 16385, token.replace(".", "..")):
        refused = sidecar.refusal("inspectToken", profile="dev5", token=wrong)
        assert (refused.kind, refused.detail["field"]) == ("invalid_params", "token")
        assert len(wrong) < 40 or wrong[:40] not in json.dumps(refused.error)


def test_digits_are_kept_and_nothing_is_said_twice(sidecar: Sidecar) -> None:
    claims = '{"amount":12345678901234567.89,"id":98765432109876543210,"exp":1e9}'.encode()
    token = f'{encode({"alg": "RS256"})}.{encode(claims)}.{encode(b"signature")}'
    sidecar.request("inspectToken", profile="dev5", token=token)
    while b"\n" not in sidecar.received:
        assert sidecar.read_more(time.monotonic() + 30)
    line = sidecar.next_frame()
    assert line is not None and b'"claims":' + claims in line
    assert b"issuedAt" not in line and b"expiresAt" not in line
    twice = f'{encode({"alg": "RS256"})}.{encode(b"""{"sub":"ap.clerk","sub":"curtis.feitty"}""")}.{encode(b"x")}'
    assert sidecar.refusal("inspectToken", profile="dev5", token=twice).kind == "invalid_params"


def changed_claim(token: str, _: dict[str, str]) -> str:
    header, claims, signature = token.split(".")
    return f'{header}.{encode(json.loads(decode(claims)) | {"sub": "ap.clerk"})}.{signature}'


def other_key(token: str, _: dict[str, str]) -> str:
    message = token.rpartition(".")[0]
    key = rsa.generate_private_key(65537, 2048)
    return f"{message}.{encode(key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def own_key_in_the_header(token: str, shown: dict[str, str]) -> str:
    """Signed well, by a key that the token itself brings."""
    header, claims, _ = parts(token)
    key = rsa.generate_private_key(65537, 2048)
    numbers = key.public_key().public_numbers()
    jwk = {"kty": "RSA", "kid": header["kid"], "e": "AQAB", "n": encode(numbers.n.to_bytes(256, "big"))}
    places = {"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/chain", "x5c": ["AAAA"]}
    message = f"{encode(header | places | {'jwk': jwk})}.{encode(claims)}"
    return f"{message}.{encode(key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def public_key_as_secret(form: str) -> Callable[[str, dict[str, str]], str]:
    """HS256 with what everybody knows: a verifier that lets the header choose would say yes."""
    def forge(token: str, shown: dict[str, str]) -> str:
        header, claims, _ = parts(token)
        n, e = (int.from_bytes(decode(shown[name]), "big") for name in ("n", "e"))
        public = rsa.RSAPublicNumbers(e, n).public_key()
        secret = {
            "pem": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            "modulus": decode(shown["n"]),
        }[form]
        message = f"{encode(header | {'alg': 'HS256'})}.{encode(claims)}"
        return f"{message}.{encode(hmac.digest(secret, message.encode(), hashlib.sha256))}"

    return forge


def algorithm(name: Any, keep_signature: bool) -> Callable[[str, dict[str, str]], str]:
    def forge(token: str, _: dict[str, str]) -> str:
        header, claims, signature = parts(token)
        header = {key: value for key, value in header.items() if key != "alg"} | ({} if name is ... else {"alg": name})
        return f"{encode(header)}.{encode(claims)}.{signature if keep_signature else ''}"

    return forge


def critical(token: str, _: dict[str, str]) -> str:
    header, claims, signature = parts(token)
    return f'{encode(header | {"crit": ["exp"]})}.{encode(claims)}.{signature}'


def other_kid(token: str, _: dict[str, str]) -> str:
    header, claims, signature = parts(token)
    return f'{encode(header | {"kid": "other"})}.{encode(claims)}.{signature}'


FORGERIES: dict[str, Callable[[str, dict[str, str]], str]] = {
    "one claim is another": changed_claim,
    "another key of the same kid": other_key,
    "a key in the header": own_key_in_the_header,
    "HS256, the public key as secret": public_key_as_secret("pem"),
    "HS256, the modulus as secret": public_key_as_secret("modulus"),
    "alg none": algorithm("none", keep_signature=False),
    "alg nOnE with the signature": algorithm("nOnE", keep_signature=True),
    "alg PS256": algorithm("PS256", keep_signature=True),
    "alg rs256": algorithm("rs256", keep_signature=True),
    "no alg": algorithm(..., keep_signature=True),
    "alg is a list": algorithm(["RS256"], keep_signature=True),
    "no signature": algorithm("RS256", keep_signature=False),
    "crit": critical,
    "a kid that the domain does not show": other_kid,
    "no first byte of the signature": lambda token, _: token.replace(token.rpartition(".")[2][:4], "", 1),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token(sidecar: Sidecar, sandbox: Sandbox, forge: Callable[[str, dict[str, str]], str]) -> None:
    with urllib.request.urlopen(sandbox.domain_url + KEYS, timeout=10) as response:
        shown = json.load(response)["keys"][0]
    token = sidecar.call("getToken", **USER)["accessToken"]
    assert sidecar.call("inspectToken", profile="dev5", token=token)["verified"] is True
    forged = forge(token, shown)
    found = sidecar.call("inspectToken", profile="dev5", token=forged)
    assert found["verified"] is False, found
    assert found["reason"].endswith(".")
    assert forged.rpartition(".")[2][:40] not in found["reason"] or forged.endswith(".")


TROUBLES: dict[str, tuple[dict[str, Any], str]] = {
    "401": ({"kind": "respond", "status": 401}, "Configure client access"),
    "403": ({"kind": "respond", "status": 403, "body": "<html>"}, "Configure client access"),
    "503": ({"kind": "respond", "status": 503, "body": "<html>"}, "status 503"),
    "204": ({"kind": "respond", "status": 204}, "status 204"),
    "redirect": ({"kind": "redirect", "location": "http://127.0.0.1:1/elsewhere"}, "redirect"),
    "garbage": ({"kind": "respond", "status": 200, "body": "<html>"}, "not JSON"),
    "no keys": ({"kind": "respond", "status": 200, "body": '{"keys":[]}'}, "0 signing keys"),
    "other keys": ({"kind": "respond", "status": 200, "body": '{"keys":[{"kty":"EC"}]}'}, "1 signing keys"),
    "1 MB": ({"kind": "huge", "sizeBytes": 1 << 20}, "more than 262144 bytes"),
    "1 MB in pieces": ({"kind": "huge", "sizeBytes": 1 << 20, "declared": False}, "more than 262144 bytes"),
    "cut off": ({"kind": "truncate", "afterBytes": 100}, "before the answer was whole"),
    "reset": ({"kind": "reset", "when": "before"}, "connection"),
    "hang": ({"kind": "hang"}, "within timeoutMs"),
    "byte by byte": ({"kind": "drip", "secondsPerByte": 1}, "within timeoutMs"),
}


@pytest.mark.parametrize(("trouble", "reason"), TROUBLES.values(), ids=TROUBLES.keys())
def test_keys_that_cannot_be_had(sidecar: Sidecar, sandbox: Sandbox, trouble: dict[str, Any], reason: str) -> None:
    """The answer comes in time, says why, and has all that the token itself says."""
    token = sidecar.call("getToken", **USER)["accessToken"]
    sandbox.fault("domain", path=KEYS, times=None, **trouble)
    for _ in range(3):
        # Later it would be deadline_exceeded.
        found = sidecar.call("inspectToken", timeoutMs=1500, **USER)
        assert (found["verified"], found["claims"]["sub"], found["expired"]) == ("unknown", "curtis.feitty", False)
        assert reason in found["reason"], found["reason"]
    assert fetches(sandbox) == 1, "what has just failed is not asked for again"
    assert sidecar.call("inspectToken", profile="dev5", token=algorithm("none", False)(token, {}))["verified"] is False


def test_closed_keys_are_asked_for_without_a_token(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sandbox.settings(openJwks=False)
    sidecar.call("getToken", **USER)
    found = sidecar.call("inspectToken", **USER)
    assert found["verified"] == "unknown"
    for words in ("401", "none is sent there", "Access signing certificate", "Configure client access"):
        assert words in found["reason"]
    rows = sandbox.audit(side="domain", action="keys.read")
    assert [(row["status"], row["detail"]) for row in rows] == [(401, "bearer token: there is none")]


def test_nobody_listens(home: Home) -> None:
    nobody = {"identityDomainUrl": "http://127.0.0.1:1", "fusionUrl": "http://127.0.0.1:1", "clientId": "c"}
    offline = {
        "name": "offline", "clientAuthentication": "client_assertion", "scope": "s", "key": "payables", **nobody,
        "policy": {"subjects": {"allow": ["*"]}},
    }
    with Sidecar(home, "--store", "memory") as sidecar:
        sidecar.call("initialize", initializationOptions={"profiles": {"offline": offline}})
        token = f'{encode({"alg": "RS256"})}.{encode({"sub": "curtis.feitty"})}.{encode(b"signature")}'
        found = sidecar.call("inspectToken", profile="offline", token=token)
        assert (found["verified"], "cannot be reached" in found["reason"]) == ("unknown", True)


def test_keys_are_fetched_once(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("getToken", **USER)
    sandbox.fault("domain", "delay", path=KEYS, times=None, delaySeconds=0.3)
    asked = [sidecar.request("inspectToken", **USER) for _ in range(50)]
    answers = {message["id"]: message["result"]["verified"] for message in (sidecar.receive() for _ in asked)}
    assert answers == {identifier: True for identifier in asked}
    assert sidecar.call("inspectToken", **USER)["verified"] is True
    assert fetches(sandbox) == 1


def test_over_tls_the_profiles_roots_count(home: Home, tls_sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, tls_sandbox, caFile=tls_sandbox.ca_file)
        token = sidecar.call("getToken", **USER)["accessToken"]
        assert sidecar.call("inspectToken", **USER)["verified"] is True
        sidecar.call("saveProfile", profile=profile(tls_sandbox, name="untrusting"))
        found = sidecar.call("inspectToken", profile="untrusting", token=token)
        assert (found["verified"], "TLS" in found["reason"]) == ("unknown", True), "keys of another road are not used"


def test_not_behind_lock(sidecar: Sidecar, sandbox: Sandbox) -> None:
    token = sidecar.call("getToken", **USER)["accessToken"]
    sandbox.fault("domain", "delay", path=KEYS, delaySeconds=0.5)
    under_way = sidecar.request("inspectToken", **USER)
    sandbox.await_faults()
    locked = sidecar.request("lock")
    answers = {message["id"]: message for message in (sidecar.receive() for _ in range(2))}
    assert answers[locked]["result"] == {"locked": True}
    assert answers[under_way]["error"]["data"]["kind"] == "locked"
    for params in (USER, {"profile": "dev5", "token": token}):
        assert sidecar.refusal("inspectToken", **params).kind == "locked"
