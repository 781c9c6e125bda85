"""Variables that would change what the libraries do do not reach them."""

from pathlib import Path

import pytest
from desktop import Desktop
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

NOWHERE = "http://127.0.0.1:1"


@pytest.mark.parametrize("variables", [
    {"https_proxy": NOWHERE, "http_proxy": NOWHERE, "HTTPS_PROXY": NOWHERE, "ALL_PROXY": NOWHERE, "all_proxy": NOWHERE},
    {"OPENSSL_CONF": "broken.cnf", "OPENSSL_MODULES": "/nonexistent", "OPENSSL_ENGINES": "/nonexistent"},
    {"GIO_EXTRA_MODULES": "/nonexistent", "G_DEBUG": "fatal-criticals", "SNAP_NAME": "x", "MALLOC_CHECK_": "3"},
    {"ONBEHALF_CONFIG": "/nonexistent/config.json", "ONBEHALF_STORE": "secret-service"},
], ids=["proxies", "openssl", "glib", "options win"])
def test_the_main_job_takes_no_notice(home: Home, sandbox: Sandbox, variables: dict[str, str]) -> None:
    if "OPENSSL_CONF" in variables:
        broken = home.private_file("broken.cnf", "openssl_conf = nothing\n[nothing\n")
        variables = variables | {"OPENSSL_CONF": str(broken)}
    with Sidecar(home, "--admin", "--store", "memory", environment=variables) as sidecar:
        onboard(sidecar, sandbox)
        run = sidecar.call("invokeAgent", subject="curtis.feitty", agent="PAYABLES_TEAM", message="Hello", wait=False)
        assert run["state"] == "running"


def test_a_backend_of_libsecret_is_not_chosen_from_outside(home: Home, desktop: Desktop) -> None:
    """With SECRET_BACKEND=nope libsecret waits for ever."""
    desktop.start_keyring()
    with Sidecar(home, "--admin", environment={"SECRET_BACKEND": "nope"}) as sidecar:
        assert sidecar.call("createKey", alias="payables")["store"] == "secret-service"


def test_tls_keys_are_not_written(home: Home, tls_sandbox: Sandbox, tmp_path: Path) -> None:
    keys = tmp_path / "tls-keys"
    with Sidecar(home, "--admin", "--store", "memory", environment={"SSLKEYLOGFILE": str(keys)}) as sidecar:
        onboard(sidecar, tls_sandbox, caFile=tls_sandbox.ca_file)
        assert sidecar.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"
    assert not keys.exists()


def test_store_and_config_may_come_from_the_environment(home: Home) -> None:
    with Sidecar(home, "--admin", environment={"ONBEHALF_STORE": "memory"}) as sidecar:
        assert sidecar.call("createKey", alias="payables")["store"] == "memory"
