"""A run that a test watches: what is told of it while it goes on."""

from typing import Any

from sidecar import Sidecar

USER = {"profile": "dev5", "subject": "curtis.feitty"}
OTHER = {"profile": "dev5", "subject": "ap.clerk"}
PAYABLES = {"agent": "PAYABLES_TEAM"}
HELLO = USER | PAYABLES | {"message": "Hello"}


class Watching:
    """A request with progress. What comes is read only when a test asks for it."""

    def __init__(self, sidecar: Sidecar, method: str, **params: Any) -> None:
        self.sidecar = sidecar
        self.id = sidecar.request(method, workDoneToken="run", **params)
        self.reports: list[dict[str, Any]] = []

    def report(self, wanted: str) -> dict[str, Any]:
        """The next report whose message has this text."""
        while True:
            message = self.sidecar.receive()
            assert message.get("method") == "$/progress", message
            value = message["params"]["value"]
            self.reports.append(value)
            if wanted in value.get("message", ""):
                return value

    def answer(self) -> dict[str, Any]:
        while "id" not in (message := self.sidecar.receive()):
            self.reports.append(message["params"]["value"])
        assert message["id"] == self.id
        return message

    def result(self) -> dict[str, Any]:
        answer = self.answer()
        assert "result" in answer, answer
        return answer["result"]

    def error(self) -> dict[str, Any]:
        answer = self.answer()
        assert "error" in answer, answer
        return answer["error"]
