"""Call Oracle Fusion AI agents as the real end user, through the onbehalf sidecar."""

from .aio import AsyncOnBehalf
from .client import OnBehalf
from .errors import OnBehalfError
from .results import (
    AgentRun,
    Assertion,
    Binding,
    Certificate,
    Check,
    Diagnosis,
    Key,
    KeyWarning,
    Profile,
    Token,
)

__all__ = [
    "AgentRun",
    "Assertion",
    "AsyncOnBehalf",
    "Binding",
    "Certificate",
    "Check",
    "Diagnosis",
    "Key",
    "KeyWarning",
    "OnBehalf",
    "OnBehalfError",
    "Profile",
    "Token",
]
