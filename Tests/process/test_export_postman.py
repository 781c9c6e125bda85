"""The collection of exportRequest: valid against Postman's schema, and run as Postman would run it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hostile import TOKEN_PATH
from hostile_text import PLAIN, texts
from jsonschema import Draft4Validator
from onboarding import profile
from relay import Bystander, Relay, claims_of, essence
from sandbox.control import Sandbox
from sidecar import PATIENCE_SECONDS, ROOT, Home, Sidecar

SCHEMA = ROOT / "protocol" / "vectors" / "postman"
RUNNER = Path(__file__).with_name("postman.mjs")
USER = {"profile": "dev5", "subject": "curtis.feitty"}
AGENT = {"agent": "PAYABLES_TEAM", "message": "Is {{$guid}} on hold?"}
GIVEN, IS_USER = "the identity domain gives a token", "the token is the user"


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    def load(path: Path) -> dict[str, Any]:
        part = json.loads(re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
        part.pop("id")
        return part

    parts = {path.stem: load(path) for path in (SCHEMA / "collection").glob("*.json")}
    return Draft4Validator(load(SCHEMA / "collection.json") | {"definitions": parts})


def export(sidecar: Sidecar, **params: Any) -> dict[str, Any]:
    return sidecar.call("exportRequest", **USER | {"format": "postman", "includeSecrets": True} | params)


def run(exported: dict[str, Any], **values: str) -> dict[str, Any]:
    """What a person fills in stands in `values`."""
    given = {name: exported[name] for name in ("collection", "environment")}
    for variable in given["environment"]["values"]:
        variable["value"] = values.get(variable["key"], variable["value"])
    done = subprocess.run(
        ["node", str(RUNNER)], input=json.dumps(given), capture_output=True, encoding="utf-8",
        timeout=PATIENCE_SECONDS, check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failed(report: dict[str, Any]) -> list[str]:
    return [test["name"] for test in report["tests"] if not test["passed"]]


def as_json(request: dict[str, Any]) -> dict[str, Any]:
    """Braces may be spelled in another way."""
    body = request["body"]
    return request | {"body": json.loads(body)} if isinstance(body, bytes) and body else request


@pytest.mark.parametrize("how", ["client assertion", "client secret", "the user's own token"])
def test_the_collection_sends_what_the_sidecar_sends(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, schema: Draft4Validator, how: str
) -> None:
    user: dict[str, Any] = USER | {"profile": "basic"} if how == "client secret" else USER
    given = {"clientSecret": sandbox.client_secret}
    if how == "the user's own token":
        own = sandbox.id_token("curtis.feitty")
        user, given = {"profile": "dev5", "userToken": own, "subject": None}, {"userToken": own}
    user = {name: value for name, value in user.items() if value}
    onboarded.call("invokeAgent", **user, **AGENT)
    expected = [as_json(essence(request)) for request in relay.taken()]
    exported = onboarded.call("exportRequest", format="postman", includeSecrets=True, **user, **AGENT)
    assert [error.message for error in schema.iter_errors(exported["collection"])] == []
    report = run(exported, **given)
    assert failed(report) == [] and len(report["tests"]) == 7
    sent = [as_json(essence(request)) for request in relay.taken()]
    assert sent == expected
    output = json.loads(report["responses"][-1]["text"])["output"]
    assert output == "Hello, Curtis Feitty. PAYABLES_TEAM read: Is {{$guid}} on hold?"
    assert report["environment"]["jobId"] and report["environment"]["conversationId"]


def test_without_secrets_they_are_empty_and_secret(onboarded: Sidecar, relay: Relay, schema: Draft4Validator) -> None:
    exported = export(onboarded, includeSecrets=False, **AGENT)
    values = {one["key"]: (one["value"], one["type"]) for one in exported["environment"]["values"]}
    secret = {"userAssertion": ("", "secret"), "clientAssertion": ("", "secret"), "accessToken": ("", "secret")}
    assert secret.items() <= values.items()
    assert {name for name, (value, _) in values.items() if value} == {"identityDomainUrl", "fusionUrl"}
    given = {
        "userAssertion": onboarded.call("mintAssertion", type="user", **USER)["assertion"],
        "clientAssertion": onboarded.call("mintAssertion", type="client", profile="dev5")["assertion"],
    }
    report = run(exported, **given)
    assert failed(report) == []
    alone = export(onboarded, includeSecrets=False)
    assert [item["name"] for item in alone["collection"]["item"]] == ["Get the token"]
    assert [error.message for error in schema.iter_errors(alone["collection"])] == []


@pytest.mark.parametrize(("answer", "wrong"), [
    ({"status": 400, "body": '{"error":"invalid_grant"}'}, [GIVEN, IS_USER]),
    ({"status": 200, "body": "<html>"}, [GIVEN, IS_USER]),
    ({"status": 200, "body": '{"access_token":"opaque"}'}, [IS_USER]),
    ({"status": 200, "body": '{"access_token":"a.b.c"}'}, [IS_USER]),
])
def test_an_answer_that_is_no_token_ends_it(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, answer: dict[str, Any], wrong: list[str]
) -> None:
    sandbox.fault("domain", "respond", path=TOKEN_PATH, **answer)
    report = run(export(onboarded, **AGENT))
    assert failed(report) == wrong
    assert report["environment"]["accessToken"] == ""
    assert len(relay.taken()) == 1


@pytest.mark.parametrize("named", ["ap.clerk", ["curtis.feitty"], None])
def test_another_user_ends_it(onboarded: Sidecar, sandbox: Sandbox, relay: Relay, named: Any) -> None:
    sandbox.fault("domain", "token", claims={"sub": named})
    assert failed(run(export(onboarded, **AGENT))) == [IS_USER]
    assert len(relay.taken()) == 1


@pytest.mark.parametrize(("states", "wrong", "looks"), [
    (["WAITING"], [], 1), (["ERROR"], ["the run has not failed"], 1), (["PONDERING", "SUCCESS"], [], 2),
    (["RUNNING"], ["the run ends in time"], 60),
])
def test_a_run_is_followed_to_its_end(
    onboarded: Sidecar, sandbox: Sandbox, relay: Relay, states: list[str], wrong: list[str], looks: int
) -> None:
    sandbox.fault("pod", "run", states=states)
    assert failed(run(export(onboarded, **AGENT))) == wrong
    assert len([one for one in relay.taken() if "/status/" in one.path]) == looks


def test_hostile_text_arrives_as_it_is(home: Home, sandbox: Sandbox, schema: Draft4Validator) -> None:
    with Bystander() as bystander, Sidecar(home, "--admin", "--store", "memory") as sidecar:
        places = {"identityDomainUrl": bystander.url, "fusionUrl": bystander.url}
        sidecar.call("createKey", alias="payables")
        sidecar.call("saveProfile", profile=profile(sandbox, policy={"subjects": {"allow": ["*"]}}, **places))
        subjects = [text[:256] for text in texts(4, 12, PLAIN)]
        for message, subject in zip(texts(5, 12), subjects, strict=True):
            exported = export(sidecar, subject=subject, agent="A", message=message)
            assert [error.message for error in schema.iter_errors(exported["collection"])] == []
            assert failed(run(exported)) == []
            token, invocation, *_ = bystander.taken()
            assert claims_of(dict(token.form)["assertion"])["sub"] == subject
            assert json.loads(invocation.body)["message"] == message


@pytest.mark.parametrize("field", ["scope", "clientId"])
def test_braces_that_cannot_be_escaped_are_refused(home: Home, sandbox: Sandbox, field: str) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("createKey", alias="payables")
        sidecar.call("saveProfile", profile=profile(sandbox, **{field: "a{{$guid}}"}))
        refused = sidecar.refusal("exportRequest", format="postman", **USER)
        assert (refused.kind, refused.detail["field"]) == ("profile_invalid", field)
        assert sidecar.call("exportRequest", format="curl", **USER)["text"]
