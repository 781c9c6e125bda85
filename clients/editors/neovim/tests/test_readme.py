"""The README as somebody follows it, its picture, and the help."""

from __future__ import annotations

import re
import shlex
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from editor import PLUGIN, Editor
from picture import PICTURE, show
from sandbox.control import Sandbox
from sidecar import Home
from terminal import picture

ROOT = PLUGIN.parents[2]
README = (PLUGIN / "README.md").read_text(encoding="utf-8")
HELP = (PLUGIN / "doc" / "onbehalf.txt").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
Office = tuple[Home, list[str], dict[str, str]]


@pytest.fixture
def reader(office: Office, tmp_path: Path) -> Home:
    """Has `onbehalf` on PATH, with the store of the office, and has followed the README."""
    home = Home(tmp_path)
    program = tmp_path / "bin" / "onbehalf"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(office[1])} "$@"\n')
    program.chmod(0o755)
    home.environment["PATH"] = f"{program.parent}:{home.environment['PATH']}"
    subprocess.run(["sh", "-euc", BLOCKS["sh"]], cwd=ROOT, env=home.environment, check=True)
    init = tmp_path / ".config" / "nvim" / "init.lua"
    init.parent.mkdir(parents=True)
    init.write_text(BLOCKS["lua"])
    return home


def test_who_follows_it_is_answered(reader: Home, sandbox: Sandbox) -> None:
    with Editor(reader, reader.path, start=[]) as editor:
        for line in BLOCKS["vim"].splitlines():
            command = line.removeprefix(":")
            editor.command(command)
            if command.startswith("OnBehalfAsk"):
                editor.until_it_is("complete")
                assert editor.text.endswith(f"read: {command.partition(' ')[2].removeprefix('HR_TEAM ')}")
            elif command == "OnBehalfAgents":
                editor.until("told.choose")
            else:
                assert "It answers: onbehalf" in editor.text and "ERROR" not in editor.text
    assert [row["target"] for row in sandbox.audit(action="agent.chat")] == ["PAYABLES_TEAM", "HR_TEAM"]


def test_the_picture_is_what_is_seen(sandbox: Sandbox, office: Office, tmp_path: Path) -> None:
    """Drawn anew, and then the person sends what they typed."""
    with show(sandbox, Home(tmp_path), office[1]) as terminal:
        assert ElementTree.fromstring(PICTURE.read_text(encoding="utf-8")).tag.endswith("svg")
        version = subprocess.run(["nvim", "--version"], capture_output=True, text=True, check=True).stdout
        if version.startswith("NVIM v0.7.2"):
            assert picture(terminal.screen) == PICTURE.read_text(encoding="utf-8"), "run tests/picture.py"
        assert sandbox.audit(action="agent.resume") == []
        terminal.type("\r")
        terminal.until("Both are paid.")
    assert [row["actor"] for row in sandbox.audit(action="agent.resume")] == ["curtis.feitty"]


def test_the_help_has_every_command_and_key(editor: Editor, tmp_path: Path) -> None:
    commands = editor.lua("return vim.tbl_keys(vim.api.nvim_get_commands({}))")
    ours = {name for name in commands if name.startswith("OnBehalf")}
    assert ours == set(re.findall(r"^:\S*?(OnBehalf\w+)", HELP, re.MULTILINE))
    assert {f"*:{name}*" in HELP for name in ours} == {True}
    copy = tmp_path / "help"
    copy.mkdir()
    (copy / "onbehalf.txt").write_text(HELP)
    editor.command(f"helptags {copy}")
    tags = (copy / "tags").read_text()
    for link in re.findall(r"\|(:?OnBehalf\w+|onbehalf-\w+)\|", HELP):
        assert f"{link}\t" in tags, link
    assert max(map(len, HELP.splitlines())) <= 78
