-- The one shape of an error: what the sidecar answers in `error`, flattened, or what was found out here.

local text = require("onbehalf.text")

local M = {}

M.INSTALL = "Build it with `swift build -c release --static-swift-stdlib` in a clone of onbehalf, then put "
  .. "`.build/release/onbehalf` on PATH, name it in ONBEHALF_BIN or pass setup { command = ... }."

function M.new(kind, message, hint, detail)
  return { kind = kind, message = message, hint = hint or "", retryable = false, detail = detail or {} }
end

--- The `error` member of an answer, whatever a stranger in the sidecar's place has put there.
function M.from_wire(wire)
  local data = type(wire.data) == "table" and wire.data or {}
  local failure = M.new(
    type(data.kind) == "string" and data.kind or "internal",
    type(wire.message) == "string" and wire.message or "The sidecar answered with an error that says nothing.",
    type(data.hint) == "string" and data.hint or "",
    type(data.detail) == "table" and data.detail or {}
  )
  failure.code, failure.retryable = wire.code, data.retryable == true
  return failure
end

--- Message and hint; the pod's words on a run that failed, and where one that may go on is found again.
function M.lines(failure)
  local lines = { ("%s: %s"):format(text.line(failure.kind, 60), text.line(failure.message, 2000)) }
  if failure.hint ~= "" then table.insert(lines, text.line(failure.hint, 2000)) end
  local detail = failure.detail
  if type(detail.run) == "table" and detail.run.error ~= nil then
    table.insert(lines, "The pod says: " .. text.line(detail.run.error, 2000))
  end
  if detail.state == "detached" or detail.state == "unknown" then
    table.insert(lines, ("The run may go on at the pod: state %s, job %s."):format(
      detail.state, text.line(detail.jobId or "unknown", 200)))
  end
  return lines
end

return M
