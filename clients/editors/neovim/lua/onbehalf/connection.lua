-- Requests and their answers, by id, over one sidecar that is started when it is needed.

local failure = require("onbehalf.failure")
local sidecar = require("onbehalf.sidecar")
local text = require("onbehalf.text")

local PROTOCOL_VERSION = "1.0"
local START_MS, GRACE_MS, LONGEST_DEFAULT_MS = 10000, 5000, 300000

local M = {}
local live -- the connection there is, if any

local function is_at_most(left, right)
  local a, b = vim.split(tostring(left), ".", { plain = true }), vim.split(tostring(right), ".", { plain = true })
  return tonumber(a[1]) == tonumber(b[1]) and (tonumber(a[2]) or 0) <= (tonumber(b[2]) or 0)
end

local function check_version(result)
  local oldest, newest = result.minimumProtocolVersion, result.protocolVersion
  if is_at_most(oldest, PROTOCOL_VERSION) and is_at_most(PROTOCOL_VERSION, newest) then return nil end
  return failure.new(
    "sidecar_incompatible",
    ("The sidecar speaks protocol %s to %s, this plugin %s."):format(oldest, newest, PROTOCOL_VERSION),
    "Install a sidecar and a plugin of the same release."
  )
end

local function settle(connection, id, problem, result)
  local request = connection.pending[id]
  if not request then return end
  connection.pending[id] = nil
  request.timer:stop()
  if not request.timer:is_closing() then request.timer:close() end
  request.on_done(problem, result)
end

local function fail_all(connection, reason)
  if live == connection then live = nil end
  connection.refusal = connection.refusal or reason
  local ids = vim.tbl_keys(connection.pending)
  table.sort(ids)
  for _, id in ipairs(ids) do settle(connection, id, reason) end
end

local function dispatch(connection, message)
  if message.method == "$/progress" then
    local params = type(message.params) == "table" and message.params or {}
    local request = connection.pending[params.token]
    if request and request.on_progress and type(params.value) == "table" then request.on_progress(params.value) end
  elseif message.method == nil and message.id ~= nil then
    if type(message.error) == "table" then
      settle(connection, message.id, failure.from_wire(message.error))
    else
      settle(connection, message.id, nil, type(message.result) == "table" and message.result or {})
    end
  elseif message.method == nil and type(message.error) == "table" then
    fail_all(connection, failure.from_wire(message.error)) -- of no id: nobody knows which of them it was
  end
end

local function after(milliseconds, action)
  local timer = vim.loop.new_timer()
  timer:start(milliseconds, 0, vim.schedule_wrap(action))
  return timer
end

local function send(connection, method, params, options)
  local id = connection.last_id + 1
  connection.last_id = id
  if options.on_progress then params = vim.tbl_extend("force", params, { workDoneToken = id }) end
  if next(params) == nil then params = vim.empty_dict() end
  connection.process.send({ jsonrpc = "2.0", id = id, method = method, params = params })
  local silent = failure.new(
    "deadline_exceeded", "The sidecar did not answer within the deadline.", "It may hang: end it and ask again.")
  local patience = options.patience_ms or (params.timeoutMs or LONGEST_DEFAULT_MS) + GRACE_MS
  connection.pending[id] = {
    on_done = options.on_done,
    on_progress = options.on_progress,
    timer = after(patience, function() settle(connection, id, silent) end),
  }

  --- Settled by the sidecar's own answer, which says what becomes of a run; without one after a while.
  return function()
    local request = connection.pending[id]
    if not request or request.is_cancelled then return end
    request.is_cancelled = true
    connection.process.send({ jsonrpc = "2.0", method = "$/cancelRequest", params = { id = id } })
    request.timer:stop()
    request.timer:start(GRACE_MS, 0, vim.schedule_wrap(function()
      settle(connection, id, failure.new("cancelled", "The request was cancelled."))
    end))
  end
end

local function open(command)
  local connection = { pending = {}, last_id = 0 }
  local process, problem = sidecar.start(
    command,
    function(message) dispatch(connection, message) end,
    function(reason) fail_all(connection, reason) end
  )
  if not process then return nil, problem end
  connection.process = process
  live = connection
  local version = vim.version()
  send(connection, "initialize", {
    processId = vim.fn.getpid(),
    clientInfo = { name = "Neovim", version = ("%d.%d.%d"):format(version.major, version.minor, version.patch) },
    capabilities = vim.empty_dict(),
  }, {
    patience_ms = START_MS,
    on_done = function(refusal, result)
      connection.server = result and result.serverInfo
      refusal = refusal or check_version(result)
      if refusal then
        fail_all(connection, refusal)
        process.stop()
      end
    end,
  })
  return connection
end

local function every_string(value, check)
  if type(value) == "string" then return check(value) end
  if type(value) ~= "table" then return true end
  for _, member in pairs(value) do
    if not every_string(member, check) then return false end
  end
  return true
end

--- Sends a request, and starts the sidecar first when none runs. `on_done(failure, result)` is called once, later,
--- whatever happens. Returns a function that cancels.
function M.request(command, method, params, options)
  local function later(problem)
    vim.schedule(function() options.on_done(problem) end)
    return function() end
  end
  if not every_string(params, text.is_utf8) then
    return later(failure.new("invalid_params", "The text is not UTF-8, so it cannot be sent.",
      "Select text alone, or convert the file (:write ++enc=utf-8)."))
  end
  if live then return send(live, method, params, options) end
  local connection, problem = open(sidecar.command(command))
  if not connection then return later(problem) end
  return send(connection, method, params, options)
end

--- Of the sidecar that runs: its process id, and the name and version that it told. Nothing when none runs.
function M.running()
  if live then return live.process.pid, live.server end
end

--- Ends the sidecar with the editor. Nobody is there any more who could be told.
function M.leave()
  if live then live.process.stop() end
end

--- Ends the sidecar; what was asked fails with `client_closed`. The next request starts another.
function M.close()
  local connection = live
  if not connection then return end
  fail_all(connection, failure.new("client_closed", "The sidecar was ended.", "Ask again."))
  connection.process.stop()
end

return M
