-- :checkhealth onbehalf

local connection = require("onbehalf.connection")
local failure = require("onbehalf.failure")
local onbehalf = require("onbehalf")
local sidecar = require("onbehalf.sidecar")
local text = require("onbehalf.text")

local M = {}
local PATIENCE_MS = 40000
local report = {}
for _, name in ipairs({ "start", "ok", "warn", "error", "info" }) do
  local say = vim.health and (vim.health[name] or vim.health["report_" .. name])
    or function(line, advice)
      if advice then vim.fn["health#report_" .. name](line, advice) else vim.fn["health#report_" .. name](line) end
    end
  report[name] = function(line, hint)
    local advice = hint and hint ~= "" and { text.line(hint, 1000) } or nil
    say(text.line(line, 1000), advice)
  end
end

--- Waits for the answer. Returns the failure, or nil and the result.
local function call(method, params)
  local problem, result
  local cancel = onbehalf.call(method, params, function(...)
    problem, result = ...
  end)
  if not vim.wait(PATIENCE_MS, function() return problem ~= nil or result ~= nil end, 20) then
    cancel()
    return failure.new("deadline_exceeded", method .. " was not answered in time.")
  end
  return problem, result
end

local function tell(problem)
  report.error(("%s: %s"):format(problem.kind, problem.message), problem.hint)
end

local function binary()
  local command = sidecar.command(onbehalf.options.command)
  local path = vim.fn.exepath(command[1])
  if path == "" then
    report.error(("The sidecar %s is not found, or cannot be executed."):format(command[1]), failure.INSTALL)
    return false
  end
  report.ok("The sidecar is " .. path)
  local problem = call("ping", {})
  if problem then
    tell(problem)
    return false
  end
  local pid, server = connection.running()
  report.ok(("It answers: %s %s, process %d"):format(text.of(server.name), text.of(server.version), pid))
  return true
end

local function profile()
  local name = onbehalf.options.profile
  if not name then
    report.info("No profile is named in setup: the default profile is used")
    return
  end
  local problem, found = call("getProfile", { name = name })
  if problem then return tell(problem) end
  report.ok(("Profile %s: client %s at %s"):format(name, text.of(found.clientId), text.of(found.identityDomainUrl)))
end

local SAYS = { pass = report.ok, warn = report.warn, fail = report.error, skip = report.info }

local function diagnosis()
  local options = onbehalf.options
  if not options.subject then report.info("No subject is named in setup: the exchange for a user is not tried") end
  local asked = { profile = options.profile, subject = options.subject, agent = options.agent }
  local problem, found = call("diagnose", asked)
  if problem then return tell(problem) end
  for _, check in ipairs(found.checks or {}) do
    local say = SAYS[check.status] or report.info
    say(("%s: %s"):format(text.of(check.id), text.of(check.summary)), say ~= report.info and check.hint or nil)
  end
end

function M.check()
  report.start("The sidecar")
  if not binary() then return end
  report.start("The profile")
  profile()
  report.start("The way to the pod (diagnose)")
  diagnosis()
end

return M
