"""JSON as RFC 8259 has it, read strictly: no member twice, no NaN, no depth that breaks the reader."""

import json
from collections.abc import Callable
from typing import Any


def load(text: bytes | str, **numbers: Callable[[str], Any]) -> Any:
    """The value; a ValueError says what is wrong with the text. `numbers` are `parse_int` and `parse_float`."""
    try:
        return json.loads(text, object_pairs_hook=no_twice, parse_constant=no_constant, **numbers)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def no_twice(members: list[tuple[str, Any]]) -> dict[str, Any]:
    kept = dict(members)
    if len(kept) < len(members):
        names = [name for name, _ in members]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)} appears twice")
    return kept


def no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
