"""The quickstart as a newcomer runs it: seven steps on one page, and nothing left behind."""

import os
import re
import subprocess
from pathlib import Path

QUICKSTART = Path(__file__).resolve().parents[2] / "clients" / "shell" / "quickstart"


def left_behind() -> set[Path]:
    return set(Path("/tmp").glob("onbehalf-quickstart.*"))


def test_the_quickstart_shows_the_whole_road() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONBEHALF_")}
    before = left_behind()
    done = subprocess.run(
        [QUICKSTART], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^(\d)\. ", done.stdout, re.MULTILINE) == list("1234567")
    assert len(done.stdout.splitlines()) < 80, "a page"
    assert "Hello, Curtis Feitty." in done.stdout and "Hello, Ap Clerk." in done.stdout
    assert "subject_denied" in done.stdout
    audit = done.stdout.split("\n7. ")[1]
    assert re.search(r"curtis\.feitty +PAYABLES_TEAM granted", audit)
    assert re.search(r"ap\.clerk +PAYABLES_TEAM granted", audit)
    assert not re.search(r"eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{20}", done.stdout), "no token, no whole assertion"
    assert left_behind() <= before
