"""Every row of protocol/vectors/faults.json, met by the program: kind, retryable and hint, and nothing that was sent."""

import email.utils
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from string import Template
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from front import Front, Silent, closed_port
from hostile import unsigned
from onboarding import profile
from sandbox.certificates import Authority, issue, private_bytes
from sandbox.control import Sandbox
from sidecar import ROOT, Home, Sidecar
from transcript import FILES

VECTORS = json.loads((ROOT / "protocol/vectors/faults.json").read_text(encoding="utf-8"))
ROWS = [(group["group"], row) for group in VECTORS["groups"] for row in group["rows"]]
PLANTED = "planted"
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, str]]:
    """Places that are wrong in one way each, by the names the rows have for them."""
    known, unknown = Authority(), Authority("nobody's CA")
    certificates = {
        "unknownIssuerUrl": unknown.server(HOST),
        "endedCertificateUrl": known.server(HOST, days=(-10, -1)),
        "earlyCertificateUrl": known.server(HOST, days=(1, 10)),
        "otherNameUrl": known.server("pod.elsewhere.example"),
    }
    with ExitStack() as stack:
        places = {
            name: stack.enter_context(Front("http://127.0.0.1:1", certificate)).url
            for name, certificate in certificates.items()
        }
        yield places | {"silentPort": str(stack.enter_context(Silent())), "ca": known.pem.decode()}


def values(home: Home, sandbox: Sandbox, servers: dict[str, str]) -> dict[str, str]:
    home.private_file("ca.pem", servers["ca"])
    return servers | {
        "home": str(home.path),
        "caFile": str(home.path / "ca.pem"),
        "fusionUrl": sandbox.pod_url,
        "apiScope": sandbox.api_scope,
        "closedPort": str(closed_port()),
        "plainPort": sandbox.pod_url.rpartition(":")[2],
        "foreignToken": unsigned(sub="curtis.feitty"),
        "inTenMinutes": email.utils.formatdate(time.time() + 600, usegmt=True),
        "tenMinutesAgo": email.utils.formatdate(time.time() - 600, usegmt=True),
    }


def filled(value: Any, names: dict[str, str]) -> Any:
    return json.loads(Template(json.dumps(value)).substitute(names))


def set_up(sidecar: Sidecar, sandbox: Sandbox, given: dict[str, Any]) -> None:
    """All as it should be, but for what is given."""
    wanted = profile(sandbox, **{"apiScopes": [{"pathPrefix": "/fscmRestApi", "scope": sandbox.api_scope}]}
                     | given.get("profile", {}))
    certificate = given.get("certificate", "right")
    if certificate == "ended":
        key = rsa.generate_private_key(65537, 2048)
        ended = issue("ended", key.public_key(), "ended", key, [], days=(-10, -1))
        pem = ended.public_bytes(serialization.Encoding.PEM).decode()
        sidecar.call("importKey", alias="payables", pem=private_bytes(key).decode(), certificatePem=pem)
    else:
        pem = FILES["payablesCertificatePem"]
        sidecar.call("importKey", alias="payables", pem=FILES["payablesKeyPem"], certificatePem=pem)
    if certificate == "another":
        pem = sidecar.call("createKey", alias="another")["certificatePem"]
    if certificate != "absent":
        sandbox.register_certificate("payables", pem)
    sidecar.call("saveProfile", profile=wanted)
    if secret := given.get("clientSecret"):
        sidecar.call("setClientSecret", profile="dev5", clientSecret=secret)
    if subject := given.get("tokenFor"):
        sidecar.call("getToken", subject=subject)
    if user := given.get("user"):
        sandbox.user(user["userName"], **{name: value for name, value in user.items() if name != "userName"})
    if client := given.get("client"):
        sandbox.client(**client)
    if settings := given.get("settings"):
        sandbox.settings(**settings)
    for fault in given.get("faults", []):
        sandbox.fault(**{"times": None} | fault)


@pytest.mark.parametrize(("group", "row"), ROWS, ids=[f"{group}: {row['what']}" for group, row in ROWS])
def test_is_told(home: Home, sandbox: Sandbox, servers: dict[str, str], group: str, row: dict[str, Any]) -> None:
    names = values(home, sandbox, servers)
    params = VECTORS["calls"][row["call"]] | row.get("params", {})
    params = {name: value for name, value in params.items() if value is not None}
    if "userToken" in params:
        del params["subject"]
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        set_up(sidecar, sandbox, filled(row["given"], names))
        refused = sidecar.refusal(row["call"], **filled(params, names))
        text = json.dumps(refused.error)
        if (refused.kind, row["kind"], refused.retryable) == ("network_timeout", "deadline_exceeded", row["retryable"]):
            return  # The request and its caller have one deadline: now and then the request's is noticed first.
        assert (refused.kind, refused.retryable, refused.hint) == (row["kind"], row["retryable"], row["hint"]), text
        assert row.get("told", "") in refused.message, text
        assert PLANTED not in text and "eyJ" not in text, "no body, secret or token is told"
        if row["given"].keys() == {"faults"} and "Retry-After" not in str(row) and "refuses" not in group:
            sandbox.clear_faults()
            works_again(sidecar, row)


def works_again(sidecar: Sidecar, row: dict[str, Any]) -> None:
    """The fault has passed, and nothing of it was kept."""
    params = VECTORS["calls"][row["call"]]
    if row["call"] == "getToken":
        token = sidecar.call("getToken", forceRefresh=True, **params)
        assert (token["subject"], token["source"]) == (params["subject"], "exchange")
    elif row["call"] == "invokeAgent":
        assert sidecar.call("invokeAgent", wait=False, **params)["state"] == "running"
    elif row["call"] == "listAgents":
        assert sidecar.call("listAgents", **params)["agents"]
    elif row["call"] == "getAgentCard":
        assert sidecar.call("getAgentCard", **params)["name"] == "Payables Team"
    elif row["call"] == "resumeAgent":
        run = sidecar.call("invokeAgent", wait=False, **VECTORS["calls"]["invokeAgent"])
        answer = params | {"conversationId": run["conversationId"]}
        assert sidecar.call("resumeAgent", wait=False, **answer)["conversationId"] == run["conversationId"]
    else:
        assert sidecar.call("callApi", **params)["status"] == 200



@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 500])
def test_what_a_resource_says_is_a_result(sidecar: Sidecar, sandbox: Sandbox, status: int) -> None:
    sandbox.fault("pod", "respond", path="/fscmRestApi/*", status=status, headers={"Content-Type": "text/plain"}, body="why")
    answer = sidecar.call("callApi", **VECTORS["calls"]["callApi"])
    assert (answer["status"], answer["bodyText"]) == (status, "why")
