"""Builds frozen dataclasses from JSON and back: every member known, every value of the declared type."""

import dataclasses
import types
import typing
from typing import Any, TypeVar

Record = TypeVar("Record")


class RecordError(ValueError):
    """Says which member is wrong and what was expected."""


def read(cls: type[Record], body: object, base: Record | None = None) -> Record:
    """The record `body` describes. With `base`, members that are absent keep its values."""
    if not isinstance(body, dict):
        raise RecordError(f"{cls.__name__} must be a JSON object")
    hints = typing.get_type_hints(cls)
    fields = {wire_name(field.name): field for field in dataclasses.fields(cls)}
    if unknown := sorted(set(body) - set(fields)):
        raise RecordError(f"{cls.__name__} has no member {', '.join(unknown)}; it has {', '.join(sorted(fields))}")
    values = {}
    for name, value in body.items():
        field = fields[name]
        if not matches(value, hints[field.name]):
            raise RecordError(f"{cls.__name__}.{name} must be {describe(hints[field.name])}")
        values[field.name] = built(value, hints[field.name])
    try:
        return dataclasses.replace(base, **values) if base is not None else cls(**values)
    except TypeError as error:
        raise RecordError(f"{cls.__name__}: {error}") from error


def built(value: Any, hint: Any) -> Any:
    """The value, with the records in it built from their objects."""
    if dataclasses.is_dataclass(hint):
        return read(hint, value)
    if typing.get_origin(hint) is list:
        return [built(item, typing.get_args(hint)[0]) for item in value]
    if typing.get_origin(hint) is types.UnionType and value is not None:
        return built(value, next(option for option in typing.get_args(hint) if matches(value, option)))
    return value


def write(record: object) -> dict[str, Any]:
    return {wire_name(field.name): plain(getattr(record, field.name)) for field in dataclasses.fields(record)}


def plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return write(value)
    return [plain(item) for item in value] if isinstance(value, list) else value


def wire_name(name: str) -> str:
    """`client_id` is `clientId` on the wire."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def matches(value: object, hint: Any) -> bool:
    origin = typing.get_origin(hint)
    if hint is Any:
        return True
    if dataclasses.is_dataclass(hint):
        return isinstance(value, dict)  # `read` looks into it
    if origin is types.UnionType:
        return any(matches(value, option) for option in typing.get_args(hint))
    if origin is typing.Literal:
        return isinstance(value, str) and value in typing.get_args(hint)
    if origin is list:
        return isinstance(value, list) and all(matches(item, typing.get_args(hint)[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(matches(item, typing.get_args(hint)[1]) for item in value.values())
    if hint is float:
        return type(value) in (int, float)
    return type(value) is hint


def describe(hint: Any) -> str:
    """As it is written in the dataclass."""
    return hint.__name__ if type(hint) is type else str(hint).replace("typing.", "")
