"""Paths that somebody would try: at random, always the same ones."""

import random
from dataclasses import dataclass
from typing import Any

METHODS = ["GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
INVOICES = "/fscmRestApi/resources"
ORCHESTRATOR = "/api/fusion-ai/orchestrator"
AGENTS = ORCHESTRATOR + "/agent"
SEALED = ["authz", "credentials"]

STARTS = ["/", "/", INVOICES, INVOICES + "/", AGENTS, ORCHESTRATOR + "/", "", "//", "/\\", "\\", "/.", "http:", "?", "*"]
HARMLESS = ["/", "/", "/a", "a", "11.13.18.05", "/invoices", "x=1", ":", "@", "~", "%C3%A9", "%E2%82%AC", "%20", "(", ","]
SLASHES = ["//", "\\", "%2f", "%2F", "%5c", "%5C", "%252f", "%C0%AF", "%E0%80%AF", "%EF%BC%8F", "／", "∕"]
DOTS = ["/.", "/..", "/../", "/%2e%2e/", "/%2E./", "/.%2e", "/%252e%252e/", "/..;/", "/..;x=1/", "/.;/", "...", "/‥/"]
CUTS = ["?", "#", ";", "%3F", "%23", "%3B", "%00", "\x00", ";jsessionid=1", "?a=/../b", "?x=%2F..%2F", "#/", "%25", "%"]
LINES = ["\r\n", "\n", "\r", "%0d%0a", "%0D%0A", " HTTP/1.1\r\nHost: evil\r\n\r\n", "\t", " ", "\x7f", "\x0b", "\u2028", "é"]
CLOSED = ["/api/fusion-ai/orchestrator", "/API/Fusion-AI/Orchestrator", "/api/fusion%2Dai/orchestrator", "/authz/v1/tokens",
          "/Authz", "/AUTHZ/", "/credentials", "/Credential%73/", "/credential\u017f", "/credential%C5%BF", "/autHz/",
          "/%61uthz", "/authz?", "/authz%3F", "/authz%23x", "/authz.", "/authz%20", "/authz;x", "/v2/X/invokeAsync"]


@dataclass(frozen=True)
class Case:
    method: str
    path: str
    query: dict[str, Any] | None = None


def cases(count: int, decoy: str, seed: int) -> list[Case]:
    """- `decoy` is another host with its port, which no path may lead to."""
    chance = random.Random(seed)
    hosts = [f"//{decoy}/", f"@{decoy}/", f"http://{decoy}/", f"https://{decoy}", f"user:word@{decoy}", f":80@{decoy}",
             f"/\\{decoy}", f"%2F%2F{decoy}", f".{decoy}", f"http:/{decoy}", f"?@{decoy}", f"#@{decoy}"]
    kinds = [HARMLESS] * 6 + [SLASHES, DOTS, CUTS, LINES, CLOSED, CLOSED, hosts]

    def path() -> str:
        text = chance.choice(STARTS)
        for _ in range(chance.choice([0, 1, 1, 2, 2, 3, 4, 6])):
            text += chance.choice(chance.choice(kinds))
        if chance.random() < 0.02:
            text += chance.choice(["/a", "%C3%A9", "?b=", "/"]) * chance.choice([200, 1365, 4090, 8200])
        return swapped(text) if chance.random() < 0.1 else text

    def swapped(text: str) -> str:
        """Some letters in the other case."""
        return "".join(each.swapcase() if chance.random() < 0.3 else each for each in text)

    def query() -> dict[str, Any] | None:
        if chance.random() < 0.8:
            return None
        pieces = HARMLESS + SLASHES + DOTS + CUTS + LINES + CLOSED + hosts + ["&", "=", "+", "\U0001f600"]

        def text() -> str:
            return "".join(chance.choices(pieces, k=chance.randint(1, 3)))

        values = [text, lambda: chance.randint(-5, 10**20), lambda: chance.random() < 0.5, lambda: [text(), 7, text()]]
        return {text(): chance.choice(values)() for _ in range(chance.randint(0, 3))}

    return [Case(chance.choice(METHODS), path(), query()) for _ in range(count)]
