"""Call Oracle Fusion AI agents as the real end user, through the onbehalf sidecar."""

from .aio import AsyncOnBehalf
from .client import OnBehalf
from .errors import OnBehalfError
from .results import (
    AgentCard,
    AgentList,
    AgentRun,
    AgentSkill,
    Assertion,
    Binding,
    Certificate,
    Check,
    Diagnosis,
    Explanation,
    Key,
    KeyWarning,
    Profile,
    PublishedAgent,
    Token,
)

__all__ = [
    "AgentCard",
    "AgentList",
    "AgentRun",
    "AgentSkill",
    "Assertion",
    "AsyncOnBehalf",
    "Binding",
    "Certificate",
    "Check",
    "Diagnosis",
    "Explanation",
    "Key",
    "KeyWarning",
    "OnBehalf",
    "OnBehalfError",
    "Profile",
    "PublishedAgent",
    "Token",
]
