"""The pod's agents at work: runs that are started, streamed, polled and answered."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.http import HTTP_STATUS_CODES

from . import events, strict
from .chat import Stream
from .fault_kinds import Run
from .jobs import Job, Jobs
from .state import Agent, State
from .web import single_values

AGENTS = "/api/fusion-ai/orchestrator/agent/v2/<code>"
END_USER, ADMIN = "END_USER", "ADMIN"

# The members of the published request schema, with the types it gives.
BODY_TYPES: dict[str, tuple[type, ...]] = {
    "agentCodes": (list,), "architecture": (str,), "conversational": (bool,), "conversationId": (str, type(None)),
    "invocationMode": (str,), "jobId": (str,), "message": (str,), "parameters": (dict,), "progressMessage": (bool,),
    "resumeNodeInput": (dict,), "status": (str,), "streamOutput": (bool,), "toolCodes": (list,), "version": (int,),
    "workflowName": (str,),
}


def add_runs(
    app: Flask, state: State, jobs: Jobs,
    act: Callable[..., None], refuse: Callable[..., Any], record: Callable[..., None],
    executable: Callable[[str, dict[str, Any]], Agent],
) -> None:
    def anyone() -> bool:
        return state.settings.jobs_visible_to == "anyone"

    def visible_job(job_id: str, code: str) -> Job:
        job = jobs.find(job_id, code, g.user, anyone())
        if job is None:
            refuse(404, "Not Found", "There is no such job.")
        return job

    def asked_for() -> dict[str, Any]:
        try:
            return invocation()
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")

    def begun(agent: Agent, body: dict[str, Any]) -> tuple[Job, str]:
        """The run that the body starts or answers, and the id it goes by from now on."""
        fault, conversation = request.environ.get("sandbox.run_fault"), None
        conversation_id = body.get("conversationId")
        if conversation_id is not None:
            conversation = jobs.conversation(conversation_id, g.user, anyone())
            if conversation is None:
                refuse(404, "Not Found", "There is no such conversation.")
        if "jobId" in body:
            return answered_job(agent, body, fault), body["jobId"]
        if conversation and conversation.last.agent == agent.code and jobs.waits(conversation.last):
            job, message = conversation.last, body["message"]
            action, g.action = g.action, "agent.resume"
            resumed = answered(job, jobs.reply_in_conversation, conversation, agent, message, fault)
            if resumed is not None:
                job_id, g.decided = resumed
                g.target = f"{agent.code}/{job_id}"
                return job, job_id
            g.action = action
        mode = body.get("invocationMode", END_USER)
        return jobs.start(agent, g.user, body["message"], mode, conversation_id, fault)

    def answered_job(agent: Agent, body: dict[str, Any], fault: Run | None) -> Job:
        g.action, g.target = "agent.resume", f"{agent.code}/{body['jobId']}"
        job = visible_job(body["jobId"], agent.code)
        if body.get("conversationId") not in (None, job.conversation_id):
            refuse(400, "Bad Request", "The job belongs to another conversation.")
        reply = body.get("resumeNodeInput", body.get("message"))
        g.decided = answered(job, jobs.reply, job, agent, reply, fault)
        if g.decided is None:
            refuse(409, "Conflict", "The job does not wait for anybody.")
        return job

    def answered(job: Job, take: Callable[..., Any], place: Any, agent: Agent, reply: object, fault: Run | None) -> Any:
        """What became of a reply; None when nobody waits for it."""
        if job.asks and not job.approval.allows(g.user.roles):
            refuse(403, "Forbidden", f"{g.user.user_name} has no role to answer this.")
        try:
            return take(place, agent, g.user, reply, fault)
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")

    def started(job: Job, job_id: str) -> tuple[Response, int]:
        record(202, g.get("decided"))
        return jsonify(jobId=job_id, conversationId=job.conversation_id, status="RUNNING"), 202

    @app.post(f"{AGENTS}/invokeAsync")
    def invoke(code: str) -> tuple[Response, int]:
        act("agent.invoke", code, state.start.agent_scope)
        body = asked_for()
        return started(*begun(executable(code, body), body))

    @app.post(f"{AGENTS}/chat")
    def chat(code: str) -> Response | tuple[Response, int]:
        act("agent.chat", code, state.start.agent_scope)
        if events.MEDIA_TYPE not in request.accept_mimetypes.values():
            refuse(406, "Not Acceptable", f"The request must accept {events.MEDIA_TYPE}.")
        body = asked_for()
        agent = executable(code, body)
        if not agent.streams and agent.unstreamed != "json":
            refuse(int(agent.unstreamed), HTTP_STATUS_CODES[int(agent.unstreamed)], f"{code} can not be streamed.")
        job, job_id = begun(agent, body)
        if not agent.streams:
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


def invocation() -> dict[str, Any]:
    """The body of `invokeAsync` and `chat`, held to the published schema; a ValueError says what is wrong."""
    if request.mimetype != "application/json":
        raise ValueError("The content type must be application/json")
    if request.args:
        raise ValueError("It takes no query")
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
