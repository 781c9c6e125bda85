-- The scratch window of an answer. What an agent says is put into it as text and is never anything else.

local text = require("onbehalf.text")

local View = {}
View.__index = View
local count = 0

local LOCAL_TO_WINDOW = {
  "wrap", "linebreak", "conceallevel=0", "nospell", "nofoldenable",
  "statusline=%f\\ %=%{get(b:,'onbehalf_status','')}", -- what %{} gives is not read for items again
}

--- Opens a window for an answer below, and goes there.
function View.open(agent)
  count = count + 1
  local self = setmetatable({ column = 0, pieces = {}, told = 0 }, View)
  self.buffer = vim.api.nvim_create_buf(true, true)
  vim.api.nvim_buf_set_name(self.buffer, ("onbehalf://%s/%d"):format(agent, count))
  vim.cmd("botright split")
  vim.api.nvim_win_set_buf(0, self.buffer)
  local options = { modeline = false, swapfile = false, undolevels = -1, synmaxcol = 500, modifiable = false }
  for name, value in pairs(options) do vim.api.nvim_buf_set_option(self.buffer, name, value) end
  vim.cmd("setlocal " .. table.concat(LOCAL_TO_WINDOW, " "))
  vim.api.nvim_buf_set_option(self.buffer, "filetype", "markdown")
  return self
end

function View:is_there()
  return vim.api.nvim_buf_is_loaded(self.buffer)
end

--- Whether a person looks at it and types no text: only then may a question come up.
function View:has_attention()
  return vim.api.nvim_get_current_buf() == self.buffer and vim.api.nvim_get_mode().mode == "n"
end

function View:status(status)
  if not self:is_there() then return end
  vim.api.nvim_buf_set_var(self.buffer, "onbehalf_status", text.line(status, 200))
  vim.cmd("redrawstatus!")
end

local function writable(view, change)
  vim.api.nvim_buf_set_option(view.buffer, "modifiable", true)
  change()
  vim.api.nvim_buf_set_option(view.buffer, "modifiable", false)
  vim.api.nvim_buf_set_option(view.buffer, "modified", false)
end

-- Windows whose cursor is in the last line go on with the text.
local function following(view, change)
  local last = vim.api.nvim_buf_line_count(view.buffer)
  local windows = vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_cursor(window)[1] == last
  end, vim.fn.win_findbuf(view.buffer))
  change()
  last = vim.api.nvim_buf_line_count(view.buffer)
  for _, window in ipairs(windows) do vim.api.nvim_win_set_cursor(window, { last, 0 }) end
end

--- Puts text behind all that is there.
function View:write(more)
  if more == "" or not self:is_there() then return end
  local lines = vim.split(more, "\n", { plain = true })
  following(self, function()
    writable(self, function()
      local row = vim.api.nvim_buf_line_count(self.buffer) - 1
      vim.api.nvim_buf_set_text(self.buffer, row, self.column, row, self.column, lines)
    end)
  end)
  self.column = #lines == 1 and self.column + #more or #lines[#lines]
end

--- A paragraph of its own: one blank line before it, unless it is the first.
function View:paragraph(lines)
  if not self:is_there() then return end
  local gap = "\n\n"
  if self.column == 0 then
    local before = vim.api.nvim_buf_get_lines(self.buffer, -3, -2, false)[1]
    gap = (before or "") == "" and "" or "\n"
  end
  self:write(gap .. table.concat(lines, "\n") .. "\n")
end

--- What the person said, and then the place for what the agent says.
function View:say(words)
  local quoted = {}
  for _, line in ipairs(vim.split(words, "\n", { plain = true })) do table.insert(quoted, "> " .. line) end
  self:paragraph(quoted)
  self:write("\n")
  self.told, self.said, self.pieces, self.held = 0, {}, {}, ""
  self.first = self:is_there() and vim.api.nvim_buf_line_count(self.buffer) or 1
end

-- A line break of the network may come in two pieces.
function View:put(piece)
  piece = (self.held or "") .. piece
  self.held = piece:match("\r$") or ""
  self:write((piece:sub(1, #piece - #self.held):gsub("\r\n", "\n")))
end

--- A piece of streamed text, at its offset in code points. Pieces that arrive together are written together.
function View:delta(piece, offset)
  if type(offset) == "number" and offset < self.told then -- told already, in part or whole
    local skip = vim.fn.byteidxcomp(piece, self.told - offset)
    piece = skip < 0 and "" or piece:sub(skip + 1)
  end
  if piece == "" then return end
  self.told = self.told + text.scalars(piece)
  table.insert(self.pieces, piece)
  if #self.pieces == 1 then vim.schedule(function() self:flush() end) end
end

function View:flush()
  local piece = table.concat(self.pieces)
  self.pieces = {}
  if piece ~= "" then table.insert(self.said, piece) end
  self:put(piece)
end

--- What the agent said, whole. It counts where it is not what was streamed.
function View:settle(output)
  self:flush()
  if output == "" then return end
  if output ~= table.concat(self.said) and self:is_there() then
    writable(self, function() vim.api.nvim_buf_set_lines(self.buffer, self.first - 1, -1, false, { "" }) end)
    self.column, self.held = 0, ""
    self:put(output)
  end
  self:write(self.held)
  self.held = ""
end

return View
