"""Takes a compact JWS apart without trusting it: strict base64url, JSON objects, no member twice."""

import base64
import json
import re
from typing import Any

SEGMENT = re.compile(r"[A-Za-z0-9_-]+")


class MalformedJWT(ValueError):
    pass


def parse(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, both unverified."""
    segments = token.split(".")
    if len(segments) != 3:
        raise MalformedJWT(f"a JWT has 3 segments, this has {len(segments)}")
    return json_object(segments[0], "header"), json_object(segments[1], "claims")


def json_object(segment: str, what: str) -> dict[str, Any]:
    if not SEGMENT.fullmatch(segment):
        raise MalformedJWT(f"the {what} are not unpadded base64url")
    try:
        value = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)), object_pairs_hook=no_twice)
    except ValueError as error:
        raise MalformedJWT(f"the {what} are not JSON: {error}") from error
    if not isinstance(value, dict):
        raise MalformedJWT(f"the {what} are not a JSON object")
    return value


def no_twice(members: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in members]
    if twice := {name for name in names if names.count(name) > 1}:
        raise MalformedJWT(f"{', '.join(sorted(twice))} appears twice")
    return dict(members)
