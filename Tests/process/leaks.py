"""Looks for secrets in bytes that came out, in every spelling that a log, a message or a file may give them."""

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote

# So many bytes of a spelling in a row are a leak, wherever in the secret they stand.
PIECE = 16


def json_escaped(secret: bytes) -> bytes:
    return json.dumps(secret.decode("utf-8", "surrogateescape"))[1:-1].encode()


def aligned(encode: Callable[[bytes], bytes], offset: int) -> Callable[[bytes], bytes]:
    """Base64 of the secret where so many bytes, modulo 3, stand before it: without the characters that depend on them,
    nor those at the end that depend on what follows."""
    def encoded(secret: bytes) -> bytes:
        text = encode(bytes(offset) + secret)
        return text[(offset * 8 + 5) // 6:(offset + len(secret)) * 8 // 6]

    return encoded


def percent_encoded(secret: bytes) -> bytes:
    return quote(secret, safe="").encode()


def percent_encoded_lower(secret: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte if b"%c" % byte != quote(bytes([byte]), safe="").encode() else b"%c" % byte
                    for byte in secret)


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "JSON": json_escaped,
    "JSON with escaped slashes": lambda secret: json_escaped(secret).replace(b"/", b"\\/"),
    "JSON in UTF-8": lambda secret: secret.replace(b"\\", b"\\\\").replace(b'"', b'\\"'),
    **{f"base64, {offset} before it": aligned(base64.b64encode, offset) for offset in range(3)},
    **{f"base64url, {offset} before it": aligned(base64.urlsafe_b64encode, offset) for offset in range(3)},
    "hex": lambda secret: secret.hex().encode(),
    "HEX": lambda secret: secret.hex().upper().encode(),
    "hex with colons": lambda secret: secret.hex(":").encode(),
    "percent": percent_encoded,
    "percent, lower case": percent_encoded_lower,
}


class Search:
    """Knows every piece of every spelling of the secrets, which are named for whoever reads what was found."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self.pieces: dict[bytes, tuple[str, str]] = {}
        for name, secret in secrets.items():
            assert len(secret) >= PIECE, f"{name} is too short to be told from other text"
            for encoding, encode in ENCODINGS.items():
                text = encode(secret)
                for start in range(len(text) - PIECE + 1):
                    self.pieces.setdefault(text[start:start + PIECE], (name, encoding))

    def leaks(self, where: Mapping[str, bytes]) -> list[str]:
        """One line for each place and secret: where, which, how spelt, and at which byte."""
        return [line for place, data in where.items() for line in self.leaks_in(place, data)]

    def leaks_in(self, place: str, data: bytes) -> Iterable[str]:
        seen = set()
        for start in range(len(data) - PIECE + 1):
            found = self.pieces.get(data[start:start + PIECE])
            if found and found[0] not in seen:
                seen.add(found[0])
                yield f"{place}: {found[0]} as {found[1]} at byte {start}"
