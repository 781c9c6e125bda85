"""A server is spoken to only when its certificate is right."""

from typing import Any

import pytest
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar


@pytest.fixture
def options(home: Home) -> list[str]:
    return ["--admin", "--store", "memory"]


def test_the_main_job_over_tls(home: Home, tls_sandbox: Sandbox, options: list[str]) -> None:
    with Sidecar(home, *options) as sidecar:
        onboard(sidecar, tls_sandbox, caFile=tls_sandbox.ca_file)
        run = sidecar.call("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", wait=False)
        assert run["state"] == "running"


def test_an_untrusted_certificate_gets_nothing(home: Home, tls_sandbox: Sandbox, options: list[str]) -> None:
    with Sidecar(home, *options) as sidecar:
        onboard(sidecar, tls_sandbox)
        refused = sidecar.refusal("getToken", subject="curtis.feitty")
        assert (refused.kind, refused.retryable) == ("tls_failed", False)
        assert "caFile" in refused.hint
        assert tls_sandbox.audit() == []
        sidecar.call("saveProfile", profile=profile(tls_sandbox, caFile=tls_sandbox.ca_file))
        assert sidecar.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"


@pytest.mark.parametrize("content", [None, "no certificate\n"], ids=["absent", "garbage"])
def test_a_ca_file_that_cannot_be_used(
    home: Home, tls_sandbox: Sandbox, options: list[str], content: str | None
) -> None:
    file = home.path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with Sidecar(home, *options) as sidecar:
        onboard(sidecar, tls_sandbox, caFile=str(file))
        refused = sidecar.refusal("getToken", subject="curtis.feitty")
        assert refused.kind == "tls_failed", refused.error
        assert sidecar.call("ping") == {}


@pytest.mark.parametrize("fault", [{"kind": "truncate", "afterBytes": 20}, {"kind": "reset", "when": "before"}])
def test_an_answer_that_is_cut_off(
    home: Home, tls_sandbox: Sandbox, options: list[str], fault: dict[str, Any]
) -> None:
    with Sidecar(home, *options) as sidecar:
        onboard(sidecar, tls_sandbox, caFile=tls_sandbox.ca_file)
        tls_sandbox.fault("domain", path="/oauth2/v1/token", times=None, **fault)
        assert sidecar.refusal("getToken", subject="curtis.feitty").kind == "unreachable"
        tls_sandbox.clear_faults()
        assert sidecar.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"
