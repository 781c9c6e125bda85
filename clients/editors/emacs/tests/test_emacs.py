"""Each test of onbehalf-tests.el in an Emacs of its own, and what only shows from outside of it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from conftest import Desk

HERE = Path(__file__).parent
PACKAGE = HERE.parent
TESTS = HERE / "onbehalf-tests.el"
NAMES = re.findall(r"^\(ert-deftest (\S+)", TESTS.read_text(encoding="utf-8"), re.MULTILINE)


def emacs(desk: Desk, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["emacs", "-Q", "--batch", "-L", str(PACKAGE), *arguments],
        env=desk.environment, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_in_emacs(desk: Desk, name: str) -> None:
    ended = emacs(desk, "-l", str(TESTS), "--eval", f"(ert-run-tests-batch-and-exit '{name})")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Ran 1 tests, 1 results as expected" in ended.stderr, ended.stderr


def test_no_warning_of_the_compiler_or_of_checkdoc(desk: Desk, tmp_path: Path) -> None:
    files = [str(file) for file in sorted(PACKAGE.rglob("*.el"))]
    ended = emacs(desk, "-l", str(HERE / "check.el"), *files, str(tmp_path))
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    assert len(list(tmp_path.glob("*.elc"))) == len(files)


def test_the_examples_of_the_readme(desk: Desk) -> None:
    examples = re.findall(r"^```elisp\n(.*?)^```", (PACKAGE / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    checkout = desk.home.path / "onbehalf"
    if not checkout.exists():
        checkout.symlink_to(PACKAGE.parents[2])
    desk.sandbox.agent("PAYABLES_TEAM", states=["COMPLETE"], answer="None.")
    awaiting = '(while (eq onbehalf--state \'running) (accept-process-output nil 0.05))'
    program = f"(with-current-buffer (progn {' '.join(examples)}) {awaiting} (princ (buffer-string)))"
    ended = subprocess.run(
        ["emacs", "-Q", "--batch", "--eval", program],
        env=desk.on_path(), capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, check=False,
    )
    assert (len(examples), ended.stdout) == (2, "> Which invoices are on hold?\n\nNone.\n"), ended.stderr
    assert [row["actor"] for row in desk.sandbox.audit(action="agent.chat")] == ["curtis.feitty"]
