"""One sidecar is given everything that is wrong, answers each by its kind, and still works after each."""

from collections.abc import Iterator
from typing import Any

import pytest
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory, running: Sandbox) -> Iterator[Sidecar]:
    running.clear()
    running.put_user("caf\u00e9", displayName="Café", roles=["PAYABLES"])
    with Sidecar(Home(tmp_path_factory.mktemp("home")), "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, running)
        binding = {"identityDomainUrl": running.domain_url, "clientId": running.client_id}
        sidecar.call("createKey", alias="unregistered", **binding)
        sidecar.call("createKey", alias="offline", identityDomainUrl="http://127.0.0.1:1", clientId="c")
        for changes in [
            {"name": "unicode", "unicodeSubjects": True},
            {"name": "narrow", "policy": {"subjects": {"allow": ["curtis.*"]}, "agents": ["PAYABLES_*"]}},
            {"name": "wrong-scope", "scope": "urn:opc:resource:fusion:other:fusion-ai/"},
            {"name": "unregistered", "key": "unregistered"},
            {"name": "offline", "key": "offline", "identityDomainUrl": "http://127.0.0.1:1", "clientId": "c"},
            {"name": "disabled", "disabled": True},
        ]:
            sidecar.call("saveProfile", profile=profile(running, **changes))
        yield sidecar


@pytest.fixture(autouse=True)
def still_works(session: Sidecar) -> Iterator[None]:
    """Whatever the test did, the session goes on, and a whole exchange goes through."""
    yield
    assert session.call("ping") == {}
    token = session.call("getToken", profile="dev5", subject="curtis.feitty", forceRefresh=True)
    assert (token["subject"], token["source"]) == ("curtis.feitty", "exchange")


def user(**changes: Any) -> dict[str, Any]:
    return {"profile": "dev5", "subject": "curtis.feitty"} | changes


AGENT = {"agent": "PAYABLES_TEAM", "message": "Hello"}

# Method, params, kind of the error, and what its message or its hint must name.
CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("getToken", user(profile="absent"), "profile_not_found", "dev5"),
    ("getToken", {"subject": "curtis.feitty"}, "profile_not_found", "dev5"),
    ("getToken", user(profile="disabled"), "profile_disabled", "disabled"),
    ("getTokn", user(), "method_not_found", "getToken"),
    ("GETTOKEN", user(), "method_not_found", "GETTOKEN"),
    ("getToken", {"profile": "dev5"}, "invalid_params", "subject"),
    ("getToken", user(subject=7), "invalid_params", "subject"),
    ("getToken", {"profile": "dev5", "subjct": "curtis.feitty"}, "invalid_params", "subjct"),
    ("getToken", user(userToken="not.a.token"), "invalid_params", "userToken"),
    ("getToken", {"profile": "dev5", "userToken": "not.a.token"}, "invalid_params", "userToken"),
    ("getToken", user(minTtlSeconds=-1), "invalid_params", "minTtlSeconds"),
    ("getToken", user(minTtlSeconds=1.5), "invalid_params", "minTtlSeconds"),
    ("getToken", user(timeoutMs="soon"), "invalid_params", "timeoutMs"),
    ("getToken", user(timeoutMs=-1), "invalid_params", "timeoutMs"),
    ("getToken", user(forceRefresh="yes"), "invalid_params", "forceRefresh"),
    # Who may be acted for.
    ("getToken", user(subject="admin"), "subject_denied", "deny"),
    ("getToken", user(subject="Admin"), "subject_denied", "deny"),
    ("getToken", user(subject="aDMIN"), "subject_denied", "deny"),
    ("getToken", user(subject="admin\r\n"), "subject_denied", "ASCII"),
    ("getToken", user(subject="curtis\r\nX-Evil: 1"), "subject_denied", "ASCII"),
    ("getToken", user(subject="curtis feitty"), "subject_denied", "spaces"),
    ("getToken", user(subject="curtis\u0000"), "subject_denied", "ASCII"),
    ("getToken", user(subject="caf\u00e9"), "subject_denied", "unicodeSubjects"),
    ("getToken", user(subject="cafe\u0301", profile="unicode"), "subject_denied", "normalisation form C"),
    ("getToken", user(subject="curtis\u202efeitty", profile="unicode"), "subject_denied", "control"),
    ("getToken", user(subject=""), "subject_denied", "256"),
    ("getToken", user(subject="x" * 257), "subject_denied", "256"),
    ("getToken", user(subject="onbehalf-sandbox"), "subject_denied", "itself"),
    ("mintAssertion", user(subject="Admin", type="user"), "subject_denied", "deny"),
    ("invokeAgent", user(subject="ap.clerk", profile="narrow", **AGENT), "subject_denied", "allow"),
    ("invokeAgent", user(profile="narrow", agent="HR_TEAM", message=""), "agent_denied", "HR_TEAM"),
    ("getToken", user(profile="narrow"), "raw_credentials_denied", "rawCredentials"),
    ("mintAssertion", user(profile="narrow", type="user"), "raw_credentials_denied", "rawCredentials"),
    ("getToken", user(scope="urn:opc:resource:fusion:other"), "scope_denied", "scopes"),
    # What an assertion may say.
    *(("mintAssertion", user(type="user", claims={claim: 1}), "invalid_params", claim)
      for claim in ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "prn", "user.tenant.name", "role"]),
    ("mintAssertion", user(type="admin"), "invalid_params", "type"),
    ("mintAssertion", {"profile": "dev5", "type": "user"}, "invalid_params", "subject"),
    ("mintAssertion", user(type="client"), "invalid_params", "subject"),
    ("mintAssertion", user(type="user", lifetimeSeconds=301), "invalid_params", "lifetimeSeconds"),
    # Keys.
    ("createKey", {"alias": "payables"}, "key_exists", "payables"),
    ("createKey", {"alias": "../payables"}, "invalid_params", "alias"),
    ("createKey", {"alias": "new", "bits": 1024}, "invalid_params", "bits"),
    ("createKey", {"alias": "new", "validityDays": 0}, "invalid_params", "validityDays"),
    ("createKey", {"alias": "new", "commonName": "a\nb"}, "invalid_params", "commonName"),
    ("createKey", {"alias": "new", "clientId": "c"}, "invalid_params", "identityDomainUrl"),
    ("createKey", {}, "invalid_params", "alias"),
    ("importKey", {"alias": "new"}, "invalid_params", "pkcs12Base64"),
    ("importKey", {"alias": "new", "pem": "x", "pkcs12Base64": "x"}, "invalid_params", "pkcs12Base64"),
    ("importKey", {"alias": "new", "pem": "x", "passphrase": "x" * 1025}, "invalid_params", "passphrase"),
    ("importKey", {"alias": "new", "pem": "x"}, "key_unreadable", "no PEM block"),
    ("importKey", {"alias": "payables", "pem": "x"}, "key_exists", "payables"),
    ("getKey", {"alias": "absent"}, "key_not_found", "absent"),
    ("deleteKey", {"alias": "absent"}, "key_not_found", "absent"),
    ("getProfile", {"name": "absent"}, "profile_not_found", "absent"),
    ("deleteProfile", {"name": "absent"}, "profile_not_found", "absent"),
    ("setClientSecret", {"profile": "dev5", "clientSecret": "a\r\nb"}, "invalid_params", "clientSecret"),
    # What the identity domain and the pod refuse.
    ("getToken", user(subject="nobody"), "invalid_grant", "userName"),
    ("getToken", user(subject="inactive.user"), "invalid_grant", "active"),
    ("getToken", user(profile="wrong-scope"), "invalid_scope", "scope"),
    ("getToken", user(profile="unregistered"), "invalid_client", "certificate"),
    ("getToken", user(profile="offline"), "unreachable", "127.0.0.1:1"),
    ("invokeAgent", user(subject="no.roles", **AGENT), "fusion_forbidden", "role"),
    ("invokeAgent", user(agent="payables_team", message=""), "invalid_params", "agent"),
    ("invokeAgent", user(agent="../PAYABLES", message=""), "invalid_params", "agent"),
    ("invokeAgent", user(conversationId="a/../b", **AGENT), "invalid_params", "conversationId"),
    ("invokeAgent", user(parameters=[], **AGENT), "invalid_params", "parameters"),
    ("getAgentRun", user(agent="PAYABLES_TEAM", jobId="no/such"), "invalid_params", "jobId"),
    ("getAgentRun", user(agent="PAYABLES_TEAM", jobId="no-such-job"), "fusion_not_found", "no-such-job"),
    ("resumeAgent", user(agent="PAYABLES_TEAM", conversationId="1"), "invalid_params", "message"),
    ("resumeAgent", user(conversationId="a/../b", **AGENT), "invalid_params", "conversationId"),
    ("resumeAgent", user(conversationId="1", jobId="..", **AGENT), "invalid_params", "jobId"),
    ("resumeAgent", user(conversationId="1", resumeNodeInput={}, **AGENT), "invalid_params", "resumeNodeInput"),
    ("resumeAgent", user(agent="PAYABLES_TEAM", conversationId="1", resumeNodeInput={}), "invalid_params", "jobId"),
    ("resumeAgent", user(conversationId="no-such", **AGENT), "fusion_not_found", "no-such"),
    ("initialize", {}, "invalid_request", "first"),
]


@pytest.mark.parametrize(
    ("method", "params", "kind", "named"), CASES, ids=[f"{case[0]} {case[2]} {case[3]}" for case in CASES]
)
def test_is_refused(session: Sidecar, method: str, params: dict[str, Any], kind: str, named: str) -> None:
    refused = session.refusal(method, **params)
    assert refused.kind == kind, refused.error
    assert named in refused.message + refused.hint, refused.error
    assert refused.hint.endswith((".", "?"))


def test_composed_characters_are_a_user_where_the_profile_says_so(session: Sidecar) -> None:
    token = session.call("getToken", profile="unicode", subject="caf\u00e9")
    assert token["subject"] == "caf\u00e9"


# A change to a profile that could be saved; the kind, and what is named.
PROFILES: list[tuple[dict[str, Any], str, str]] = [
    ({"identityDomainUrl": "https://evil.example"}, "key_bound", "payables"),
    ({"clientId": "another-client"}, "key_bound", "payables"),
    ({"key": "absent"}, "key_not_found", "absent"),
    ({"key": None}, "profile_invalid", "key"),
    ({"identityDomainUrl": "http://idcs.example.com"}, "profile_invalid", "identityDomainUrl"),
    ({"identityDomainUrl": "https://idcs.example.com/ui"}, "profile_invalid", "paste https://idcs.example.com"),
    ({"fusionUrl": "https://user@pod.example.com"}, "profile_invalid", "fusionUrl"),
    ({"fusionUrl": "ftp://pod.example.com"}, "profile_invalid", "fusionUrl"),
    ({"assertionLifetimeSeconds": 301}, "profile_invalid", "assertionLifetimeSeconds"),
    ({"caFile": "relative.pem"}, "profile_invalid", "caFile"),
    ({"policy": {"subjects": {"allow": []}}}, "profile_invalid", "subjects.allow"),
    ({"policy": {"subjects": {"allow": ["*"]}, "extraClaims": ["sub"]}}, "profile_invalid", "extraClaims"),
    ({"policy": {"subjects": {"allow": ["*"], "denny": []}}}, "invalid_params", "denny"),
    ({"policy": {"subjects": {}}}, "invalid_params", "allow"),
    ({"policy": None}, "invalid_params", "policy"),
    ({"clientAuthentication": "none"}, "invalid_params", "clientAuthentication"),
    ({"scopes": []}, "invalid_params", "scopes"),
]


@pytest.mark.parametrize(("changes", "kind", "named"), PROFILES, ids=[f"{case[1]} {case[2]}" for case in PROFILES])
def test_a_profile_is_not_saved(
    session: Sidecar, running: Sandbox, changes: dict[str, Any], kind: str, named: str
) -> None:
    before = session.call("listProfiles")
    refused = session.refusal("saveProfile", profile=profile(running, **{"name": "candidate"} | changes))
    assert refused.kind == kind, refused.error
    assert named in refused.message + refused.hint, refused.error
    assert session.call("listProfiles") == before


# Bytes instead of a request: the code of the error, the id it goes to.
BYTES: list[tuple[bytes, int, Any]] = [
    (b'{"jsonrpc": "2.0", "method": "ping, "params": "bar", "baz]', -32700, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,}}', -32700, None),
    (b'{"jsonrpc":"2.0","id":01,"method":"ping"}', -32700, None),
    (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700, None),
    (b'{"jsonrpc":"2.0","id":"deep","method":"ping","params":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}",
     -32700, None),
    (b'{"jsonrpc":"1.0","id":"old","method":"ping"}', -32600, "old"),
    (b'{"jsonrpc":"2.0","id":"m","method":7}', -32600, "m"),
    (b'{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, None),
    (b'{"foo":"boo"}', -32600, None),
    (b"[]", -32600, None),
    (b'{"jsonrpc":"2.0","id":"p","method":"ping","params":[1]}', -32602, "p"),
    (b'{"jsonrpc":"2.0","id":"p","method":"getKey","params":{"alias":"payables","alias":"other"}}', -32602, "p"),
]


@pytest.mark.parametrize(("line", "code", "identifier"), BYTES, ids=range(len(BYTES)))
def test_bytes_that_are_no_request(session: Sidecar, line: bytes, code: int, identifier: Any) -> None:
    session.send_bytes(line + b"\n")
    answer = session.receive()
    assert answer["error"]["code"] == code, answer
    assert answer["id"] == identifier
    assert answer["error"]["data"]["hint"]


def test_an_id_that_is_in_flight(session: Sidecar, running: Sandbox) -> None:
    running.fault("domain", "hang", path="/oauth2/v1/token")
    params = user(subject="ap.clerk", forceRefresh=True)
    session.send({"jsonrpc": "2.0", "id": "twice", "method": "getToken", "params": params})
    session.send({"jsonrpc": "2.0", "id": "twice", "method": "ping"})
    refused = session.receive()
    assert (refused["id"], refused["error"]["code"]) == ("twice", -32600)
    running.await_faults()
    running.clear_faults()
    session.send({"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "twice"}})
    answer = session.receive()
    assert answer["id"] == "twice"
