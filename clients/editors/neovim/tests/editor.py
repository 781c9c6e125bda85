"""Neovim as a test drives it: Lua in, JSON out, and every wait for something with a deadline."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from onboarding import onboard
from sandbox.control import Sandbox
from sidecar import BINARY, PATIENCE_SECONDS, Home, Sidecar

PLUGIN = Path(__file__).resolve().parents[1]
CLEAN = ["--clean", "--cmd", f"set rtp^={PLUGIN}"]

# What a person would do at a prompt or a menu is left to the test: told.prompts, told.notes, and the answer.
PERSON = """
  told = { prompts = {}, notes = {}, menus = {} }
  vim.ui.input = function(options, done) table.insert(told.prompts, options.prompt); told.default = options.default
    told.answer = function(words) told.answer = nil; done(words) end end
  vim.ui.select = function(items, options, done)
    table.insert(told.menus, vim.tbl_map(options.format_item, items))
    told.choose = function(number) done(items[number]) end end
  vim.notify = function(text) table.insert(told.notes, text) end
"""

# Code comes in a file, and what it returns goes into another: what --remote-expr prints is altered for the screen.
RUN = "function run(path) local found = vim.json.encode({ dofile(path) })" \
    " local file = assert(io.open((path:gsub('lua$', 'json')), 'w')) file:write(found) file:close() end"


def prepared(home: Home, sandbox: Sandbox) -> tuple[list[str], dict[str, str]]:
    """Keeps a key and the profile dev5 in the home; returns the command of the sidecar, and the certificate."""
    options = home.file_store()
    with Sidecar(home, "--admin", *options) as sidecar:
        key = onboard(sidecar, sandbox)
    return [BINARY, *options, "--config", str(home.config)], {"alias": key["kid"], "pem": key["certificatePem"]}


class Editor:
    """Ends with the `with` block, and must then end well."""

    def __init__(self, home: Home, folder: Path, start: list[str] = CLEAN) -> None:
        self.address = str(folder / "nvim.sock")
        self.process = subprocess.Popen(
            ["nvim", "--headless", *start, "--listen", self.address,
             "-c", f"lua {RUN}", "-c", "lua io.stdout:write('ready\\n')"],
            env=home.environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.code = folder / "code.lua"

    def lua(self, code: str) -> Any:
        """Runs Lua code in the editor; what it returns comes back."""
        self.code.write_text(f"return (function() {code}\nend)()", encoding="utf-8")
        done = subprocess.run(
            ["nvim", "--server", self.address, "--remote-expr", f"luaeval('run(_A)', '{self.code}')"],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS * 2, check=False,
        )
        answer = self.code.with_suffix(".json")
        assert answer.exists(), done.stdout + done.stderr
        found = json.loads(answer.read_bytes().decode("utf-8", "surrogateescape"))
        answer.unlink()
        return found[0] if found else None

    def until(self, condition: str) -> None:
        """Waits until the Lua expression is true."""
        milliseconds = int(PATIENCE_SECONDS * 1000)
        met = self.lua(f"return (vim.wait({milliseconds}, function() return {condition} end, 5))")
        assert met, f"{condition}: not in time; told: {self.told}; shown: {self.text}"

    def setup(self, **options: Any) -> None:
        self.lua(f"require('onbehalf').setup(vim.json.decode({lua_string(json.dumps(options))}))")

    def command(self, line: str) -> None:
        self.lua(f"vim.cmd({lua_string(line)})")

    def keys(self, keys: str) -> None:
        self.lua(f"vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes({lua_string(keys)}, true, false, true), 'tx', "
                 "false)")

    def ask(self, words: str, until: str = "complete") -> None:
        self.command(f"OnBehalfAsk {words}")
        self.until_it_is(until)

    def until_it_is(self, status: str) -> None:
        """By how its status begins: what is told on the way may hold the same word."""
        self.until(f"vim.startswith(vim.b.onbehalf_status or '', {lua_string(status)})")

    def until_shown(self, text: str) -> None:
        self.until(f"table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), '\\n'):find({lua_string(text)}, 1, true)")

    @property
    def text(self) -> str:
        """The buffer that is edited."""
        lines = self.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)")
        return "\n".join(lines)

    @property
    def told(self) -> dict[str, Any]:
        return self.lua("return { prompts = told.prompts, notes = told.notes, menus = told.menus }")

    @property
    def sidecar(self) -> int | None:
        """The process id."""
        return self.lua("return (require('onbehalf.connection').running())")

    def __enter__(self) -> Editor:
        try:
            assert self.process.stdout.readline() == b"ready\n"
            self.lua(PERSON)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.process.poll() is None:
                subprocess.run(
                    ["nvim", "--server", self.address, "--remote-send", "<Esc>:qa!<CR>"],
                    timeout=PATIENCE_SECONDS, check=False, capture_output=True,
                )
                assert self.process.wait(PATIENCE_SECONDS) == 0
        finally:
            self.stop()

    def stop(self) -> None:
        """For whatever state it is in."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def lua_string(text: str) -> str:
    return '"' + "".join(f"\\{byte:03}" if byte < 32 or byte > 126 or byte in b'"\\' else chr(byte)
                         for byte in text.encode()) + '"'
