"""Everything the domain must say no to, and the words it says it in."""

import datetime
import email.utils
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from sandbox.tests.caller import JWT_BEARER, Caller
from sandbox.tests.identity import Identity, make_identity

CLIENT = 401, "invalid_client"
ASSERTION = 400, "invalid_request"
USER = 400, "invalid_grant"
SCOPE = 400, "invalid_scope"
NOT_GRANTED = 400, "unauthorized_client"
SECRET = ("onbehalf-sandbox", "sandbox-secret")


def refused(caller: Caller, expected: tuple[int, str], reason: str, form: dict, **options: Any) -> dict:
    """The body of the refusal, whose precise reason is in the audit list and nowhere else."""
    answer = caller.exchange(form, **options)
    body = answer.json()
    assert (answer.status_code, body["error"]) == expected, answer.text
    assert list(body) == ["error", "error_description", "ecid"]
    assert answer.headers["X-ORACLE-DMS-ECID"] == body["ecid"]
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    row = caller.sandbox.audit(side="domain")[-1]
    assert row["ecid"] == body["ecid"] and row["outcome"] == "refused"
    assert reason in row["detail"] and row["detail"] not in answer.text
    return body


def now() -> int:
    return int(time.time())


# Claims that are wrong in either assertion.
WRONG_CLAIMS: list[tuple[Callable[[], dict[str, Any]], str]] = [
    (lambda: {"aud": "https://identity.oraclecloud.com"}, "aud holds none"),
    (lambda: {"aud": ["https://elsewhere.example/"]}, "aud holds none"),
    (lambda: {"aud": None}, "aud is not a string"),
    (lambda: {"aud": ["https://identity.oraclecloud.com/", 7]}, "aud is not a string"),
    (lambda: {"exp": None}, "exp is not an integer"),
    (lambda: {"exp": str(now() + 60)}, "exp is not an integer"),
    (lambda: {"exp": now() + 60.5}, "exp is not an integer"),
    (lambda: {"exp": True}, "exp is not an integer"),
    (lambda: {"iat": None}, "iat is not an integer"),
    (lambda: {"iat": now() * 1000, "exp": now() * 1000 + 300_000}, "ahead of the clock"),
    (lambda: {"iat": 10**400, "exp": 10**400 + 60}, "ahead of the clock"),
    (lambda: {"iat": now() + 320, "exp": now() + 600}, "ahead of the clock"),
    (lambda: {"iat": now() - 900, "exp": now() - 320}, "expired"),
    (lambda: {"nbf": now() + 320}, "nbf is not reached"),
    (lambda: {"nbf": "soon"}, "nbf is not an integer"),
    (lambda: {"iat": now(), "exp": now() + 3601}, "it lives 3601 s"),
    (lambda: {"iat": now(), "exp": now()}, "it lives 0 s"),
    (lambda: {"jti": None}, "jti is missing"),
    (lambda: {"jti": ""}, "jti is missing"),
]


@pytest.mark.parametrize(("changes", "reason"), WRONG_CLAIMS)
@pytest.mark.parametrize("kind", ["user assertion", "client assertion"])
def test_wrong_claims(caller: Caller, kind: str, changes: Callable[[], dict], reason: str) -> None:
    if kind == "user assertion":
        form = caller.form(assertion=caller.user_assertion("curtis.feitty", **changes()))
    else:
        form = caller.form(client_assertion=caller.client_assertion(**changes()))
    refused(caller, ASSERTION, reason, form)
    assert caller.sandbox.audit(side="domain")[-1]["detail"].startswith(f"{kind}: ")


@pytest.mark.parametrize("offset", [290, -290])
def test_five_minutes_of_skew_are_forgiven(caller: Caller, offset: int) -> None:
    times = {"iat": now() + offset - (300 if offset < 0 else 0), "exp": now() + offset + (300 if offset > 0 else 0)}
    assert caller.exchange(caller.form(assertion=caller.user_assertion("curtis.feitty", **times))).status_code == 200


def test_a_user_assertion_that_says_two_things(caller: Caller) -> None:
    for changes, reason in [
        ({"iss": "somebody-else"}, "iss is not"), ({"sub": None}, "sub is missing"), ({"sub": 5}, "sub is missing"),
        ({"prn": "ap.clerk"}, "prn differs"), ({"user.tenant.name": "idcs-other"}, "user.tenant.name is not"),
    ]:
        form = caller.form(assertion=caller.user_assertion("curtis.feitty", **changes))
        refused(caller, ASSERTION, f"user assertion: {reason}", form)


def test_a_client_assertion_that_names_another(caller: Caller) -> None:
    for changes, expected, reason in [
        ({"iss": "unknown-client"}, CLIENT, "iss is not a client"), ({"sub": "curtis.feitty"}, CLIENT, "sub is not"),
        ({"prn": "curtis.feitty"}, ASSERTION, "prn belong"),
    ]:
        form = caller.form(client_assertion=caller.client_assertion(**changes))
        refused(caller, expected, f"client assertion: {reason}", form)


WRONG_HEADERS = [
    ({"kid": None, "x5t": None, "x5t#S256": None}, ASSERTION, ASSERTION, "the header has neither kid nor x5t"),
    ({"kid": None, "x5t": None}, ASSERTION, ASSERTION, "the header has neither kid nor x5t"),
    ({"kid": "unknown"}, ASSERTION, CLIENT, "no registered certificate"),
    ({"x5t": "A" * 27}, ASSERTION, CLIENT, "no registered certificate"),
    ({"x5t#S256": "A" * 43}, ASSERTION, CLIENT, "no registered certificate"),
    ({"typ": "at+jwt"}, ASSERTION, ASSERTION, "typ is 'at+jwt'"),
    ({"crit": ["b64"], "b64": True}, ASSERTION, ASSERTION, "the header has crit"),
]


@pytest.mark.parametrize(("changes", "as_user", "as_client", "reason"), WRONG_HEADERS)
def test_wrong_headers(caller: Caller, changes: dict, as_user: tuple, as_client: tuple, reason: str) -> None:
    user = caller.sign(caller.claims("curtis.feitty"), caller.header(**changes))
    client = caller.sign(caller.claims("onbehalf-sandbox"), caller.header(**changes))
    refused(caller, as_user, f"user assertion: {reason}", caller.form(assertion=user))
    body = refused(caller, as_client, f"client assertion: {reason}", caller.form(client_assertion=client))
    if "neither" in reason:
        assert body["error_description"] == "system error"


def test_kid_and_thumbprint_of_two_certificates(caller: Caller, stranger: Identity) -> None:
    caller.sandbox.register_certificate("other", stranger.pem)
    assertion = caller.sign(caller.claims("curtis.feitty"), caller.header(kid="other"))
    refused(caller, ASSERTION, "no registered certificate", caller.form(assertion=assertion))


@pytest.mark.parametrize("kind", ["assertion", "client_assertion"])
def test_a_signature_by_another_key(caller: Caller, stranger: Identity, kind: str) -> None:
    subject = "curtis.feitty" if kind == "assertion" else "onbehalf-sandbox"
    forged = caller.sign(caller.claims(subject), key=stranger.key)
    refused(caller, ASSERTION, "the signature does not verify", caller.form(**{kind: forged}))


@pytest.mark.parametrize("alg", ["none", "HS256", "RS512", "PS256"])
def test_any_algorithm_but_rs256(caller: Caller, alg: str) -> None:
    key = {"none": None, "HS256": "a-secret-of-thirty-two-bytes-or-so"}.get(alg, caller.key)
    assertion = jwt.encode(caller.claims("curtis.feitty"), key, algorithm=alg, headers=caller.header())
    refused(caller, ASSERTION, f"alg is '{alg}'", caller.form(assertion=assertion))


@pytest.mark.parametrize("mangle", [
    lambda token: token.replace(".", "", 1),
    lambda token: token + ".x",
    lambda token: "=" + token,
    lambda token: "!" + token[1:],
    lambda token: "W10" + token[token.index("."):],
    lambda token: token[:-8] + "AAAAAAAA",
    lambda token: "é" + token,
])
def test_what_is_no_jwt(caller: Caller, mangle: Callable[[str], str]) -> None:
    mangled = mangle(caller.user_assertion("curtis.feitty"))
    refused(caller, ASSERTION, "user assertion: ", caller.form(assertion=mangled))


def test_a_claim_given_twice(caller: Caller) -> None:
    payload = b'{"sub":"curtis.feitty","sub":"ap.clerk"}'
    assertion = jwt.api_jws.encode(payload, caller.key, algorithm="RS256", headers=caller.header())
    refused(caller, ASSERTION, "sub appears twice", caller.form(assertion=assertion))


@pytest.mark.parametrize("kind", ["assertion", "client_assertion"])
def test_a_replayed_assertion(caller: Caller, kind: str) -> None:
    spent = caller.form()
    assert caller.exchange(spent).status_code == 200
    refused(caller, ASSERTION, "its jti was used before", caller.form(**{kind: spent[kind]}))


def test_one_jti_may_serve_both_assertions_of_a_request(caller: Caller) -> None:
    user, client = caller.user_assertion("curtis.feitty", jti="same"), caller.client_assertion(jti="same")
    form = caller.form(assertion=user, client_assertion=client)
    assert caller.exchange(form).status_code == 200


@pytest.mark.parametrize("user", ["inactive.user", "nobody", "onbehalf-sandbox", "curtis.feitty "])
def test_a_user_who_is_not_there(caller: Caller, user: str) -> None:
    refused(caller, USER, f"user {user} is", caller.form(user))


@pytest.mark.parametrize("scope", [
    None, "urn:opc:resource:fusion:other:fusion-ai/", "urn:opc:resource:fusion:sandbox:fusion-ai",
    "urn:opc:resource:expiry=60", "SCOPE urn:opc:resource:consumer::all", "SCOPE urn:opc:resource:expiry=0",
])
def test_a_scope_the_domain_does_not_know(caller: Caller, scope: str | None) -> None:
    scope = scope and scope.replace("SCOPE", caller.sandbox.scope)
    refused(caller, SCOPE, "is not", caller.form(scope=scope))


def test_a_scope_the_client_was_not_granted(caller: Caller) -> None:
    caller.sandbox.client(scopes=[caller.sandbox.api_scope])
    refused(caller, SCOPE, "token issuance policy", caller.form())
    form = {"grant_type": "client_credentials", "scope": caller.sandbox.scope}
    body = refused(caller, NOT_GRANTED, "token issuance policy", form, auth=SECRET)
    assert body["error_description"] == "Client authorization failed."


@pytest.mark.parametrize("secret", ["wrong", "", "sandbox-secret "])
def test_a_wrong_client_secret(caller: Caller, secret: str) -> None:
    form = caller.form(client_assertion=None, client_assertion_type=None)
    body = refused(caller, CLIENT, "wrong secret", form, auth=("onbehalf-sandbox", secret))
    assert body["error_description"] == "Client authentication failed."
    refused(caller, CLIENT, "name no client", form, auth=("somebody", "sandbox-secret"))
    refused(caller, CLIENT, "not base64", form, headers={"Authorization": "Basic not*base64"})


def test_no_client_authentication_at_all(caller: Caller) -> None:
    refused(caller, CLIENT, "did not authenticate", caller.form(client_assertion=None, client_assertion_type=None))


def test_client_settings_that_close_the_door(caller: Caller) -> None:
    sandbox = caller.sandbox
    sandbox.client(active=False)
    body = refused(caller, CLIENT, "not activated", caller.form())
    assert body["error_description"] == "OAuth Client app is inactive"
    sandbox.client(active=True, clientType="confidential")
    refused(caller, ASSERTION, "only a trusted client", caller.form())
    sandbox.client(clientType="trusted", grants=["client_credentials"])
    refused(caller, NOT_GRANTED, "grant type is not enabled", caller.form())
    sandbox.client(grants=[JWT_BEARER])
    body = refused(caller, ASSERTION, "lacks the Client Credentials grant", caller.form())
    assert body["error_description"] == "system error"
    basic = caller.form(client_assertion=None, client_assertion_type=None)
    assert caller.exchange(basic, auth=SECRET).status_code == 200
    sandbox.client(grants=["client_credentials", JWT_BEARER])
    sandbox.remove_certificate("demo")
    refused(caller, CLIENT, "client assertion: no registered certificate", caller.form())


def test_an_expired_certificate_matters_only_when_told_to(caller: Caller) -> None:
    expired = make_identity(not_after=datetime.timedelta(days=-1))
    caller.sandbox.register_certificate("demo", expired.pem)
    old = Caller(caller.sandbox, expired.key, expired.certificate, caller.session)
    assert old.exchange(old.form()).status_code == 200
    caller.sandbox.settings(checkCertificateDates=True)
    refused(old, CLIENT, "outside its dates", old.form())


@pytest.mark.parametrize(("edit", "reason"), [
    (lambda form: form | {"extra": "1"}, "unknown parameter extra"),
    (lambda form: [*form.items(), ("scope", "again")], "scope is given twice"),
    (lambda form: form | {"scope": ""}, "scope is empty"),
    (lambda form: {name: value for name, value in form.items() if name != "grant_type"}, "grant_type is missing"),
    (lambda form: form | {"grant_type": "client_credentials"}, "assertion belongs to the jwt-bearer grant"),
    (lambda form: {name: value for name, value in form.items() if name != "assertion"}, "assertion belongs"),
    (lambda form: form | {"client_assertion_type": "jwt"}, "client_assertion_type is not"),
    (lambda form: {name: value for name, value in form.items() if name != "client_assertion_type"}, "come together"),
])
def test_a_form_with_something_odd(caller: Caller, edit: Callable[[dict], Any], reason: str) -> None:
    refused(caller, (400, "invalid_request"), reason, edit(caller.form()))


def test_requests_that_are_not_this_form(caller: Caller) -> None:
    refused(caller, (400, "invalid_request"), "into the body", caller.form(), params={"scope": "x"})
    refused(caller, (400, "invalid_request"), "two ways", caller.form(), auth=SECRET)
    refused(caller, CLIENT, "client_id differs", caller.form(client_id="another"))
    refused(caller, (400, "unsupported_grant_type"), "grant type", {"grant_type": "password", "scope": "x"})
    as_json = {"headers": {"Content-Type": "application/json"}}
    refused(caller, (415, "invalid_request"), "content type", "{}", **as_json)
    latin = {"headers": {"Content-Type": "application/x-www-form-urlencoded; charset=latin1"}}
    refused(caller, (415, "invalid_request"), "charset", "a=b", **latin)


def test_a_user_token_that_is_not_the_domains_id_token(caller: Caller) -> None:
    access_token = caller.token()
    refused(caller, ASSERTION, "its tok_type is 'AT'", caller.form(assertion=access_token))
    forged = caller.sign(caller.claims("ap.clerk", iss="https://identity.oraclecloud.com/", tok_type="IT"))
    refused(caller, ASSERTION, "not a token of this domain", caller.form(assertion=forged))
    id_token = caller.sandbox.id_token("ap.clerk")
    caller.sandbox.user("ap.clerk", active=False)
    refused(caller, USER, "user ap.clerk is inactive", caller.form(assertion=id_token))


def test_the_clock_of_the_domain(caller: Caller) -> None:
    caller.sandbox.settings(clockOffsetSeconds=900)
    answer = caller.exchange(caller.form())
    assert answer.status_code == 400
    ahead = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()
    assert 890 < ahead < 910
    shifted = {"iat": now() + 900, "exp": now() + 1200}
    form = caller.form(
        assertion=caller.user_assertion("ap.clerk", **shifted), client_assertion=caller.client_assertion(**shifted)
    )
    assert caller.exchange(form).status_code == 200
