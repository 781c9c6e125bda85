"""Classic REST resources of the pod, and an echo of what came over the wire."""

import base64
import secrets
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, jsonify, request

from .invoices import Conflict, Digits, Enclosure, Invoice, Invoices, dump, load
from .state import State
from .web import single_values

ROOT = "/fscmRestApi/resources/11.13.18.05"
ECHO = "/sandbox/echo"
ROLE = "PAYABLES"
QUERY = {"limit", "offset", "q", "fields", "onlyData", "totalResults", "expand", "orderBy", "finder"}
JSON_TYPES = ("application/json", "application/vnd.oracle.adf.resourceitem+json")
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def add_resources(
    app: Flask, state: State, invoices: Invoices,
    act: Callable[..., None], refuse: Callable[..., Any], record: Callable[..., None],
) -> None:
    def begin(action: str) -> None:
        act(action, f"{request.method} {request.path}", state.start.api_scope)
        if "Cookie" in request.headers:
            refuse(400, "Bad Request", "A cookie came along; the token alone says who calls.")

    def answer(status: int, body: str | bytes = b"", media_type: str = "", **headers: str) -> Response:
        """With a session cookie, as the original has it."""
        record(status)
        response = Response(body, status, mimetype=None, content_type=media_type or None)
        if not media_type:
            del response.headers["Content-Type"]
        response.headers.update(headers)
        response.headers.add("Set-Cookie", f"JSESSIONID={secrets.token_hex(16)}; Path=/; Secure; HttpOnly")
        response.headers.add("Set-Cookie", "ORA_FND_SESSION=planted; Path=/")
        return response

    def item(status: int, invoice: Invoice, **headers: str) -> Response:
        media_type = "application/vnd.oracle.adf.resourceitem+json"
        return answer(status, dump(invoice.members), media_type, ETag=invoice.etag, **headers)

    def visible() -> dict[str, Invoice]:
        return invoices.of(g.user.user_name) if ROLE in g.user.roles else {}

    def found(key: str) -> Invoice:
        invoice = visible().get(key)
        if invoice is None:
            refuse(404, "Not Found", "There is no such invoice.")
        return invoice

    def members_of_body() -> dict[str, Any]:
        if request.mimetype not in JSON_TYPES:
            refuse(415, "Unsupported Media Type", f"The content type must be {' or '.join(JSON_TYPES)}.")
        try:
            body = load(request.get_data())
        except ValueError as error:
            refuse(400, "Bad Request", f"The body is not JSON: {error}.")
        if not isinstance(body, dict) or {"InvoiceId", "CreatedBy"} & set(body):
            refuse(400, "Bad Request", "The body must be an object without InvoiceId and CreatedBy.")
        return body

    def changed(invoice: Invoice, **changes: Any) -> Invoice:
        try:
            return invoices.change(g.user.user_name, invoice, request.headers.get("If-Match"), **changes)
        except Conflict:
            refuse(412, "Precondition Failed", "The invoice has been changed since.")

    @app.get(f"{ROOT}/invoices")
    def read_invoices() -> Response:
        """Without the role there is an empty list, as in Fusion, and no error."""
        begin("resource.read")
        try:
            query = single_values(request.args, QUERY)
            limit, offset = int(query.get("limit", "25")), int(query.get("offset", "0"))
        except ValueError as error:
            refuse(400, "Bad Request", f"{error}.")
        wanted = [condition.partition("=") for condition in query.get("q", "").split(";") if condition]
        items = [
            invoice.members for invoice in visible().values()
            if all(str(invoice.members.get(name)) == value.strip("'") for name, _, value in wanted)
        ]
        if "fields" in query:
            items = [{name: item[name] for name in query["fields"].split(",") if name in item} for item in items]
        page = items[offset:offset + limit]
        body = {"items": page, "count": Digits(len(page)), "hasMore": offset + limit < len(items),
                "limit": Digits(limit), "offset": Digits(offset)}
        return answer(200, dump(body), "application/json")

    @app.post(f"{ROOT}/invoices")
    def create_invoice() -> Response:
        begin("resource.create")
        if ROLE not in g.user.roles:
            refuse(403, "Forbidden", f"{g.user.user_name} has no role for it.")
        invoice = invoices.create(g.user.user_name, members_of_body())
        return item(201, invoice, Location=f"{request.url_root.rstrip('/')}{ROOT}/invoices/{invoice.key}")

    @app.get(f"{ROOT}/invoices/<key>")
    def read_invoice(key: str) -> Response:
        begin("resource.read")
        invoice = found(key)
        if request.headers.get("If-None-Match") == invoice.etag:
            return answer(304, ETag=invoice.etag)
        return item(200, invoice)

    @app.patch(f"{ROOT}/invoices/<key>")
    def change_invoice(key: str) -> Response:
        begin("resource.change")
        invoice = found(key)
        return item(200, changed(invoice, members={**invoice.members, **members_of_body()}))

    @app.delete(f"{ROOT}/invoices/<key>")
    def delete_invoice(key: str) -> Response:
        begin("resource.delete")
        try:
            invoices.delete(g.user.user_name, found(key), request.headers.get("If-Match"))
        except Conflict:
            refuse(412, "Precondition Failed", "The invoice has been changed since.")
        return answer(204)

    @app.get(f"{ROOT}/invoices/<key>/enclosure/<name>")
    def read_enclosure(key: str, name: str) -> Response:
        begin("resource.read")
        enclosure = found(key).enclosures.get(name)
        if enclosure is None:
            refuse(404, "Not Found", "There is no such enclosure.")
        return answer(200, enclosure.content, enclosure.media_type)

    @app.put(f"{ROOT}/invoices/<key>/enclosure/<name>")
    def write_enclosure(key: str, name: str) -> Response:
        begin("resource.change")
        invoice = found(key)
        enclosure = Enclosure(request.headers.get("Content-Type", ""), request.get_data())
        return answer(204, ETag=changed(invoice, enclosures={**invoice.enclosures, name: enclosure}).etag)

    @app.route(ECHO, methods=METHODS, defaults={"rest": ""})
    @app.route(f"{ECHO}/<path:rest>", methods=METHODS)
    def echo(rest: str) -> Response:
        """For tests: the request as it came, credentials included."""
        act("echo", f"{request.method} {request.path}", *state.scopes)
        record(200)
        return jsonify(
            method=request.method, target=request.environ["REQUEST_URI"], scope=g.scope, headers=list(request.headers),
            bodyBase64=base64.b64encode(request.get_data()).decode(),
        )
