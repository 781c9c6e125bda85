"""The Fusion pod: agents that run as the user in the token, and a classic REST resource."""

import json
import re
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, abort, g, jsonify, request

from .audit import Audit
from .clock import Clock
from .faults import Run
from .state import Agent, State
from .tokens import TokenError, Tokens
from .web import json_app, problem, single_values

AGENT_CODE = re.compile(r"[A-Z0-9_]{1,200}")
SUCCEEDED = {"COMPLETE", "COMPLETED", "SUCCESS"}
FAILED = {"ERROR", "FAILED", "CANCELLED"}
MODES = ("END_USER", "ADMIN")
ADMIN_ROLE = "FUSION_AI_ADMIN"
INVOICES = "/fscmRestApi/resources/11.13.18.05/invoices"

# The members of the published request schema, with the types it gives.
BODY_TYPES: dict[str, tuple[type, ...]] = {
    "agentCodes": (list,), "architecture": (str,), "conversational": (bool,), "conversationId": (str, type(None)),
    "invocationMode": (str,), "jobId": (str,), "message": (str,), "parameters": (dict,), "progressMessage": (bool,),
    "resumeNodeInput": (dict,), "status": (str,), "streamOutput": (bool,), "toolCodes": (list,), "version": (int,),
    "workflowName": (str,),
}


@dataclass
class Job:
    job_id: str
    agent: str
    user: str
    conversation_id: str
    mode: str
    states: list[str]
    output: str
    error: str
    first_until: float  # monotonic seconds
    polls: int = 0

    def poll(self) -> dict[str, Any]:
        """The next state; the caller holds the lock."""
        if time.monotonic() < self.first_until:
            return self.seen_as(self.states[0])
        self.polls += 1
        return self.seen_as(self.state)

    @property
    def state(self) -> str:
        return self.states[min(max(self.polls, 1), len(self.states)) - 1]

    def seen_as(self, state: str) -> dict[str, Any]:
        seen = {"jobId": self.job_id, "conversationId": self.conversation_id, "status": state}
        if state in SUCCEEDED:
            seen["output"] = self.output
        if state in FAILED:
            seen["error"] = self.error
        return seen


class Jobs:
    def __init__(self) -> None:
        self.changing = threading.Lock()
        self.jobs: dict[str, Job] = {}
        self.conversations: dict[str, tuple[str, int]] = {}  # id: owner, turns

    def clear(self) -> None:
        with self.changing:
            self.jobs.clear()
            self.conversations.clear()

    def start(self, agent: Agent, claims: dict[str, Any], body: dict[str, Any], fault: Run | None) -> Job:
        with self.changing:
            conversation_id = body.get("conversationId") or uuid.uuid4().hex
            turns = self.conversations.get(conversation_id, ("", 0))[1] + 1
            self.conversations[conversation_id] = claims["sub"], turns
            answer = agent.answer.format(
                displayName=claims.get("user_displayname", claims["sub"]), userName=claims["sub"],
                agent=agent.code, message=body["message"], turn=turns,
            )
            job = Job(
                job_id=uuid.uuid4().hex, agent=agent.code, user=claims["sub"], conversation_id=conversation_id,
                mode=body.get("invocationMode", MODES[0]),
                states=fault.states if fault else agent.states,
                output=fault.output if fault and fault.output is not None else answer,
                error=fault.error if fault and fault.error is not None else agent.error,
                first_until=time.monotonic() + agent.seconds,
            )
            self.jobs[job.job_id] = job
            return job

    def resume(self, job: Job, reply: object) -> bool:
        """A waiting job goes on with the user's reply; false when it does not wait."""
        with self.changing:
            if job.state != "WAITING":
                return False
            job.states, job.polls = ["RUNNING", "COMPLETE"], 0
            job.output = f"{job.output} Resumed with: {json.dumps(reply)}"
            return True


def pod_app(state: State, clock: Clock, tokens: Tokens, jobs: Jobs, audit: Audit) -> Flask:
    app = json_app("pod", clock)
    agents = "/api/fusion-ai/orchestrator/agent/v2/<code>"

    def record(status: int, detail: str | None = None) -> None:
        audit.record("pod", g.action, g.target, status, g.ecid, g.get("actor"), g.get("client_id"), detail)

    def refuse(status: int, title: str, detail: str, **more: Any) -> None:
        record(status, detail)
        response = problem(status, title, detail, **more)
        if status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="fusion", error="invalid_token"'
        abort(response)

    def act(action: str, target: str, scope: str) -> dict[str, Any]:
        """The claims of the user who acts. Refuses whoever is not an active user with a token for `scope`."""
        g.action, g.target = action, target
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            refuse(401, "Unauthorized", "The request has no bearer token.")
        try:
            claims = tokens.read(credentials, kind="AT")
        except TokenError as error:
            refuse(401, "Unauthorized", f"The bearer token is refused: {error}.")
        g.client_id = claims.get("client_id")
        if scope not in claims.get("scope", "").split(" "):
            refuse(401, "Unauthorized", f"The token is not for {scope}.")
        if claims.get("sub_type") != "user":
            refuse(401, "Unauthorized", "The token stands for no user.")
        g.actor = claims.get("sub")
        user = state.user(g.actor or "")
        if user is None or not user.active:
            refuse(401, "Unauthorized", "The token's user is not an active user of this pod.")
        g.user = user
        return claims

    def agent_for(code: str, mode: str, saved_as: str) -> Agent:
        agent = state.agents.get(code) if AGENT_CODE.fullmatch(code) else None
        if agent is None:
            refuse(404, "Not Found", f"There is no agent team {code}.")
        role = set(agent.roles) & set(g.user.roles) and (mode == MODES[0] or ADMIN_ROLE in g.user.roles)
        if not role or not (agent.published if saved_as == "PUBLISHED" else agent.draft):
            code = "FAI-40300"
            reason = f"no saved version {saved_as}" if role else f"{g.user.user_name} has no role that may run it"
            refuse(403, "Forbidden", f"You can not execute this workflow: {reason}.", **{"o:errorCode": code})
        return agent

    def own_job(code: str, job_id: str, claims: dict[str, Any]) -> Job:
        job = jobs.jobs.get(job_id)
        foreign = job is not None and job.user != claims["sub"] and state.settings.jobs_visible_to == "owner"
        if job is None or job.agent != code or foreign:
            refuse(404, "Not Found", "There is no such job.")
        return job

    @app.post(f"{agents}/invokeAsync")
    def invoke(code: str) -> tuple[Response, int]:
        claims = act("agent.invoke", code, state.start.agent_scope)
        try:
            body = invocation(request)
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")
        agent = agent_for(code, body.get("invocationMode", MODES[0]), body.get("status", "PUBLISHED"))
        if agent.version is not None and body.get("version", agent.version) != agent.version:
            refuse(404, "Not Found", f"There is no version {body['version']} of {code}.")
        owner, _ = jobs.conversations.get(body.get("conversationId"), (None, 0))
        if body.get("conversationId") is not None and owner != claims["sub"]:
            refuse(404, "Not Found", "There is no such conversation.")
        if "jobId" in body:
            job = own_job(code, body["jobId"], claims)
            if not jobs.resume(job, body.get("resumeNodeInput", body.get("message"))):
                refuse(409, "Conflict", "The job does not wait for anybody.")
        else:
            job = jobs.start(agent, claims, body, request.environ.get("sandbox.run_fault"))
        record(202)
        return jsonify(jobId=job.job_id, conversationId=job.conversation_id, status="RUNNING"), 202

    @app.get(f"{agents}/status/<job_id>")
    def status(code: str, job_id: str) -> Response:
        claims = act("agent.status", f"{code}/{job_id}", state.start.agent_scope)
        try:
            mode = single_values(request.args, {"invocationMode"}).get("invocationMode", MODES[0])
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")
        job = own_job(code, job_id, claims)
        if mode != job.mode:
            refuse(400, "Bad Request", f"The job was invoked as {job.mode}, not {mode}.")
        with jobs.changing:
            seen = job.poll()
        record(200)
        return jsonify(seen)

    @app.get(INVOICES)
    def invoices() -> Response:
        act("resource.read", request.path, state.start.api_scope)
        record(200)
        items = invoices_of(g.user.user_name) if "PAYABLES" in g.user.roles else []
        body = f'{{"items":[{",".join(items)}],"count":{len(items)},"hasMore":false,"limit":25,"offset":0}}'
        return Response(body, mimetype="application/json")

    return app


def invoices_of(user_name: str) -> list[str]:
    """JSON texts, so that ids and amounts keep digits that a double would lose."""
    return [
        f'{{"InvoiceId":9007199254740993{number},"InvoiceNumber":"{user_name.upper()}-{number}",'
        f'"InvoiceAmount":12345678901234567.8{number},"CreatedBy":"{user_name}"}}'
        for number in (1, 2)
    ]


def invocation(incoming: Any) -> dict[str, Any]:
    """The body of `invokeAsync`, held to the published schema; a ValueError says what is wrong."""
    if incoming.mimetype != "application/json":
        raise ValueError("The content type must be application/json")
    if incoming.args:
        raise ValueError("invokeAsync takes no query")
    body = json.loads(incoming.get_data())
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object")
    if unknown := sorted(set(body) - set(BODY_TYPES)):
        raise ValueError(f"Unknown member {', '.join(unknown)}")
    for name, value in body.items():
        if type(value) not in BODY_TYPES[name]:
            raise ValueError(f"{name} must be {' or '.join(kind.__name__ for kind in BODY_TYPES[name])}")
    if body.get("conversational") is not True:
        raise ValueError("conversational must be true, or no conversation is kept")
    if body.get("invocationMode", MODES[0]) not in MODES:
        raise ValueError(f"invocationMode must be one of {', '.join(MODES)}")
    if body.get("status", "PUBLISHED") not in ("PUBLISHED", "DRAFT"):
        raise ValueError("status must be PUBLISHED or DRAFT")
    if "resumeNodeInput" in body and "jobId" not in body:
        raise ValueError("resumeNodeInput needs the jobId of a waiting job")
    if not body.get("message") and "resumeNodeInput" not in body:
        raise ValueError("message must be a string that is not empty")
    return body
