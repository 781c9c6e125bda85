"""Texts that a shell, curl, jq, JSON or Postman could take for something else than text."""

import random
import string
from collections.abc import Iterator

PIECES = [
    "'", "''", '"', "\\", "\\'", "\\\\", "`touch canary`", "$(touch canary)", "${HOME}", "$HOME", "$0", "$$", "$!",
    "%s%n", "%%", "; touch canary;", "| touch canary", "&& touch canary", "> canary", "< /etc/passwd", "# no comment",
    "~root", "*", "?", "[a-z]", "{a,b}", "!!", "!1", "\n", "\r\n", "\t", "\x01", "\x7f", "\x1b]0;title\x07",
    "\x81\x88", "\u0081\u0082\u0088", "\u2028", "\u202e", "\nEND_OF_USAGE\n", "\nEOF\n", "EOF", "@/etc/passwd", "@-",
    "-K/dev/null", "--next", "-", "--", "-e", "é", "e\u0301", "漢", "😀", "\U0010ffff", "{{$guid}}",
    "{{userAssertion}}", "{{{{accessToken}}}}", "{{{", "}}", "{", "{ {", "{{", "\\u007b", "\\u0000", "\x00",
    "</script>", "&a=b", "+", "%00", "%27", "=", ":", "'\"'\"'", "'$(touch canary)'", "'; touch canary; '",
    "\"; touch canary; \"", "\\\n", "\\n", "a" * 300,
]
# Of which a subject may be made: printable ASCII without spaces.
PLAIN = [piece for piece in PIECES if piece.isascii() and piece.isprintable() and " " not in piece]


def texts(seed: int, count: int, pieces: list[str] = PIECES, limit: int = 4000) -> Iterator[str]:
    """Each piece by itself somewhere, and mixtures; the same for the same seed."""
    chance = random.Random(seed)
    shuffled = chance.sample(pieces, len(pieces))
    for index in range(count):
        some = shuffled[index::count] + chance.choices(pieces, k=chance.randrange(12))
        some += chance.choices(string.ascii_letters, k=3)
        chance.shuffle(some)
        yield "".join(some)[:limit]
