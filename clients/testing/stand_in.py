#!/usr/bin/env python3
"""A scripted stand-in for the sidecar, for the unit tests of the clients alone.

It speaks both framings of the protocol and answers from `answers.json`. What it does beyond that is named by the
method (see `BEHAVIOURS`) or, for the start, by the environment variable STAND_IN. A method it does not know is refused.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("answers.json").read_text(encoding="utf-8"))
ANSWERS["createKey"] = ANSWERS["importKey"] = ANSWERS["getKey"]
ANSWERS["listKeys"] = {"keys": [ANSWERS["getKey"]]}
ANSWERS["saveProfile"] = ANSWERS["getProfile"]
ANSWERS["listProfiles"] = {"profiles": [ANSWERS["getProfile"]]}

MODE = os.environ.get("STAND_IN", "")
JSON = dict[str, Any]


class StandIn:
    def __init__(self) -> None:
        self.source = sys.stdin.buffer
        self.headers = False
        self.seen: list[JSON] = []
        self.waiting: dict[Any, JSON] = {}
        self.lock = threading.Lock()
        self.shut_down = False

    def read(self) -> JSON | None:
        """The next message; the first byte decides the framing."""
        line = self.source.readline()
        if not line:
            return None
        if line[:1] == b"C":
            self.headers = True
            length = int(line.split(b":")[1])
            assert self.source.readline() == b"\r\n"
            line = self.source.read(length)
        try:
            message: JSON = json.loads(line)
        except ValueError:
            self.send(
                {
                    "id": None,
                    "error": {
                        "code": -32700,
                        "message": "This is not JSON.",
                        "data": {"kind": "parse_error", "retryable": False},
                    },
                }
            )
            return {}
        return message

    def send(self, message: JSON) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}, ensure_ascii=False).encode()
        self.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data) if self.headers else data + b"\n")

    def write(self, data: bytes) -> None:
        with self.lock:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def answer(self, id: Any, result: Any) -> None:
        self.send({"id": id, "result": result})

    def refuse(self, id: Any, code: int, kind: str, message: str, **data: Any) -> None:
        self.send(
            {"id": id, "error": {"code": code, "message": message, "data": {"kind": kind, "retryable": False, **data}}}
        )

    def settle(self, id: Any, code: int, kind: str, message: str) -> None:
        """Ends a `slow` request once, whoever comes first: its cancellation or its deadline."""
        with self.lock:
            waited = self.waiting.pop(id, None)
        if waited is not None:
            self.refuse(id, code, kind, message, detail={"state": "unknown", "agent": "PAYABLES_TEAM"})

    def run(self) -> None:
        while (message := self.read()) is not None:
            self.seen.append(message)
            if message.get("method") == "exit":
                os._exit(0 if self.shut_down else 1)
            if message.get("method") == "$/cancelRequest":
                self.settle(message["params"]["id"], -32800, "cancelled", "The request was cancelled.")
            elif "id" in message:
                self.handle(message["id"], message["method"], message.get("params") or {})

    def handle(self, id: Any, method: str, params: JSON) -> None:
        if method in BEHAVIOURS:
            BEHAVIOURS[method](self, id, params)
        elif method in ANSWERS:
            self.answer(id, ANSWERS[method])
        else:
            self.refuse(id, -32601, "method_not_found", f"There is no method {method}.", hint="Ask rpc.discover.")

    # What a method makes it do.

    def initialize(self, id: Any, params: JSON) -> None:
        newest, oldest = {"too-new": ("9.1", "8.0"), "too-old": ("0.9", "0.1")}.get(MODE, ("1.4", "1.0"))
        if MODE != "hang":
            self.answer(
                id,
                {
                    "capabilities": {},
                    "serverInfo": {"name": "stand-in", "version": "0"},
                    "protocolVersion": newest,
                    "minimumProtocolVersion": oldest,
                    "limits": {},
                },
            )

    def shutdown(self, id: Any, params: JSON) -> None:
        if MODE == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(60)
        self.shut_down = True
        self.answer(id, None)

    def slow(self, id: Any, params: JSON) -> None:
        """Begins, and answers only when it is cancelled or its deadline has passed."""
        self.waiting[id] = params
        if (token := params.get("workDoneToken")) is not None:
            self.send({"method": "$/progress", "params": {"token": token, "value": {"kind": "begin"}}})
        if "timeoutMs" in params:
            arguments = (id, 1700, "deadline_exceeded", "The deadline passed.")
            timer = threading.Timer(params["timeoutMs"] / 1000, self.settle, arguments)
            timer.daemon = True
            timer.start()

    def invoke_agent(self, id: Any, params: JSON) -> None:
        """Progress, then a run whose output names who asked whom for what."""
        run = {"agent": params["agent"], "jobId": "job-1", "conversationId": "conversation-1"}
        if (token := params.get("workDoneToken")) is not None:
            for value in (
                {"kind": "begin", "title": params["agent"]},
                {"kind": "report", "message": "RUNNING", **run},
                {"kind": "end"},
            ):
                self.send({"method": "$/progress", "params": {"token": token, "value": value}})
        self.answer(
            id,
            {
                **run,
                "state": "complete",
                "output": f"{params['subject']}: {params['message']}",
                "startedAt": "2025-05-01T10:00:00Z",
                "finishedAt": "2025-05-01T10:00:09Z",
                "polls": 3,
            },
        )

    def fail(self, id: Any, params: JSON) -> None:
        self.send({"id": id, "error": params})

    def crash(self, id: Any, params: JSON) -> None:
        os.write(2, params["words"].encode() + b"\n")
        os._exit(params["status"])

    def garbage(self, id: Any, params: JSON) -> None:
        self.write(params["text"].encode())

    def log(self, id: Any, params: JSON) -> None:
        os.write(2, params["text"].encode())
        self.answer(id, None)

    def flood(self, id: Any, params: JSON) -> None:
        for _ in range(params["bytes"] // 100):
            os.write(2, b"x" * 99 + b"\n")
        self.answer(id, None)

    def process(self, id: Any, params: JSON) -> None:
        self.answer(
            id,
            {
                "pid": os.getpid(),
                "ppid": os.getppid(),
                "session": os.getsid(0),
                "arguments": sys.argv[1:],
                "environment": dict(os.environ),
            },
        )

    def close_output(self, id: Any, params: JSON) -> None:
        os.close(1)

    def stop_reading(self, id: Any, params: JSON) -> None:
        self.answer(id, None)
        while True:
            time.sleep(60)


BEHAVIOURS: dict[str, Callable[[StandIn, Any, JSON], None]] = {
    "initialize": StandIn.initialize,
    "shutdown": StandIn.shutdown,
    "invokeAgent": StandIn.invoke_agent,
    "echo": lambda self, id, params: self.answer(id, params),
    "large": lambda self, id, params: self.answer(id, "x" * params["bytes"]),
    "seen": lambda self, id, params: self.answer(id, self.seen),
    "deaf": lambda self, id, params: None,
    "slow": StandIn.slow,
    "fail": StandIn.fail,
    "crash": StandIn.crash,
    "garbage": StandIn.garbage,
    "log": StandIn.log,
    "flood": StandIn.flood,
    "process": StandIn.process,
    "closeOutput": StandIn.close_output,
    "stopReading": StandIn.stop_reading,
}

if MODE == "exit":
    sys.exit("error: the store is on fire")
if MODE == "garbage":
    print("Usage: something-else [options]", flush=True)
StandIn().run()
