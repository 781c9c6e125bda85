"""What the typed methods return: the wire's objects with Python's names.

`raw` is the answer as it came, members of a newer sidecar included. Times are RFC 3339 text in UTC. The repr of a
result never shows a token or an assertion.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Literal, Optional, TypeVar

from .errors import client_error

R = TypeVar("R", bound="Result")


@dataclass(frozen=True)
class Result:
    """Read by the names of its fields. In a field's metadata, `name` is its name on the wire where that is not the
    camel case of its own, and `read` makes its value of the wire's."""

    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_wire(cls: type[R], wire: Any) -> R:
        if not isinstance(wire, dict):
            raise _unexpected(cls, "an object")
        values: dict[str, Any] = {}
        for member in fields(cls)[1:]:
            name = member.metadata.get("name") or _camel_case(member.name)
            if wire.get(name) is not None:
                read = member.metadata.get("read", _as_it_is)
                values[member.name] = read(wire[name])
            elif member.default is MISSING:
                raise _unexpected(cls, name)
        return cls(raw=wire, **values)

    @classmethod
    def all_from_wire(cls: type[R], wire: Any) -> tuple[R, ...]:
        if not isinstance(wire, list):
            raise _unexpected(cls, "a list")
        return tuple(cls.from_wire(element) for element in wire)


@dataclass(frozen=True)
class Token(Result):
    access_token: str = field(repr=False)
    token_type: str
    expires_at: str
    expires_in_seconds: int
    scope: str
    subject: str
    source: Literal["cache", "exchange"]


@dataclass(frozen=True)
class Assertion(Result):
    assertion: str = field(repr=False)
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    expires_at: str


@dataclass(frozen=True)
class AgentRun(Result):
    agent: str
    job_id: str
    state: Literal["running", "waiting", "complete", "failed"]
    started_at: str
    polls: int
    conversation_id: Optional[str] = None
    waiting_for: Optional[Mapping[str, Any]] = None
    output: Any = None
    error: Any = None
    finished_at: Optional[str] = None
    streamed: Optional[bool] = None


@dataclass(frozen=True)
class AgentSkill(Result):
    id: str
    name: Optional[str] = None
    description: Optional[str] = None
    tags: Sequence[str] = ()


@dataclass(frozen=True)
class PublishedAgent(Result):
    """An agent as the pod's registry shows it. All but `agent`, its code, are the pod's words."""

    agent: str
    name: Optional[str] = None
    description: Optional[str] = None
    version: Optional[str] = None
    provider: Optional[str] = None
    streaming: Optional[bool] = None
    input_modes: Sequence[str] = ()
    output_modes: Sequence[str] = ()
    skills: Sequence[AgentSkill] = field(default=(), metadata={"read": AgentSkill.all_from_wire})
    card_url: Optional[str] = None


@dataclass(frozen=True)
class AgentList(Result):
    agents: Sequence[PublishedAgent] = field(metadata={"read": PublishedAgent.all_from_wire})
    truncated: bool
    omitted: int


@dataclass(frozen=True)
class AgentCard(Result):
    """What an agent says of itself. `raw` is the card as the pod wrote it; nothing in it is sure to be there."""

    name: Any = None
    description: Any = None
    url: Any = None
    version: Any = None
    provider: Any = None
    capabilities: Any = None
    skills: Any = None


@dataclass(frozen=True)
class Binding(Result):
    identity_domain_url: str
    client_id: str


@dataclass(frozen=True)
class Certificate(Result):
    subject: str
    issuer: str
    serial_number: str
    not_before: str
    not_after: str
    sha1_fingerprint: str
    sha256_fingerprint: str
    days_left: Optional[int] = None


@dataclass(frozen=True)
class KeyWarning(Result):
    kind: str
    message: str
    hint: str


@dataclass(frozen=True)
class Key(Result):
    alias: str
    algorithm: str
    bits: int
    origin: Literal["generated", "imported", "hardware"]
    created_at: str
    kid: str
    x5t: str
    x5t_s256: str = field(metadata={"name": "x5t#S256"})
    certificate_pem: str
    certificate: Certificate = field(metadata={"read": Certificate.from_wire})
    public_key_pem: str
    jwk: Mapping[str, Any]
    store: str
    binding: Optional[Binding] = field(default=None, metadata={"read": Binding.from_wire})
    succeeds: Optional[str] = None
    retired_at: Optional[str] = None
    succeeded_by: Optional[str] = None
    warnings: Sequence[KeyWarning] = field(default=(), metadata={"read": KeyWarning.all_from_wire})
    next: Optional[Key] = field(default=None, metadata={"read": lambda wire: Key.from_wire(wire)})
    hint: Optional[str] = None


@dataclass(frozen=True)
class Profile(Result):
    """The members that name things; the rest is in `raw`, which is also what `save_profile` takes."""

    name: str
    identity_domain_url: str
    client_id: str
    client_authentication: Literal["client_assertion", "client_secret_basic"]
    key: str
    scope: str
    fusion_url: str
    policy: Mapping[str, Any]
    kid: Optional[str] = None


@dataclass(frozen=True)
class Check(Result):
    id: str
    status: Literal["pass", "warn", "fail", "skip"]
    summary: str
    elapsed_ms: float
    hint: Optional[str] = None
    ecid: Optional[str] = None


@dataclass(frozen=True)
class Diagnosis(Result):
    ok: bool
    checks: Sequence[Check] = field(metadata={"read": Check.all_from_wire})
    bundle: Optional[Mapping[str, Any]] = None


@dataclass(frozen=True)
class Explanation(Result):
    allowed: bool
    layer: str
    rule: str
    raw_credentials: bool
    kind: Optional[str] = None
    assertion_claims: Optional[Mapping[str, Any]] = None


def _as_it_is(value: Any) -> Any:
    return value


def _camel_case(name: str) -> str:
    return re.sub(r"_(.)", lambda match: match[1].upper(), name)


def _unexpected(result: type, missing: str) -> Exception:
    return client_error(
        "sidecar_incompatible",
        f"The sidecar's answer lacks {missing}, which {result.__name__} needs.",
        "Install a sidecar and a client of the same release, or use call(), which takes every answer.",
    )
