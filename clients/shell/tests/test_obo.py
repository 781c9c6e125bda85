"""obo under every shell it promises, against the scripted stand-in of clients/testing."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

SHELL = Path(__file__).parents[1]
OBO = SHELL / "obo"
STAND_IN = SHELL.parent / "testing" / "stand_in.py"
RUN = {"agent": "PAYABLES_TEAM", "profile": "dev5", "subject": "curtis.feitty", "message": "Hello"}
RUN_WORDS = [f"{name}={value}" for name, value in RUN.items()]

Completed = subprocess.CompletedProcess[str]
Obo = Callable[..., Completed]


@pytest.fixture
def obo(shell: list[str]) -> Obo:
    def run(*words: str, input: str = "", **environment: str) -> Completed:
        return subprocess.run(
            [*shell, str(OBO), *words],
            input=input,
            env={**os.environ, "ONBEHALF_BIN": str(STAND_IN), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def result(completed: Completed) -> Any:
    assert (completed.returncode, completed.stderr) == (0, "")
    return json.loads(completed.stdout)


def test_shellcheck() -> None:
    subprocess.run(["shellcheck", str(OBO), *map(str, SHELL.glob("lib/*.sh"))], check=True)


def test_the_main_job(obo: Obo) -> None:
    completed = obo("invokeAgent", *RUN_WORDS)
    assert result(completed)["output"] == "curtis.feitty: Hello"
    assert completed.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("a=text", "text"),
        ("a=", ""),
        ("a=b=@c:=d", "b=@c:=d"),
        ("a=5", "5"),
        ("a:=5", 5),
        ("a:=true", True),
        ("a:=null", None),
        ('a:={"b": ["c"]}', {"b": ["c"]}),
        ('a:="@b"', "@b"),
        ('a=żółć 🐟 "quoted" \\n $HOME `id` *', 'żółć 🐟 "quoted" \\n $HOME `id` *'),
        ("a=two\nlines\n", "two\nlines\n"),
    ],
)
def test_parameters(obo: Obo, word: str, value: Any) -> None:
    assert result(obo("echo", "first:=1", word)) == {"first": 1, "a": value}


def test_no_parameters(obo: Obo) -> None:
    assert result(obo("echo")) == {}


def test_files_and_standard_input(obo: Obo, tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("from a file\n\n")
    answer = result(obo("echo", f"pem=@{tmp_path}/a file", "message=@-", input="from stdin"))
    assert answer == {"pem": "from a file\n", "message": "from stdin"}


@pytest.mark.parametrize("name", ["pem", "pkcs12Base64", "passphrase", "clientSecret", "userToken", "token"])
@pytest.mark.parametrize("form", ["{}=planted", '{}:="planted"', "{}="])
def test_a_secret_in_an_argument_is_refused(obo: Obo, name: str, form: str) -> None:
    completed = obo("echo", form.format(name))
    assert (completed.returncode, completed.stdout) == (2, "")
    assert f"{name} is secret" in completed.stderr
    assert "planted" not in completed.stderr


def test_secrets_stand_in_no_argument_list(obo: Obo, tmp_path: Path) -> None:
    for program in ("jq", "cat"):
        spy = tmp_path / program
        spy.write_text(f'#!/bin/sh\nprintf "%s\\n" "$0" "$@" >>"{tmp_path}/words"\nexec {shutil.which(program)} "$@"\n')
        spy.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    answer = result(obo("echo", "passphrase=@-", "message=seen", input="planted\n", PATH=path))
    assert answer == {"passphrase": "planted", "message": "seen"}
    words = (tmp_path / "words").read_text()
    assert "seen" in words
    assert "planted" not in words


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--nonsense"],
        ["a=b"],
        ["--stdin", "more"],
        ["echo", "word"],
        ["echo", "=text"],
        ["echo", "a.b=text"],
        ["echo", "a:=not json"],
        ["echo", "a:=@-"],
        ["echo", "a=@/no/such/file"],
        ["echo", "a=@/"],
        ["echo", "a=@-", "b=@-"],
    ],
)
def test_wrong_usage(obo: Obo, words: list[str]) -> None:
    completed = obo(*words)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert "obo" in completed.stderr


def test_help(obo: Obo) -> None:
    completed = obo("--help", ONBEHALF_BIN="/no/such/binary")
    assert completed.returncode == 0
    assert completed.stdout.startswith("usage: obo METHOD")


def test_an_error_answer(obo: Obo) -> None:
    data = '{"kind": "subject_denied", "retryable": false, "hint": "Allow\\u001b[2J it."}'
    completed = obo("fail", "code:=1100", "message=Denied: \x07 100 %s.", f"data:={data}")
    assert (completed.returncode, completed.stdout) == (1, "")
    assert completed.stderr == "obo: Denied:   100 %s.\nkind: subject_denied\nhint: Allow [2J it.\n"


def test_an_error_without_data(obo: Obo) -> None:
    completed = obo("fail", "code:=5", "message=Bare.")
    assert (completed.returncode, completed.stderr) == (1, "obo: Bare.\nkind: internal\n")


@pytest.mark.parametrize("method", ["crash status:=3 words=on-fire", "garbage text=planted", "deaf"])
def test_no_answer(obo: Obo, method: str) -> None:
    completed = obo(*method.split())
    assert (completed.returncode, completed.stdout) == (1, "")
    assert "the sidecar gave no answer" in completed.stderr


def test_no_sidecar(obo: Obo) -> None:
    completed = obo("ping", ONBEHALF_BIN="/no/such/binary")
    assert completed.returncode == 1
    assert "swift build" in completed.stderr


def test_the_sidecar_beside_obo(shell: list[str], tmp_path: Path) -> None:
    shutil.copy(OBO, tmp_path / "obo")
    beside = tmp_path / "onbehalf"
    beside.write_text(f'#!/bin/sh\nexec {STAND_IN} "$@"\n')
    beside.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if name != "ONBEHALF_BIN"}
    assert subprocess.check_output([*shell, str(tmp_path / "obo"), "ping"], env=environment, text=True) == "{}\n"


def test_arguments_for_the_sidecar(obo: Obo) -> None:
    answer = result(obo("process", ONBEHALF_ARGS="--admin  --store file:/tmp/*"))
    assert answer["arguments"] == ["--admin", "--store", "file:/tmp/*"]


@pytest.mark.parametrize("start", ["", "x"])
def test_huge_messages_keep_every_character(obo: Obo, tmp_path: Path, start: str) -> None:
    text = start + "ü" * (1 << 20)
    (tmp_path / "text").write_text(text)
    assert result(obo("echo", f"message=@{tmp_path}/text"))["message"] == text
    many = obo("--stdin", input=f'{{"method": "echo", "params": {{"message": "{text}"}}}}')
    assert result(many)["result"]["message"] == text


def test_a_flood_on_stderr(obo: Obo) -> None:
    completed = obo("flood", "bytes:=1000000")
    assert (completed.returncode, completed.stdout, len(completed.stderr)) == (0, "null\n", 1_000_000)


def test_many_requests(obo: Obo) -> None:
    lines = [
        '{"method": "echo", "params": {"a": 1}}',
        "",
        '{"jsonrpc": "2.0", "id": "z", "method": "echo", "params": {"id": 12345678901234567890, "x": 1.50}}',
        '{"jsonrpc": "2.0", "method": "a notification"}',
        '{"method": "echo", "params": {"error": "none", "text": "ü"}}',
        '{"method": "invokeAgent", "params": {"agent": "A", "subject": "s", "message": "m", "workDoneToken": 1}}',
    ]
    completed = obo("--stdin", input="\n".join(lines) + "\n")
    assert (completed.returncode, completed.stderr) == (0, "")
    answers = [json.loads(line) for line in completed.stdout.splitlines()]
    assert [answer.get("id", answer.get("method")) for answer in answers] == [1, "z", 5, *["$/progress"] * 3, 6]
    assert "12345678901234567890" in completed.stdout


@pytest.mark.parametrize(
    "line", ["not json", '{"method": "nope"}', '{"method": "crash", "params": {"status": 3, "words": ""}}']
)
def test_one_failure_among_many_requests(obo: Obo, line: str) -> None:
    completed = obo("--stdin", input='{"method": "ping"}\n' + line + "\n")
    first, second = map(json.loads, completed.stdout.splitlines())
    assert (completed.returncode, first["result"]) == (1, {})
    assert second["error"]["data"]["kind"] in {"parse_error", "method_not_found", "sidecar_exited"}


def test_answers_come_as_they_are_made(shell: list[str]) -> None:
    process = subprocess.Popen(
        [*shell, str(OBO), "--stdin"],
        env={**os.environ, "ONBEHALF_BIN": str(STAND_IN)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    for number in range(3):
        process.stdin.write('{"method": "ping"}\n')
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == number + 1
    process.stdin.close()
    assert process.wait(10) == 0


def test_on_a_terminal_there_are_progress_and_indentation(shell: list[str]) -> None:
    here, there = pty.openpty()
    process = subprocess.Popen(
        [*shell, str(OBO), "invokeAgent", *RUN_WORDS],
        env={**os.environ, "ONBEHALF_BIN": str(STAND_IN)},
        stdin=subprocess.DEVNULL,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    shown = b""
    try:
        while data := os.read(here, 65536):
            shown += data
    except OSError:  # the terminal is gone, and so is whoever wrote to it
        pass
    os.close(here)
    assert process.wait(10) == 0
    lines = shown.decode().splitlines()
    assert lines[:2] == ["PAYABLES_TEAM", "RUNNING"]
    assert lines[2].endswith("{")  # jq may colour it
    assert len(lines) > 10
