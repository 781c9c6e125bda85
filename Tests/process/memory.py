"""The memory of another process, read from outside as root, and what must not be found in it."""

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import load_pem_private_key


@dataclass(frozen=True)
class Hit:
    what: str
    where: str
    is_locked: bool


def hits(pid: int, secrets: dict[str, bytes]) -> list[Hit]:
    """Every place of the secrets, by name. A mapping counts as locked when it is kept from swap and from dumps."""
    found = []
    flags = locked_mappings(pid)
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines():
            span, access, _, _, _, *name = line.split(maxsplit=5)
            if "r" not in access or name and name[0] in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            start, end = (int(edge, 16) for edge in span.split("-"))
            memory.seek(start)
            data = memory.read(end - start)
            for what, secret in secrets.items():
                count = data.count(secret)
                found += [Hit(what, name[0] if name else "anonymous", span in flags)] * count
    return found


def locked_mappings(pid: int) -> set[str]:
    """proc(5), smaps: `lo` is locked, `dd` is left out of dumps."""
    text = Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8")
    blocks = re.findall(r"^([0-9a-f]+-[0-9a-f]+) .*?^VmFlags: ([^\n]*)$", text, re.MULTILINE | re.DOTALL)
    return {span for span, flags in blocks if {"lo", "dd"} <= set(flags.split())}


def private_numbers(key: RSAPrivateKey) -> dict[str, bytes]:
    """Pieces of each private number, as DER has it and as OpenSSL computes with it: of a copy that was partly overwritten
    a piece may be left."""
    numbers = key.private_numbers()
    found = {}
    for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp"):
        number = getattr(numbers, name)
        big = number.to_bytes((number.bit_length() + 7) // 8, "big")
        for order, whole in (("big", big), ("little", big[::-1])):
            found |= {f"{name}, {order}-endian, {at}": whole[at:at + 16] for at in range(0, len(whole) - 16, 24)}
    return found


def pem_lines(item: bytes) -> dict[str, bytes]:
    """Lines of the private key's text, from behind what all keys of that kind have in common."""
    body = re.search(rb"-----BEGIN PRIVATE KEY-----\n(.*?)\n-----END", item, re.DOTALL).group(1).split(b"\n")
    return {f"PEM line {number}": line for number, line in enumerate(body) if number >= 8 and len(line) == 64}


def stored_item(path: Path, passphrase: str, kind: str, name: str) -> bytes:
    """An item of an encrypted store, opened as protocol/encrypted-store.md says."""
    text = path.read_text(encoding="ascii")
    cost, salt = re.search(r"^kdf scrypt (\d+) 8 1 (\S+)$", text, re.MULTILINE).groups()
    master = hashlib.scrypt(
        passphrase.encode(), salt=decoded(salt), n=int(cost), r=8, p=1, maxmem=1 << 30, dklen=32
    )
    key = HKDFExpand(SHA256(), 32, b"onbehalf-store/1 entries").derive(master)
    line = re.search(rf"^entry {re.escape(f'{kind} {name}')} .*$", text, re.MULTILINE).group(0)
    *_, nonce, sealed = line.split(" ")
    return AESGCM(key).decrypt(decoded(nonce), decoded(sealed), f"onbehalf-store/1 entry {kind} {name}".encode())


def private_key(item: bytes) -> RSAPrivateKey:
    return load_pem_private_key(item[item.index(b"-----BEGIN"):], password=None)


def decoded(field: str) -> bytes:
    return base64.urlsafe_b64decode(field + "=" * (-len(field) % 4))
