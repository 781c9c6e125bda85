"""Makes `cases.json`: RS256 signatures, right ones and every kind of wrong one.

    python3 make.py        needs Python's `cryptography`

Keys and signatures are others each time, and mean the same.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

HERE = Path(__file__).resolve().parent
MESSAGE = b"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjdXJ0aXMuZmVpdHR5In0"
# DigestInfo of RFC 8017, section 9.2, note 1, up to the digest.
SHA1 = bytes.fromhex("3021300906052b0e03021a05000414")
SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
SHA512 = bytes.fromhex("3051300d060960864801650304020305000440")
WITHOUT_NULL = bytes.fromhex("302f300b0609608648016503040201" "0420")
LONG_LENGTHS = bytes.fromhex("308131" "300d060960864801650304020105000420")
INDEFINITE = bytes.fromhex("3080300d060960864801650304020105000420")
OTHER_OID = bytes.fromhex("3031300d060960864801650304020405000420")

Key = rsa.RSAPrivateKey


def url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def size(key: Key) -> int:
    return key.key_size // 8


def sign(key: Key, encoded: bytes) -> bytes:
    """The signature of a whole encoded message, whatever it is."""
    numbers = key.private_numbers()
    return pow(int.from_bytes(encoded, "big"), numbers.d, numbers.public_numbers.n).to_bytes(size(key), "big")


def encoded(key: Key, tail: bytes, first: int = 0, kind: int = 1, fill: int = 0xFF, separator: int = 0) -> bytes:
    """EMSA-PKCS1-v1_5, or something close to it."""
    return bytes([first, kind]) + bytes([fill]) * (size(key) - 3 - len(tail)) + bytes([separator]) + tail


def shortened(key: Key, tail: bytes, padding_count: int, rest: bytes = b"") -> bytes:
    """So few bytes of padding, and zeros or `rest` behind the digest."""
    text = bytes([0, 1]) + b"\xff" * padding_count + b"\0" + tail + rest
    return text + bytes(size(key) - len(text))


def cube_root(value: int) -> int:
    low, high = 0, 1 << (value.bit_length() // 3 + 2)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle ** 3 <= value else (low, middle - 1)
    return low


def forged(key: Key, tail: bytes) -> bytes:
    """By a cube root, without the key: the digest is followed by what makes it a cube (CVE-2006-4339)."""
    text = bytes([0, 1]) + b"\xff" * 8 + b"\0" + tail
    root = cube_root(int.from_bytes(text + b"\xff" * (size(key) - len(text)), "big"))
    assert (root ** 3).to_bytes(size(key), "big").startswith(text)
    return root.to_bytes(size(key), "big")


def variants(key: Key, other: Key) -> Iterator[tuple[str, bytes, bytes, bool]]:
    digest = hashlib.sha256(MESSAGE).digest()
    right = key.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    assert right == sign(key, encoded(key, SHA256 + digest))
    n = key.public_key().public_numbers().n
    value = int.from_bytes(right, "big")
    yield "right", MESSAGE, right, True
    yield "right, of nothing", b"", key.sign(b"", padding.PKCS1v15(), hashes.SHA256()), True
    for place in (0, len(right) // 2, len(right) - 1):
        yield f"one bit of byte {place}", MESSAGE, flipped(right, place), False
    yield "another message", MESSAGE + b"x", right, False
    yield "one bit of the message", flipped(MESSAGE, 30), right, False
    yield "the message without its end", MESSAGE[:-1], right, False
    yield "of another key", MESSAGE, other.sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256()), False
    yield "none", MESSAGE, b"", False
    yield "one byte", MESSAGE, b"\0", False
    yield "without its last byte", MESSAGE, right[:-1], False
    yield "without its first byte", MESSAGE, right[1:], False
    yield "with a zero before", MESSAGE, b"\0" + right, False
    yield "with a zero behind", MESSAGE, right + b"\0", False
    yield "twice", MESSAGE, right + right, False
    for name, integer in (("0", 0), ("1", 1), ("n - 1", n - 1), ("n", n), ("n minus it", n - value)):
        yield name, MESSAGE, integer.to_bytes(size(key), "big"), False
    if (n + value).bit_length() <= size(key) * 8:
        yield "it plus n", MESSAGE, (n + value).to_bytes(size(key), "big"), False
    yield "it plus n, longer", MESSAGE, (n + value).to_bytes(size(key) + 1, "big"), False
    for name, algorithm in (("SHA-1", hashes.SHA1()), ("SHA-384", hashes.SHA384()), ("SHA-512", hashes.SHA512())):
        yield name, MESSAGE, key.sign(MESSAGE, padding.PKCS1v15(), algorithm), False
    yield "SHA-1 said, SHA-256 done", MESSAGE, sign(key, encoded(key, SHA1 + digest)), False
    yield "SHA-512 said, SHA-256 done", MESSAGE, sign(key, encoded(key, SHA512 + digest)), False
    yield "SHA-224 said, SHA-256 done", MESSAGE, sign(key, encoded(key, OTHER_OID + digest)), False
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    yield "PSS", MESSAGE, key.sign(MESSAGE, pss, hashes.SHA256()), False
    for name, prefix in (("without NULL", WITHOUT_NULL), ("long lengths", LONG_LENGTHS), ("indefinite", INDEFINITE),
                         ("no DigestInfo", b"")):
        yield name, MESSAGE, sign(key, encoded(key, prefix + digest)), False
    yield "the message and no digest", MESSAGE, sign(key, encoded(key, SHA256 + MESSAGE[:32])), False
    yield "the digest cut off", MESSAGE, sign(key, encoded(key, SHA256 + digest[:-1])), False
    yield "one byte behind the digest", MESSAGE, sign(key, encoded(key, SHA256 + digest + b"\0")), False
    yield "block type 0", MESSAGE, sign(key, encoded(key, SHA256 + digest, kind=0, fill=0)), False
    yield "block type 2", MESSAGE, sign(key, encoded(key, SHA256 + digest, kind=2)), False
    yield "first byte 1", MESSAGE, sign(key, encoded(key, SHA256 + digest, first=1, kind=0xFF)), False
    yield "padding of zeros", MESSAGE, sign(key, encoded(key, SHA256 + digest, fill=0)), False
    yield "no zero behind the padding", MESSAGE, sign(key, encoded(key, SHA256 + digest, separator=0xFF)), False
    broken = bytearray(encoded(key, SHA256 + digest))
    broken[20] = 0xFE
    yield "one byte of the padding", MESSAGE, sign(key, bytes(broken)), False
    for count in (0, 8, 100):
        yield f"{count} bytes of padding", MESSAGE, sign(key, shortened(key, SHA256 + digest, count)), False
    yield "rubbish behind the digest", MESSAGE, sign(key, shortened(key, SHA256 + digest, 8, b"\xa5" * 90)), False
    if key.public_key().public_numbers().e == 3:
        yield "forged by a cube root", MESSAGE, forged(key, SHA256 + digest), False
        yield "forged by a cube root, without NULL", MESSAGE, forged(key, WITHOUT_NULL + digest), False


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]


def main() -> None:
    keys = {f"{bits}": rsa.generate_private_key(65537, bits) for bits in (2048, 3072, 4096, 8192)}
    keys["2048, exponent 3"] = rsa.generate_private_key(3, 2048)
    public = {name: key.public_key().public_numbers() for name, key in keys.items()}
    n = public["2048"].n
    small = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
    listed = {name: (numbers.n, numbers.e, True) for name, numbers in public.items()} | {
        "1024": (small, 65537, False),
        "2047 bits": (n >> 1 | 1, 65537, False),
        "8193 bits": (1 << 8192 | 1, 65537, False),
        "100000 bits": ((1 << 100_000) - 1, 65537, False),
        "an even modulus": (n + 1, 65537, False),
        "modulus 0": (0, 65537, False),
        "exponent 0": (n, 0, False),
        "exponent 1": (n, 1, False),
        "exponent 2": (n, 2, False),
        "an even exponent": (n, 65536, False),
        "exponent 2^32 - 1": (n, (1 << 32) - 1, True),
        "exponent 2^32 + 1": (n, (1 << 32) + 1, False),
        "an exponent as long as the modulus": (n, n - 2, False),
    }
    cases = []
    for name, key in keys.items():
        other = keys["2048" if name == "2048, exponent 3" else name]
        other = rsa.generate_private_key(65537, 2048) if other is key else other
        cases += [
            {"name": what, "key": name, "message": url(message), "signature": url(signature), "valid": valid}
            for what, message, signature, valid in variants(key, other)
        ]
    whole = {
        "keys": [
            {"name": name, "n": number(n), "e": number(e), "usable": usable} for name, (n, e, usable) in listed.items()
        ],
        "cases": cases,
    }
    (HERE / "cases.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
