"""A run told as it happens: what its stream says, piece by piece, and that the run does not depend on it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from . import events
from .jobs import FAILED, SUCCEEDED, WAITING, Job, Jobs
from .server import Release, SandboxConnection
from .state import Agent, Node


class Stream:
    """Pieces of the answer, each an event. Closed before its end, it leaves the run to go on by itself."""

    def __init__(
        self, jobs: Jobs, job: Job, job_id: str, agent: Agent, connection: SandboxConnection, release: Release
    ) -> None:
        self.jobs, self.job, self.agent = jobs, job, agent
        self.ids = {"jobId": job_id, "conversationId": job.conversation_id}
        self.connection, self.release = connection, release
        self.attached = True
        jobs.attach(job)
        self.pieces = self.told()

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        self.part_from(self.jobs.detach)

    def part_from(self, leave: Callable[[Job], None]) -> None:
        if self.attached:
            self.attached = False
            leave(self.job)

    def told(self) -> Iterator[bytes]:
        for event in self.course():
            piece = events.encoded({**self.ids, **event})
            yield events.with_noise(piece) if self.agent.noise else piece
            if not self.lasts(self.agent.event_seconds):
                return
        yield events.DONE

    def course(self) -> Iterator[dict[str, Any]]:
        """The nodes with what they do, the text within the last of them, and how it ends."""
        end = self.job.states[-1]
        *before, last = ([Node(self.job.approval.node)] if self.job.asks else self.agent.nodes) or [None]
        for node in before:
            yield from [*begun(node), *ended(node)]
        yield from begun(last)
        yield from map(self.delta, self.texts(end))
        if not self.lasts(self.jobs.first_seconds_left(self.job)):
            return
        if end not in SUCCEEDED | FAILED | {WAITING}:
            self.release.awaited(self.connection)  # such a run never ends
            return
        yield from ended(last) if end in SUCCEEDED else []
        self.part_from(self.jobs.finish)
        yield self.last_event(end)

    def lasts(self, seconds: float) -> bool:
        """After so many seconds; false when the client has left."""
        return seconds <= 0 or self.release.awaited(self.connection, seconds)

    def texts(self, end: str) -> list[str]:
        if self.job.asks:
            return []
        if self.agent.deltas is not None:
            return self.agent.deltas
        return re.findall(r"\s*\S+|\s+$", self.job.output) if end in SUCCEEDED else []

    def delta(self, text: str) -> dict[str, Any]:
        return {"message": {"content": text if self.agent.delta_shape == "string" else [{"text": text}]}}

    def last_event(self, end: str) -> dict[str, Any]:
        if end in SUCCEEDED:
            message, more = {"output": self.job.output}, {}
        elif end in FAILED:
            message, more = {}, {"error": self.job.error}
        else:
            message, more = {"pausedNode": self.last_node, **self.job.asked}, {}
        reason = "stop" if end in SUCCEEDED else "error" if end in FAILED else "paused"
        if self.agent.finish_reason_in == "message":
            return {"message": {**message, "finishReason": reason}, **more}
        return {"message": message, "finishReason": reason, **more}

    @property
    def last_node(self) -> str | None:
        return self.agent.nodes[-1].code if self.agent.nodes else None


def begun(node: Node | None) -> list[dict[str, Any]]:
    if node is None:
        return []
    children = [progress(child, kind) for child in node.children for kind in ("CHILD_NODE_START", "CHILD_NODE_END")]
    return [progress(node.code, "NODE_START", nodeInput=node.input), *children]


def ended(node: Node | None) -> list[dict[str, Any]]:
    if node is None:
        return []
    return [progress(node.code, kind, nodeOutput=node.output) for kind in ("NODE_EXECUTED", "NODE_END")]


def progress(code: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"nodeProgressMessage": {"nodeCode": code, "type": kind, **more}}
