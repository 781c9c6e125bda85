"""Secrets in every form in which they may come in."""

import base64
import os
import re
import subprocess
from pathlib import Path

import store_file
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sidecar import Home
from transcript import FILES

# Each is spelt differently by every encoding.
KEY_FILE = 'planted key file "passphrase" 1a2b\\3c/4d+5e%41'
CLIENT_SECRET = 'planted client "secret" 6f7a\\8b/9c+0d%42'
STORE = {
    source: f'planted store "passphrase" by {source} {number}\\e1/f2+03%43'
    for number, source in enumerate(("file", "descriptor", "credential", "change", "move"))
}
GARBAGE = "planted garbage, which is no key at all: 77fd\\12/34+56%44"
PEM = FILES["payablesKeyPem"]


def key_file(home: Home, command: str) -> bytes:
    """The planted key as `openssl` writes it."""
    path = home.private_file("key.pem", PEM)
    try:
        return subprocess.run(
            ["openssl", *command.split(), "-in", str(path)], stdout=subprocess.PIPE, check=True, timeout=60,
            env={"PATH": os.environ["PATH"], "PLANTED": KEY_FILE},
        ).stdout
    finally:
        path.unlink()


ENCRYPTED = {
    "pkcs8-pbkdf2": "pkcs8 -topk8 -v2 aes-256-cbc -passout env:PLANTED",
    "pkcs8-scrypt": "pkcs8 -topk8 -scrypt -passout env:PLANTED",
    "pkcs8-pbes1": "pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout env:PLANTED",
    "proc-type": "rsa -traditional -aes256 -passout env:PLANTED",
    "pkcs12": "pkcs12 -export -nocerts -passout env:PLANTED",
}


def encrypted_keys(home: Home) -> dict[str, dict[str, str]]:
    """Params of importKey, by form."""
    forms = {}
    for form, command in ENCRYPTED.items():
        data = key_file(home, command)
        if form == "pkcs12":
            forms[form] = {"pkcs12Base64": base64.b64encode(data).decode()}
        else:
            forms[form] = {"pem": data.decode()}
    return {form: params | {"passphrase": KEY_FILE} for form, params in forms.items()}


def plain_keys(home: Home) -> dict[str, dict[str, str]]:
    forms = {
        "pkcs8": PEM,
        "pkcs1": key_file(home, "rsa -traditional").decode(),
        "crlf": PEM.replace("\n", "\r\n"),
        "escaped": PEM.replace("\n", "\\n"),
        "one-line": PEM.replace("\n", " "),
    }
    return {form: {"pem": pem} for form, pem in forms.items()} | {
        "pkcs12-open": {"pkcs12Base64": base64.b64encode(
            key_file(home, "pkcs12 -export -nocerts -keypbe NONE -certpbe NONE -nomaciter -passout pass:")).decode()},
    }


def numbers(name: str, pem: bytes) -> dict[str, bytes]:
    """The private part of a key: DER from its first private byte on, and its numbers as people and libraries have them.
    The lines of its PEM are the base64 of that DER."""
    key = load_pem_private_key(pem, password=None)
    assert isinstance(key, RSAPrivateKey)
    private = key.private_numbers()
    der = key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    found = {f"{name}, DER": der[der.index(raw(private.d)):]}
    for letter in ("d", "p", "q", "dmp1", "dmq1", "iqmp"):
        number = getattr(private, letter)
        found[f"{name}, {letter} in decimal"] = str(number).encode()
        found[f"{name}, {letter} as a library keeps it"] = raw(number)[::-1]
    return found


def raw(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def keys_in(store: Path, passphrase: str) -> dict[str, bytes]:
    """The private part of every key of a store, also of those that were made in it."""
    text = store.read_text(encoding="ascii")
    found: dict[str, bytes] = {}
    for item in store_file.items(text, store_file.Keys(passphrase, store_file.kdf_line(text))):
        if pem := re.search(rb"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n", item.secret, re.DOTALL):
            found |= numbers(f"key {item.name} of {store.name}", pem.group(0))
    return found
