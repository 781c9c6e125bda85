"""What the pod publishes of its agents (A2A): a registry to search, and a card of each."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, request

from . import strict
from .state import Agent, State

ROOT = "/api/fusion-ai/orchestrator/a2a/v1"
CARD = ".well-known/agent.json"
# The published request schema.
SEARCH_TYPES = {"query": str, "skip": int, "top": int}
DEFAULT_TOP = 25


def add_registry(
    app: Flask, state: State, act: Callable[..., None], refuse: Callable[..., Any], record: Callable[..., None],
    executable: Callable[..., Agent],
) -> None:
    @app.post(f"{ROOT}/agents/search")
    def search() -> Response:
        """The agents that the user may run, by a part of their name."""
        act("agent.search", "agents", state.start.agent_scope)
        try:
            wanted = search_body()
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.", message=f"{error}.", userDetails="Correct the search.")
        query, skip = wanted.get("query", "").strip().lower(), wanted.get("skip", 0)
        found = [
            agent for agent in state.agents
            if agent.published and set(agent.roles) & set(g.user.roles) and query in agent.title.lower()
        ]
        record(200)
        return jsonify(
            registry_version="1.0", total_count=len(found),
            resources=[entry(agent) for agent in found[skip:skip + wanted.get("top", DEFAULT_TOP)]],
        )

    @app.get(f"{ROOT}/<code>/{CARD}")
    def card(code: str) -> Response:
        act("agent.card", code, state.start.agent_scope)
        agent = executable(code, {})
        record(200)
        return jsonify(
            name=agent.title, description=agent.description, url=address(agent), version=str(agent.version or 1),
            provider={"organization": "Sandbox", "url": request.url_root.rstrip("/")},
            authentication={"schemes": ["Bearer"]},
            capabilities={
                "streaming": agent.streams,
                "pushNotifications": False, "stateTransitionHistory": False,
            },
            defaultInputModes=["text/plain"], defaultOutputModes=["text/plain"],
            skills=agent.skills or [
                {"id": agent.code.lower(), "name": agent.title, "description": agent.description, "tags": []},
            ],
        )

    def entry(agent: Agent) -> dict[str, Any]:
        location = {"type": "agent_card", "url": f"{address(agent)}/{CARD}"}
        return {"id": agent.code, "name": agent.title, "location": location}

    def address(agent: Agent) -> str:
        return f"{request.url_root.rstrip('/')}{ROOT}/{agent.code}"


def search_body() -> dict[str, Any]:
    """The body of a search, held to the published schema; a ValueError says what is wrong."""
    if request.mimetype != "application/json":
        raise ValueError("The content type must be application/json")
    if request.args:
        raise ValueError("A search takes no query string")
    body = strict.load(request.get_data())
    if not isinstance(body, dict):
        raise ValueError("The body must be a JSON object")
    if unknown := sorted(set(body) - set(SEARCH_TYPES)):
        raise ValueError(f"Unknown member {', '.join(unknown)}")
    for name, value in body.items():
        if type(value) is not SEARCH_TYPES[name]:
            raise ValueError(f"{name} must be {SEARCH_TYPES[name].__name__}")
    if body.get("skip", 0) < 0 or body.get("top", 1) < 1:
        raise ValueError("skip must not be less than 0, nor top than 1")
    return body
