"""Replays the transcripts of protocol/methods; protocol/README.md, "Transcripts", says what they mean."""

import json
import re
from pathlib import Path
from typing import Any, Protocol

PROTOCOL = Path(__file__).parents[2] / "protocol"
TRANSCRIPTS = PROTOCOL / "vectors" / "transcripts"
FIXTURES = json.loads((TRANSCRIPTS / "fixtures.json").read_text(encoding="utf-8"))
FILES = {name: (TRANSCRIPTS / path).read_text(encoding="utf-8") for name, path in FIXTURES["files"].items()}

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Peer(Protocol):
    def send(self, message: dict[str, Any]) -> None: ...

    def receive(self) -> dict[str, Any]: ...


def all_transcripts() -> list[tuple[str, dict[str, Any]]]:
    """Method and transcript, in the order of the files."""
    methods = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((PROTOCOL / "methods").glob("*.json"))]
    return [(method["name"], transcript) for method in methods for transcript in method["transcripts"]]


def filled(value: Any, placeholders: dict[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: placeholders[found[1]], value)
    if isinstance(value, list):
        return [filled(element, placeholders) for element in value]
    if isinstance(value, dict):
        return {name: filled(member, placeholders) for name, member in value.items()}
    return value


def mismatch(expected: Any, actual: Any, captured: dict[str, str], path: str = "") -> str | None:
    """Where the message differs; None when it is as expected, and then what it captures is in `captured`."""
    if isinstance(expected, dict) and len(expected) == 1:
        (name, argument), = expected.items()
        if name == "$any":
            return None if is_of(argument, actual) else f"{path} is {actual!r}, not of type {argument}"
        if name == "$pattern":
            fits = isinstance(actual, str) and re.search(argument, actual)
            return None if fits else f"{path} is {actual!r}, which does not match {argument}"
        if name == "$capture":
            captured[argument] = actual
            return None if isinstance(actual, str) else f"{path} is {actual!r}, not a string"
    if isinstance(expected, dict) and isinstance(actual, dict):
        absent = [name for name in expected if name not in actual]
        pairs = [(member, actual.get(name), f"{path}.{name}") for name, member in expected.items()]
        found = [f"{path}.{name} is missing" for name in absent]
    elif isinstance(expected, list) and isinstance(actual, list):
        found = [] if len(expected) == len(actual) else [f"{path} has {len(actual)} elements, not {len(expected)}"]
        pairs = [(*pair, f"{path}[{index}]") for index, pair in enumerate(zip(expected, actual))]
    else:
        same = type(expected) is type(actual) and expected == actual
        return None if same else f"{path} is {actual!r}, not {expected!r}"
    found += [text for pair in pairs if (text := mismatch(pair[0], pair[1], captured, pair[2]))]
    return found[0] if found else None


def is_of(type_name: str, value: Any) -> bool:
    return isinstance(value, TYPES[type_name]) and (type_name == "boolean" or not isinstance(value, bool))


def replay(transcript: dict[str, Any], placeholders: dict[str, str], peer: Peer) -> list[tuple[str, dict[str, Any]]]:
    """Returns each answer that came, with the name of its method."""
    known = dict(placeholders)
    methods: dict[Any, str] = {}
    answers: list[tuple[str, dict[str, Any]]] = []
    for number, step in enumerate(transcript["steps"], start=1):
        message = filled(step["send"], known)
        methods[message.get("id")] = message["method"]
        peer.send({"jsonrpc": "2.0", **message})
        expected = step.get("expect", [])
        for one in expected if isinstance(expected, list) else [expected]:
            received = awaited(filled(one, known), peer, known, f"step {number}")
            if "id" in received:
                answers.append((methods[received["id"]], received))
    return answers


def awaited(expected: dict[str, Any], peer: Peer, captured: dict[str, str], where: str) -> dict[str, Any]:
    """The message that is expected. Progress that is not is passed over."""
    while True:
        received = peer.receive()
        problem = mismatch(expected, received, captured)
        if problem is None:
            return received
        assert received.get("method") == "$/progress", f"{where}: {problem} in {received}"
