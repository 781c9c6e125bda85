"""Planted secrets are looked for in every byte that comes out."""

import base64
from pathlib import Path

import pytest
from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import Home, Sidecar
from transcript import FILES

PASSPHRASE = "planted-passphrase-5c1e"
CLIENT_SECRET = "planted-client-secret-90ab"
GARBAGE = "planted-garbage-77fd"


def test_no_secret_comes_out(home: Home, sandbox: Sandbox) -> None:
    said: list[str] = []
    options = ["--admin", "--log-level", "debug", *home.file_store(passphrase=PASSPHRASE)]
    with Sidecar(home, *options) as sidecar:
        process = Path(f"/proc/{sidecar.process.pid}")

        def refused(method: str, **params: object) -> None:
            said.append(str(sidecar.refusal(method, **params).error))

        onboard(sidecar, sandbox)
        sidecar.call("saveProfile", profile=profile(sandbox, name="basic", clientAuthentication="client_secret_basic"))
        said.append(str(sidecar.call("setClientSecret", profile="basic", clientSecret=CLIENT_SECRET)))
        user = {"profile": "dev5", "subject": "curtis.feitty"}
        assertion = sidecar.call("mintAssertion", type="user", **user)["assertion"]
        token = sidecar.call("getToken", **user)["accessToken"]
        own = sandbox.id_token("curtis.feitty")
        sidecar.call("getToken", profile="dev5", userToken=own)
        said.append(str(sidecar.call("listKeys")) + str(sidecar.call("listProfiles")))
        said.append(str(sidecar.call("diagnose", **user)))

        # The secret is wrong at the domain, of the wrong type, in a message that is none.
        refused("getToken", profile="basic", subject="curtis.feitty")
        refused("setClientSecret", profile="basic", clientSecret=[CLIENT_SECRET])
        refused("setClientSecret", profile="basic", clientSecret=CLIENT_SECRET + "\n")
        sidecar.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"setClientSecret","params":{"%s"}}\n'
                           % CLIENT_SECRET.encode())
        said.append(str(sidecar.receive()))
        refused("importKey", alias="a", pem=GARBAGE, certificatePem=FILES["payablesCertificatePem"])
        refused("importKey", alias="a", pem=FILES["payablesKeyPem"], certificatePem=FILES["otherCertificatePem"])
        refused("importKey", alias="a", pem={"pem": FILES["payablesKeyPem"]}, certificatePem="x")
        refused("getToken", profile="dev5", userToken=own[:-20] + "A" * 20)
        refused("getToken", profile="dev5", userToken=own, subject="ap.clerk")
        # The domain and the pod echo what they were sent.
        for status in (400, 401, 500):
            body = f'{{"error":"invalid_request","error_description":"bad assertion {GARBAGE}"}}'
            sandbox.fault("domain", "respond", path="/oauth2/v1/token", status=status, body=GARBAGE)
            refused("getToken", forceRefresh=True, **user)
            sandbox.fault("pod", "respond", path="*/invokeAsync", status=status, times=2, body=body)
            refused("invokeAgent", agent="PAYABLES_TEAM", message="Hello", **user)
            sandbox.clear_faults()
        arguments = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()

    key_lines = FILES["payablesKeyPem"].splitlines()[1:-1]
    encoded = base64.b64encode(f"{sandbox.client_id}:{CLIENT_SECRET}".encode()).decode()
    secrets = [PASSPHRASE, CLIENT_SECRET, encoded, assertion.split(".")[2], token.split(".")[2], own.split(".")[2][:60]]
    out = "\n".join(said) + sidecar.stderr + home.config.read_text() + arguments.decode()
    for secret in [*secrets, *key_lines, GARBAGE, "PRIVATE KEY-----\nM"]:
        assert secret not in out
    assert "ended" in sidecar.stderr, "the log was written, so that something was searched"


@pytest.mark.parametrize("secret", [CLIENT_SECRET, PASSPHRASE])
def test_the_store_file_is_sealed(home: Home, sandbox: Sandbox, secret: str) -> None:
    with Sidecar(home, "--admin", *home.file_store(passphrase=PASSPHRASE)) as sidecar:
        onboard(sidecar, sandbox)
        sidecar.call("saveProfile", profile=profile(sandbox, name="basic", clientAuthentication="client_secret_basic"))
        sidecar.call("setClientSecret", profile="basic", clientSecret=CLIENT_SECRET)
    assert secret.encode() not in (home.path / "store").read_bytes()
