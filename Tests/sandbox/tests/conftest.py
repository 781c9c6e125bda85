"""One sandbox for all tests, reset before each, and a client of it with a registered key."""

from collections.abc import Iterator

import pytest
import requests

from sandbox.control import Sandbox
from sandbox.tests.caller import Caller
from sandbox.tests.identity import Identity, make_identity


@pytest.fixture(scope="session")
def identity() -> Identity:
    return make_identity()


@pytest.fixture(scope="session")
def stranger() -> Identity:
    """A key pair that is registered nowhere."""
    return make_identity()


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox, identity: Identity) -> Sandbox:
    running.clear()
    running.register_certificate("demo", identity.pem)
    return running


@pytest.fixture
def caller(sandbox: Sandbox, identity: Identity) -> Iterator[Caller]:
    with requests.Session() as session:
        session.trust_env = False
        yield Caller(sandbox, identity.key, identity.certificate, session)
