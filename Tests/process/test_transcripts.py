"""Every transcript of protocol/methods, replayed against the built program and the sandbox."""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sandbox.control import Sandbox  # noqa: E402
from transcript import FILES, FIXTURES, PROTOCOL, all_transcripts, filled, replay  # noqa: E402

ROOT = Path(__file__).parents[2]
BINARY = os.environ.get("ONBEHALF_BIN") or str(ROOT / ".build" / "debug" / "onbehalf")
DOCUMENT = json.loads((PROTOCOL / "openrpc.json").read_text(encoding="utf-8"))
PATIENCE_SECONDS = 30


class Sidecar:
    """A running program. Leaving the `with` block ends its input, and it must then end well."""

    def __init__(self, folder: Path, *options: str, bus: str = "unix:path=/nonexistent") -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "DBUS_SESSION_BUS_ADDRESS": bus}
        self.log = folder / "stderr"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [BINARY, "--config", str(folder / "config.json"), *options],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment,
            )
        self.received: queue.Queue[bytes] = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.process.stdout:
            self.received.put(line)
        self.received.put(b"")

    def send(self, message: dict[str, Any]) -> None:
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        line = self.received.get(timeout=PATIENCE_SECONDS)
        assert line, f"the session has ended: {self.log.read_text()}"
        return json.loads(line)

    def __enter__(self) -> "Sidecar":
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self.process.stdin.close()
        try:
            status = self.process.wait(timeout=PATIENCE_SECONDS)
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stdout.close()
        assert failure is not None or status == 0, self.log.read_text()


class Store:
    """A file store with some of the keys of fixtures.json, made once for all transcripts that have the same."""

    def __init__(self, folder: Path, placeholders: dict[str, str]) -> None:
        self.folder, self.placeholders = folder, placeholders
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text("of the transcripts\n")
        self.passphrase.chmod(0o600)
        self.made: dict[tuple[str, ...], Path] = {}

    def options(self, keys: list[str], path: Path) -> list[str]:
        """Puts a copy at `path`; returns how to start with it."""
        if keys:
            shutil.copy(self.with_keys(tuple(sorted(keys))), path)
        return self.options_at(path)

    def options_at(self, path: Path) -> list[str]:
        return ["--store", f"file:{path}", "--passphrase-file", str(self.passphrase)]

    def with_keys(self, keys: tuple[str, ...]) -> Path:
        if keys not in self.made:
            path = self.folder / "-".join(keys)
            with Sidecar(self.folder, "--admin", *self.options_at(path)) as sidecar:
                for key in keys:
                    request = filled(FIXTURES["keys"][key], self.placeholders)
                    sidecar.send({"jsonrpc": "2.0", "id": key, **request})
                    answer = sidecar.receive()
                    assert answer.get("result", {}).get("alias") == key, answer
            self.made[keys] = path
        return self.made[keys]


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def placeholders(running: Sandbox) -> dict[str, str]:
    return {
        **FILES,
        "identityDomainUrl": running.domain_url,
        "fusionUrl": running.pod_url,
        "clientId": running.client_id,
        "clientSecret": running.client_secret,
        "scope": running.scope,
        "userToken": running.id_token("curtis.feitty"),
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, placeholders: dict[str, str]) -> Store:
    return Store(tmp_path_factory.mktemp("stores"), placeholders)


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.clear()
    running.register_certificate("payables", FILES["payablesCertificatePem"])
    return running


CASES = [pytest.param(transcript, id=f"{method}: {transcript['name']}") for method, transcript in all_transcripts()]


@pytest.mark.parametrize("transcript", CASES)
def test_transcript(
    transcript: dict[str, Any], tmp_path: Path, sandbox: Sandbox, store: Store, placeholders: dict[str, str]
) -> None:
    given = transcript.get("given", {})
    for fault in given.get("faults", []):
        sandbox.admin("POST", "/faults", FIXTURES["faults"][fault])
    profiles = {name: filled(FIXTURES["profiles"][name], placeholders) for name in given.get("profiles", [])}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"profiles": profiles}))
    config.chmod(0o600)
    options = ["--admin"] if given.get("admin") else []
    if given.get("store") == "unreachable":
        options += ["--store", "secret-service"]
    else:
        options += store.options(given.get("keys", []), tmp_path / "store")
    with Sidecar(tmp_path, *options, bus=f"unix:path={tmp_path}/no-bus") as sidecar:
        answers = replay(transcript, placeholders, sidecar)
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
