"""Every example of the README is run, in order and as it stands, by a person for whom all is set up."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sandbox.control import Sandbox

SHELL = Path(__file__).parents[1]
QUESTION = "Which invoices are on hold?"
SHOWN = [
    f"Hello, Curtis Feitty. PAYABLES_TEAM read: {QUESTION}\n",
    "Nothing failed.\n",
    '"InvoiceId"',
    f"Hello, Curtis Feitty. PAYABLES_TEAM read: {QUESTION}\n",
    '{"jsonrpc":"2.0","id":1,"result":{}}\n',
]


def test_every_example_of_the_readme(
    shell: list[str], person: dict[str, str], sandbox: Sandbox, tmp_path: Path
) -> None:
    wrapper = tmp_path / "obo"
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(shell)} {SHELL / "obo"} "$@"\n')
    wrapper.chmod(0o755)
    defaults = ("ONBEHALF_PROFILE", "ONBEHALF_SUBJECT")
    environment = {name: value for name, value in person.items() if name not in defaults}
    environment |= {"PATH": f"{tmp_path}:{person['PATH']}", "POD": sandbox.pod_url, "API_SCOPE": sandbox.api_scope}
    examples = re.findall(r"^```sh\n(.*?)^```", (SHELL / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    for example, shown in zip(examples, SHOWN, strict=True):
        command = [*shell, "-c", example]
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stderr) == (0, ""), example
        assert shown in done.stdout, example
    assert {row["actor"] for row in sandbox.audit(side="pod") if row["actor"]} == {"curtis.feitty"}
