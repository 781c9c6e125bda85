"""What the built program is made of."""

import subprocess
from pathlib import Path

from sidecar import BINARY


def test_whole_foundation_is_not_in_it() -> None:
    """Neither linked nor built in: it brings 40 MB of ICU data, and doubles start and memory."""
    linked = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    assert "libcrypto" in linked and "libsecret" in linked and "libcurl" in linked
    for library in ("libFoundation.so", "libFoundationInternationalization.so", "lib_FoundationICU.so"):
        assert library not in linked
    assert b"icudt" not in Path(BINARY).read_bytes()
