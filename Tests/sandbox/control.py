"""Starts a sandbox and talks to its admin API. For tests in Python; needs nothing but the standard library.

    with Sandbox() as sandbox:
        sandbox.register_certificate("my-alias", pem)
        sandbox.fault("domain", "respond", status=429, headers={"Retry-After": "2"})
        ...
        assert sandbox.audit(side="pod")[0]["actor"] == "curtis.feitty"
"""

import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent


class AdminError(Exception):
    """The admin API refused; the message is its `detail`."""


class Sandbox:
    """A running sandbox. Its process ends with the `with` block, or with this process."""

    client_id = "onbehalf-sandbox"
    client_secret = "sandbox-secret"

    def __init__(self, *options: str, python: str = sys.executable) -> None:
        command = [python, "-m", "sandbox", "--until-stdin-closes", *options]
        self.process = subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox did not start: exit status {self.process.wait()}")
        self.where: dict[str, str] = json.loads(line)
        self.domain_url = self.where["identityDomainUrl"]
        self.pod_url = self.where["fusionUrl"]
        self.admin_url = self.where["adminUrl"]
        self.ca_file = self.where.get("caFile")
        self.scope, self.api_scope = self.where["scope"], self.where["apiScope"]
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> int:
        self.process.stdin.close()
        status = self.process.wait(timeout=10)
        self.process.stdout.close()
        return status

    def register_certificate(self, alias: str, pem: str, client_id: str = client_id) -> None:
        self.admin("PUT", path_to("clients", client_id, "certificates", alias), {"pem": pem})

    def remove_certificate(self, alias: str, client_id: str = client_id) -> None:
        self.admin("DELETE", path_to("clients", client_id, "certificates", alias))

    def client(self, client_id: str = client_id, **changes: Any) -> dict[str, Any]:
        """Changes members of a client. `put_*` creates one or replaces it whole."""
        return self.admin("PATCH", path_to("clients", client_id), changes)

    def user(self, user_name: str, **changes: Any) -> dict[str, Any]:
        return self.admin("PATCH", path_to("users", user_name), changes)

    def agent(self, code: str, **changes: Any) -> dict[str, Any]:
        return self.admin("PATCH", path_to("agents", code), changes)

    def put_client(self, client_id: str, **members: Any) -> dict[str, Any]:
        return self.admin("PUT", path_to("clients", client_id), members)

    def put_user(self, user_name: str, **members: Any) -> dict[str, Any]:
        return self.admin("PUT", path_to("users", user_name), members)

    def put_agent(self, code: str, **members: Any) -> dict[str, Any]:
        return self.admin("PUT", path_to("agents", code), members)

    def settings(self, **changes: Any) -> dict[str, Any]:
        return self.admin("PATCH", "/settings", changes)

    def id_token(self, user_name: str, client_id: str = client_id) -> str:
        return self.admin("POST", "/id-tokens", {"clientId": client_id, "userName": user_name})["idToken"]

    def revoke_tokens(self, user_name: str) -> int:
        """How many access tokens the user had, which the pod takes no more."""
        return self.admin("POST", "/revoke-tokens", {"userName": user_name})["revoked"]

    def cut(self, side: str = "pod") -> None:
        """Drops its connections and refuses new ones, until `restore`."""
        self.admin("POST", "/cut", {"side": side})

    def restore(self, side: str = "pod") -> None:
        self.admin("POST", "/restore", {"side": side})

    def restart(self, side: str = "pod", keep_jobs: bool = True) -> None:
        """Both at once, at the same place. Without its jobs it knows no run and no conversation."""
        self.admin("POST", "/restart", {"side": side, "keepJobs": keep_jobs})

    def fault(self, side: str, kind: str, **details: Any) -> dict[str, Any]:
        return self.admin("POST", "/faults", {"side": side, "kind": kind, **details})

    def faults(self) -> list[dict[str, Any]]:
        return self.admin("GET", "/faults")

    def await_faults(
        self, matched: int = 1, seconds: float = 5.0, held: int = 0, left: int = 0
    ) -> list[dict[str, Any]]:
        """Returns when so many requests have met a fault, are held by one, and have been left by their client while
        they were held. An AdminError says that they have not in time."""
        wanted = {"matched": matched, "held": held, "left": left, "seconds": seconds}
        return self.admin("POST", "/faults/await", wanted)

    def release(self) -> None:
        """Lets go of every request that a fault holds."""
        self.admin("POST", "/faults/release", {})

    def clear_faults(self) -> None:
        self.admin("DELETE", "/faults")

    def audit(self, **wanted: str) -> list[dict[str, Any]]:
        return self.admin("GET", f"/audit?{urllib.parse.urlencode(wanted)}")

    def clear(self) -> None:
        """Back to the start state: registered certificates, faults, jobs and audit rows are gone."""
        self.admin("POST", "/reset", {})

    def admin(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(self.admin_url + path, data, headers, method=method)
        try:
            with self.opener.open(request, timeout=30) as response:
                return json.loads(response.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AdminError(json.loads(error.read())["detail"]) from error


def path_to(*parts: str) -> str:
    return "".join("/" + urllib.parse.quote(part, safe="") for part in parts)
