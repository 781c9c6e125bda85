"""A process that answers JSON-RPC lines on its standard output, and what it costs."""

import json
import os
import subprocess
import threading
import time
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


def message(id_: int, method: str, params: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": id_, "method": method, "params": params}).encode() + b"\n"


class Peer:
    def __init__(self, *command: str) -> None:
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self.stdin, self.stdout = self.child.stdin.fileno(), self.child.stdout.fileno()

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stdin.close()
        self.child.wait(timeout=10)
        self.child.stdout.close()

    def ask(self, request: bytes) -> bytes:
        """One request, and all of its answer. Nothing else may be under way."""
        os.write(self.stdin, request)
        answer = os.read(self.stdout, 1 << 16)
        while not answer.endswith(b"\n"):
            answer += self.read()
        return answer

    def call(self, method: str, **params: Any) -> Any:
        answer = json.loads(self.ask(message(0, method, params)))
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def call_all(self, requests: list[bytes]) -> float:
        """Seconds until so many requests, sent without waiting, are answered. Raises when one is an error."""
        begin = time.perf_counter()
        writer = threading.Thread(target=self.child.stdin.write, args=(b"".join(requests),), daemon=True)
        chunks: list[bytes] = []
        answered = 0
        writer.start()
        while answered < len(requests):
            chunks.append(self.read())
            answered += chunks[-1].count(b"\n")
        seconds = time.perf_counter() - begin
        answers = b"".join(chunks)
        if b'"error":' in answers:
            raise RuntimeError(answers[answers.index(b'"error":'):][:400].decode())
        return seconds

    def read(self) -> bytes:
        chunk = os.read(self.stdout, 1 << 20)
        if not chunk:
            raise RuntimeError(f"{self.child.args} ended")
        return chunk

    @property
    def cpu_seconds(self) -> float:
        """User and system time of all its threads: proc(5), stat, fields 14 and 15."""
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def memory(self) -> str:
        """Resident memory, and how much of it is not a file's that other processes share."""
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as status:
            kib = dict(line.split()[:2] for line in status if line.startswith(("VmRSS:", "RssAnon:")))
        return f"{int(kib['VmRSS:']) / 1024:9.1f} MB, {int(kib['RssAnon:']) / 1024:.1f} of it anonymous"
