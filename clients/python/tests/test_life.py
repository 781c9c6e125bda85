"""Concurrency, cancellation, deadlines, crashes and the end."""

from __future__ import annotations

import concurrent.futures
import gc
import logging
import multiprocessing
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from onbehalf import OnBehalf, OnBehalfError, _client

PACKAGE = Path(__file__).parents[1]


def await_arrival(ob: OnBehalf, method: str, count: int = 1) -> None:
    while sum(message["method"] == method for message in ob.call("seen")) < count:
        pass


def await_end(descriptor: int) -> None:
    with open(descriptor, "rb"):
        assert select.select([descriptor], [], [], 10)[0], "the sidecar still lives"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_many_threads(ob: OnBehalf) -> None:
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: ob.call("echo", {"number": number}), range(1000)))
    assert answers == [{"number": number} for number in range(1000)]


def test_slow_calls_do_not_hold_up_others(ob: OnBehalf) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        slow = pool.submit(ob.call, "slow", timeout_ms=500)
        assert ob.call("echo", {"a": 1}) == {"a": 1}
        assert isinstance(slow.exception(), OnBehalfError)


@pytest.mark.parametrize("text", ["żółć 🐟", "\u2028\r\n\u0000", "e\u0301", '\\ " /'])
def test_text_arrives_as_it_left(ob: OnBehalf, text: str) -> None:
    assert ob.call("echo", {text: text}) == {text: text}


def test_huge_messages_both_ways(ob: OnBehalf) -> None:
    text = "ü" * (8 << 20)
    assert ob.call("echo", {"text": text})["text"] == text
    assert len(ob.call("large", {"bytes": 32 << 20})) == 32 << 20


def test_long_integers_keep_their_digits(ob: OnBehalf) -> None:
    assert ob.call("echo", {"id": 123456789012345678901234567890})["id"] == 123456789012345678901234567890


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object(), b"bytes"])
def test_what_json_cannot_say_is_refused_and_the_session_goes_on(ob: OnBehalf, value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        ob.call("echo", {"value": value})
    assert ob.call("echo") == {}


def test_the_deadline_is_the_sidecars(ob: OnBehalf) -> None:
    with pytest.raises(OnBehalfError) as caught:
        ob.call("slow", timeout_ms=50)
    assert (caught.value.kind, caught.value.detail["state"]) == ("deadline_exceeded", "unknown")


def test_the_clients_own_deadline(stand_in: list[str]) -> None:
    with OnBehalf(command=stand_in, timeout_ms=1234) as ob:
        ob.ping()
        ob.ping(timeout_ms=99)
        sent = ob.call("seen")
    assert [message["params"]["timeoutMs"] for message in sent[1:]] == [1234, 99, 1234]


def test_a_sidecar_that_misses_the_deadline_is_given_up(ob: OnBehalf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "GRACE_MS", 50)
    with pytest.raises(OnBehalfError, match="did not answer") as caught:
        ob.call("deaf", timeout_ms=50)
    assert (caught.value.code, caught.value.kind) == (1700, "deadline_exceeded")
    monkeypatch.undo()
    assert ob.call("seen")[-2]["method"] == "$/cancelRequest"


def test_a_sidecar_that_stops_reading_blocks_nobody(ob: OnBehalf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_client, "GRACE_MS", 50)
    ob.call("stopReading")
    for _ in range(2):
        with pytest.raises(OnBehalfError, match="did not answer"):
            ob.call("echo", {"text": "x" * (1 << 20)}, timeout_ms=50)


def test_an_exception_in_on_progress_cancels(ob: OnBehalf) -> None:
    def refuse(value: Any) -> None:
        raise LookupError(value["kind"])

    with pytest.raises(LookupError, match="begin"):
        ob.call("slow", on_progress=refuse)
    sent = ob.call("seen")
    assert sent[-2] == {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": sent[-3]["id"]}}


def test_on_progress_may_call_the_sidecar(ob: OnBehalf) -> None:
    echoes: list[Any] = []
    ob.invoke_agent(
        subject="s", agent="A", message="m", on_progress=lambda value: echoes.append(ob.call("echo", dict(value)))
    )
    assert [echo["kind"] for echo in echoes] == ["begin", "report", "end"]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that runs the tests in the background has SIGINT ignored, and Python then leaves it so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_keyboard_interrupt_cancels(ob: OnBehalf) -> None:
    def interrupt() -> None:
        await_arrival(ob, "deaf")
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.get_ident()
    watcher = threading.Thread(target=interrupt)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        ob.call("deaf")
    watcher.join()
    assert ob.call("seen")[-2]["method"] == "$/cancelRequest"


def test_a_crash_fails_what_is_pending_and_what_comes_later(ob: OnBehalf) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        pending = [pool.submit(ob.call, "deaf") for _ in range(7)]
        await_arrival(ob, "deaf", 7)
        pending.append(pool.submit(ob.call, "crash", {"status": 3, "words": "error: the store is on fire"}))
        errors = [call.exception() for call in pending]
    errors += [pytest.raises(OnBehalfError, ob.call, "echo").value]
    assert {type(error) for error in errors} == {OnBehalfError}
    assert {(error.kind, error.code) for error in errors} == {("sidecar_exited", 1800)}  # type: ignore[union-attr]
    assert len({id(error) for error in errors}) == 9
    assert "exit status 3" in str(errors[0]) and "the store is on fire" in str(errors[0])


def test_a_sidecar_that_is_killed(ob: OnBehalf) -> None:
    pid = ob.call("process")["pid"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(ob.call, "deaf")
        await_arrival(ob, "deaf")
        os.kill(pid, signal.SIGKILL)
        assert "signal 9" in str(pending.exception())
    assert not is_alive(pid)


def test_a_closed_stdout_is_an_end(ob: OnBehalf) -> None:
    with pytest.raises(OnBehalfError) as caught:
        ob.call("closeOutput")
    assert caught.value.kind == "sidecar_exited"


@pytest.mark.parametrize(
    "text",
    [
        "planted garbage\r\n",
        "Content-Length: 12x\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        "Content-Length: 99999999999999999999\r\n\r\n",
        "Content-Length: 4294967296\r\n\r\n",
        "Content-Length: 3\r\n\r\n{,}",
        "Content-Length: 200000\r\n\r\n" + "[" * 200_000,
        "\r\n",
        "x" * 5000,
        "X: y\r\n" * 20,
    ],
    ids=range(10),
)
def test_garbage_ends_the_session(ob: OnBehalf, text: str) -> None:
    with pytest.raises(OnBehalfError) as caught:
        ob.call("garbage", {"text": text})
    assert caught.value.kind == "sidecar_garbled"
    assert "planted" not in str(caught.value)
    with pytest.raises(OnBehalfError):
        ob.ping()


@pytest.mark.parametrize(
    "text", ["7", "[]", '{"id": 99, "result": 1}', '{"method": "$/progress", "params": {"token": 5}}']
)
def test_messages_nobody_waits_for_are_ignored(ob: OnBehalf, text: str) -> None:
    frame = f"content-length: {len(text)}\r\nContent-Type: x; charset=utf-8\r\n\r\n{text}"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(ob.call, "garbage", {"text": frame}, timeout_ms=1)
        assert ob.call("echo", {"a": 1}) == {"a": 1}
        ob.close()


def test_a_flood_on_stderr_blocks_nobody(ob: OnBehalf, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "onbehalf")
    ob.call("flood", {"bytes": 4 << 20})
    assert ob.call("echo", {"a": 1}) == {"a": 1}


def test_stderr_goes_to_logging(stand_in: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "onbehalf")
    with OnBehalf(command=stand_in) as ob:
        text = "2025-05-01T10:00:00Z error: one\nonbehalf: warn: two\ninfo three\n[debug] four\nGLib: five: \xff\n"
        ob.call("log", {"text": text})
    assert [(record.levelname, record.name) for record in caplog.records] == [
        (level, "onbehalf") for level in ("ERROR", "WARNING", "INFO", "DEBUG", "WARNING")
    ]


def test_close_is_final_and_may_be_repeated(ob: OnBehalf) -> None:
    pid = ob.call("process")["pid"]
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pending = pool.submit(ob.call, "deaf")
        await_arrival(ob, "deaf")
        ob.close()
        ob.close()
        error = pending.exception()
    assert isinstance(error, OnBehalfError) and error.kind == "client_closed"
    with pytest.raises(OnBehalfError, match="closed"):
        ob.ping()
    assert not is_alive(pid)


def test_a_stubborn_sidecar_is_killed(stand_in: list[str]) -> None:
    ob = OnBehalf(command=stand_in, env={"STAND_IN": "stubborn"})
    pid = ob.call("process")["pid"]
    started = time.monotonic()
    ob.close()
    assert time.monotonic() - started < 5
    assert not is_alive(pid)


def test_a_client_nobody_holds_ends_its_sidecar(stand_in: list[str]) -> None:
    ob = OnBehalf(command=stand_in)
    descriptor = os.pidfd_open(ob.call("process")["pid"])
    del ob
    gc.collect()
    await_end(descriptor)


@pytest.mark.parametrize(
    "ending",
    ["", "sys.exit(7)", "raise SystemExit", "threading.Thread(target=ob.call, args=['deaf'], daemon=True).start()"],
)
def test_the_interpreter_ends_at_once_without_close(stand_in: list[str], ending: str) -> None:
    program = f"import sys, threading, onbehalf\nob = onbehalf.OnBehalf(command={stand_in})\n"
    program += f"print(ob.call('process')['pid'], flush=True)\n{ending}\n"
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    sidecar = os.pidfd_open(int(process.stdout.readline()))
    started = time.monotonic()
    _, errors = process.communicate(timeout=10)
    assert time.monotonic() - started < 2
    assert (process.returncode, errors) == (7 if "7" in ending else 0, "")
    await_end(sidecar)


def use_in_child(ob: OnBehalf, outcome: Any) -> None:
    try:
        ob.call("echo")
    except OnBehalfError as error:
        outcome.send(str(error))
    ob.close()


def test_a_forked_child_is_told_and_harms_nothing(ob: OnBehalf) -> None:
    here, there = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=use_in_child, args=(ob, there))
    child.start()
    child.join(10)
    assert child.exitcode == 0
    assert "belongs to the parent process" in here.recv()
    assert ob.call("echo", {"still": "here"}) == {"still": "here"}


def test_errors_can_be_pickled() -> None:
    error = OnBehalfError("Denied.", 1100, "subject_denied", "Allow it.", detail={"layer": "profile"})
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.kind, copy.detail) == ("Denied. Allow it.", "subject_denied", {"layer": "profile"})
