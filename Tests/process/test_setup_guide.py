"""getSetupGuide: the README's own table with the values of a key and a profile, and nothing else to know."""

import json
import re
from typing import Any

from onboarding import onboard, profile
from sandbox.control import Sandbox
from sidecar import ROOT, Home, Sidecar

README = (ROOT / "README.md").read_text(encoding="utf-8")
POD_SCOPE = "urn:opc:resource:fusion:POD:fusion-ai/"


def text_of(guide: dict[str, Any]) -> str:
    return "\n".join(f"{step['title']}: {step['detail']}" for step in guide["steps"])


def plain(markdown: str) -> str:
    return re.sub(r"[*`]", "", markdown).replace("\n", " ")


def test_the_readme_and_the_guide_say_the_same(home: Home) -> None:
    """Every row of the table, in its order, and whatever is emphasized around it, for the key that the README makes."""
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("createKey", alias="dev5-key")
        guide = sidecar.call("getSetupGuide", alias="dev5-key")
    section = README.partition("**2. A confidential application**")[2].partition("**3. A profile**")[0]
    rows = re.findall(r"^\| (?!setting|---)(.+?) \| (.+?) \|$", section, re.MULTILINE)
    titles = [step["title"].lower() for step in guide["steps"]]
    assert [titles.index(setting) for setting, _ in rows] == sorted(titles.index(setting) for setting, _ in rows)
    assert len(rows) == 5
    said = text_of(guide)
    details = {step["title"].lower(): step["detail"] for step in guide["steps"]}
    for setting, value in rows:
        for term in re.findall(r"\*\*(.+?)\*\*|(?<!\*)\*([^*]+?)\*(?!\*)|`(.+?)`", value):
            assert "".join(term) in details[setting], setting
        assert ("assumed" in value) == ("assumed" in details[setting]), setting
    for term in re.findall(r"\*([A-Z][^*]+)\*", re.sub(r"\|.*", "", section)):
        for part in term.split(" → "):
            assert plain(part) in said or part == "your domain", part
    assert "Activate" in said and "userName" in said and "2024" in said


def test_a_profile_has_its_values_in_it(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        api_scopes = [{"pathPrefix": "/fscmRestApi", "scope": sandbox.api_scope}]
        key = onboard(sidecar, sandbox, kid="its-alias", apiScopes=api_scopes)
        guide = sidecar.call("getSetupGuide", profile="dev5")
        assert guide["certificatePem"] == key["certificatePem"]
        said = text_of(guide)
        values = (sandbox.domain_url, sandbox.scope, sandbox.api_scope, sandbox.client_id, key["x5t"], "its-alias")
        assert [value for value in values if value not in said] == []
        app = guide["appJson"]
        assert app["certificates"] == [{"certAlias": "its-alias"}]
        assert [one["fqs"] for one in app["allowedScopes"]] == [sandbox.scope, sandbox.api_scope]
        assert "PRIVATE KEY" not in str(guide)
        # The same without --admin, for a profile that is disabled.
        sidecar.call("saveProfile", profile=profile(sandbox, disabled=True))
        assert sidecar.call("getSetupGuide", profile="dev5")["steps"]


def test_a_client_with_a_secret_is_told_apart(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox, clientAuthentication="client_secret_basic")
        guide = sidecar.call("getSetupGuide", profile="dev5")
        assert "setClientSecret profile=dev5 clientSecret=@FILE" in text_of(guide)
        assert guide["appJson"]["clientType"] == "trusted"
        keyless = profile(sandbox, name="keyless", key=None, clientAuthentication="client_secret_basic")
        sidecar.call("saveProfile", profile=keyless)
        guide = sidecar.call("getSetupGuide", profile="keyless")
        assert "certificatePem" not in guide and "certificates" not in guide["appJson"]
        assert guide["appJson"]["clientType"] == "confidential"
        assert "Confidential: the profile names no key" in text_of(guide)


def test_a_key_that_is_bound_elsewhere_is_told(home: Home, sandbox: Sandbox) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        onboard(sidecar, sandbox)
        file = home.config.read_text(encoding="utf-8").replace(f'"{sandbox.client_id}"', '"another"')
        home.private_file("config.json", file)
        said = text_of(sidecar.call("getSetupGuide", profile="dev5"))
        assert f"payables signs for {sandbox.client_id} at {sandbox.domain_url} alone" in said


def test_what_it_says_to_save_can_be_saved(home: Home, sandbox: Sandbox) -> None:
    """With what stands in capitals filled in."""
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        sidecar.call("createKey", alias="payables", identityDomainUrl=sandbox.domain_url, clientId=sandbox.client_id)
        guide = sidecar.call("getSetupGuide", alias="payables")
        assert guide["appJson"]["allowedScopes"] == [{"fqs": POD_SCOPE}]
        sandbox.register_certificate(guide["appJson"]["certificates"][0]["certAlias"], guide["certificatePem"])
        step = next(step for step in guide["steps"] if step["title"] == "Save a profile")
        draft = re.search(r"profile:='(.+)'$", step["detail"])[1]
        for blank, value in ((POD_SCOPE, sandbox.scope), ("https://POD", sandbox.pod_url), ("USER", "curtis.feitty")):
            assert blank in draft
            draft = draft.replace(blank, value)
        sidecar.call("saveProfile", profile=json.loads(draft))
        checks = sidecar.call("diagnose", profile="payables", subject="curtis.feitty")
        assert checks["ok"], checks


def test_it_needs_no_network(home: Home) -> None:
    with Sidecar(home, "--admin", "--store", "memory") as sidecar:
        places = {"identityDomainUrl": "https://nobody.invalid", "clientId": "client"}
        sidecar.call("createKey", alias="payables", **places)
        said = text_of(sidecar.call("getSetupGuide", alias="payables"))
        assert "https://nobody.invalid/admin/v1/Apps" in said
        sidecar.call("lock")
        assert sidecar.refusal("getSetupGuide", alias="payables").kind == "locked"
