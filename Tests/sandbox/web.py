"""What the three listeners have in common: JSON alone, an ecid per request, the sandbox's clock in `Date`."""

import secrets
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from .audit import Audit
from .clock import Clock

ECID_HEADER = "X-ORACLE-DMS-ECID"
LARGEST_REQUEST = 16 << 20  # bytes


def json_app(side: str, clock: Clock, audit: Audit | None) -> Flask:
    """What nobody planned for, an unknown path say, is refused and leaves a row `unplanned` in the audit list."""
    app = Flask(side, static_folder=None)
    app.json.sort_keys = False
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True

    @app.before_request
    def begin() -> None:
        g.ecid = secrets.token_hex(16)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["Date"] = clock.http_date()
        response.headers[ECID_HEADER] = g.ecid
        return response

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        status = error.code or 500
        if audit:
            target = f"{request.method} {request.path}"
            audit.record(side, "unplanned", target, status, g.ecid, detail=error.description)
        return problem(status, error.name, error.description or "")

    return app


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """An error body that is not OAuth's: `title`, `status`, `detail` (assumed, after Oracle's other REST APIs)."""
    response = jsonify({"title": title, "status": status, "detail": detail, **more})
    response.status_code = status
    return response


def single_values(pairs: Any, allowed: set[str]) -> dict[str, str]:
    """The parameters as a plain dictionary; a ValueError names one that is unknown or given twice."""
    values = {}
    for name, value in pairs.items(multi=True):
        if name not in allowed:
            raise ValueError(f"unknown parameter {name}")
        if name in values:
            raise ValueError(f"parameter {name} is given twice")
        values[name] = value
    return values
