"""Every transcript of protocol/methods, replayed against the built program and the sandbox."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from sandbox.control import Sandbox
from sidecar import Home, Sidecar
from transcript import FILES, FIXTURES, PROTOCOL, all_transcripts, filled, replay

DOCUMENT = json.loads((PROTOCOL / "openrpc.json").read_text(encoding="utf-8"))


class Store:
    """A file store with some of the keys of fixtures.json, made once for all transcripts that have the same."""

    def __init__(self, home: Home, placeholders: dict[str, str]) -> None:
        self.home, self.placeholders = home, placeholders
        self.made: dict[tuple[str, ...], Path] = {}

    def options(self, keys: list[str], home: Home) -> list[str]:
        """Puts a copy into the home; returns how to start with it."""
        if keys:
            shutil.copy(self.with_keys(tuple(sorted(keys))), home.path / "store")
        return home.file_store()

    def with_keys(self, keys: tuple[str, ...]) -> Path:
        if keys not in self.made:
            name = "-".join(keys)
            with Sidecar(self.home, "--admin", *self.home.file_store(name)) as sidecar:
                for key in keys:
                    request = filled(FIXTURES["keys"][key], self.placeholders)
                    assert sidecar.call(request["method"], **request["params"])["alias"] == key
            self.made[keys] = self.home.path / name
        return self.made[keys]


@pytest.fixture(scope="module")
def placeholders(running: Sandbox) -> dict[str, str]:
    # The settings of whatever test came before are not those of the user's token.
    running.clear()
    return {
        **FILES,
        "identityDomainUrl": running.domain_url,
        "fusionUrl": running.pod_url,
        "clientId": running.client_id,
        "clientSecret": running.client_secret,
        "scope": running.scope,
        "apiScope": running.api_scope,
        "userToken": running.id_token("curtis.feitty"),
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, placeholders: dict[str, str]) -> Store:
    return Store(Home(tmp_path_factory.mktemp("stores")), placeholders)


CASES = [pytest.param(transcript, id=f"{method}: {transcript['name']}") for method, transcript in all_transcripts()]


@pytest.mark.parametrize("transcript", CASES)
def test_transcript(
    transcript: dict[str, Any], home: Home, sandbox: Sandbox, store: Store, placeholders: dict[str, str]
) -> None:
    given = transcript.get("given", {})
    sandbox.register_certificate("payables", FILES["payablesCertificatePem"])
    for fault in given.get("faults", []):
        sandbox.admin("POST", "/faults", FIXTURES["faults"][fault])
    profiles = {name: filled(FIXTURES["profiles"][name], placeholders) for name in given.get("profiles", [])}
    home.private_file("config.json", json.dumps({"profiles": profiles}))
    options = ["--admin"] if given.get("admin") else []
    if policy := given.get("policy"):
        options += ["--policy", str(home.private_file("policy.json", json.dumps(FIXTURES["policies"][policy])))]
    # The home's environment names a bus that is not there.
    unreachable = given.get("store") == "unreachable"
    options += ["--store", "secret-service"] if unreachable else store.options(given.get("keys", []), home)
    places = {
        "store": f"file:{home.path}/store",
        "otherStore": f"file:{home.path}/other",
        "otherPassphraseFile": str(home.private_file("other.passphrase", "another passphrase\n")),
    }
    with Sidecar(home, *options) as sidecar:
        answers = replay(transcript, placeholders | places, sidecar)
    for name, answer in answers:
        check_shape(name, answer)


def check_shape(method: str, answer: dict[str, Any]) -> None:
    """The answer is as openrpc.json says, whatever the transcript left open."""
    descriptions = {entry["name"]: entry for entry in DOCUMENT["methods"]}
    if "error" in answer:
        schema: dict[str, Any] = {"$ref": "#/components/schemas/ErrorData"}
        value = answer["error"]["data"]
    else:
        schema, value = descriptions[method]["result"]["schema"], answer["result"]
    Draft7Validator({**schema, "components": DOCUMENT["components"]}).validate(value)
