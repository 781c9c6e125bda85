"""The signature of every typed method, once: what it sends and what it makes of the answer.

Whoever acts for a user gives `subject`, or `user_token`, the user's own ID token of the same identity domain. Without
`profile` the default profile is used. `timeout_ms` is the deadline; the sidecar's own is 30 s, for agents 300 s.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Callable, Generic, Literal, Optional, TypeVar

from .results import AgentCard, AgentList, AgentRun, Assertion, Diagnosis, Explanation, Key, Profile, Token

T = TypeVar("T")
OnProgress = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class Request(Generic[T]):
    method: str
    params: Mapping[str, Any]
    read: Callable[[Any], T]
    timeout_ms: Optional[int] = None
    on_progress: Optional[OnProgress] = None


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}


def _nothing(answer: Any) -> None:
    """For answers that only say that it was done."""


def ping(*, timeout_ms: Optional[int] = None) -> Request[None]:
    """See whether the sidecar answers."""
    return Request("ping", {}, _nothing, timeout_ms)


def get_token(
    *,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    scope: Optional[str] = None,
    min_ttl_seconds: Optional[int] = None,
    force_refresh: Optional[bool] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Token]:
    """An access token that is the user, from the cache or the identity domain."""
    params = _given(
        profile=profile,
        subject=subject,
        userToken=user_token,
        scope=scope,
        minTtlSeconds=min_ttl_seconds,
        forceRefresh=force_refresh,
    )
    return Request("getToken", params, Token.from_wire, timeout_ms)


def mint_assertion(
    *,
    type: Literal["user", "client"],
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    lifetime_seconds: Optional[int] = None,
    claims: Optional[Mapping[str, Any]] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Assertion]:
    """A signed user assertion or client assertion (RFC 7523)."""
    params = _given(type=type, profile=profile, subject=subject, lifetimeSeconds=lifetime_seconds, claims=claims)
    return Request("mintAssertion", params, Assertion.from_wire, timeout_ms)


def invoke_agent(
    *,
    agent: str,
    message: str,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    conversation_id: Optional[str] = None,
    version: Optional[int] = None,
    status: Optional[str] = None,
    parameters: Optional[Mapping[str, Any]] = None,
    invocation_mode: Optional[str] = None,
    wait: Optional[bool] = None,
    stream: Optional[bool] = None,
    timeout_ms: Optional[int] = None,
    on_progress: Optional[OnProgress] = None,
) -> Request[AgentRun]:
    """Ask an agent as the user and, unless `wait` is False, follow the run to its end.

    With `stream` the agent's text reaches `on_progress` while it is written, in reports with `delta` and `offset`.
    """
    params = _given(
        agent=agent,
        message=message,
        profile=profile,
        subject=subject,
        userToken=user_token,
        conversationId=conversation_id,
        version=version,
        status=status,
        parameters=parameters,
        invocationMode=invocation_mode,
        wait=wait,
        stream=stream,
    )
    return Request("invokeAgent", params, AgentRun.from_wire, timeout_ms, on_progress)


def get_agent_run(
    *,
    agent: str,
    job_id: str,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    invocation_mode: Optional[str] = None,
    wait: Optional[bool] = None,
    timeout_ms: Optional[int] = None,
    on_progress: Optional[OnProgress] = None,
) -> Request[AgentRun]:
    """The state of a run that was begun before, also by another process."""
    params = _given(
        agent=agent,
        jobId=job_id,
        profile=profile,
        subject=subject,
        userToken=user_token,
        invocationMode=invocation_mode,
        wait=wait,
    )
    return Request("getAgentRun", params, AgentRun.from_wire, timeout_ms, on_progress)


def list_agents(
    *,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    query: Optional[str] = None,
    timeout_ms: Optional[int] = None,
) -> Request[AgentList]:
    """The agents that the pod publishes to the user, without those that policy denies."""
    params = _given(profile=profile, subject=subject, userToken=user_token, query=query)
    return Request("listAgents", params, AgentList.from_wire, timeout_ms)


def get_agent_card(
    *,
    agent: str,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    timeout_ms: Optional[int] = None,
) -> Request[AgentCard]:
    """What an agent says of itself: its card, as the pod wrote it."""
    params = _given(agent=agent, profile=profile, subject=subject, userToken=user_token)
    return Request("getAgentCard", params, AgentCard.from_wire, timeout_ms)


def resume_agent(
    *,
    agent: str,
    conversation_id: str,
    job_id: Optional[str] = None,
    message: Optional[str] = None,
    resume_node_input: Optional[Mapping[str, Any]] = None,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    version: Optional[int] = None,
    status: Optional[str] = None,
    parameters: Optional[Mapping[str, Any]] = None,
    invocation_mode: Optional[str] = None,
    wait: Optional[bool] = None,
    timeout_ms: Optional[int] = None,
    on_progress: Optional[OnProgress] = None,
) -> Request[AgentRun]:
    """Let a run go on that waits for a person: with their `message`, or with `resume_node_input` for the node."""
    params = _given(
        agent=agent,
        conversationId=conversation_id,
        jobId=job_id,
        message=message,
        resumeNodeInput=resume_node_input,
        profile=profile,
        subject=subject,
        userToken=user_token,
        version=version,
        status=status,
        parameters=parameters,
        invocationMode=invocation_mode,
        wait=wait,
    )
    return Request("resumeAgent", params, AgentRun.from_wire, timeout_ms, on_progress)


def create_key(
    alias: str,
    *,
    bits: Optional[Literal[2048, 3072, 4096]] = None,
    common_name: Optional[str] = None,
    validity_days: Optional[int] = None,
    identity_domain_url: Optional[str] = None,
    client_id: Optional[str] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Key]:
    """A new key and certificate in the secret store. Needs admin=True."""
    params = _given(
        alias=alias,
        bits=bits,
        commonName=common_name,
        validityDays=validity_days,
        identityDomainUrl=identity_domain_url,
        clientId=client_id,
    )
    return Request("createKey", params, Key.from_wire, timeout_ms)


def import_key(
    alias: str,
    *,
    pem: Optional[str] = None,
    pkcs12: Optional[bytes] = None,
    passphrase: Optional[str] = None,
    certificate_pem: Optional[str] = None,
    identity_domain_url: Optional[str] = None,
    client_id: Optional[str] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Key]:
    """A key that exists already, as PEM or as the content of a PKCS#12 file, into the secret store. Needs admin=True.

    Without a certificate, beside the key or in `certificate_pem`, one is made.
    """
    params = _given(
        alias=alias,
        pem=pem,
        pkcs12Base64=None if pkcs12 is None else b64encode(pkcs12).decode(),
        passphrase=passphrase,
        certificatePem=certificate_pem,
        identityDomainUrl=identity_domain_url,
        clientId=client_id,
    )
    return Request("importKey", params, Key.from_wire, timeout_ms)


def list_keys(*, timeout_ms: Optional[int] = None) -> Request[tuple[Key, ...]]:
    """The public side of every key that can be used; `call("listKeys")` also names those that cannot, and why."""
    return Request("listKeys", {}, lambda answer: Key.all_from_wire(answer.get("keys")), timeout_ms)


def get_key(alias: str, *, timeout_ms: Optional[int] = None) -> Request[Key]:
    """The public side of a key: certificate, thumbprints, binding."""
    return Request("getKey", {"alias": alias}, Key.from_wire, timeout_ms)


def delete_key(alias: str, *, timeout_ms: Optional[int] = None) -> Request[None]:
    """Delete a key from the store, for good. Needs admin=True."""
    return Request("deleteKey", {"alias": alias}, _nothing, timeout_ms)


def rotate_key(
    alias: str,
    *,
    step: Literal["start", "try", "finish", "abort"],
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    next_alias: Optional[str] = None,
    bits: Optional[Literal[2048, 3072, 4096]] = None,
    validity_days: Optional[int] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Key]:
    """One step of putting a new key, `next` of the answer, in the place of an old one. Needs admin=True."""
    params = _given(
        alias=alias,
        step=step,
        profile=profile,
        subject=subject,
        nextAlias=next_alias,
        bits=bits,
        validityDays=validity_days,
    )
    return Request("rotateKey", params, Key.from_wire, timeout_ms)


def save_profile(profile: Mapping[str, Any], *, timeout_ms: Optional[int] = None) -> Request[Profile]:
    """Add or replace a profile, given in the wire's names. Needs admin=True."""
    return Request("saveProfile", {"profile": profile}, Profile.from_wire, timeout_ms)


def get_profile(name: str, *, timeout_ms: Optional[int] = None) -> Request[Profile]:
    """A profile by its name."""
    return Request("getProfile", {"name": name}, Profile.from_wire, timeout_ms)


def list_profiles(*, timeout_ms: Optional[int] = None) -> Request[tuple[Profile, ...]]:
    """Every profile, saved or given at the start."""
    return Request("listProfiles", {}, lambda answer: Profile.all_from_wire(answer.get("profiles")), timeout_ms)


def delete_profile(name: str, *, timeout_ms: Optional[int] = None) -> Request[None]:
    """Delete a saved profile. Needs admin=True."""
    return Request("deleteProfile", {"name": name}, _nothing, timeout_ms)


def set_client_secret(profile: str, client_secret: str, *, timeout_ms: Optional[int] = None) -> Request[None]:
    """Keep the client secret of a `client_secret_basic` profile in the store. Needs admin=True."""
    params = {"profile": profile, "clientSecret": client_secret}
    return Request("setClientSecret", params, _nothing, timeout_ms)


def diagnose(
    *,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    agent: Optional[str] = None,
    online: Optional[bool] = None,
    bundle: Optional[bool] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Diagnosis]:
    """What works and what does not, each with what to do about it; with `bundle` also what may be mailed to support."""
    params = _given(
        profile=profile, subject=subject, userToken=user_token, agent=agent, online=online, bundle=bundle
    )
    return Request("diagnose", params, Diagnosis.from_wire, timeout_ms)


def explain(
    *,
    profile: Optional[str] = None,
    subject: Optional[str] = None,
    user_token: Optional[str] = None,
    scope: Optional[str] = None,
    agent: Optional[str] = None,
    path: Optional[str] = None,
    method: Optional[Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]] = None,
    timeout_ms: Optional[int] = None,
) -> Request[Explanation]:
    """Whether policy would allow a call, and which rule decides. Nothing is signed or sent."""
    params = _given(
        profile=profile,
        subject=subject,
        userToken=user_token,
        scope=scope,
        agent=agent,
        path=path,
        method=method,
    )
    return Request("explain", params, Explanation.from_wire, timeout_ms)
