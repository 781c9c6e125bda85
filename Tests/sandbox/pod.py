"""The Fusion pod: agents that run as the user in the token, and REST resources."""

import re
from typing import Any, NoReturn

from flask import Flask, Response, abort, g, jsonify, request

from .audit import Audit
from .clock import Clock
from .invoices import Invoices
from .jobs import Jobs
from .registry import add_registry
from .resources import add_resources
from .runs import ADMIN, add_runs
from .state import Agent, State
from .tokens import TokenError, Tokens
from .web import json_app, problem

AGENT_CODE = re.compile(r"[A-Z0-9_]{1,200}")
ADMIN_ROLE = "FUSION_AI_ADMIN"


def pod_app(state: State, clock: Clock, tokens: Tokens, jobs: Jobs, invoices: Invoices, audit: Audit) -> Flask:
    app = json_app("pod", clock, audit)

    def record(status: int, detail: str | None = None) -> None:
        audit.record("pod", g.action, g.target, status, g.ecid, g.get("actor"), g.get("client_id"), detail)

    def refuse(status: int, title: str, detail: str, **more: Any) -> NoReturn:
        record(status, detail)
        response = problem(status, title, detail, **more)
        if status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="fusion", error="invalid_token"'
        abort(response)

    def act(action: str, target: str, *scopes: str) -> None:
        """Finds out who acts: `g.user`. Refuses whoever is not an active user with a token for one of the scopes."""
        g.action, g.target = action, target
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            refuse(401, "Unauthorized", "The request has no bearer token.")
        try:
            claims = tokens.read(credentials, kind="AT")
        except TokenError as error:
            refuse(401, "Unauthorized", f"The bearer token is refused: {error}.")
        g.client_id = claims.get("client_id")
        g.scope = str(claims.get("scope"))
        if not set(scopes) & set(g.scope.split(" ")):
            refuse(401, "Unauthorized", f"The token is not for {' or '.join(scopes)}.")
        if claims.get("sub_type") != "user":
            refuse(401, "Unauthorized", "The token stands for no user.")
        g.actor = str(claims.get("sub"))
        user = state.user(g.actor)
        if user is None or not user.active:
            refuse(401, "Unauthorized", "The token's user is not an active user of this pod.")
        g.user = user

    def executable(code: str, body: dict[str, Any]) -> Agent:
        agent = state.agent(code) if AGENT_CODE.fullmatch(code) else None
        if agent is None:
            refuse(404, "Not Found", f"There is no agent team {code}.")
        saved_as = body.get("status", "PUBLISHED")
        saved = agent.published if saved_as == "PUBLISHED" else agent.draft
        allowed = bool(set(agent.roles) & set(g.user.roles))
        if body.get("invocationMode") == ADMIN:
            allowed = allowed and ADMIN_ROLE in g.user.roles
        if not allowed or not saved:
            reason = f"it is not saved as {saved_as}" if allowed else f"{g.user.user_name} has no role for it"
            refuse(403, "Forbidden", f"You can not execute this workflow: {reason}.", **{"o:errorCode": "FAI-40300"})
        if agent.version is not None and body.get("version", agent.version) != agent.version:
            refuse(404, "Not Found", f"There is no version {body['version']} of {code}.")
        return agent

    add_runs(app, state, jobs, act, refuse, record, executable)
    add_registry(app, state, act, refuse, record, executable)
    add_resources(app, state, invoices, act, refuse, record)
    return app
