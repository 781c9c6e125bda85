"""The published vector of the encrypted store, opened with nothing but its description."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

VECTORS = Path(__file__).parents[2] / "protocol" / "vectors" / "encrypted-store"


def decode(field: str) -> bytes:
    return base64.urlsafe_b64decode(field + "=" * (-len(field) % 4))


@pytest.fixture(scope="module")
def facts() -> dict:
    return json.loads((VECTORS / "v1.json").read_text())


@pytest.fixture(scope="module")
def text() -> str:
    return (VECTORS / "v1.store").read_text()


@pytest.fixture(scope="module")
def master(facts: dict, text: str) -> bytes:
    name, n, r, p, salt = re.search(r"^kdf (.+)$", text, re.MULTILINE).group(1).split(" ")
    assert name == "scrypt"
    return hashlib.scrypt(
        facts["passphrase"].encode(), salt=decode(salt), n=int(n), r=int(r), p=int(p), maxmem=1 << 30, dklen=32
    )


def key(master: bytes, purpose: str) -> bytes:
    return HKDFExpand(SHA256(), 32, f"onbehalf-store/1 {purpose}".encode()).derive(master)


def test_verifier_tells_the_right_passphrase(text: str, master: bytes) -> None:
    assert decode(re.search(r"^verifier (.+)$", text, re.MULTILINE).group(1)) == key(master, "verifier")


def test_mac_covers_every_byte_before_its_line(text: str, master: bytes) -> None:
    lines, mac = re.fullmatch(r"(.*\n)mac (\S+)\n", text, re.DOTALL).groups()
    assert hmac.digest(key(master, "list"), lines.encode(), "sha256") == decode(mac)


def test_entries_open_under_their_kind_and_name(facts: dict, text: str, master: bytes) -> None:
    found = []
    for line in re.findall(r"^entry (.+)$", text, re.MULTILINE):
        kind, name, *attributes, nonce, sealed = line.split(" ")
        context = f"onbehalf-store/1 entry {kind} {name}".encode()
        secret = AESGCM(key(master, "entries")).decrypt(decode(nonce), decode(sealed), context)
        pairs = dict(map(unquote, attribute.split("=")) for attribute in attributes)
        found.append({"kind": kind, "name": unquote(name), "attributes": pairs, "secret": secret.decode()})
    assert found == facts["items"]
