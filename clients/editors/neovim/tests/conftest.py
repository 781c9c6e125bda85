"""Neovim without a screen, with the plugin, the real sidecar and the sandbox behind it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGIN = Path(__file__).resolve().parents[1]
TESTS = PLUGIN.parents[2] / "Tests"
sys.path[:0] = [str(TESTS), str(TESTS / "process")]

from editor import Editor, prepared  # noqa: E402
from sandbox.control import Sandbox  # noqa: E402
from sidecar import Home  # noqa: E402


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory, running: Sandbox) -> tuple[Home, list[str], dict[str, str]]:
    """A home in which a key and the profile dev5 are kept: the home, the sidecar's command, the certificate."""
    home = Home(tmp_path_factory.mktemp("office"))
    return home, *prepared(home, running)


@pytest.fixture
def sandbox(running: Sandbox, office: tuple[Home, list[str], dict[str, str]]) -> Sandbox:
    running.clear()
    running.register_certificate(**office[2])
    return running


@pytest.fixture
def editor(sandbox: Sandbox, office: tuple[Home, list[str], dict[str, str]], tmp_path: Path) -> Iterator[Editor]:
    """Set up to ask as curtis.feitty; vim.ui.input and vim.ui.select wait for the test."""
    with Editor(office[0], tmp_path) as editor:
        editor.setup(command=office[1], profile="dev5", subject="curtis.feitty")
        yield editor
