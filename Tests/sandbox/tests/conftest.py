"""One sandbox for all tests, reset before each; a key and certificate made by cryptography, not by the sandbox."""

import datetime
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sandbox.control import Sandbox  # noqa: E402
from sandbox.tests.caller import Caller  # noqa: E402


@dataclass(frozen=True)
class Identity:
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_identity(not_after: datetime.timedelta = datetime.timedelta(days=30)) -> Identity:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "OnBehalf")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60)).not_valid_after(now + not_after)
        .sign(key, hashes.SHA256())
    )
    return Identity(key, certificate)


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
