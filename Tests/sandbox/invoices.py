"""Invoices as each user sees them: members with every digit of their numbers, versions, and files that belong to them."""

import itertools
import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any

from . import strict


class Digits(str):
    """A number as it is written. Ids and amounts have digits that a double would lose."""


def load(text: bytes) -> Any:
    return strict.load(text, parse_int=Digits, parse_float=Digits)


def dump(value: Any) -> str:
    if isinstance(value, Digits):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{dump(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value)


@dataclass(frozen=True)
class Enclosure:
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Invoice:
    members: dict[str, Any]
    version: int = 1
    enclosures: dict[str, Enclosure] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.members["InvoiceId"]

    @property
    def etag(self) -> str:
        return f'"{self.version:08d}"'


class Conflict(Exception):
    """The invoice is not, or no longer, what the caller has seen (RFC 9110 section 13.1.1)."""


class Invoices:
    """Whose they are is who may see them. Each user begins with two."""

    def __init__(self) -> None:
        self.changing = threading.Lock()
        self.numbers = itertools.count(1)
        self.owned: dict[str, dict[str, Invoice]] = {}

    def clear(self) -> None:
        with self.changing:
            self.owned.clear()

    def of(self, owner: str) -> dict[str, Invoice]:
        """By id, in the order in which they were made."""
        return self.owned.setdefault(owner, {invoice.key: invoice for invoice in first_invoices(owner)})

    def create(self, owner: str, members: dict[str, Any]) -> Invoice:
        with self.changing:
            key = Digits(f"30000000000000000{next(self.numbers)}")
            self.of(owner)[key] = invoice = Invoice({"InvoiceId": key, **members, "CreatedBy": owner})
            return invoice

    def change(self, owner: str, invoice: Invoice, if_match: str | None, **changes: Any) -> Invoice:
        """With a new version, unless the caller has seen another one than there is."""
        with self.changing:
            current = self.checked(owner, invoice, if_match)
            self.of(owner)[invoice.key] = changed = replace(current, version=current.version + 1, **changes)
            return changed

    def delete(self, owner: str, invoice: Invoice, if_match: str | None) -> None:
        with self.changing:
            del self.of(owner)[self.checked(owner, invoice, if_match).key]

    def checked(self, owner: str, invoice: Invoice, if_match: str | None) -> Invoice:
        current = self.of(owner).get(invoice.key)
        if current is None or if_match not in (None, "*", current.etag):
            raise Conflict
        return current


def first_invoices(owner: str) -> list[Invoice]:
    return [
        Invoice({
            "InvoiceId": Digits(f"9007199254740993{number}"), "InvoiceNumber": f"{owner.upper()}-{number}",
            "InvoiceAmount": Digits(f"12345678901234567.8{number}"), "CreatedBy": owner,
        })
        for number in (1, 2)
    ]
