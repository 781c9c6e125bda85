-- One question to an agent: asked, followed, cancelled, and answered by a person where the run waits for one.

local connection = require("onbehalf.connection")
local failure = require("onbehalf.failure")
local person = require("onbehalf.person")
local text = require("onbehalf.text")
local View = require("onbehalf.view")

local Ask = {}
Ask.__index = Ask

--- Asks of this session by their buffers, and their buffers in the order in which they were begun.
local asks, order = {}, {}

local function short(line, level)
  vim.notify("onbehalf: " .. text.line(line, math.max(20, vim.v.echospace - 12)), level)
end

function Ask:move(state, status)
  self.state = state
  self.status = status
  self.view:status(status)
end

-- What is told of a node is its code; `message` is a sentence.
function Ask:progress(value)
  if value.delta ~= nil then self.view:delta(text.of(value.delta), value.offset) end
  local node = type(value.node) == "table" and value.node or nil
  if node then self.node = text.name(node.code) end
  if self.state ~= "running" then return end
  if node and tostring(node.type):find("START") then
    self:move("running", "node " .. self.node)
  elseif value.kind == "begin" then
    self:move("running", "asking")
  elseif not node and value.delta == nil and value.message then
    self:move("running", text.of(value.message))
  end
end

function Ask:fail(problem)
  self.view:flush()
  self.failure = problem
  local lines = failure.lines(problem)
  self.view:paragraph(lines)
  if problem.kind == "cancelled" then
    self:move("cancelled", "cancelled")
    short(lines[#lines], vim.log.levels.INFO)
  else
    self:move("failed", problem.kind)
    short(table.concat(lines, " "), vim.log.levels.ERROR)
  end
end

function Ask:done(run)
  self.run = run
  if run.state == "waiting" then
    local waiting = type(run.waitingFor) == "table" and run.waitingFor or {}
    self.view:settle(text.of(waiting.message or run.output))
    self:move("waiting", "waits for a person")
    if self.view:has_attention() then return self:answer() end
    return short(self.agent .. " waits for a person: see " .. vim.fn.bufname(self.view.buffer)
      .. ", answer with :OnBehalfAnswer", vim.log.levels.WARN)
  end
  self.view:settle(text.of(run.output))
  self:move(text.line(run.state, 20), text.line(run.state, 20))
end

function Ask:send(method, params)
  params.subject, params.agent, params.profile = self.subject, self.agent, self.profile
  self.node, self.failure = nil, nil
  self:move("running", "asking")
  self.withdraw = connection.request(self.command, method, params, {
    on_progress = function(value) self:progress(value) end,
    on_done = function(problem, run)
      if problem then self:fail(problem) else self:done(run) end
    end,
  })
end

--- Sends the words of a person to the run that waits.
function Ask:resume(words)
  self.view:say(words)
  self:send("resumeAgent", {
    conversationId = self.run.conversationId,
    jobId = self.run.jobId,
    message = words,
  })
end

--- Asks the person, who may also say nothing. Nothing is suggested: only what they type is sent.
function Ask:answer(words)
  if self.state ~= "waiting" then return short("nothing waits for an answer here", vim.log.levels.WARN) end
  if words and words ~= "" then return self:resume(words) end
  local run = self.run
  vim.cmd("redraw")
  person.asked(("Your answer to %s: "):format(self.agent), function(typed)
    if self.state ~= "waiting" or self.run ~= run then return end
    if typed then return self:resume(typed) end
    short("not answered; :OnBehalfAnswer asks again", vim.log.levels.INFO)
  end)
end

function Ask:cancel()
  if self.state ~= "running" then return short("nothing goes on here", vim.log.levels.WARN) end
  self:move("running", "cancelling")
  self.withdraw()
end

--- `question` has agent, subject, message, and may have profile; `command` is that of the sidecar.
function Ask.start(command, question)
  local self = setmetatable(vim.deepcopy(question), Ask)
  self.command = command
  self.view = View.open(text.name(self.agent))
  local buffer = self.view.buffer
  asks[buffer] = self
  table.insert(order, buffer)
  for key, action in pairs({ ["<C-c>"] = "OnBehalfCancel", ["<CR>"] = "OnBehalfAnswer" }) do
    vim.api.nvim_buf_set_keymap(buffer, "n", key, ("<Cmd>%s<CR>"):format(action), { noremap = true, silent = true })
  end
  vim.api.nvim_buf_set_keymap(buffer, "n", "q", "<Cmd>close<CR>", { noremap = true, silent = true })
  vim.api.nvim_create_autocmd({ "BufUnload" }, { buffer = buffer, once = true, callback = function()
    asks[buffer] = nil
    if self.state == "running" then self.withdraw() end
  end })
  self.view:paragraph({ ("# %s, asked as %s"):format(text.name(self.agent), text.line(self.subject, 256)) })
  self.view:say(self.message)
  self:send("invokeAgent", { message = self.message, stream = true })
  return self
end

--- Takes the person's answer where the question is seen. From elsewhere it is shown first.
function Ask.answer_here(words)
  local here = asks[vim.api.nvim_get_current_buf()]
  if here then return here:answer(words) end
  local waiting = vim.tbl_filter(function(ask) return ask.state == "waiting" end, vim.tbl_values(asks))
  if #waiting == 0 then return short("nothing waits for an answer", vim.log.levels.WARN) end
  if #waiting > 1 then return short("several runs wait: answer in the window of one", vim.log.levels.WARN) end
  local window = vim.fn.bufwinid(waiting[1].view.buffer)
  if window ~= -1 then
    vim.api.nvim_set_current_win(window)
  else
    vim.cmd("botright sbuffer " .. waiting[1].view.buffer)
  end
  waiting[1]:answer()
end

--- The ask of the buffer that is edited; else the last that is in one of the states.
function Ask.current(...)
  local here = asks[vim.api.nvim_get_current_buf()]
  if here then return here end
  for i = #order, 1, -1 do
    local ask = asks[order[i]]
    if ask and vim.tbl_contains({ ... }, ask.state) then return ask end
  end
end

--- For a status line: who is asked and how far that is. Letters, digits, blanks and `_.:-` only.
function Ask.summary()
  local ask = Ask.current("running", "waiting")
  if not ask or (ask.state ~= "running" and ask.state ~= "waiting") then return "" end
  local place = ask.state == "running" and ask.node and " " .. ask.node or ""
  return text.name(ask.agent) .. ": " .. ask.state .. place
end

return Ask
