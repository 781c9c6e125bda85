"""The real sidecar and the sandbox, for what obo does for people; and a terminal to look at it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[3] / "Tests"
sys.path[:0] = [str(TESTS), str(TESTS / "process")]

from homes import at_home  # noqa: E402
from onboarding import onboard  # noqa: E402
from sandbox.control import Sandbox  # noqa: E402
from sidecar import Home, Sidecar  # noqa: E402


@pytest.fixture(params=["dash", "bash --posix", "busybox sh"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    words: list[str] = request.param.split()
    return words


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.clear()
    return running


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, running: Sandbox) -> tuple[Home, dict[str, Any]]:
    """The home of somebody with a key and the profile `dev5`, and the key."""
    home = Home(tmp_path_factory.mktemp("office"))
    scopes = [{"pathPrefix": "/fscmRestApi", "scope": running.api_scope}]
    with Sidecar(home, "--admin", *home.file_store()) as sidecar:
        return home, onboard(sidecar, running, apiScopes=scopes)


@pytest.fixture
def person(office: tuple[Home, dict[str, Any]], sandbox: Sandbox) -> dict[str, str]:
    """The environment of somebody for whom all is set up."""
    home, key = office
    sandbox.register_certificate(key["kid"], key["certificatePem"])
    return at_home(home) | {"ONBEHALF_PROFILE": "dev5", "ONBEHALF_SUBJECT": "curtis.feitty"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)
