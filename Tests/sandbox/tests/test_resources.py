"""Classic REST resources, each user's own."""

import base64

import requests

from sandbox.resources import ECHO, ROOT
from sandbox.tests.caller import Caller, bearer


class Rest:
    """Requests as one user, each without the cookies of the one before."""

    def __init__(self, caller: Caller, user: str = "curtis.feitty") -> None:
        self.root = caller.sandbox.pod_url
        self.token = caller.token(user, scope=caller.sandbox.api_scope)

    def __call__(self, method: str, path: str, **options: object) -> requests.Response:
        headers = bearer(self.token) | options.pop("headers", {})
        return requests.request(method, self.root + path, headers=headers, timeout=10, **options)


def test_each_user_sees_their_own(caller: Caller) -> None:
    for user, owners in (("curtis.feitty", {"curtis.feitty"}), ("ap.clerk", {"ap.clerk"}), ("no.roles", set())):
        answer = Rest(caller, user)("GET", f"{ROOT}/invoices")
        assert {item["CreatedBy"] for item in answer.json()["items"]} == owners
    assert Rest(caller, "no.roles")("POST", f"{ROOT}/invoices", json={}).status_code == 403
    assert Rest(caller, "no.roles")("GET", f"{ROOT}/invoices/90071992547409931").status_code == 404


def test_an_invoice_from_its_making_to_its_end(caller: Caller) -> None:
    rest = Rest(caller)
    made = rest("POST", f"{ROOT}/invoices", data=b'{"InvoiceAmount":0.10000000000000000001}',
                headers={"Content-Type": "application/json"})
    assert made.status_code == 201
    place = made.headers["Location"].removeprefix(rest.root)
    assert made.text.startswith('{"InvoiceId":300000000000000001,"InvoiceAmount":0.10000000000000000001,')
    first = made.headers["ETag"]
    assert rest("GET", place, headers={"If-None-Match": first}).status_code == 304
    changed = rest("PATCH", place, json={"InvoiceNumber": "A"}, headers={"If-Match": first})
    assert (changed.status_code, changed.json()["InvoiceNumber"]) == (200, "A")
    for method in ("PATCH", "DELETE"):
        assert rest(method, place, json={}, headers={"If-Match": first}).status_code == 412
    assert rest("GET", place, headers={"If-None-Match": first}).status_code == 200
    assert rest("HEAD", place).headers["ETag"] == changed.headers["ETag"]
    assert rest("DELETE", place, headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert rest("GET", place).status_code == 404


def test_enclosures_are_what_was_put_there(caller: Caller) -> None:
    rest = Rest(caller)
    place = f"{ROOT}/invoices/90071992547409931/enclosure/Scan"
    assert rest("PUT", place, data=b"\0\xff", headers={"Content-Type": "image/png"}).status_code == 204
    read = rest("GET", place)
    assert (read.content, read.headers["Content-Type"]) == (b"\0\xff", "image/png")


def test_a_query_selects(caller: Caller) -> None:
    rest = Rest(caller)
    query = {"q": "InvoiceNumber='CURTIS.FEITTY-2';CreatedBy=curtis.feitty", "fields": "InvoiceNumber"}
    assert rest("GET", f"{ROOT}/invoices", params=query).json()["items"] == [{"InvoiceNumber": "CURTIS.FEITTY-2"}]
    page = rest("GET", f"{ROOT}/invoices", params={"limit": 1}).json()
    assert (page["count"], page["hasMore"]) == (1, True)
    assert rest("GET", f"{ROOT}/invoices", params={"limt": 1}).status_code == 400


def test_cookies_are_given_and_not_taken(caller: Caller) -> None:
    rest = Rest(caller)
    answer = rest("GET", f"{ROOT}/invoices")
    assert set(answer.cookies.keys()) == {"JSESSIONID", "ORA_FND_SESSION"}
    assert rest("GET", f"{ROOT}/invoices", cookies=answer.cookies).status_code == 400


def test_the_echo_tells_what_came_over_the_wire(caller: Caller) -> None:
    echo = Rest(caller)("DELETE", f"{ECHO}/caf%C3%A9?x=%2B", data=b"\0").json()
    assert (echo["method"], echo["target"]) == ("DELETE", f"{ECHO}/caf%C3%A9?x=%2B")
    assert base64.b64decode(echo["bodyBase64"]) == b"\0"
    assert echo["scope"] == caller.sandbox.api_scope
