-- The sidecar as a child process: where its binary is, its three pipes and its end.

local failure = require("onbehalf.failure")
local framing = require("onbehalf.framing")

local uv = vim.loop
local LAST_WORDS = 2000
local GRACE_MS = 1000

local M = {}

--- The command given, else ONBEHALF_BIN, else the binary inside this plugin, else the one on PATH. A list.
function M.command(given)
  if type(given) == "table" and #given > 0 then return given end
  if type(given) == "string" and given ~= "" then return { given } end
  if vim.env.ONBEHALF_BIN and vim.env.ONBEHALF_BIN ~= "" then return { vim.env.ONBEHALF_BIN } end
  local packaged = vim.fn.fnamemodify(debug.getinfo(1, "S").source:sub(2), ":p:h:h:h") .. "/bin/onbehalf"
  if vim.fn.executable(packaged) == 1 then return { packaged } end
  return { "onbehalf" }
end

function M.cannot_start(command, reason)
  local message = ("The sidecar %q cannot be started: %s."):format(command[1], reason)
  return failure.new("sidecar_not_found", message, failure.INSTALL)
end

-- Later bytes may belong to an answer, and answers carry tokens: they are not shown.
local function garbled(found, count)
  local what = count == 0 and ("%q"):format(found) or ("something else after %d messages"):format(count)
  return failure.new(
    "sidecar_garbled",
    "The sidecar does not speak the protocol on its stdout: found " .. what .. ".",
    "See that the command is onbehalf and that no wrapper around it prints to stdout."
  )
end

local function obituary(code, signal, words)
  local how = signal ~= 0 and ("was ended by signal %d"):format(signal) or ("ended with exit status %d"):format(code)
  local last = vim.trim(words)
  local hint = last == "" and "It left no words on stderr." or "Its last words were: " .. last
  return failure.new("sidecar_exited", "The sidecar " .. how .. ".", "The next question starts it again. " .. hint)
end

--- Starts it. `on_message` has each message, `on_end` the reason, once; both are called in the main loop.
--- Returns the process, or nil and why it could not be started.
function M.start(command, on_message, on_end)
  local stdin, stdout, stderr = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local process = { count = 0 }
  local words, reason, status, awaited = "", nil, nil, 3

  local function close(handle)
    if not handle:is_closing() then handle:close() end
  end

  local function finish()
    if not on_end then return end
    local told = on_end
    on_end = nil
    for _, handle in ipairs({ stdin, stdout, stderr, process.handle }) do close(handle) end
    local why = reason or obituary(status.code, status.signal, words)
    vim.schedule(function() told(why) end)
  end

  -- It has ended when its exit is known and all that it said has been read. Another may hold its pipes.
  local function one_less()
    awaited = awaited - 1
    if awaited == 0 then finish() end
  end

  local handle, pid = uv.spawn(command[1], {
    args = vim.list_slice(command, 2),
    stdio = { stdin, stdout, stderr },
    detached = true, -- a session of its own, so that Ctrl-C reaches the editor alone
  }, function(code, signal)
    status = { code = code, signal = signal }
    vim.defer_fn(function() finish() end, GRACE_MS)
    one_less()
  end)
  if not handle then
    for _, pipe in ipairs({ stdin, stdout, stderr }) do close(pipe) end
    return nil, M.cannot_start(command, pid)
  end
  process.handle, process.pid = handle, pid

  local read = framing.reader()
  stdout:read_start(function(_, bytes)
    if not bytes then
      if not status then handle:kill("sigterm") end
      return one_less()
    end
    if reason then return end
    local messages, found = read(bytes)
    for _, message in ipairs(messages) do vim.schedule(function() on_message(message) end) end
    if found then
      reason = garbled(found, process.count + #messages)
      handle:kill("sigterm")
    end
    process.count = process.count + #messages
  end)
  stderr:read_start(function(_, bytes)
    if not bytes then return one_less() end
    words = (words .. bytes):sub(-LAST_WORDS)
  end)

  function process.send(message)
    if not stdin:is_closing() then stdin:write(framing.encode(message)) end
  end

  --- Asks for its end. A sidecar that is asked ends with status 0, and its runs go on at the pod.
  function process.stop()
    if not status and not handle:is_closing() then handle:kill("sigterm") end
  end

  return process
end

return M
