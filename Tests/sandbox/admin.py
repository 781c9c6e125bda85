"""The sandbox's own API: look at and change what domain and pod know, plan faults, read the audit list."""

from dataclasses import dataclass
from typing import Any, Literal

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import BadRequest, RequestTimeout, UnsupportedMediaType

from . import records, strict
from .assertions import ReplayGuard
from .audit import Audit
from .clock import Clock
from .faults import Faults
from .invoices import Invoices
from .jobs import Jobs
from .rate import RateLimit
from .records import RecordError
from .server import Listener
from .state import Agent, Client, NoSuchRecord, Settings, State, User
from .tokens import Tokens
from .web import json_app, problem, single_values

TABLES = {"clients": (Client, "client_id"), "users": (User, "user_name"), "agents": (Agent, "code")}
AUDIT_FILTERS = {"side", "action", "actor", "client", "outcome", "target"}


# Bodies of requests.

@dataclass(frozen=True)
class Registration:
    pem: str


@dataclass(frozen=True)
class SignIn:
    client_id: str
    user_name: str


@dataclass(frozen=True)
class Revocation:
    user_name: str


@dataclass(frozen=True)
class Cut:
    side: Literal["domain", "pod"]


@dataclass(frozen=True)
class Restart(Cut):
    keep_jobs: bool = True


@dataclass(frozen=True)
class Await:
    matched: int = 1
    held: int = 0
    left: int = 0
    seconds: float = 5.0


def admin_app(
    state: State, clock: Clock, tokens: Tokens, jobs: Jobs, invoices: Invoices, seen: ReplayGuard, rate: RateLimit,
    faults: Faults,
    audit: Audit,
    listeners: dict[str, Listener],
) -> Flask:
    app = json_app("admin", clock, None)
    app.register_error_handler(RecordError, lambda error: problem(400, "Bad Request", str(error)))
    app.register_error_handler(NoSuchRecord, lambda error: problem(404, "Not Found", f"there is no {error.args[0]}"))

    @app.get("/state")
    def whole_state() -> Response:
        tables = {name: [records.write(r) for r in state.tables[kind].values()] for name, (kind, _) in TABLES.items()}
        return jsonify(tables | {"settings": records.write(state.settings), "scopes": state.scopes})

    @app.route("/<any(clients, users, agents):table>/<key>", methods=["PUT", "PATCH"])
    def change(table: str, key: str) -> Response:
        kind, key_field = TABLES[table]
        return jsonify(records.write(state.change(kind, key_field, key, json_body(), request.method == "PATCH")))

    @app.delete("/<any(clients, users, agents):table>/<key>")
    def remove(table: str, key: str) -> tuple[str, int]:
        state.delete(TABLES[table][0], key)
        return "", 204

    @app.put("/clients/<client_id>/certificates/<alias>")
    def register_certificate(client_id: str, alias: str) -> tuple[str, int]:
        state.register_certificate(client_id, alias, records.read(Registration, json_body()).pem)
        return "", 204

    @app.delete("/clients/<client_id>/certificates/<alias>")
    def remove_certificate(client_id: str, alias: str) -> tuple[str, int]:
        state.remove_certificate(client_id, alias)
        return "", 204

    @app.patch("/settings")
    def change_settings() -> Response:
        with state.changing:
            state.settings = records.read(Settings, json_body(), state.settings)
        return jsonify(records.write(state.settings))

    @app.post("/id-tokens")
    def issue_id_token() -> tuple[Response, int]:
        """What a user's own sign-in at the domain would have yielded."""
        wanted = records.read(SignIn, json_body())
        claims = tokens.id_token(state.get(Client, wanted.client_id), state.get(User, wanted.user_name))
        return jsonify(idToken=tokens.sign(claims)), 201

    @app.post("/revoke-tokens")
    def revoke_tokens() -> Response:
        """Of one user. The pod takes none of them any more, and takes new ones."""
        user = state.get(User, records.read(Revocation, json_body()).user_name)
        return jsonify(revoked=tokens.revoke(user.user_name))

    @app.post("/cut")
    def cut() -> tuple[str, int]:
        listeners[records.read(Cut, json_body()).side].cut()
        return "", 204

    @app.post("/restore")
    def restore() -> tuple[str, int]:
        listeners[records.read(Cut, json_body()).side].restore()
        return "", 204

    @app.post("/restart")
    def restart() -> tuple[str, int]:
        wanted = records.read(Restart, json_body())
        listeners[wanted.side].cut()
        if not wanted.keep_jobs:
            jobs.clear()
        listeners[wanted.side].restore()
        return "", 204

    @app.get("/faults")
    def list_faults() -> Response:
        return jsonify(faults.listing())

    @app.post("/faults")
    def plan_fault() -> tuple[Response, int]:
        faults.plan(json_body())
        return jsonify(faults.listing()[-1]), 201

    @app.post("/faults/await")
    def await_faults() -> Response:
        wanted = records.read(Await, json_body())
        counts = {"matched": wanted.matched, "held": wanted.held, "left": wanted.left}
        if not faults.await_counts(counts, wanted.seconds):
            told = " and ".join(f"{count} {name}" for name, count in counts.items() if count)
            raise RequestTimeout(f"fewer than {told} requests within {wanted.seconds} s")
        return jsonify(faults.listing())

    @app.post("/faults/release")
    def release_held() -> tuple[str, int]:
        check_empty()
        faults.release()
        return "", 204

    @app.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        faults.clear()
        return "", 204

    @app.get("/audit")
    def read_audit() -> Response:
        try:
            return jsonify(audit.matching(single_values(request.args, AUDIT_FILTERS)))
        except ValueError as error:
            raise BadRequest(str(error)) from error

    @app.delete("/audit")
    def clear_audit() -> tuple[str, int]:
        audit.clear()
        return "", 204

    @app.post("/reset")
    def reset() -> tuple[str, int]:
        """Back to the start state. Tokens stay valid, unless they were revoked: the signing key is kept."""
        check_empty()
        state.reset()
        for kept in (faults, jobs, invoices, seen, rate, audit):
            kept.clear()
        for listener in listeners.values():
            listener.restore()
        return "", 204

    return app


def check_empty() -> None:
    if json_body() != {}:
        raise RecordError("the body must be {}")


def json_body() -> Any:
    """Only `application/json` is taken, so that no web page can reach this API with a plain form."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("the body must be application/json")
    try:
        return strict.load(request.get_data())
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
