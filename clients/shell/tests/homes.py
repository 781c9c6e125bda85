"""What obo finds in its environment."""

from __future__ import annotations

from sidecar import BINARY, Home


def at_home(home: Home) -> dict[str, str]:
    """In a home with a store in a file and a profile file of its own."""
    words = ["--config", str(home.config), *home.file_store()]
    return home.environment | {
        "ONBEHALF_BIN": BINARY, "ONBEHALF_ARGS": " ".join(words), "TERM": "xterm", "TMPDIR": str(home.path),
    }
