"""What a person does once before a backend can call: a key, its certificate registered, a profile."""

from typing import Any

from sandbox.control import Sandbox
from sidecar import Sidecar


def profile(sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """A profile for the sandbox. A change to None takes the field out."""
    fields = {
        "name": "dev5",
        "identityDomainUrl": sandbox.domain_url,
        "clientId": sandbox.client_id,
        "clientAuthentication": "client_assertion",
        "key": "payables",
        "scope": sandbox.scope,
        "fusionUrl": sandbox.pod_url,
        # As much as a test asks for; those of the limit say otherwise.
        "rateLimit": {"perSecond": 1000, "perMinute": 60_000},
        "policy": {"subjects": {"allow": ["*"], "deny": ["admin"]}},
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def onboard(sidecar: Sidecar, sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """Returns the key, which the profile has bound. The sidecar must have been started with --admin."""
    wanted = profile(sandbox, **changes)
    key = sidecar.call("createKey", alias=wanted["key"])
    sandbox.register_certificate(wanted.get("kid", key["kid"]), key["certificatePem"])
    sidecar.call("saveProfile", profile=wanted)
    return sidecar.call("getKey", alias=wanted["key"])
