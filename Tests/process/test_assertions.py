"""Assertions and certificates, verified by those who know nothing of the program: openssl and PyJWT."""

import base64
import hashlib
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path


import jwt
import pytest
from onboarding import profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar
from transcript import FILES

AUDIENCE = "https://identity.oraclecloud.com/"


def openssl(*arguments: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True).stdout


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_user_assertion_is_exact_and_openssl_alone_verifies_it(
    sidecar: Sidecar, sandbox: Sandbox, tmp_path: Path
) -> None:
    key = sidecar.call("getKey", alias="payables")
    before = int(time.time())
    minted = sidecar.call("mintAssertion", profile="dev5", type="user", subject="curtis.feitty")
    after = int(time.time())

    header, claims, signature = minted["assertion"].split(".")
    assert "=" not in minted["assertion"]
    assert decoded(header).decode() == (
        '{"alg":"RS256","typ":"JWT","kid":"payables","x5t":"%s","x5t#S256":"%s"}' % (key["x5t"], key["x5t#S256"])
    )
    said = json.loads(decoded(claims))
    assert list(said) == ["iss", "sub", "aud", "iat", "exp", "jti"]
    assert (said["iss"], said["sub"], said["aud"]) == (sandbox.client_id, "curtis.feitty", AUDIENCE)
    assert type(said["iat"]) is int and before - 5 <= said["iat"] <= after - 5
    assert said["exp"] == said["iat"] + 300
    assert minted["expiresAt"] == time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(said["exp"]))
    assert (minted["header"], minted["claims"]) == (json.loads(decoded(header)), said)

    (tmp_path / "public.pem").write_text(key["publicKeyPem"])
    (tmp_path / "signature").write_bytes(decoded(signature))
    verify = ["dgst", "-sha256", "-verify", tmp_path / "public.pem", "-signature", tmp_path / "signature"]
    assert openssl(*verify, given=f"{header}.{claims}".encode()) == b"Verified OK\n"
    with pytest.raises(subprocess.CalledProcessError):
        openssl(*verify, given=f"{header}.{claims}x".encode())


def test_a_client_assertion_verifies_with_pyjwt(sidecar: Sidecar, sandbox: Sandbox) -> None:
    minted = sidecar.call("mintAssertion", profile="dev5", type="client", lifetimeSeconds=60)
    key = sidecar.call("getKey", alias="payables")
    options = {"require": ["iss", "sub", "aud", "iat", "exp", "jti"]}
    for verifier in (key["publicKeyPem"], jwt.PyJWK(key["jwk"] | {"alg": "RS256"}).key):
        claims = jwt.decode(minted["assertion"], verifier, algorithms=["RS256"], audience=AUDIENCE, options=options)
        assert claims["iss"] == claims["sub"] == sandbox.client_id
        assert claims["exp"] - claims["iat"] == 60


def test_every_assertion_is_another(sidecar: Sidecar) -> None:
    minted = [sidecar.call("mintAssertion", type="user", subject="curtis.feitty") for _ in range(5)]
    assert len({answer["claims"]["jti"] for answer in minted}) == 5


def test_audience_tenant_and_kid_come_from_the_profile(sidecar: Sidecar, sandbox: Sandbox) -> None:
    sidecar.call("saveProfile", profile=profile(
        sandbox, name="tenant", kid="registered-as", tenantName="idcs-1", assertionLifetimeSeconds=120,
        audience=[AUDIENCE, "https://idcs-1.identity.oraclecloud.com/"],
    ))
    minted = sidecar.call("mintAssertion", profile="tenant", type="user", subject="curtis.feitty")
    assert minted["header"]["kid"] == "registered-as"
    assert list(minted["claims"]) == ["iss", "sub", "prn", "aud", "iat", "exp", "jti", "user.tenant.name"]
    assert minted["claims"]["prn"] == "curtis.feitty"
    assert minted["claims"]["user.tenant.name"] == "idcs-1"
    assert minted["claims"]["aud"] == [AUDIENCE, "https://idcs-1.identity.oraclecloud.com/"]
    assert minted["claims"]["exp"] - minted["claims"]["iat"] == 120


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_openssl_reads_the_certificate(home: Home, bits: int) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        key = sidecar.call("createKey", alias="payables", bits=bits, commonName="OnBehalf payables", validityDays=30)
    pem = key["certificatePem"].encode()
    text = openssl("x509", "-noout", "-text", given=pem).decode()
    assert "Version: 3 (0x2)" in text
    assert "Signature Algorithm: sha256WithRSAEncryption" in text
    assert f"({bits} bit)" in text
    assert openssl("x509", "-noout", "-subject", "-nameopt", "RFC2253", given=pem) == b"subject=CN=OnBehalf payables\n"
    assert openssl("x509", "-noout", "-pubkey", given=pem).decode() == key["publicKeyPem"]
    der = openssl("x509", "-outform", "DER", given=pem)
    assert key["x5t"] == base64url(hashlib.sha1(der, usedforsecurity=False).digest())
    assert key["x5t#S256"] == base64url(hashlib.sha256(der).digest())
    assert key["bits"] == bits
    serial = openssl("x509", "-noout", "-serial", given=pem).decode().strip().removeprefix("serial=")
    assert int(serial, 16) == int(key["certificate"]["serialNumber"].replace(":", ""), 16)
    assert int(serial, 16).bit_length() > 64


def pkcs1() -> str:
    return openssl("genrsa", "-traditional", "2048").decode()


def pkcs8() -> str:
    return openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072").decode()


@pytest.mark.parametrize(("make", "label"), [(pkcs1, "RSA PRIVATE KEY"), (pkcs8, "PRIVATE KEY")])
def test_a_key_made_with_openssl_is_imported(
    home: Home, sandbox: Sandbox, tmp_path: Path, make: Callable[[], str], label: str
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(make())
    assert file.read_text().startswith(f"-----BEGIN {label}-----")
    certificate = openssl("req", "-x509", "-key", file, "-sha256", "-days", "30", "-subj", "/CN=seed").decode()
    sandbox.register_certificate("payables", certificate)
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        key = sidecar.call("importKey", alias="payables", pem=file.read_text(), certificatePem=certificate)
        assert key["origin"] == "imported"
        assert key["publicKeyPem"] == openssl("rsa", "-in", file, "-pubout").decode()
        sidecar.call("saveProfile", profile=profile(sandbox))
        assert sidecar.call("getToken", subject="curtis.feitty")["subject"] == "curtis.feitty"


@pytest.mark.parametrize(("pem", "certificate", "kind"), [
    ("no key at all", FILES["payablesCertificatePem"], "key_unreadable"),
    (FILES["payablesCertificatePem"], FILES["payablesCertificatePem"], "key_unreadable"),
    (FILES["payablesKeyPem"], FILES["payablesKeyPem"], "key_unreadable"),
    (FILES["ellipticKeyPem"], FILES["payablesCertificatePem"], "key_unsupported"),
    (FILES["payablesKeyPem"], FILES["otherCertificatePem"], "key_mismatch"),
    (openssl("genrsa", "-aes256", "-passout", "pass:secret", "2048").decode(), FILES["otherCertificatePem"],
     "key_unreadable"),
    (openssl("genrsa", "1024").decode(), FILES["payablesCertificatePem"], "key_unsupported"),
], ids=["text", "certificate as key", "key as certificate", "elliptic", "another key", "encrypted", "1024 bits"])
def test_a_key_that_cannot_be_used_is_refused(home: Home, pem: str, certificate: str, kind: str) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        refused = sidecar.refusal("importKey", alias="payables", pem=pem, certificatePem=certificate)
        assert refused.kind == kind
        assert sidecar.call("listKeys") == {"keys": []}


def test_a_certificate_out_of_date_matters_where_the_profile_says_so(
    home: Home, sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(pkcs8())
    request = openssl("req", "-new", "-key", file, "-subj", "/CN=old")
    certificate = openssl("x509", "-req", "-signkey", file, "-days", "-1", given=request).decode()
    sandbox.register_certificate("payables", certificate)
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("importKey", alias="payables", pem=file.read_text(), certificatePem=certificate)
        sidecar.call("saveProfile", profile=profile(sandbox))
        assert sidecar.call("getToken", profile="dev5", subject="curtis.feitty")["source"] == "exchange"
        sidecar.call("saveProfile", profile=profile(sandbox, name="strict", requireValidCertificate=True))
        assert sidecar.refusal("getToken", profile="strict", subject="ap.clerk").kind == "certificate_expired"
