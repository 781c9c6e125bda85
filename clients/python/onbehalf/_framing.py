"""Messages on the pipe: `Content-Length` headers, as in the base protocol of LSP."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, BinaryIO, Optional

_MAXIMUM_HEADER_LINE = 1024
_MAXIMUM_HEADER_LINES = 16
_MAXIMUM_MESSAGE = 256 << 20
_CONTENT_LENGTH = re.compile(rb"content-length:[ \t]*([0-9]{1,10})[ \t]*\r\n", re.IGNORECASE)
_OTHER_HEADER = re.compile(rb"[A-Za-z0-9-]+:.*\r\n")


class FramingError(Exception):
    """The bytes are not frames. `found` is where a header should have been."""

    def __init__(self, found: bytes) -> None:
        super().__init__()
        self.found = found


def encode(message: Mapping[str, Any]) -> bytes:
    """The frame of a message. Raises ValueError or TypeError for what JSON cannot say, before anything is sent."""
    text = json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    body = text.encode("utf-8")
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def read(stream: BinaryIO) -> Optional[Any]:
    """The next message, or None at the end of the stream, in mid-frame too. Raises FramingError."""
    length: Optional[int] = None
    for _ in range(_MAXIMUM_HEADER_LINES):
        line = stream.readline(_MAXIMUM_HEADER_LINE)
        if line == b"":
            return None
        if line == b"\r\n" and length is not None:
            return _body(stream, length)
        if match := _CONTENT_LENGTH.fullmatch(line):
            length = int(match.group(1))
        elif not _OTHER_HEADER.fullmatch(line):
            raise FramingError(line)
    raise FramingError(line)


def _body(stream: BinaryIO, length: int) -> Optional[Any]:
    if length > _MAXIMUM_MESSAGE:
        raise FramingError(b"Content-Length: %d" % length)
    body = stream.read(length)
    if len(body) < length:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise FramingError(b"a message that is not JSON") from None
