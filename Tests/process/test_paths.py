"""Which paths policy takes, held against the readings of Python's own URL library."""

import json
import random
import re
import urllib.parse
from collections.abc import Iterator

import pytest
from sidecar import Home, Sidecar

HOST = "https://pod.fa.us6.oraclecloud.com"
PREFIX = "/fscmRestApi/resources"
OPENED = {"methods": ["GET"], "prefix": "/api/fusion-ai/orchestrator/agent"}
PROFILE = {
    "identityDomainUrl": "https://idcs-1.identity.oraclecloud.com", "clientId": "client-1", "key": "payables",
    "clientAuthentication": "client_assertion", "scope": "s", "fusionUrl": HOST,
    "policy": {"subjects": {"allow": ["*"]}, "paths": [{"methods": ["GET"], "prefix": PREFIX}, OPENED]},
}
PIECES = [
    "/", "/", "/", "//", ".", "..", "%2e", "%2E", "%2f", "%5C", "%61", "%C3%A9", "%C0%AF", "%c3", "%25", "%00", "\\", ";x", "?",
    "?a=/../b", "#", "@", ":", "a", "é", " ", "\t", "\n", PREFIX, "/fscmRestApi", "resources", "X", "~", "%7E",
    "/api/fusion-ai/orchestrator", "/agent", "authz", "/credentials/", "Authz", "http://evil.example", "%",
]


@pytest.fixture
def backend(home: Home) -> Iterator[Sidecar]:
    with Sidecar(home, "--store", "memory") as sidecar:
        sidecar.call("initialize", initializationOptions={"profiles": {"session": PROFILE}})
        yield sidecar


def test_what_is_allowed_means_the_same_to_everybody(backend: Sidecar) -> None:
    """No allowed path is changed by normalising, leads to another host, or lies outside of its rule once decoded."""
    chance = random.Random(20261124)
    starts = ["/", PREFIX, PREFIX + "/", OPENED["prefix"], ""]
    paths = [
        chance.choice(starts) + "".join(chance.choices(PIECES, k=chance.randint(0, 5))) for _ in range(4000)
    ] + [PREFIX, PREFIX + "/x", PREFIX + "?q=1", PREFIX + "X", OPENED["prefix"] + "/v2"]
    allowed = 0
    for path in paths:
        answer = backend.call("explain", subject="curtis.feitty", method="GET", path=path)
        if not answer["allowed"]:
            assert answer["kind"] == "path_denied"
            continue
        allowed += 1
        assert urllib.parse.urljoin(HOST + "/other/place", path) == HOST + path
        parts = urllib.parse.urlsplit(HOST + path)
        assert f"{parts.scheme}://{parts.netloc}" == HOST
        decoded = urllib.parse.unquote(parts.path)
        assert urllib.parse.quote(decoded, safe="/!$&'()*+,=:@~") == parts.path
        assert re.fullmatch(f"({re.escape(PREFIX)}|{re.escape(OPENED['prefix'])})(/[^?]*)?", decoded), path
        assert "//" not in decoded and not {".", ".."} & set(decoded.split("/"))
    assert allowed > 100, json.dumps(paths[:20])
