"""Takes a compact JWS apart without trusting it: strict base64url and strict JSON objects."""

import base64
import re
from typing import Any

from . import strict

SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class MalformedJWT(ValueError):
    pass


def parse(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, both unverified."""
    segments = token.split(".")
    if len(segments) != 3:
        raise MalformedJWT(f"a JWT has 3 segments, this has {len(segments)}")
    return json_object(segments[0], "header"), json_object(segments[1], "payload")


def json_object(segment: str, what: str) -> dict[str, Any]:
    if not SEGMENT.fullmatch(segment):
        raise MalformedJWT(f"the {what} is not unpadded base64url")
    try:
        value = strict.load(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except ValueError as error:
        raise MalformedJWT(f"the {what} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise MalformedJWT(f"the {what} is not a JSON object")
    return value
