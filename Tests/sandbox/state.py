"""What the identity domain and the pod know: clients, users, agents and the settings of the sandbox itself."""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from . import records, strict
from .approval import Approval
from .certificates import Certificate
from .records import RecordError

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLIENT_CREDENTIALS = "client_credentials"
ANSWER = "Hello, {displayName}. {agent} read: {message}"
DEFAULT_START = Path(__file__).with_name("default.json")


@dataclass(frozen=True)
class Client:
    """A confidential application of the domain. Only a trusted one may sign user assertions."""

    client_id: str
    client_type: Literal["trusted", "confidential"] = "trusted"
    active: bool = True
    grants: list[str] = field(default_factory=lambda: [CLIENT_CREDENTIALS, JWT_BEARER])
    client_secret: str | None = None
    certificates: dict[str, str] = field(default_factory=dict)  # alias: PEM
    scopes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if unknown := set(self.grants) - {CLIENT_CREDENTIALS, JWT_BEARER}:
            raise RecordError(f"Client.grants has unknown {', '.join(sorted(unknown))}")
        for alias, pem in self.certificates.items():
            try:
                Certificate.from_pem(alias, pem)
            except ValueError as error:
                raise RecordError(f"Client.certificates.{alias} is not an RSA certificate in PEM: {error}") from error

    def registered(self) -> list[Certificate]:
        return [Certificate.from_pem(alias, pem) for alias, pem in self.certificates.items()]

    # What Authlib asks of a client.
    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grants

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token"


@dataclass(frozen=True)
class User:
    user_name: str
    display_name: str
    active: bool = True
    roles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Node:
    """A step of an agent's work, as its streams tell of it."""

    code: str
    children: list[str] = field(default_factory=list)  # codes of the nodes within it
    input: Any = None
    output: Any = None


@dataclass(frozen=True)
class Agent:
    """An agent team. A job shows one of `states` per poll; the last one stays."""

    code: str
    name: str | None = None  # none: made of the code
    description: str = "An agent team of the sandbox."
    skills: list[dict[str, Any]] = field(default_factory=list)
    published: bool = True
    draft: bool = False
    version: int | None = None
    roles: list[str] = field(default_factory=list)  # any one of them may run it
    states: list[str] = field(default_factory=lambda: ["RUNNING", "RUNNING", "COMPLETE"])
    seconds: float = 0.0  # a job stays in its first state at least this long
    answer: str | None = None  # none: the deltas in one, else a greeting
    error: str = "The agent could not finish."
    approval: Approval | None = None  # a run that would end well waits for a person first
    # How its runs are streamed.
    streams: bool = True
    unstreamed: Literal["404", "405", "406", "501", "json"] = "404"  # what a request for a stream gets otherwise
    nodes: list[Node] = field(default_factory=lambda: [Node("ANSWER")])
    deltas: list[str] | None = None  # none: the words of the answer
    delta_shape: Literal["string", "parts"] = "string"
    finish_reason_in: Literal["message", "event"] = "message"
    noise: bool = False  # comments, blank lines, fields but `data`, CRLF
    event_seconds: float = 0.0  # between two events

    def __post_init__(self) -> None:
        if not self.states:
            raise RecordError("Agent.states must not be empty")
        try:
            (self.answer or "").format(displayName="", userName="", agent="", message="", turn=1)
        except (LookupError, ValueError, AttributeError) as error:
            raise RecordError(f"Agent.answer has an unknown placeholder: {error}") from error

    @property
    def title(self) -> str:
        """`HR_TEAM` is Hr Team."""
        return self.name or self.code.replace("_", " ").title()

    def answered(self, user: User, message: str, turn: int) -> str:
        if self.answer is None and self.deltas is not None:
            return "".join(self.deltas)
        return (ANSWER if self.answer is None else self.answer).format(
            displayName=user.display_name, userName=user.user_name, agent=self.code, message=message, turn=turn
        )


@dataclass(frozen=True)
class Settings:
    clock_offset_seconds: int = 0
    skew_seconds: int = 300
    max_assertion_seconds: int = 3600
    token_seconds: int = 3600
    check_certificate_dates: bool = False
    refuse_replay: bool = True
    open_jwks: bool = True
    jobs_visible_to: Literal["owner", "anyone"] = "owner"
    token_requests_per_second: int | None = None
    token_requests_per_minute: int | None = None
    token_retry_after_seconds: int | None = None


@dataclass(frozen=True)
class Start:
    """The start state: what `--config` takes and `default.json` holds."""

    tenant: str
    agent_scope: str
    api_scope: str
    clients: list[dict[str, Any]] = field(default_factory=list)
    users: list[dict[str, Any]] = field(default_factory=list)
    agents: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


class NoSuchRecord(LookupError):
    """Its argument is the key that was asked for."""


class State:
    """What is known now. Records and tables are never changed but replaced, so readers need no lock."""

    def __init__(self, start: Path = DEFAULT_START) -> None:
        self.start = records.read(Start, strict.load(start.read_bytes()))
        self.changing = threading.RLock()
        self.reset()

    def reset(self) -> None:
        with self.changing:
            self.tables: dict[type, dict[str, Any]] = {
                Client: {c.client_id: c for c in (records.read(Client, body) for body in self.start.clients)},
                User: {u.user_name: u for u in (records.read(User, body) for body in self.start.users)},
                Agent: {a.code: a for a in (records.read(Agent, body) for body in self.start.agents)},
            }
            self.settings = records.read(Settings, self.start.settings)

    @property
    def scopes(self) -> list[str]:
        return [self.start.agent_scope, self.start.api_scope]

    def client(self, client_id: str) -> Client | None:
        return self.tables[Client].get(client_id)

    def user(self, name: str) -> User | None:
        """User names are told apart without regard to case, as in SCIM (assumed of the domain)."""
        return next((user for user in self.tables[User].values() if user.user_name.lower() == name.lower()), None)

    def agent(self, code: str) -> Agent | None:
        return self.tables[Agent].get(code)

    @property
    def agents(self) -> list[Agent]:
        return list(self.tables[Agent].values())

    def get(self, kind: type, key: str) -> Any:
        record = self.tables[kind].get(key)
        if record is None:
            raise NoSuchRecord(key)
        return record

    def put(self, kind: type, key: str, record: Any) -> None:
        with self.changing:
            self.tables[kind] = {**self.tables[kind], key: record}

    def delete(self, kind: type, key: str) -> None:
        with self.changing:
            self.get(kind, key)
            self.tables[kind] = {name: record for name, record in self.tables[kind].items() if name != key}

    def change(self, kind: type, key_field: str, key: str, body: object, partial: bool) -> Any:
        """Creates or replaces a record; with `partial`, changes the members named in an existing one."""
        with self.changing:
            base = self.get(kind, key) if partial else None
            if not isinstance(body, dict):
                raise RecordError(f"{kind.__name__} must be a JSON object")
            name = records.wire_name(key_field)
            if body.setdefault(name, key) != key:
                raise RecordError(f"{kind.__name__}.{name} must be {key}, as in the path")
            record = records.read(kind, body, base)
            self.put(kind, key, record)
            return record

    def register_certificate(self, client_id: str, alias: str, pem: str) -> None:
        with self.changing:
            client = self.get(Client, client_id)
            self.put(Client, client_id, replace(client, certificates={**client.certificates, alias: pem}))

    def remove_certificate(self, client_id: str, alias: str) -> None:
        with self.changing:
            client = self.get(Client, client_id)
            if alias not in client.certificates:
                raise NoSuchRecord(alias)
            kept = {name: pem for name, pem in client.certificates.items() if name != alias}
            self.put(Client, client_id, replace(client, certificates=kept))
