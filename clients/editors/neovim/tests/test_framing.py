"""Frames, however they arrive and whatever arrives instead."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from editor import Editor, lua_string

MESSAGES: list[Any] = [
    {"id": 1}, {"text": "Zürich 😀\r\n\r\n"}, {}, {"deep": [[[{}]]]}, {"long": "x" * 10_000}, {"null": None},
]
GOOD = "".join(
    f"{header}: {len(body.encode())}\r\n{more}\r\n{body}"
    for header, more in [("Content-Length", ""), ("content-length", "Content-Type: application/json\r\n")]
    for body in map(json.dumps, MESSAGES)
)


def read(editor: Editor, pieces: list[str]) -> list[Any]:
    """The messages, and what was found that is no frame."""
    listed = ",".join(map(lua_string, pieces))
    return editor.lua(f"""
        local read, messages, found = require('onbehalf.framing').reader(), {{}}, nil
        for _, piece in ipairs({{ {listed} }}) do
          local more
          more, found = read(piece)
          vim.list_extend(messages, more)
          if found then break end
        end
        return {{ messages, found or vim.NIL }}""")


def test_however_they_are_cut_they_are_the_same(editor: Editor) -> None:
    whole = read(editor, [GOOD])
    assert len(whole[0]) == 2 * len(MESSAGES) and whole[1] is None
    assert whole[0][1] == MESSAGES[1] and whole[0][4] == MESSAGES[4]
    chance = random.Random(6)
    short = GOOD.replace("x" * 10_000, "x")
    short = short.replace(": 10012", f": {len(json.dumps({'long': 'x'}))}")
    for size in [1, 2, 3, 7, *(chance.randint(1, 400) for _ in range(12))]:
        text = short if size < 4 else GOOD
        cut = read(editor, [text[at:at + size] for at in range(0, len(text), size)])
        assert len(cut[0]) == len(whole[0]) and cut[1] is None, size
        if text is GOOD:
            assert cut == whole, size


@pytest.mark.parametrize("bytes_", [
    "a wrapper speaks\n", "{\"id\": 1}\n", "Content-Length: 2\n\n{}", "Content-Length: x\r\n\r\n{}", "\r\n\r\n", " ",
    "Content-Length: 2\r\n\r\n[[", "Content-Length: 2\r\n\r\n7 ", "Content-Length: 99999999999\r\n\r\n", "X: " + "y" * 5000,
    "Content-Length: 3\r\n\r\n{}}", "Content-Type: 2\r\n\r\n{}", "\x00", "é: 1\r\n",
])
def test_what_is_no_frame_is_noticed_at_once(editor: Editor, bytes_: str) -> None:
    messages, found = read(editor, ["Content-Length: 2\r\n\r\n{}", bytes_])
    assert len(messages) == 1 and found is not None


def test_bytes_of_chance_do_no_harm(editor: Editor) -> None:
    chance = random.Random(7)
    for _ in range(40):
        start = chance.randrange(len(GOOD))
        damaged = list(GOOD[start:start + 300])
        for _ in range(3):
            damaged[chance.randrange(len(damaged))] = chr(chance.randrange(256))
        read(editor, ["".join(damaged)])
