"""The admin API: what it changes, and that it takes nothing it does not know."""

from collections.abc import Callable

import pytest

from sandbox.control import AdminError, Sandbox


@pytest.mark.parametrize("ask", [
    lambda sandbox: sandbox.client(secret="x"),
    lambda sandbox: sandbox.client(clientType="public"),
    lambda sandbox: sandbox.client(grants=["password"]),
    lambda sandbox: sandbox.client(scopes="one"),
    lambda sandbox: sandbox.client("nobody", active=True),
    lambda sandbox: sandbox.put_user("new.user"),
    lambda sandbox: sandbox.user("ap.clerk", userName="other"),
    lambda sandbox: sandbox.agent("HR_TEAM", states=[]),
    lambda sandbox: sandbox.agent("HR_TEAM", answer="{nonsense}"),
    lambda sandbox: sandbox.agent("HR_TEAM", nodes=[{"name": "ONE"}]),
    lambda sandbox: sandbox.agent("HR_TEAM", nodes=["ONE"]),
    lambda sandbox: sandbox.agent("HR_TEAM", deltas=[1]),
    lambda sandbox: sandbox.agent("HR_TEAM", streams="yes"),
    lambda sandbox: sandbox.agent("HR_TEAM", unstreamed="500"),
    lambda sandbox: sandbox.agent("HR_TEAM", approval=[]),
    lambda sandbox: sandbox.settings(skewSeconds="300"),
    lambda sandbox: sandbox.register_certificate("demo", "not a certificate"),
    lambda sandbox: sandbox.register_certificate("demo", "x", client_id="nobody"),
    lambda sandbox: sandbox.remove_certificate("unknown"),
    lambda sandbox: sandbox.id_token("nobody"),
    lambda sandbox: sandbox.audit(user="x"),
    lambda sandbox: sandbox.fault("pod", "explode"),
    lambda sandbox: sandbox.fault("pod", "respond"),
    lambda sandbox: sandbox.fault("pod", "reset", status=500),
    lambda sandbox: sandbox.fault("middle", "hang"),
    lambda sandbox: sandbox.fault("pod", "token"),
    lambda sandbox: sandbox.fault("domain", "run", states=["RUNNING"]),
    lambda sandbox: sandbox.fault("pod", "run", states=[]),
    lambda sandbox: sandbox.admin("POST", "/faults", []),
    lambda sandbox: sandbox.admin("POST", "/faults", {"side": "pod", "kind": []}),
    lambda sandbox: sandbox.admin("POST", "/id-tokens", {"clientId": [], "userName": "ap.clerk"}),
    lambda sandbox: sandbox.admin("PUT", "/users/x", "text"),
    lambda sandbox: sandbox.admin("PUT", "/clients/onbehalf-sandbox/certificates/demo", {"pem": "x", "more": 1}),
    lambda sandbox: sandbox.agent("HR_TEAM", answer="{message.secret}"),
    lambda sandbox: sandbox.await_faults(matched=1, seconds=0.01),
    lambda sandbox: sandbox.admin("GET", "/nothing"),
])
def test_the_admin_api_takes_nothing_it_does_not_know(sandbox: Sandbox, ask: Callable[[Sandbox], object]) -> None:
    with pytest.raises(AdminError):
        ask(sandbox)


def test_records_can_be_made_and_removed(sandbox: Sandbox) -> None:
    assert sandbox.put_user("new.user", displayName="New User")["active"] is True
    assert sandbox.put_agent("NEW_TEAM", roles=["HR"])["published"] is True
    assert sandbox.put_client("other", clientSecret="s")["clientType"] == "trusted"
    sandbox.admin("DELETE", "/users/new.user")
    state = sandbox.admin("GET", "/state")
    assert "new.user" not in [user["userName"] for user in state["users"]]
    assert "NEW_TEAM" in [agent["code"] for agent in state["agents"]]
    sandbox.clear()
    assert [client["clientId"] for client in sandbox.admin("GET", "/state")["clients"]] == ["onbehalf-sandbox"]


def test_records_are_taken_as_they_are_given(sandbox: Sandbox) -> None:
    """Those within records too."""
    sandbox.agent("HR_TEAM", nodes=[{"code": "ONE", "children": ["TWO"], "input": {"aName": [None]}}], approval={})
    agents = sandbox.admin("GET", "/state")["agents"]
    assert agents == [sandbox.admin("PUT", f"/agents/{agent['code']}", agent) for agent in agents]
    [hr] = [agent for agent in agents if agent["code"] == "HR_TEAM"]
    assert hr["nodes"] == [{"code": "ONE", "children": ["TWO"], "input": {"aName": [None]}, "output": None}]
    assert hr["approval"]["maxIterations"] == 3
    assert sandbox.agent("HR_TEAM", approval=None)["approval"] is None
