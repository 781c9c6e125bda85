"""Agent runs and the conversations they belong to."""

import json
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from .fault_kinds import Run
from .state import Agent, User

SUCCEEDED = {"COMPLETE", "COMPLETED", "SUCCESS"}
FAILED = {"ERROR", "FAILED", "CANCELLED"}
WAITING = "WAITING"
AFTER_WAITING = ["RUNNING", "COMPLETE"]


@dataclass
class Job:
    """A run. Each poll shows the next of its states; the last one stays."""

    job_id: str
    agent: str
    owner: str  # user name
    conversation_id: str
    mode: str
    states: list[str]
    output: str
    error: str
    first_until: float  # monotonic seconds; until then it stays in its first state
    polls: int = 0

    @property
    def state(self) -> str:
        """The state last seen, or the first one."""
        return self.states[min(max(self.polls, 1), len(self.states)) - 1]


@dataclass
class Conversation:
    owner: str
    turns: int
    last: Job


class Jobs:
    def __init__(self) -> None:
        self.changing = threading.Lock()
        self.jobs: dict[str, Job] = {}
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

    def owns_conversation(self, user: User, conversation_id: str) -> bool:
        conversation = self.conversations.get(conversation_id)
        return conversation is not None and conversation.owner == user.user_name

    def start(
        self, agent: Agent, user: User, message: str, mode: str, conversation_id: str | None, fault: Run | None
    ) -> Job:
        """A new run. In a conversation whose last run waits, the message is the reply and the run ends well."""
        with self.changing:
            before = self.conversations.get(conversation_id or "")
            turn = before.turns + 1 if before else 1
            states = fault.states if fault else agent.states
            if not fault and before and before.last.state == WAITING:
                states = AFTER_WAITING
            answer = agent.answer.format(
                displayName=user.display_name, userName=user.user_name, agent=agent.code, message=message, turn=turn
            )
            job = Job(
                job_id=uuid.uuid4().hex, agent=agent.code, owner=user.user_name,
                conversation_id=conversation_id or uuid.uuid4().hex, mode=mode, states=states,
                output=fault.output if fault and fault.output is not None else answer,
                error=fault.error if fault and fault.error is not None else agent.error,
                first_until=time.monotonic() + agent.seconds,
            )
            self.jobs[job.job_id] = job
            self.conversations[job.conversation_id] = Conversation(user.user_name, turn, job)
            return job

    def resume(self, job: Job, reply: object) -> bool:
        """A waiting run goes on with the user's reply; false when it does not wait."""
        with self.changing:
            if job.state != WAITING:
                return False
            job.states, job.polls = AFTER_WAITING, 0
            job.output = f"{job.output} Resumed with: {json.dumps(reply)}"
            return True

    def poll(self, job: Job) -> dict[str, Any]:
        """What the status request shows."""
        with self.changing:
            if time.monotonic() >= job.first_until:
                job.polls += 1
            seen = {"jobId": job.job_id, "conversationId": job.conversation_id, "status": job.state}
            if job.state in SUCCEEDED:
                seen["output"] = job.output
            if job.state in FAILED:
                seen["error"] = job.error
            return seen
