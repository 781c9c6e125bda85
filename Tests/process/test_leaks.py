"""The search for leaks finds what it is for, and nothing else."""

import base64
import random

import pytest
from leaks import ENCODINGS, PIECE, Search

CHANCE = random.Random(20261124)
# What every encoding spells differently, and bytes that are no text.
TEXT = 'planted "quoted" back\\slash/é+%41 and a plain tail'.encode()
SECRETS = {"text": TEXT, "bytes": CHANCE.randbytes(256), "token": b"eyJhbGciOiJSUzI1NiJ9.c2VjcmV0.c2lnbmF0dXJl_-"}
AROUND = b'{"jsonrpc":"2.0","id":7,"result":{"keys":[]}}\nGET /v1 HTTP/1.1\r\n' + CHANCE.randbytes(4096).hex().encode()


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(SECRETS)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", SECRETS)
def test_every_piece_of_every_encoding_is_found(search: Search, name: str, encoding: str) -> None:
    text = ENCODINGS[encoding](SECRETS[name])
    for start in range(0, len(text) - PIECE + 1, 7):
        data = AROUND + text[start:start + PIECE] + AROUND
        assert [line.split(" as ")[0] for line in search.leaks({"log": data})] == [f"log: {name}"]


def test_nothing_else_is_found(search: Search) -> None:
    assert search.leaks({"log": AROUND, "empty": b"", "half": TEXT[:PIECE - 1] + AROUND + TEXT[-PIECE + 1:]}) == []


def test_base64_is_found_wherever_it_begins(search: Search) -> None:
    """A secret inside of something that was encoded as a whole: a Basic header, a key inside DER."""
    for before in range(7):
        for after in range(4):
            whole = bytes(range(before)) + SECRETS["bytes"][:24] + bytes(after)
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                assert search.leaks({"header": encode(whole)}), (before, after, encode)


def test_a_secret_that_is_too_short_is_refused() -> None:
    with pytest.raises(AssertionError, match="too short"):
        Search({"short": b"sesame"})
