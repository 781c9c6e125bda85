"""The Fusion pod: agents that run as the user in the token, and REST resources."""

import re
from collections.abc import Callable
from typing import Any, NoReturn

from flask import Flask, Response, abort, g, jsonify, request
from werkzeug.http import HTTP_STATUS_CODES

from . import events, strict
from .audit import Audit
from .chat import Stream
from .clock import Clock
from .invoices import Invoices
from .jobs import Job, Jobs
from .registry import add_registry
from .resources import add_resources
from .state import Agent, State
from .tokens import TokenError, Tokens
from .web import json_app, problem, single_values

AGENTS = "/api/fusion-ai/orchestrator/agent/v2/<code>"
AGENT_CODE = re.compile(r"[A-Z0-9_]{1,200}")
END_USER, ADMIN = "END_USER", "ADMIN"
ADMIN_ROLE = "FUSION_AI_ADMIN"

# The members of the published request schema, with the types it gives.
BODY_TYPES: dict[str, tuple[type, ...]] = {
    "agentCodes": (list,), "architecture": (str,), "conversational": (bool,), "conversationId": (str, type(None)),
    "invocationMode": (str,), "jobId": (str,), "message": (str,), "parameters": (dict,), "progressMessage": (bool,),
    "resumeNodeInput": (dict,), "status": (str,), "streamOutput": (bool,), "toolCodes": (list,), "version": (int,),
    "workflowName": (str,),
}


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

    def anyone() -> bool:
        return state.settings.jobs_visible_to == "anyone"

    def visible_job(job_id: str, code: str) -> Job:
        job = jobs.find(job_id, code, g.user, anyone())
        if job is None:
            refuse(404, "Not Found", "There is no such job.")
        return job

    def begun(agent: Agent, body: dict[str, Any]) -> tuple[Job, str]:
        """The run that the body starts or answers, and the id it goes by from now on."""
        fault, conversation = request.environ.get("sandbox.run_fault"), None
        conversation_id = body.get("conversationId")
        if conversation_id is not None:
            conversation = jobs.conversation(conversation_id, g.user, anyone())
            if conversation is None:
                refuse(404, "Not Found", "There is no such conversation.")
        if "jobId" in body:
            g.action, g.target = "agent.resume", f"{agent.code}/{body['jobId']}"
            job = visible_job(body["jobId"], agent.code)
            if conversation_id not in (None, job.conversation_id):
                refuse(400, "Bad Request", "The job belongs to another conversation.")
            check_approver(job)
            reply = body.get("resumeNodeInput", body.get("message"))
            g.decided = answered(jobs.reply, job, agent, g.user, reply, fault)
            if g.decided is None:
                refuse(409, "Conflict", "The job does not wait for anybody.")
            return job, body["jobId"]
        if conversation and jobs.waits(conversation.last):
            check_approver(conversation.last)
            resumed = answered(jobs.reply_in_conversation, conversation, agent, g.user, body["message"], fault)
            if resumed is not None:
                job_id, g.decided = resumed
                g.action, g.target = "agent.resume", f"{agent.code}/{job_id}"
                return conversation.last, job_id
        mode = body.get("invocationMode", END_USER)
        return jobs.start(agent, g.user, body["message"], mode, conversation_id, fault)

    def answered(reply: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return reply(*arguments)
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")

    def check_approver(job: Job) -> None:
        if job.asks and not job.approval.allows(g.user.roles):
            refuse(403, "Forbidden", f"{g.user.user_name} has no role to answer this.")

    @app.post(f"{AGENTS}/invokeAsync")
    def invoke(code: str) -> tuple[Response, int]:
        act("agent.invoke", code, state.start.agent_scope)
        try:
            body = invocation()
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")
        job, job_id = begun(executable(code, body), body)
        record(202, g.get("decided"))
        return started(job, job_id)

    def started(job: Job, job_id: str) -> tuple[Response, int]:
        return jsonify(jobId=job_id, conversationId=job.conversation_id, status="RUNNING"), 202

    @app.post(f"{AGENTS}/chat")
    def chat(code: str) -> Response | tuple[Response, int]:
        act("agent.chat", code, state.start.agent_scope)
        if events.MEDIA_TYPE not in request.accept_mimetypes.values():
            refuse(406, "Not Acceptable", f"The request must accept {events.MEDIA_TYPE}.")
        try:
            body = invocation()
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")
        agent = executable(code, body)
        if not agent.streams and agent.unstreamed != "json":
            refuse(int(agent.unstreamed), HTTP_STATUS_CODES[int(agent.unstreamed)], f"{code} can not be streamed.")
        job, job_id = begun(agent, body)
        if not agent.streams:
            record(202, g.get("decided"))
            return started(job, job_id)
        record(200, g.get("decided"))
        connection, release = request.environ["sandbox.connection"], request.environ["sandbox.release"]
        return Response(Stream(jobs, job, job_id, agent, connection, release), content_type=events.MEDIA_TYPE)

    @app.get(f"{AGENTS}/status/<job_id>")
    def status(code: str, job_id: str) -> Response:
        act("agent.status", f"{code}/{job_id}", state.start.agent_scope)
        try:
            mode = single_values(request.args, {"invocationMode"}).get("invocationMode", END_USER)
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")
        job = visible_job(job_id, code)
        if mode != job.mode:
            refuse(400, "Bad Request", f"The job was invoked as {job.mode}, not as {mode}.")
        record(200)
        return jsonify(jobs.poll(job, job_id))

    add_registry(app, state, act, refuse, record, executable)
    add_resources(app, state, invoices, act, refuse, record)
    return app


def invocation() -> dict[str, Any]:
    """The body of `invokeAsync` and `chat`, held to the published schema; a ValueError says what is wrong."""
    if request.mimetype != "application/json":
        raise ValueError("The content type must be application/json")
    if request.args:
        raise ValueError("there is no query to it")
    body = strict.load(request.get_data())
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object")
    if unknown := sorted(set(body) - set(BODY_TYPES)):
        raise ValueError(f"Unknown member {', '.join(unknown)}")
    for name, value in body.items():
        if type(value) not in BODY_TYPES[name]:
            raise ValueError(f"{name} must be {' or '.join(kind.__name__ for kind in BODY_TYPES[name])}")
    if body.get("conversational") is not True:
        raise ValueError("conversational must be true, or no conversation is kept")
    if body.get("invocationMode", END_USER) not in (END_USER, ADMIN):
        raise ValueError(f"invocationMode must be {END_USER} or {ADMIN}")
    if body.get("status", "PUBLISHED") not in ("PUBLISHED", "DRAFT"):
        raise ValueError("status must be PUBLISHED or DRAFT")
    if "resumeNodeInput" in body and "jobId" not in body:
        raise ValueError("resumeNodeInput needs the jobId of a waiting job")
    if not body.get("message") and "resumeNodeInput" not in body:
        raise ValueError("message must be a string that is not empty")
    return body
