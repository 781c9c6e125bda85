"""The published vector of the encrypted store, opened with nothing but its description."""

import json
import re
from pathlib import Path

import pytest
from store_file import Keys, decode, items, kdf_line

VECTORS = Path(__file__).parents[2] / "protocol" / "vectors" / "encrypted-store"


@pytest.fixture(scope="module")
def facts() -> dict:
    return json.loads((VECTORS / "v1.json").read_text())


@pytest.fixture(scope="module")
def text() -> str:
    return (VECTORS / "v1.store").read_text()


@pytest.fixture(scope="module")
def keys(facts: dict, text: str) -> Keys:
    return Keys(facts["passphrase"], kdf_line(text))


def test_verifier_tells_the_right_passphrase(text: str, keys: Keys) -> None:
    assert decode(re.search(r"^verifier (.+)$", text, re.MULTILINE).group(1)) == keys.key("verifier")


def test_mac_covers_every_byte_before_its_line(text: str, keys: Keys) -> None:
    lines, mac = re.fullmatch(r"(.*\n)mac (\S+)\n", text, re.DOTALL).groups()
    assert keys.mac(lines) == decode(mac)


def test_entries_open_under_their_kind_and_name(facts: dict, text: str, keys: Keys) -> None:
    found = [item._asdict() | {"secret": item.secret.decode()} for item in items(text, keys)]
    assert found == facts["items"]
