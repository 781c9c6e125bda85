"""The encrypted store as protocol/encrypted-store.md describes it: a second reader, and a writer of empty ones."""

import base64
import hashlib
import hmac
import os
import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

# The lowest accepted: a test that opens a store hundreds of times must not derive keys for half a second each.
CHEAP = 1 << 14


def decode(field: str) -> bytes:
    return base64.urlsafe_b64decode(field + "=" * (-len(field) % 4))


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Item(NamedTuple):
    kind: str
    name: str
    attributes: dict[str, str]
    secret: bytes


class Keys:
    """What a passphrase becomes under one `kdf` line."""

    def __init__(self, passphrase: str, kdf: str) -> None:
        name, n, r, p, salt = kdf.split(" ")
        assert name == "scrypt"
        self.master = hashlib.scrypt(
            passphrase.encode(), salt=decode(salt), n=int(n), r=int(r), p=int(p), maxmem=1 << 30, dklen=32
        )

    def key(self, purpose: str) -> bytes:
        return HKDFExpand(SHA256(), 32, f"onbehalf-store/1 {purpose}".encode()).derive(self.master)

    def mac(self, lines: str) -> bytes:
        return hmac.digest(self.key("list"), lines.encode(), "sha256")


def kdf_line(text: str) -> str:
    return re.search(r"^kdf (.+)$", text, re.MULTILINE).group(1)


def items(text: str, keys: Keys) -> list[Item]:
    """Everything in the file, in its order. An assertion or InvalidTag for one that is not whole."""
    lines, mac = re.fullmatch(r"(onbehalf-store/1\n.*\n)mac (\S+)\n", text, re.DOTALL).groups()
    assert decode(re.search(r"^verifier (.+)$", text, re.MULTILINE).group(1)) == keys.key("verifier")
    assert keys.mac(lines) == decode(mac)
    found = []
    for line in re.findall(r"^entry (.+)$", text, re.MULTILINE):
        kind, name, *attributes, nonce, sealed = line.split(" ")
        context = f"onbehalf-store/1 entry {kind} {name}".encode()
        secret = AESGCM(keys.key("entries")).decrypt(decode(nonce), decode(sealed), context)
        pairs = dict(map(unquote, attribute.split("=")) for attribute in attributes)
        found.append(Item(kind, unquote(name), pairs, secret))
    return found


def create(path: Path, passphrase: str) -> Keys:
    """An empty store that opens fast."""
    kdf = f"scrypt {CHEAP} 8 1 {encode(os.urandom(32))}"
    keys = Keys(passphrase, kdf)
    lines = f"onbehalf-store/1\nkdf {kdf}\nverifier {encode(keys.key('verifier'))}\ngeneration 0\n"
    path.write_text(f"{lines}mac {encode(keys.mac(lines))}\n")
    path.chmod(0o600)
    return keys
