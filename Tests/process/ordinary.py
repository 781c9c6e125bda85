"""The sidecar as an ordinary user's, where the tests run as root: limits and walls that root does not have."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sidecar import BINARY, Home, Sidecar

UID = 54321


class OrdinaryUser:
    """A home, a copy of the program that the user can reach, and what they run."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.binary = str(shutil.copy(BINARY, path / "onbehalf"))
        # Where the tests are not run as root, whoever runs them is the ordinary user.
        is_root = os.geteuid() == 0
        self.prefix = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups") if is_root else ()

    def own(self) -> None:
        """Gives the user what was put into the home."""
        if self.prefix:
            for file in [self.home.path, *self.home.path.rglob("*")]:
                os.chown(file, UID, UID)

    def sidecar(self, *options: str, limits: tuple[str, ...] = ()) -> Sidecar:
        self.own()
        return Sidecar(self.home, *options, command=(*limits, *self.prefix, self.binary))

    def run(self, *command: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.prefix, *command], capture_output=True, text=True, timeout=60, check=False, **options
        )


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """Not in pytest's own folders, which only root may enter."""
    with tempfile.TemporaryDirectory(prefix="onbehalf-") as path:
        yield OrdinaryUser(Path(path))
