"""One sandbox for all tests, reset before each; everything else is a test's own."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from desktop import Desktop  # noqa: E402
from mcp_host import prepared  # noqa: E402
from onboarding import onboard, profile  # noqa: E402
from relay import Relay  # noqa: E402
from sandbox.control import Sandbox  # noqa: E402
from sidecar import Home, Sidecar  # noqa: E402


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.clear()
    return running


@pytest.fixture(scope="session")
def running_with_tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox("--tls", str(tmp_path_factory.mktemp("tls"))) as sandbox:
        yield sandbox


@pytest.fixture
def tls_sandbox(running_with_tls: Sandbox) -> Sandbox:
    running_with_tls.clear()
    return running_with_tls


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def desktop(home: Home) -> Iterator[Desktop]:
    with Desktop(home) as desktop:
        yield desktop


@pytest.fixture
def sidecar(home: Home, sandbox: Sandbox) -> Iterator[Sidecar]:
    """With --admin and the memory store, a registered key `payables` and the profile `dev5`."""
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox)
        yield sidecar


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[Relay]:
    with Relay(sandbox) as relay:
        yield relay


@pytest.fixture
def onboarded(home: Home, sandbox: Sandbox, relay: Relay) -> Iterator[Sidecar]:
    """Domain and pod are the sandbox, behind the relay; the profile `basic` has a client secret."""
    places = {"identityDomainUrl": relay.url, "fusionUrl": relay.url}
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox, **places)
        basic = profile(sandbox, name="basic", clientAuthentication="client_secret_basic", **places)
        sidecar.call("saveProfile", profile=basic)
        sidecar.call("setClientSecret", profile="basic", clientSecret=sandbox.client_secret)
        yield sidecar


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, running: Sandbox) -> tuple[Home, dict[str, Any]]:
    """Where a person has set all up for an MCP host, once for all tests: the home and the key."""
    home = Home(tmp_path_factory.mktemp("office"))
    return home, prepared(home, running)


@pytest.fixture
def desk(office: tuple[Home, dict[str, Any]], sandbox: Sandbox) -> Home:
    """That home, with its key registered."""
    home, key = office
    sandbox.register_certificate(key["kid"], key["certificatePem"])
    return home
