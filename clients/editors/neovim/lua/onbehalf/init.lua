-- What the commands do; also for who maps keys of their own. :help onbehalf

local Ask = require("onbehalf.ask")
local connection = require("onbehalf.connection")
local failure = require("onbehalf.failure")
local person = require("onbehalf.person")
local text = require("onbehalf.text")

local M = {}

--- What setup was given.
M.options = {}
local KINDS = { command = { "string", "table" }, profile = { "string" }, subject = { "string" }, agent = { "string" } }
local known = {} -- codes of agents that were listed

local function tell(problem)
  vim.notify("onbehalf: " .. table.concat(failure.lines(problem), "\n"), vim.log.levels.ERROR)
end

--- command: the sidecar and its options, a string or a list. profile, subject, agent: what is asked as, and whom.
function M.setup(options)
  for name, value in pairs(options or {}) do
    local kinds = KINDS[name]
    if not kinds then error("onbehalf.setup knows command, profile, subject and agent, not " .. tostring(name), 2) end
    if not vim.tbl_contains(kinds, type(value)) then
      error(("onbehalf.setup: %s must be a %s"):format(name, table.concat(kinds, " or a ")), 2)
    end
  end
  M.options = vim.deepcopy(options or {})
end

-- Asks for what is missing, one after the other; stops when nothing is typed.
local function complete(question, prompts, done)
  local name, prompt = unpack(table.remove(prompts, 1) or {})
  if not name then return done(question) end
  if question[name] and question[name] ~= "" then return complete(question, prompts, done) end
  person.asked(prompt, function(typed)
    if not typed then return end
    question[name] = typed
    complete(question, prompts, done)
  end)
end

--- Asks an agent. `question` may have agent, message, text (goes below the message), subject, profile.
function M.ask(question)
  question = vim.tbl_extend("keep", question or {}, {
    agent = M.options.agent, subject = M.options.subject, profile = M.options.profile,
  })
  if question.text and question.text ~= "" then
    local message = question.message or ""
    question.message = message == "" and question.text or message .. "\n\n" .. question.text
  end
  complete(question, {
    { "agent", "Agent (its code): " }, { "subject", "As which user: " }, { "message", "Message: " },
  }, function(whole)
    whole.agent, whole.subject = vim.trim(whole.agent), vim.trim(whole.subject)
    Ask.start(M.options.command, whole)
  end)
end

--- The first word is an agent when it looks like a code: capitals, digits and `_`, at least one of these or known.
function M.parse(words)
  local first, rest = words:match("^%s*(%S+)%s*(.*)$")
  if first and not first:find("[^A-Z0-9_]") and (first:find("_") or known[first] or first == M.options.agent) then
    return { agent = first, message = rest }
  end
  return { message = vim.trim(words) }
end

local function last_column(line, column)
  if vim.o.selection == "exclusive" then return math.min(column - 1, #line) end
  if column > #line then return #line end
  return column - 1 + #vim.fn.strcharpart(line:sub(column), 0, 1)
end

-- The lines of the range; of a selection of characters these alone.
local function selected(first, last)
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  local from, to = vim.fn.getpos("'<"), vim.fn.getpos("'>")
  if vim.fn.visualmode() == "v" and from[2] == first and to[2] == last then
    lines[#lines] = lines[#lines]:sub(1, last_column(lines[#lines], to[3]))
    lines[1] = lines[1]:sub(from[3])
  end
  return table.concat(lines, "\n")
end

--- :OnBehalfAsk
function M.ask_command(arguments)
  local question = M.parse(arguments.args)
  if arguments.range > 0 then question.text = selected(arguments.line1, arguments.line2) end
  M.ask(question)
end

function M.cancel()
  local ask = Ask.current("running")
  if ask then return ask:cancel() end
  vim.notify("onbehalf: nothing goes on", vim.log.levels.WARN)
end

--- The person's answer to a run that waits; asked for when none is given.
M.answer = Ask.answer_here

local function choice(agent)
  local name = agent.name and "  " .. text.line(agent.name, 60) or ""
  return agent.agent .. name .. (agent.description and ": " .. text.line(agent.description, 100) or "")
end

--- Lets choose among the agents that the pod has for the user, and then asks what to say.
function M.agents(query)
  complete({ subject = M.options.subject }, { { "subject", "As which user: " } }, function(user)
    local params = { subject = vim.trim(user.subject), profile = M.options.profile }
    if query and query ~= "" then params.query = query end
    M.call("listAgents", params, function(problem, found)
      if problem then return tell(problem) end
      local agents = found.agents or {}
      for _, agent in ipairs(agents) do known[agent.agent] = true end
      if #agents == 0 then return vim.notify("onbehalf: the pod lists no agent for this user", vim.log.levels.WARN) end
      local prompt = found.truncated and "Agent (there may be more):" or "Agent:"
      vim.ui.select(agents, { prompt = prompt, format_item = choice }, function(agent)
        if agent then M.ask({ agent = agent.agent, subject = params.subject }) end
      end)
    end)
  end)
end

--- The codes that are known, for completion.
function M.complete(lead)
  local codes = vim.tbl_keys(known)
  if M.options.agent and not known[M.options.agent] then table.insert(codes, M.options.agent) end
  table.sort(codes)
  return vim.tbl_filter(function(code) return vim.startswith(code, lead) end, codes)
end

--- The door to every method: the wire's own objects. `done(failure, result)` is called once. Returns what cancels.
function M.call(method, params, done)
  return connection.request(M.options.command, method, params or {}, { on_done = done })
end

--- For a status line: "PAYABLES_TEAM: running ANSWER", or "".
M.status = Ask.summary

--- Ends the sidecar.
M.close = connection.close

return M
