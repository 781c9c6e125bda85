"""X.509: registered certificates with their thumbprints, and the throwaway authority behind `--tls`."""

import base64
import datetime
import ipaddress
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import RSAKey


def thumbprint(certificate: x509.Certificate, digest: hashes.HashAlgorithm) -> str:
    """Unpadded base64url of the digest of the DER, as `x5t` (SHA-1) and `x5t#S256` (SHA-256) carry it."""
    return base64.urlsafe_b64encode(certificate.fingerprint(digest)).rstrip(b"=").decode()


@dataclass(frozen=True)
class Certificate:
    alias: str
    x5t: str
    x5t_s256: str
    not_before: float
    not_after: float
    key: RSAKey

    @staticmethod
    @lru_cache(maxsize=1024)
    def from_pem(alias: str, pem: str) -> "Certificate":
        certificate = x509.load_pem_x509_certificate(pem.encode())
        public_key = certificate.public_key()
        if not isinstance(public_key, rsa.RSAPublicKey):
            raise ValueError("its key is not RSA")
        return Certificate(
            alias=alias,
            x5t=thumbprint(certificate, hashes.SHA1()),
            x5t_s256=thumbprint(certificate, hashes.SHA256()),
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
            key=RSAKey.import_key(public_bytes(public_key)),
        )


def public_bytes(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_bytes(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def issue(
    common_name: str,
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    issuer: str,
    issuer_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    extensions: list[tuple[x509.ExtensionType, bool]],
    days: tuple[int, int] = (-1, 365),
) -> x509.Certificate:
    """A certificate that is valid from the first of these days to the second, counted from now."""
    begin, end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=day) for day in days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


@dataclass(frozen=True)
class ServerFiles:
    """Paths of what a TLS listener and its clients need."""

    ca: Path
    certificate: Path
    key: Path


class Authority:
    """Issues server certificates. Its key is in memory only."""

    def __init__(self, name: str = "OnBehalf sandbox throwaway CA") -> None:
        self.name, self.key = name, ec.generate_private_key(ec.SECP256R1())
        self.certificate = issue(name, self.key.public_key(), name, self.key, [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (key_usage(certificates=True), True),
            (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False),
        ])

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def server(self, *names: str, days: tuple[int, int] = (-1, 365)) -> tuple[bytes, bytes]:
        """The PEM of a certificate for these host names and addresses, and of its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = issue(names[0], key.public_key(), self.name, self.key, [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage(certificates=False), True),
            (x509.SubjectAlternativeName([general_name(name) for name in names]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
        ], days)
        return certificate.public_bytes(serialization.Encoding.PEM), private_bytes(key)


def general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def throwaway_authority(directory: Path) -> ServerFiles:
    """Writes `ca.pem`, `server.pem` and `server.key` (0600) for 127.0.0.1, ::1 and localhost into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority()
    certificate, key = authority.server("localhost", "127.0.0.1", "::1")
    files = ServerFiles(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    files.ca.write_bytes(authority.pem)
    files.certificate.write_bytes(certificate)
    files.key.unlink(missing_ok=True)
    with os.fdopen(os.open(files.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as key_file:
        key_file.write(key)
    return files


def key_usage(certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates, key_cert_sign=certificates, crl_sign=certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )
