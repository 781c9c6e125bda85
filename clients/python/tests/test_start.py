"""Finding the binary, spawning it and shaking hands."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from onbehalf import OnBehalf, OnBehalfError, _client, _sidecar
from onbehalf._sidecar import find_command


def executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_where_the_binary_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = executable(tmp_path / "path" / "onbehalf")
    monkeypatch.delenv("ONBEHALF_BIN", raising=False)
    monkeypatch.setenv("PATH", str(on_path.parent))
    monkeypatch.setattr(_sidecar, "__file__", str(tmp_path / "package" / "_sidecar.py"))
    assert find_command(None) == [str(on_path)]
    packaged = executable(tmp_path / "package" / "bin" / "onbehalf")
    assert find_command(None) == [str(packaged)]
    monkeypatch.setenv("ONBEHALF_BIN", "/named/onbehalf")
    assert find_command(None) == ["/named/onbehalf"]
    assert find_command("/given/onbehalf") == ["/given/onbehalf"]
    assert find_command(Path("/given/onbehalf")) == ["/given/onbehalf"]
    assert find_command(["env", "onbehalf"]) == ["env", "onbehalf"]


def test_no_binary_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONBEHALF_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OnBehalfError, match="swift build") as caught:
        OnBehalf()
    assert caught.value.kind == "sidecar_not_found"


@pytest.mark.parametrize("command", [["/no/such/binary"], ["/"], ["nul\0"]])
def test_a_binary_that_cannot_be_started(command: list[str]) -> None:
    with pytest.raises(OnBehalfError, match="cannot be started") as caught:
        OnBehalf(command=command)
    assert caught.value.kind == "sidecar_not_found"


def test_a_binary_that_is_another_program() -> None:
    with pytest.raises(OnBehalfError, match="Usage: something-else") as caught:
        OnBehalf(command=["/bin/sh", "-c", "echo 'Usage: something-else'; sleep 60"])
    assert caught.value.kind == "sidecar_garbled"


def test_a_binary_that_ends_at_once(stand_in: list[str]) -> None:
    with pytest.raises(OnBehalfError, match="exit status 1.*\n.*the store is on fire") as caught:
        OnBehalf(command=stand_in, env={"STAND_IN": "exit"})
    assert caught.value.kind == "sidecar_exited"


def test_a_sidecar_that_never_answers(stand_in: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "START_SECONDS", 0.2)
    with pytest.raises(OnBehalfError) as caught:
        OnBehalf(command=stand_in, env={"STAND_IN": "hang"})
    assert caught.value.kind == "deadline_exceeded"


@pytest.mark.parametrize("mode", ["too-new", "too-old"])
def test_a_sidecar_of_another_age(stand_in: list[str], mode: str) -> None:
    with pytest.raises(OnBehalfError, match="this client 1.0") as caught:
        OnBehalf(command=stand_in, env={"STAND_IN": mode})
    assert caught.value.kind == "sidecar_incompatible"


def test_initialize_is_first_and_complete(stand_in: list[str]) -> None:
    with OnBehalf(command=stand_in, profiles={"dev5": {"clientId": "c"}}, default_profile="dev5") as ob:
        first = ob.call("seen")[0]
    assert first["method"] == "initialize"
    assert first["params"]["processId"] == os.getpid()
    assert first["params"]["clientInfo"]["name"] == "onbehalf-python"
    assert first["params"]["initializationOptions"] == {
        "profiles": {"dev5": {"clientId": "c"}},
        "defaultProfile": "dev5",
    }


def test_profiles_that_json_cannot_say(stand_in: list[str]) -> None:
    with pytest.raises(TypeError):
        OnBehalf(command=stand_in, profiles={"dev5": {"clientId": object()}})


def test_options_become_arguments(stand_in: list[str]) -> None:
    with OnBehalf(
        command=stand_in,
        store="file:/tmp/keys",
        config=Path("/tmp/config.json"),
        passphrase_file="/tmp/pass",
        policy="/tmp/policy.json",
        admin=True,
    ) as ob:
        arguments = ob.call("process")["arguments"]
    assert shlex.join(arguments) == (
        "--admin --store file:/tmp/keys --config /tmp/config.json --passphrase-file /tmp/pass --policy /tmp/policy.json"
    )


def test_the_way_to_the_bus_survives_a_minimal_environment(
    stand_in: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/tmp/bus")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp/run")
    monkeypatch.setenv("UNRELATED", "1")
    with OnBehalf(command=stand_in, env={"XDG_RUNTIME_DIR": "/mine"}) as ob:
        environment = ob.call("process")["environment"]
    assert environment["DBUS_SESSION_BUS_ADDRESS"] == "unix:path=/tmp/bus"
    assert environment["XDG_RUNTIME_DIR"] == "/mine"
    assert "UNRELATED" not in environment


def test_ctrl_c_at_the_terminal_does_not_reach_the_sidecar(ob: OnBehalf) -> None:
    process = ob.call("process")
    assert process["session"] == process["pid"] != os.getsid(0)


def test_the_example_of_the_readme(stand_in: list[str], tmp_path: Path) -> None:
    package = Path(__file__).parents[1]
    example = (package / "README.md").read_text().split("```python\n")[1].split("```")[0]
    binary = executable(tmp_path / "onbehalf")
    binary.write_text(f'#!/bin/sh\nexec {shlex.join(stand_in)} "$@"\n')
    completed = subprocess.run(
        [sys.executable, "-c", example],
        env={"ONBEHALF_BIN": str(binary), "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, completed.stderr
    assert "curtis.feitty: " in completed.stdout
