"""A person's part in a run: what is asked, who may answer, and what an answer does."""

from dataclasses import dataclass, field
from typing import Literal

Decision = Literal["approve", "refuse", "change"]


@dataclass(frozen=True)
class Approval:
    """The members of an agent's `approval`."""

    node: str = "APPROVAL"
    question: str = "May it go on? Answer approve, refuse, or what should change."
    roles: list[str] = field(default_factory=list)  # any one of them may answer; none: whoever may run the agent
    approve_words: list[str] = field(default_factory=lambda: ["approve", "approved", "yes"])
    refuse_words: list[str] = field(default_factory=lambda: ["refuse", "refused", "reject", "rejected", "no"])
    refused_state: Literal["COMPLETE", "FAILED"] = "COMPLETE"
    refused_answer: str = "Refused by a person."
    request_change_message: str = "Changed. May it go on now?"
    max_iterations: int = 3  # how often something else than approve and refuse may be answered
    timeout_seconds: float = 3600.0  # by the sandbox's clock

    def decision(self, reply: object) -> Decision:
        """Of a message, or of a `resumeNodeInput`; a ValueError says how that must look."""
        if isinstance(reply, dict):
            if set(reply) == {"approved"} and type(reply["approved"]) is bool:
                return "approve" if reply["approved"] else "refuse"
            if set(reply) != {"message"} or not isinstance(reply["message"], str):
                raise ValueError("resumeNodeInput must have approved, true or false, or message, a text, and no more")
            reply = reply["message"]
        word = str(reply).strip().rstrip(".!").casefold()
        if word in self.approve_words:
            return "approve"
        return "refuse" if word in self.refuse_words else "change"

    def allows(self, roles: list[str]) -> bool:
        return not self.roles or bool(set(self.roles) & set(roles))
