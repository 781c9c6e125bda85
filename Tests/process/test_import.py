"""Keys as people have them, through importKey, until an assertion verifies under the certificate."""

import base64
import fcntl
import json
import os
import pty
import subprocess
import termios
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from onboarding import profile
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, ROOT, Home, Sidecar
from transcript import FILES

VECTORS = ROOT / "protocol" / "vectors" / "key-import"
CASES = json.loads((VECTORS / "cases.json").read_text(encoding="utf-8"))
ACCEPTED = [case for case in CASES if "certificate" in case]
REFUSED = [case for case in CASES if "found" in case]


def material(case: dict[str, Any]) -> dict[str, str]:
    """The params of importKey that hold the key."""
    file: Path = VECTORS / case["file"]
    params = {"passphrase": case["passphrase"]} if case["passphrase"] else {}
    if file.suffix in {".p12", ".jks", ".der"}:
        return params | {"pkcs12Base64": base64.encodebytes(file.read_bytes()).decode()}
    return params | {"pem": file.read_text(encoding="utf-8")}


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["file"])
def test_an_imported_key_signs_under_its_certificate(home: Home, sandbox: Sandbox, case: dict[str, Any]) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        key = sidecar.call("importKey", alias="payables", **material(case))
        assert key["origin"] == "imported"
        if case["certificate"] == "payables":
            assert key["certificatePem"] == FILES["payablesCertificatePem"]
        else:
            assert (key["certificate"]["subject"], key["certificate"]["issuer"]) == ("CN=payables", "CN=payables")
        sidecar.call("saveProfile", profile=profile(sandbox))
        minted = sidecar.call("mintAssertion", profile="dev5", type="user", subject="curtis.feitty")
    certificate = x509.load_pem_x509_certificate(key["certificatePem"].encode())
    public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(minted["assertion"], public, algorithms=["RS256"], audience="https://identity.oraclecloud.com/")
    assert claims["sub"] == "curtis.feitty"


def test_what_is_refused_is_named_and_nothing_is_stored(home: Home) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        for case in REFUSED:
            refused = sidecar.refusal("importKey", alias="payables", **material(case))
            assert (refused.kind, refused.detail["found"]) == (case["kind"], case["found"])
        assert sidecar.call("listKeys") == {"keys": []}
    assert "sesame" not in sidecar.stderr


def test_a_made_certificate_is_one_that_createkey_makes(home: Home) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        imported = sidecar.call("importKey", alias="a" * 128, pem=FILES["payablesKeyPem"])
        created = sidecar.call("createKey", alias="b" * 128)
    for key, letter in ((imported, "a"), (created, "b")):
        certificate = x509.load_pem_x509_certificate(key["certificatePem"].encode())
        assert certificate.subject == certificate.issuer
        assert certificate.subject.rfc4514_string() == f"CN={letter * 64}"
        lasts = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        assert (lasts.days, lasts.seconds) == (365, 60)
        certificate.verify_directly_issued_by(certificate)


@pytest.mark.parametrize(("certificate", "kind"), [
    (FILES["payablesCertificatePem"], None),
    (FILES["otherCertificatePem"] + FILES["payablesCertificatePem"], None),
    (FILES["payablesCertificatePem"].replace("\n", "\\n"), None),
    (FILES["otherCertificatePem"], "key_mismatch"),
    (FILES["payablesKeyPem"], "key_unreadable"),
], ids=["its own", "a chain", "on one line", "another's", "a key"])
def test_a_given_certificate_belongs_to_the_key(home: Home, certificate: str, kind: str | None) -> None:
    given = {"alias": "payables", "pem": FILES["payablesKeyPem"], "certificatePem": certificate}
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        if kind:
            assert sidecar.refusal("importKey", **given).kind == kind
        else:
            assert sidecar.call("importKey", **given)["certificatePem"] == FILES["payablesCertificatePem"]


def test_a_certificate_of_another_key_beside_it_is_not_passed_over(home: Home) -> None:
    pem = FILES["otherCertificatePem"] + FILES["payablesKeyPem"]
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        assert sidecar.refusal("importKey", alias="payables", pem=pem).kind == "key_mismatch"


def test_a_taken_alias_is_refused_before_the_key_is_opened(home: Home) -> None:
    scrypt = next(case for case in ACCEPTED if case["file"] == "pkcs8-scrypt.pem")
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("importKey", alias="payables", pem=FILES["payablesKeyPem"])
        for given in (material(scrypt), {"pem": "nothing that could be opened"}):
            assert sidecar.refusal("importKey", alias="payables", **given).kind == "key_exists"


def test_a_slow_key_holds_nobody_up(home: Home, sandbox: Sandbox, tmp_path: Path) -> None:
    """Two keys, as slow to open as is allowed, and an assertion is minted meanwhile."""
    (tmp_path / "key.pem").write_text(FILES["payablesKeyPem"])
    slow = subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", tmp_path / "key.pem", "-passout", "pass:sesame", "-iter", "5000000"],
        capture_output=True, text=True, check=True,
    ).stdout
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("importKey", alias="payables", pem=FILES["payablesKeyPem"])
        sidecar.call("saveProfile", profile=profile(sandbox))
        imports = [sidecar.request("importKey", alias=f"slow{n}", pem=slow, passphrase="sesame") for n in range(2)]
        minting = sidecar.request("mintAssertion", type="user", subject="curtis.feitty")
        first, *others = [sidecar.receive()["id"] for _ in range(3)]
        assert first == minting and sorted(others) == imports


def test_no_passphrase_is_asked_for_on_the_terminal(home: Home) -> None:
    """OpenSSL would, of whoever sits at the controlling terminal; stdin and stdout do not matter to it."""
    requests = [
        {"jsonrpc": "2.0", "id": case["file"], "method": "importKey",
         "params": {"alias": f"key{number}"} | material(case | {"passphrase": ""})}
        for number, case in enumerate(ACCEPTED) if case["passphrase"]
    ]
    ours, theirs = pty.openpty()

    def take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    try:
        done = subprocess.run(
            [BINARY, "--admin", "--store", "memory"], env=home.environment, capture_output=True, check=True,
            input="".join(json.dumps(request) + "\n" for request in requests).encode(),
            preexec_fn=take_terminal, timeout=PATIENCE_SECONDS,
        )
        os.set_blocking(ours, False)
        with pytest.raises(BlockingIOError):
            os.read(ours, 1)
    finally:
        os.close(ours)
        os.close(theirs)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(requests) > 10
    assert all("no passphrase was given" in answer["error"]["data"]["detail"]["found"] for answer in answers)
