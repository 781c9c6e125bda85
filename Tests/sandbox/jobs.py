"""Agent runs and the conversations they belong to."""

import json
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from .approval import Approval
from .clock import Clock
from .fault_kinds import Run
from .state import Agent, User

SUCCEEDED = {"COMPLETE", "COMPLETED", "SUCCESS"}
FAILED = {"ERROR", "FAILED", "CANCELLED"}
WAITING, RUNNING = "WAITING", "RUNNING"
AFTER_WAITING = [RUNNING, "COMPLETE"]


@dataclass
class Job:
    """A run. Each poll shows the next of its states; the last one stays."""

    agent: str
    owner: str  # user name
    conversation_id: str
    mode: str
    states: list[str]
    output: str
    error: str
    first_until: float  # monotonic seconds; until then it stays in its first state
    approval: Approval | None = None
    question: str = ""
    end: str = "COMPLETE"  # where a reply that lets it go on leads
    changes: int = 0  # how often something else than yes and no was answered
    waits_since: float | None = None  # by the sandbox's clock
    polls: int = 0
    streams: int = 0  # that tell of it now

    @property
    def state(self) -> str:
        """The state last seen, or the first one."""
        return RUNNING if self.streams else self.states[min(max(self.polls, 1), len(self.states)) - 1]

    @property
    def asks(self) -> bool:
        """It waits at its end for an approval."""
        return self.approval is not None and self.states[-1] == WAITING

    @property
    def asked(self) -> dict[str, Any]:
        """What a person is told while it waits."""
        return {"output": self.question, "pausedNode": self.approval.node} if self.asks else {}

    def go_on(self, states: list[str]) -> None:
        self.states, self.polls, self.waits_since, self.first_until = states, 0, None, 0.0


@dataclass
class Conversation:
    owner: str
    turns: int
    last: Job


class Jobs:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.changing = threading.RLock()
        self.jobs: dict[str, Job] = {}  # a run that was answered in its conversation has a further id for each answer
        self.conversations: dict[str, Conversation] = {}

    def clear(self) -> None:
        with self.changing:
            self.jobs.clear()
            self.conversations.clear()

    def find(self, job_id: str, agent: str, user: User, anyone: bool) -> Job | None:
        """The job, when it is the agent's and this user may see it."""
        job = self.jobs.get(job_id)
        visible = job is not None and job.agent == agent and (anyone or job.owner == user.user_name)
        return job if visible else None

    def conversation(self, conversation_id: str, user: User, anyone: bool) -> Conversation | None:
        conversation = self.conversations.get(conversation_id)
        visible = conversation is not None and (anyone or conversation.owner == user.user_name)
        return conversation if visible else None

    def start(
        self, agent: Agent, user: User, message: str, mode: str, conversation_id: str | None, fault: Run | None
    ) -> tuple[Job, str]:
        """A new run and its id."""
        with self.changing:
            before = self.conversations.get(conversation_id or "")
            turn = before.turns + 1 if before else 1
            job = Job(
                agent=agent.code, owner=user.user_name, conversation_id=conversation_id or uuid.uuid4().hex, mode=mode,
                states=agent.states, output=agent.answered(user, message, turn), error=agent.error,
                first_until=time.monotonic() + agent.seconds, end=agent.states[-1],
            )
            if agent.approval and job.end in SUCCEEDED:
                job.approval, job.question = agent.approval, agent.approval.question
                job.states = [state for state in agent.states if state not in SUCCEEDED] + [WAITING]
            if fault:
                changed_by(fault, job)
            owner = before.owner if before else user.user_name
            self.conversations[job.conversation_id] = Conversation(owner, turn, job)
            return job, self.named(job)

    def named(self, job: Job) -> str:
        job_id = uuid.uuid4().hex
        self.jobs[job_id] = job
        return job_id

    def waits(self, job: Job) -> bool:
        with self.changing:
            self.give_up(job)
            return job.state == WAITING

    def reply(self, job: Job, agent: Agent, user: User, reply: object, fault: Run | None) -> str | None:
        """A waiting run goes on with what a person answered; None when it does not wait, else what was decided.
        A ValueError says why it is no answer."""
        with self.changing:
            if not self.waits(job):
                return None
            if job.approval is None:
                job.go_on(AFTER_WAITING)
                job.output = f"{job.output} Resumed with: {json.dumps(reply)}"
                decided = "answered"
            else:
                decided = self.decide(job, job.approval, user, reply)
            if fault:
                changed_by(fault, job)
            return decided

    def reply_in_conversation(
        self, conversation: Conversation, agent: Agent, user: User, message: str, fault: Run | None
    ) -> tuple[str, str] | None:
        """The same by message: the run goes on under a further id, too."""
        with self.changing:
            job = conversation.last
            decided = self.reply(job, agent, user, message, fault) if job.agent == agent.code else None
            if decided is None:
                return None
            conversation.turns += 1
            if job.approval is None and not (fault and fault.output is not None):
                job.output = agent.answered(user, message, conversation.turns)
            return self.named(job), decided

    def decide(self, job: Job, approval: Approval, user: User, reply: object) -> str:
        decision = approval.decision(reply)
        if decision == "approve":
            job.go_on([RUNNING, job.end])
            return f"approved by {user.user_name}"
        if decision == "refuse":
            job.go_on([RUNNING, approval.refused_state])
            job.output = job.error = approval.refused_answer
            return f"refused by {user.user_name}"
        job.changes += 1
        if job.changes > approval.max_iterations:
            job.go_on([RUNNING, "FAILED"])
            job.error = f"Neither approved nor refused in {approval.max_iterations} iterations."
        else:
            job.go_on([RUNNING, WAITING])
            job.question = approval.request_change_message
        return f"a change wanted by {user.user_name}"

    def give_up(self, job: Job) -> None:
        """When nobody has answered in time."""
        if job.asks and job.waits_since is not None:
            if self.clock.now() >= job.waits_since + job.approval.timeout_seconds:
                job.go_on(["FAILED"])
                job.error = f"Nobody answered within {job.approval.timeout_seconds:g} s."

    def poll(self, job: Job, job_id: str) -> dict[str, Any]:
        """What the status request shows."""
        with self.changing:
            self.give_up(job)
            if time.monotonic() >= job.first_until and not job.streams:
                job.polls += 1
            seen = {"jobId": job_id, "conversationId": job.conversation_id, "status": job.state}
            if job.state in SUCCEEDED:
                seen["output"] = job.output
            if job.state in FAILED:
                seen["error"] = job.error
            if job.state == WAITING:
                self.note_waiting(job)
                seen |= job.asked
            return seen

    # What a stream tells the run it shows.

    def attach(self, job: Job) -> None:
        with self.changing:
            job.streams += 1

    def detach(self, job: Job) -> None:
        """From now on its polls move it."""
        with self.changing:
            job.streams -= 1

    def finish(self, job: Job) -> None:
        with self.changing:
            job.polls = len(job.states)
            self.detach(job)
            if job.state == WAITING:
                self.note_waiting(job)

    def note_waiting(self, job: Job) -> None:
        if job.waits_since is None:
            job.waits_since = self.clock.now()

    def first_seconds_left(self, job: Job) -> float:
        return job.first_until - time.monotonic()


def changed_by(fault: Run, job: Job) -> None:
    job.states, job.approval = fault.states, None
    job.output = fault.output if fault.output is not None else job.output
    job.error = fault.error if fault.error is not None else job.error
