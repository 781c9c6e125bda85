"""Server-sent events, as the agents' chat writes them (WHATWG HTML, section 9.2): each one is one piece."""

import json
from typing import Any

MEDIA_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"


def encoded(event: dict[str, Any]) -> bytes:
    """Text goes out as UTF-8, not escaped, so that a cut can go through the middle of a character."""
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def with_noise(piece: bytes) -> bytes:
    """The same event between lines that say nothing to who reads `data` alone, ended in other ways."""
    return b": keep-alive\r\n\r\n\nevent: message\r\nid: 7\nretry: 3000\n" + piece.replace(b"\n", b"\r\n")


def without(piece: bytes, members: list[str]) -> bytes:
    """The event without some of its members; what comes with it is left as it is."""
    return b"".join(pruned(line, members) for line in piece.splitlines(keepends=True))


def pruned(line: bytes, members: list[str]) -> bytes:
    text = line.removeprefix(b"data: ").rstrip(b"\r\n")
    if text == line or not text.startswith(b"{"):
        return line
    event = {name: value for name, value in json.loads(text).items() if name not in members}
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + line[len(b"data: ") + len(text):]
