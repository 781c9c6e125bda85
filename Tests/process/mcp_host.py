"""An MCP host on the raw wire: every message is held to the published schema of its revision, in both directions."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import Home, Sidecar

VECTORS = Path(__file__).resolve().parents[2] / "protocol" / "vectors" / "mcp"
REVISIONS = ["2025-06-18", "2025-11-25", "2026-07-28"]
STATELESS = "2026-07-28"
USER = "curtis.feitty"

RESULTS = {
    "initialize": "InitializeResult", "tools/list": "ListToolsResult", "tools/call": "CallToolResult",
    "server/discover": "DiscoverResult", "ping": "Result",
}


@cache
def validator(revision: str, name: str) -> jsonschema.protocols.Validator:
    schema = json.loads((VECTORS / f"mcp-{revision}.schema.json").read_text(encoding="utf-8"))
    parts = "$defs" if "$defs" in schema else "definitions"
    kind = jsonschema.validators.validator_for(schema)
    assert name in schema[parts], f"{revision} has no {name}"
    return kind({parts: schema[parts], "$schema": schema["$schema"], "$ref": f"#/{parts}/{name}"})


def check(revision: str, name: str, value: Any) -> None:
    validator(revision, name).validate(value)


def options(home: Home, *more: str, agents: str = "*", subject: str = USER) -> list[str]:
    """What starts a server for a model, over the store that `prepared` has filled."""
    return [*store(home), "--mcp", "--profile", "dev5", "--subject", subject, "--agents", agents, *more]


def store(home: Home) -> list[str]:
    return ["--store", f"file:{home.path / 'store'}", "--passphrase-file", str(home.path / "store.passphrase")]


def prepared(home: Home, sandbox: Sandbox, **changes: Any) -> dict[str, Any]:
    """A key, its certificate and the profile dev5, saved by a person. Returns the key."""
    home.file_store()
    with Sidecar(home, "--admin", *store(home)) as person:
        return onboard(person, sandbox, **changes)


class Host(Sidecar):
    """A host that speaks one revision. With `forms` it can put a form before a person."""

    def __init__(self, home: Home, *more: str, revision: str, forms: bool = True, greet: bool = True, **how: Any) -> None:
        super().__init__(home, *options(home, *more, **how))
        self.revision = revision
        self.capabilities: dict[str, Any] = {"elicitation": {}} if forms else {}
        self.methods: dict[int | str, str] = {}
        self.offered: dict[str, dict[str, Any]] = {}
        if greet and revision != STATELESS:
            self.initialize()

    def initialize(self) -> dict[str, Any]:
        result = self.call(
            "initialize", protocolVersion=self.revision, capabilities=self.capabilities,
            clientInfo={"name": "test", "version": "1"},
        )
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    @property
    def meta(self) -> dict[str, Any]:
        if self.revision != STATELESS:
            return {}
        return {
            "io.modelcontextprotocol/protocolVersion": self.revision,
            "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": self.capabilities,
        }

    def request(self, method: str, /, **params: Any) -> int:
        meta = self.meta | params.pop("_meta", {})
        if meta:
            params["_meta"] = meta
        identifier = super().request(method, **params)
        self.methods[identifier] = method
        message = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
        check(self.revision, "ClientRequest", message)
        return identifier

    def receive(self, seconds: float = 30.0) -> Any:
        message = super().receive(seconds)
        self.check(message)
        return message

    def check(self, message: Any) -> None:
        """A message of the server, whatever it is."""
        if "method" in message and "id" in message:
            assert self.revision != STATELESS, f"a request of the server: {message}"
            check(self.revision, "ServerRequest", message)
        elif "method" in message:
            check(self.revision, "ServerNotification", message)
        elif "error" in message:
            check(self.revision, "JSONRPCError" if self.revision == "2025-06-18" else "JSONRPCErrorResponse", message)
        else:
            name = "JSONRPCResponse" if self.revision == "2025-06-18" else "JSONRPCResultResponse"
            check(self.revision, name, message)
            result = message["result"]
            expected = RESULTS[self.methods[message["id"]]]
            if result.get("resultType") == "input_required":
                expected = "InputRequiredResult"
            check(self.revision, expected, result)
            if self.revision == STATELESS:
                assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "onbehalf"

    def refusal_of(self, method: str, meta: dict[str, Any] | None) -> dict[str, Any]:
        """The error of a request that its schema does not have."""
        identifier = super().request(method, **({} if meta is None else {"_meta": meta}))
        return self.answer(identifier)["error"]

    def refusal_of_tool(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The error of a call that is answered with one."""
        return self.answer(self.start(tool, **arguments))["error"]

    def tools(self) -> dict[str, dict[str, Any]]:
        return {tool["name"]: tool for tool in self.call("tools/list")["tools"]}

    def start(self, tool: str, /, _meta: dict[str, Any] | None = None, **arguments: Any) -> int:
        return self.request("tools/call", name=tool, arguments=arguments, _meta=_meta or {})

    def use(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Calls a tool, and holds its result to the tool's own schema."""
        self.offered = self.offered or self.tools()
        result = self.result(self.start(tool, **arguments))
        if "structuredContent" in result:
            jsonschema.validate(result["structuredContent"], self.offered[tool]["outputSchema"])
        return result

    def result(self, identifier: int) -> dict[str, Any]:
        answer = self.answer(identifier)
        assert "result" in answer, answer
        return answer["result"]

    def facts(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call that succeeds."""
        result = self.use(tool, **arguments)
        assert result["isError"] is False, result
        assert json.loads(result["content"][-1]["text"]) == result["structuredContent"]
        return result["structuredContent"]

    def failure(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call that fails, with a sentence for the model before it."""
        result = self.use(tool, **arguments)
        assert result["isError"] is True, result
        facts = result["structuredContent"]
        assert result["content"][0]["text"].startswith(facts["error"]["message"])
        return facts

    def person(self, result: dict[str, Any]) -> dict[str, Any]:
        """Takes the question that comes next, answers it, and returns what was asked."""
        question = self.receive()
        while question.get("method") != "elicitation/create":
            assert question.get("method") == "notifications/progress", question
            question = self.receive()
        self.send({"jsonrpc": "2.0", "id": question["id"], "result": result})
        return question["params"]
