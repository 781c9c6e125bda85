"""The real sidecar and the sandbox: set up once by a person, reset before each test."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[4]
sys.path[:0] = [str(ROOT / "Tests"), str(ROOT / "Tests" / "process")]

from onboarding import onboard  # noqa: E402
from sandbox.control import Sandbox  # noqa: E402
from sidecar import BINARY, Home, Sidecar  # noqa: E402


class Desk:
    """Where somebody works: a home, a store with a key, the profile `dev5` and the environment of an Emacs."""

    def __init__(self, path: Path, sandbox: Sandbox) -> None:
        self.home = Home(path)
        self.sandbox = sandbox
        self.arguments = ["--config", str(self.home.config), *self.home.file_store()]
        with Sidecar(self.home, "--admin", *self.arguments[2:]) as person:
            self.key: dict[str, Any] = onboard(person, sandbox)
        self.environment = self.home.environment | {
            "ONBEHALF_BIN": BINARY,
            "SIDECAR_ARGUMENTS": json.dumps(self.arguments),
            "SANDBOX_ADMIN": sandbox.admin_url,
        }

    def on_path(self) -> dict[str, str]:
        """An environment whose `onbehalf` is this sidecar, with its arguments. It leaves its process id."""
        program = self.home.path / "bin" / "onbehalf"
        program.parent.mkdir(exist_ok=True)
        words = shlex.join([BINARY, *self.arguments])
        program.write_text(f'#!/bin/sh\necho $$ >"$HOME/sidecar.pid"\nexec {words} "$@"\n', encoding="utf-8")
        program.chmod(0o700)
        environment = self.home.environment | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
        return {name: value for name, value in environment.items() if name != "ONBEHALF_BIN"}

    def sidecar_process(self) -> int:
        return int((self.home.path / "sidecar.pid").read_text(encoding="ascii"))

    def reset(self) -> None:
        self.sandbox.clear()
        self.sandbox.register_certificate(self.key["kid"], self.key["certificatePem"])


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Sandbox() as sandbox:
        yield Desk(tmp_path_factory.mktemp("home"), sandbox)


@pytest.fixture
def desk(prepared: Desk) -> Desk:
    prepared.reset()
    return prepared
