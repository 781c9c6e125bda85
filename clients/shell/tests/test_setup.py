"""obo setup: from nothing to an agent that answers, at a terminal and through a pipe, stopped and gone on with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from homes import at_home
from sandbox.control import Sandbox
from sidecar import Home
from terminal import Terminal

OBO = Path(__file__).parents[1] / "obo"
DASH = ["dash"]
CERTIFICATE = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")


@pytest.fixture
def nobody(home: Home) -> dict[str, str]:
    """The environment of somebody for whom nothing is set up."""
    return at_home(home)


def setup(shell: list[str], environment: dict[str, str], *answers: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, str(OBO), "setup"], env=environment, input="".join(f"{answer}\n" for answer in answers),
        capture_output=True, text=True, timeout=60,
    )


def call(environment: dict[str, str], *words: str) -> Any:
    return json.loads(subprocess.check_output([str(OBO), *words], env=environment, text=True, timeout=60))


def places(sandbox: Sandbox) -> list[str]:
    return [sandbox.domain_url, sandbox.client_id, sandbox.scope, sandbox.pod_url]


def test_at_a_terminal(shell: list[str], nobody: dict[str, str], sandbox: Sandbox) -> None:
    with Terminal([*shell, str(OBO), "setup"], nobody) as terminal:
        def answer(question: str, text: str) -> str:
            before = terminal.until(f"{question}")
            terminal.until(": ")
            terminal.type(text + "\n")
            return before

        answer("Name of the profile [dev]", "a name")
        assert "name must be" in answer("Name of the profile [dev]", "dev5")
        answer("Alias of its key, which will be that of the certificate [dev5-key]", "")
        guide = answer("Empty line when the application is there", "")
        assert "1. Open the identity domain" in guide and "alias dev5-key" in guide
        start, end = (guide.index(edge) for edge in CERTIFICATE)
        sandbox.register_certificate("dev5-key", guide[start:end].replace("\r", "") + CERTIFICATE[1] + "\n")
        answer("URL of the identity domain", sandbox.domain_url + "/ui/v1")
        assert "an origin without a path" in answer("URL of the identity domain", sandbox.domain_url)
        answer("Client ID", sandbox.client_id)
        answer("Scope", "")
        assert "scope must be" in answer("Scope", sandbox.scope)
        answer("URL of the Fusion pod", sandbox.pod_url)
        answer("Users it may act for", "")
        assert "must name who may be acted for" in answer("Users it may act for", "curtis.feitty *.clerk")
        answer("Save the profile (yes, no) [yes]", "well")
        answer("Save the profile (yes, no) [yes]", "")
        answer("A user to try it with (nobody: the try ends at the domain) [curtis.feitty]", "admin")
        assert "Policy denies it" in answer("A user to try it with", "ap.clerk")
        answer("An agent to look at", "payables")
        answer("An agent to look at", "PAYABLES_TEAM")
        assert terminal.end() == 0, terminal.shown
    assert "Nothing failed." in terminal.shown
    assert "obo agent PAYABLES_TEAM 'Hello' profile=dev5 subject=ap.clerk" in terminal.shown
    profile = call(nobody, "getProfile", "name=dev5")
    assert profile["policy"] == {"subjects": {"allow": ["curtis.feitty", "*.clerk"]}}
    assert sandbox.audit(side="pod", action="agent.invoke") == []


def test_stopped_and_gone_on_with(shell: list[str], nobody: dict[str, str], sandbox: Sandbox) -> None:
    stopped = setup(shell, nobody, "dev5", "payables")
    assert stopped.returncode == 3 and "obo setup goes on with it" in stopped.stderr
    key = call(nobody, "getKey", "alias=payables")
    refused = setup(shell, nobody, "dev5", "payables", "", *places(sandbox), "*", "no")
    assert refused.returncode == 3
    assert "payables" in refused.stderr and "Made" not in refused.stderr
    failing = setup(shell, nobody, "dev5", "payables", "", *places(sandbox), "*", "yes", "curtis.feitty", "")
    assert failing.returncode == 1
    assert "FAIL  client " in failing.stdout and "-> " in failing.stdout
    sandbox.register_certificate("payables", key["certificatePem"])
    done = setup(shell, nobody, "dev5", *[""] * 8, "curtis.feitty", "PAYABLES_TEAM")
    assert (done.returncode, call(nobody, "getKey", "alias=payables")["x5t"]) == (0, key["x5t"]), done.stderr
    assert "bound to client onbehalf-sandbox of " + sandbox.domain_url in done.stderr
    assert call(nobody, "getProfile", "name=dev5")["policy"] == {"subjects": {"allow": ["*"]}}


def test_what_a_saved_profile_says_besides_stays(nobody: dict[str, str], sandbox: Sandbox) -> None:
    assert setup(DASH, nobody, "dev5", "", "", *places(sandbox), "ap.clerk", "yes").returncode == 3
    profile = call(nobody, "getProfile", "name=dev5")
    profile["policy"] |= {"agents": ["HR_*"], "subjects": {"allow": ["ap.clerk"], "deny": ["x"]}}
    admin = nobody | {"ONBEHALF_ARGS": nobody["ONBEHALF_ARGS"] + " --admin"}
    call(admin, "saveProfile", f"profile:={json.dumps(profile)}")
    assert setup(DASH, admin, "dev5", *[""] * 6, "curtis.feitty", "yes").returncode == 3
    profile["policy"]["subjects"]["allow"] = ["curtis.feitty"]
    assert call(nobody, "getProfile", "name=dev5") == profile


def test_a_key_that_is_bound_elsewhere_is_refused_with_a_hint(nobody: dict[str, str], sandbox: Sandbox) -> None:
    admin = nobody | {"ONBEHALF_ARGS": nobody["ONBEHALF_ARGS"] + " --admin"}
    elsewhere = ["identityDomainUrl=https://elsewhere.example.com", "clientId=other"]
    call(admin, "createKey", "alias=payables", *elsewhere)
    refused = setup(DASH, nobody, "dev5", "payables", "", *places(sandbox), "*", "yes")
    assert refused.returncode == 1
    assert "kind: key_bound\nhint: " in refused.stderr


def test_a_store_that_keeps_nothing_is_refused(nobody: dict[str, str]) -> None:
    refused = setup(DASH, nobody | {"ONBEHALF_ARGS": "--store memory"}, "dev5", "")
    assert refused.returncode == 1 and "keeps no key" in refused.stderr


def test_control_c_stops(shell: list[str], nobody: dict[str, str]) -> None:
    with Terminal([*shell, str(OBO), "setup"], nobody) as terminal:
        terminal.until("Name of the profile [dev]: ")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert "obo setup goes on with it" in terminal.shown
