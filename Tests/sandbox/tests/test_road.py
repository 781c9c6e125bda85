"""The road a call takes when all is well: assertion, token, agent, answer; and who is named for it."""

import jwt
import pytest
import requests

from sandbox.control import Sandbox
from sandbox.tests.caller import AUDIENCE, Caller, bearer


def verified(token: str, sandbox: Sandbox, session: requests.Session) -> dict:
    """The claims, verified with PyJWT against the published key."""
    keys = session.get(f"{sandbox.domain_url}/admin/v1/SigningCert/jwk", timeout=10).json()
    key = jwt.PyJWK(keys["keys"][0])
    return jwt.decode(token, key, algorithms=["RS256"], audience=sandbox.scope, issuer=AUDIENCE)


def test_a_client_assertion_yields_a_token_that_is_the_user(caller: Caller) -> None:
    answer = caller.exchange(caller.form())
    assert answer.status_code == 200
    assert set(answer.json()) == {"access_token", "token_type", "expires_in"}
    assert answer.json()["token_type"] == "Bearer" and answer.json()["expires_in"] == 3600
    claims = verified(answer.json()["access_token"], caller.sandbox, caller.session)
    assert claims["sub"] == "curtis.feitty" and claims["user_displayname"] == "Curtis Feitty"
    assert (claims["tok_type"], claims["sub_type"], claims["sub_mappingattr"]) == ("AT", "user", "userName")
    assert claims["client_id"] == "onbehalf-sandbox" and claims["scope"] == caller.sandbox.scope
    assert claims["exp"] - claims["iat"] == 3600
    header = jwt.get_unverified_header(answer.json()["access_token"])
    assert header["kid"] == "SIGNING_KEY" and header["alg"] == "RS256" and len(header["x5t"]) == 27


def test_a_client_secret_yields_the_same(caller: Caller) -> None:
    form = caller.form(client_assertion=None, client_assertion_type=None)
    answer = caller.exchange(form, auth=("onbehalf-sandbox", "sandbox-secret"))
    assert verified(answer.json()["access_token"], caller.sandbox, caller.session)["sub"] == "curtis.feitty"


def test_the_users_own_id_token_is_an_assertion_for_any_client(caller: Caller) -> None:
    caller.sandbox.client(clientType="confidential")
    answer = caller.exchange(caller.form(assertion=caller.sandbox.id_token("ap.clerk")))
    assert verified(answer.json()["access_token"], caller.sandbox, caller.session)["sub"] == "ap.clerk"


def test_client_credentials_yield_a_token_of_the_client(caller: Caller) -> None:
    form = {"grant_type": "client_credentials", "scope": caller.sandbox.scope}
    answer = caller.exchange(form, auth=("onbehalf-sandbox", "sandbox-secret"))
    claims = verified(answer.json()["access_token"], caller.sandbox, caller.session)
    assert claims["sub"] == "onbehalf-sandbox" and claims["sub_type"] == "client" and "user_id" not in claims
    assert caller.invoke(answer.json()["access_token"]).status_code == 401


@pytest.mark.parametrize("kept", [{"x5t": None, "x5t#S256": None}, {"kid": None}])
def test_kid_or_thumbprint_is_enough(caller: Caller, kept: dict) -> None:
    assertion = caller.sign(caller.claims("curtis.feitty"), caller.header(**kept))
    assert caller.exchange(caller.form(assertion=assertion)).status_code == 200


def test_audience_may_be_the_domain_and_one_of_several(caller: Caller) -> None:
    audience = ["oauth.idm.oracle.com", caller.sandbox.domain_url]
    extras = {"prn": "curtis.feitty", "user.tenant.name": caller.sandbox.where["tenantName"]}
    form = caller.form(assertion=caller.user_assertion("curtis.feitty", aud=audience, **extras))
    assert caller.exchange(form).status_code == 200


def test_the_scope_may_shorten_the_tokens_life(caller: Caller) -> None:
    answer = caller.exchange(caller.form(scope=f"{caller.sandbox.scope} urn:opc:resource:expiry=120"))
    assert answer.json()["expires_in"] == 120


def test_an_agent_answers_as_the_user_and_the_audit_names_them(caller: Caller) -> None:
    for user, name in (("curtis.feitty", "Curtis Feitty"), ("ap.clerk", "Ap Clerk")):
        token = caller.token(user)
        started = caller.invoke(token, message="Compare")
        assert started.status_code == 202 and started.json()["status"] == "RUNNING"
        job = started.json()["jobId"]
        states = [caller.status(token, job, invocationMode="END_USER").json() for _ in range(4)]
        assert [seen["status"] for seen in states] == ["RUNNING", "RUNNING", "COMPLETE", "COMPLETE"]
        assert states[-1]["output"] == f"Hello, {name}. PAYABLES_TEAM read: Compare"
        assert states[-1]["conversationId"] == started.json()["conversationId"]
    rows = caller.sandbox.audit(side="pod", action="agent.invoke")
    assert [(row["actor"], row["client"], row["target"], row["outcome"]) for row in rows] == [
        (user, "onbehalf-sandbox", "PAYABLES_TEAM", "granted") for user in ("curtis.feitty", "ap.clerk")
    ]
    assert rows[0]["ecid"] != rows[1]["ecid"]


def test_a_conversation_goes_on(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", answer="turn {turn}", states=["COMPLETE"])
    token = caller.token()
    first = caller.invoke(token, conversationId=None).json()
    second = caller.invoke(token, conversationId=first["conversationId"]).json()
    assert second["conversationId"] == first["conversationId"]
    assert caller.status(token, second["jobId"]).json()["output"] == "turn 2"


@pytest.mark.parametrize("reply", [{"resumeNodeInput": {"approved": True}, "message": None}, {"message": "Yes"}])
def test_a_waiting_run_goes_on_when_it_is_answered(caller: Caller, reply: dict) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", states=["WAITING"])
    token = caller.token()
    job = caller.invoke(token).json()["jobId"]
    assert caller.status(token, job).json()["status"] == "WAITING"
    assert caller.invoke(token, jobId=job, **reply).status_code == 202
    assert [caller.status(token, job).json()["status"] for _ in range(2)] == ["RUNNING", "COMPLETE"]
    assert caller.invoke(token, jobId=job, **reply).status_code == 409


def test_a_run_takes_the_time_its_agent_takes(caller: Caller) -> None:
    caller.sandbox.agent("PAYABLES_TEAM", states=["RUNNING", "COMPLETE"], seconds=3600)
    token = caller.token()
    job = caller.invoke(token).json()["jobId"]
    assert {caller.status(token, job).json()["status"] for _ in range(5)} == {"RUNNING"}


@pytest.mark.parametrize("name", ["openid-configuration", "oauth-authorization-server", "idcs-configuration"])
def test_discovery_points_at_what_is_there(caller: Caller, name: str) -> None:
    document = caller.session.get(f"{caller.sandbox.domain_url}/.well-known/{name}", timeout=10).json()
    document = document.get("openid-configuration", document)
    assert document["issuer"] == AUDIENCE
    assert document["token_endpoint"] == f"{caller.sandbox.domain_url}/oauth2/v1/token"
    assert caller.session.get(document["jwks_uri"], timeout=10).json()["keys"][0]["kid"] == "SIGNING_KEY"


def test_the_signing_certificate_can_be_closed(caller: Caller) -> None:
    caller.sandbox.settings(openJwks=False)
    url = f"{caller.sandbox.domain_url}/admin/v1/SigningCert/jwk"
    assert caller.session.get(url, timeout=10).status_code == 401
    assert caller.session.get(url, headers=bearer(caller.token()), timeout=10).status_code == 200
